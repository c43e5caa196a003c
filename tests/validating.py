"""Bronze partitions to validate, and what came of it.

Belongs here: writing Bronze files, running the validation, reading spool and quarantine.
Lives elsewhere: landing Bronze as a run does (`tests.landing`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.config.silver import Silver
from medallion.layout import WriteSettings
from medallion.manifest import ColumnSchema, DataFile
from tasks.staging import Place, write_artifact
from tasks.validation import Validated, validate_partition, write_quarantine

BRONZE_COMMIT, SILVER_COMMIT = "0" * 16, "1" * 16


@dataclass(frozen=True)
class Case:
    """A Bronze partition on disk, and a place to work."""

    root: Path
    files: tuple[DataFile, ...]

    def validate(
        self,
        previous: Sequence[ColumnSchema] | None = None,
        *,
        enforce: bool = False,
        **silver: Any,
    ) -> Validated:
        """Validate the partition; without `enforce`, whatever the number of bad rows."""
        workspace = self.root / "work"
        workspace.mkdir()
        section = Silver.model_validate(silver)
        done = validate_partition(
            self.root / "bronze", self.files, section, workspace, previous, enforce=enforce
        )
        check_conservation(done)
        return done

    def quarantine(self, done: Validated, settings: WriteSettings | None = None) -> pa.Table:
        """Write the quarantine files and read them back."""
        place = Place(self.root / "stage", SILVER_COMMIT, "_errors")
        files = write_quarantine(
            self.root / "bronze", self.files, done.reject_log, place, settings or WriteSettings()
        )
        assert all(file.artifact == "quarantine" for file in files)
        tables = [pq.ParquetFile(place.stage / file.path).read() for file in files]
        return pa.concat_tables(tables) if tables else pa.table({})


def land(root: Path, *tables: pa.Table | Mapping[str, Sequence[Any]], **settings: Any) -> Case:
    """Write a Bronze partition with one table per file."""
    files: list[DataFile] = []
    for number, rows in enumerate(tables):
        table = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
        place = Place(root / "bronze", f"{number:016x}")
        files += write_artifact(
            table.to_batches(), place, "data", table.schema, WriteSettings(**settings)
        )
    return Case(root, tuple(files))


def good(done: Validated) -> pa.Table:
    """Read the good rows."""
    return pa.concat_tables([pq.ParquetFile(path).read() for path in done.spool_files])


def reasons(done: Validated) -> dict[int, list[str]]:
    """Read the reasons of the bad rows by position."""
    found: dict[int, list[str]] = {}
    if done.reject_log is not None:
        for row in pq.ParquetFile(done.reject_log).read().to_pylist():
            parts = (row["reason"], row["column"], row["check"])
            found.setdefault(row["position"], []).append(":".join(p for p in parts if p))
    return found


def check_conservation(done: Validated) -> None:
    """Assert that each row read is in the spool or rejected, and none in both."""
    kept = good(done).column("__position").to_pylist()
    rejected = list(reasons(done))
    assert sorted(kept + rejected) == list(range(done.row_count))
    assert kept == sorted(kept)
    assert (len(kept), len(rejected)) == (done.good_count, done.bad_count)
