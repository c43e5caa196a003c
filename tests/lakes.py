"""A lake of one dataset, run by the flows' own steps but without Prefect's engine and server.

Belongs here: delivering a source, landing, promoting, and looking at what lies there then.
Lives elsewhere: the same through real flows (`tests/integration/test_flows`) and the command.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from prefect import Task

import flows.bronze_extract
import flows.silver_extract
from medallion.config.models import DatasetConfig
from medallion.manifest import Checksums
from medallion.results import PartitionResult
from tasks.datasets import load_dataset
from tasks.lake import bronze_partition, dataset_trees, read_partition, silver_partition
from tasks.verification import Verdict, verify_trees

DAY = dt.date(2025, 3, 1)


def day(number: int) -> dt.date:
    """Return a run date by number; the first is 1."""
    return DAY + dt.timedelta(days=number - 1)


@contextmanager
def tasks_as_functions() -> Iterator[None]:
    """Let the flows call their tasks as the functions that they wrap, and leave no artifacts."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (flows.bronze_extract, flows.silver_extract):
            for name, value in list(vars(module).items()):
                if isinstance(value, Task):
                    patch.setattr(module, name, value.fn)
            patch.setattr(module, "record_result", lambda *_: None)
        yield


class Lake:
    """The source, the configuration, Bronze and Silver of one dataset, below one folder."""

    def __init__(
        self,
        folder: Path,
        silver: Mapping[str, Any],
        pattern: str = "cdc",
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """Prepare to deliver; nothing is written yet but folders."""
        self.folder, self.silver, self.pattern = folder, dict(silver), pattern
        self.changes = dict(changes or {})
        self.sources = folder / "source"
        self.sources.mkdir(parents=True, exist_ok=True)

    def configure(self, **silver: Any) -> None:
        """Change the Silver section from now on."""
        self.silver |= silver

    @property
    def dataset(self) -> DatasetConfig:
        """The dataset as its YAML file says now."""
        return load_dataset(str(self.write_config()))

    def write_config(self) -> Path:
        """Write the YAML file and return its path."""
        config: dict[str, Any] = {
            "platform": {"bronze": {"local_path": str(self.folder / "bronze")}},
            "source": {
                "type": "file",
                "system": "shop",
                "table": "orders",
                "file": {"path": str(self.sources / "{run_date}.parquet")},
                "run": {"load_pattern": self.pattern},
            },
            "silver": {"output_dir": str(self.folder / "silver"), **self.silver},
        }
        path = self.folder / "orders.yaml"
        path.write_text(yaml.safe_dump(merge(config, self.changes), sort_keys=False))
        return path

    def deliver(self, date: dt.date, rows: pa.Table) -> None:
        """Write what the source delivers for a run date, over what it delivered before."""
        pq.write_table(rows, self.sources / f"{date}.parquet")

    def land(self, date: dt.date) -> PartitionResult:
        """Land one date in Bronze."""
        with tasks_as_functions():
            return flows.bronze_extract.land_partition(self.dataset, date)

    def promote(self, date: dt.date, *, cascade: bool = True) -> list[PartitionResult]:
        """Promote one date, and what it needs, and what it makes stale."""
        with tasks_as_functions():
            promoted = flows.silver_extract.promote_dates(self.dataset, date, cascade=cascade)
            return list(promoted)

    def preview(self, date: dt.date) -> PartitionResult:
        """Promote without writing."""
        with tasks_as_functions():
            return flows.silver_extract.preview_promotion(self.dataset, date)

    def run(self, date: dt.date, rows: pa.Table | None = None) -> list[PartitionResult]:
        """Deliver rows, if given, then land and promote."""
        if rows is not None:
            self.deliver(date, rows)
        self.land(date)
        return self.promote(date)

    def bronze(self, date: dt.date) -> Path:
        """Return the Bronze partition's directory."""
        return self.folder / "bronze" / bronze_partition(self.dataset, date).path

    def partition(self, date: dt.date) -> Path:
        """Return the Silver partition's directory."""
        return self.folder / "silver" / silver_partition(self.dataset, date).path

    def rows(self, date: dt.date, artifact: str) -> pa.Table:
        """Read an artifact of a Silver partition, in the order of its files."""
        return read_artifact(self.partition(date), artifact)

    def checksums(self, date: dt.date) -> Checksums:
        """Return `_checksums.json` of a Silver partition."""
        return read_partition(self.partition(date)).checksums

    def metadata(self, date: dt.date) -> dict[str, Any]:
        """Return `_metadata.json` of a Silver partition."""
        text = (self.partition(date) / "_metadata.json").read_text(encoding="utf-8")
        document: dict[str, Any] = json.loads(text)
        return document

    def verify(self) -> tuple[Verdict, ...]:
        """Return what a verification of both layers finds."""
        return verify_trees(dataset_trees(self.dataset)).findings


def read_artifact(partition: Path, artifact: str) -> pa.Table:
    """Read an artifact's Parquet files, in the order of its manifest."""
    files = read_partition(partition).checksums.files
    tables = [pq.ParquetFile(partition / f.path).read() for f in files if f.artifact == artifact]
    return pa.concat_tables(tables)


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one configuration over another, section by section."""
    merged = dict(base)
    for key, value in over.items():
        inner = merged.get(key)
        merged[key] = merge(inner, value) if isinstance(inner, dict) else value
    return merged
