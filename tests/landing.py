"""Land small sources in Bronze without Prefect, as the flow does, and read what landed."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tasks.datasets import load_dataset
from tasks.extraction import extract_partition
from tasks.lake import bronze_partition, bronze_root, read_partition
from tasks.local_publisher import open_stage
from tasks.publication import publish_draft, read_base
from tasks.runs import begin_run
from tasks.verifier import verify_partition

DATE = dt.date(2025, 1, 10)


def write_config(folder: Path, source: str, run: dict[str, Any] | None = None, **file: Any) -> Path:
    """Write the configuration of one dataset whose lake is below `folder`."""
    allowed = {"output_defaults": {"allow_csv": True}}
    config = {
        "platform": {"bronze": {"local_path": str(folder / "bronze"), **allowed}},
        "source": {
            "type": "file",
            "system": "shop",
            "table": "orders",
            "file": {"path": str(folder / source), **file},
            "run": run or {},
        },
    }
    path = folder / "dataset.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def land(folder: Path, source: str, run: dict[str, Any] | None = None, **file: Any) -> Path:
    """Land `source` for `DATE` and return the partition, verified."""
    dataset = load_dataset(str(write_config(folder, source, run, **file)))
    root, path = bronze_root(dataset), bronze_partition(dataset, DATE).path
    with open_stage(root) as stage:
        draft = extract_partition.fn(dataset, DATE, stage)
        publish_draft(stage, draft, begin_run(), read_base(root, path))
    assert verify_partition(root / path) == []
    return root / path


def read_landed(partition: Path) -> pa.Table:
    """Read the partition's rows in the order of its files."""
    files = read_partition(partition).checksums.files
    paths = [partition / file.path for file in files if file.artifact == "data"]
    return pa.concat_tables([pq.ParquetFile(path).read() for path in paths])
