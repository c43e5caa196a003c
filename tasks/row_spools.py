"""The spool files of one validation: good rows, rejects, keys of rejected rows.

Belongs here: filling them batch by batch, and moving rows that are rejected late.
Lives elsewhere: single spool files (`tasks.spool`), what is good or bad (`medallion`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from medallion.config.silver import Silver
from medallion.folds.sql import listed, literal
from medallion.normalize import POSITION
from medallion.valid_batch import (
    REJECT_ORDER,
    REJECT_SCHEMA,
    ValidBatch,
    good_keys,
    spool_schema,
)
from tasks.spool import PositionCursor, SpoolWriter, read_spool


@dataclass(frozen=True)
class RejectCount:
    """Rows that are bad for one reason; a row may be bad for several."""

    reason: str
    check: str | None
    column: str | None
    row_count: int


class RowSpools:
    """Good rows, rejects and rejected keys of one partition.

    Attributes:
        rows: The file of good rows (`medallion.valid_batch.spool_schema`).
        rejects: The file of rejects, ordered by position and severity.
        good_count: Rows in `rows`.
        bad_count: Distinct rows in `rejects`.
    """

    def __init__(self, workspace: Path, business: pa.Schema, silver: Silver) -> None:
        """Name the files in an existing directory; `filled` creates them."""
        self._workspace = workspace
        self._schema = spool_schema(business, has_operations=silver.cdc.op_column is not None)
        self._keys = silver.primary_keys
        self._reasons: Counter[tuple[str, str | None, str | None]] = Counter()
        self.rows = workspace / "rows.parquet"
        self.rejects = workspace / "rejects.parquet"
        self._key_files = [workspace / "keys.parquet"]
        self.good_count = self.bad_count = 0

    def fill(self, batches: Iterable[ValidBatch]) -> None:
        """Write validated batches, in order."""
        with (
            SpoolWriter(self.rows, self._schema) as rows,
            SpoolWriter(self.rejects, REJECT_SCHEMA) as rejects,
            self._key_writer(self._key_files[0]) as keys,
        ):
            for batch in batches:
                rows.write(batch.good)
                rejects.write(batch.rejects)
                keys.write(batch.bad_keys)
                self.bad_count += batch.bad_count
                self._count(batch.rejects)
        self.good_count = rows.row_count

    def reject(self, late: Iterable[pa.Table], connection: duckdb.DuckDBPyConnection) -> None:
        """Take rows out of the good ones that are rejected once all rows are known.

        Args:
            late: Rejects in any order, of rows that are good so far; consumed before any change.
            connection: Sorts them into the others, out of core.
        """
        unsorted = self._workspace / "late.parquet"
        with SpoolWriter(unsorted, REJECT_SCHEMA) as writer:
            for table in late:
                writer.write(table)
                self._count(table)
        if writer.row_count:
            self._merge_rejects(unsorted, connection)
            self._drop_rejected()
        unsorted.unlink()

    def reject_counts(self) -> tuple[RejectCount, ...]:
        """Count bad rows by reason, check and column, in a fixed order."""
        ordered = sorted(self._reasons.items(), key=lambda item: tuple(map(str, item[0])))
        return tuple(RejectCount(*key, count) for key, count in ordered)

    def rejected_keys(self) -> tuple[Path, ...]:
        """Return the files with keys of rejected rows; none without bad rows, or without a key."""
        return tuple(self._key_files) if self.bad_count and self._keys else ()

    @contextmanager
    def _key_writer(self, path: Path) -> Iterator[SpoolWriter]:
        schema = pa.schema([self._schema.field(key) for key in self._keys])
        with SpoolWriter(path, schema) as writer:
            yield writer

    def _count(self, rejects: pa.Table) -> None:
        grouped = rejects.group_by(["reason", "check", "column"]).aggregate([([], "count_all")])
        for row in grouped.to_pylist():
            self._reasons[row["reason"], row["check"], row["column"]] += row["count_all"]

    def _merge_rejects(self, late: Path, connection: duckdb.DuckDBPyConnection) -> None:
        merged = self._workspace / "all-rejects.parquet"
        files = f"[{literal(str(self.rejects))}, {literal(str(late))}]"
        connection.execute(
            f"COPY (SELECT * FROM read_parquet({files}, hive_partitioning = false) "
            f"ORDER BY {listed(REJECT_ORDER)}) TO {literal(str(merged))} (FORMAT parquet)"
        )
        merged.replace(self.rejects)

    def _drop_rejected(self) -> None:
        left, late_keys = self._workspace / "left.parquet", self._workspace / "late-keys.parquet"
        rejected = PositionCursor(self.rejects)
        with SpoolWriter(left, self._schema) as rows, self._key_writer(late_keys) as keys:
            for table in read_spool(self.rows):
                positions = table.column(POSITION)
                taken = rejected.take_before(positions[-1].as_py() + 1)
                if taken is None:
                    rows.write(table)
                    continue
                bad = pc.is_in(positions, taken.column("position").combine_chunks())
                rows.write(table.filter(pc.invert(bad)))
                keys.write(good_keys(table.filter(bad), self._keys))
        self.bad_count += self.good_count - rows.row_count
        self.good_count = rows.row_count
        self._key_files.append(late_keys)
        left.replace(self.rows)
