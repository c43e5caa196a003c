"""Every acceptance vector through the flows' steps in this process, under several overlays.

Belongs here: what the command's runner would do, without processes and Prefect.
Lives elsewhere: the vectors and their judge (`run_vectors`), the real command
(`test_vectors_command`).
"""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

import flows.bronze_extract
import flows.silver_extract
from medallion.errors import MedallionError
from tasks.datasets import load_dataset
from tasks.lake import dataset_trees
from tasks.verification import verify_trees
from tests.acceptance.run_vectors import HERE, compare, silver_partition, write_config, write_day
from tests.lakes import tasks_as_functions

CASES = yaml.safe_load((HERE / "vectors.yaml").read_text("utf-8"))
OVERLAYS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "snappy": {
        "platform": {"bronze": {"output_defaults": {"parquet_compression": "snappy"}}},
        "silver": {"parquet_compression": "snappy"},
    },
    "small files": {
        "source": {"run": {"max_rows_per_file": 1}},
        "silver": {"max_rows_per_file": 2},
    },
    "csv copies": {
        "platform": {"bronze": {"output_defaults": {"allow_csv": True}}},
        "source": {"run": {"write_csv": True}},
        "silver": {"write_csv": True},
    },
    "buckets": {"silver": {"buckets": 3, "require_checksum": False}},
}


@pytest.mark.parametrize("overlay", OVERLAYS.values(), ids=OVERLAYS)
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_vector_passes(memory_path: Path, case: dict[str, Any], overlay: dict[str, Any]) -> None:
    config = write_case(memory_path, case, overlay)
    dates = case.get("run_order") or [day["dt"] for day in case["days"]]
    if case.get("fails"):
        with pytest.raises(MedallionError):
            run(config, dates)
        assert not silver_partition(memory_path, case, dates[-1]).exists()
        return
    run(config, dates)
    assert compare(case, memory_path) is None
    assert verify_trees(dataset_trees(load_dataset(str(config)))).findings == ()


def write_case(folder: Path, case: dict[str, Any], overlay: dict[str, Any]) -> Path:
    """Write the sources of all days, and the configuration."""
    (folder / "source").mkdir()
    for day in case["days"]:
        write_day(folder / "source", case, day)
    return write_config(folder, case, overlay)


def run(config: Path, dates: list[str]) -> None:
    """Land and promote each date in the order given, as `medallion run` does."""
    dataset = load_dataset(str(config))
    with tasks_as_functions():
        for date in map(dt.date.fromisoformat, dates):
            flows.bronze_extract.land_partition(dataset, date)
            list(flows.silver_extract.promote_dates(dataset, date, cascade=True))
