"""Spool files: rows on their way, as Parquet in a workspace that is thrown away.

Belongs here: writing tables as they come, and walking through rows that are ordered by position.
Lives elsewhere: what the rows are (`medallion.valid_batch`), files that are published
(`tasks.staging`).
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_BATCH_ROWS = 65_536


class SpoolWriter:
    """Write tables of one schema to one file. Use as a context manager."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Create the file; without any rows it is a typed, empty one."""
        self.path, self.schema, self.row_count = path, schema, 0
        self._writer = pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=False)

    def __enter__(self) -> "SpoolWriter":
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._writer.close()

    def write(self, table: pa.Table) -> None:
        """Append rows, whose types are the schema's."""
        if table.num_rows:
            self._writer.write_table(table.cast(self.schema))
            self.row_count += table.num_rows


def read_spool(path: Path) -> Iterator[pa.Table]:
    """Yield the rows of a spool file in pieces, in order."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(_BATCH_ROWS):
            yield pa.Table.from_batches([batch])


class PositionCursor:
    """Walk once through a spool file that is ordered by its first column, a position."""

    def __init__(self, path: Path) -> None:
        """Start at the first row."""
        self._tables = read_spool(path)
        self._ahead: pa.Table | None = next(self._tables, None)

    def has_before(self, end: int) -> bool:
        """Tell whether a row with a position below `end` is left."""
        self._fill()
        return self._ahead is not None and bool(self._ahead.column(0)[0].as_py() < end)

    def take_before(self, end: int) -> pa.Table | None:
        """Return the rows left with positions below `end`, or None."""
        taken: list[pa.Table] = []
        while self.has_before(end) and self._ahead is not None:
            count = pc.sum(pc.less(self._ahead.column(0), end)).as_py()
            taken.append(self._ahead.slice(0, count))
            self._ahead = self._ahead.slice(count)
        return pa.concat_tables(taken) if taken else None

    def _fill(self) -> None:
        while self._ahead is not None and not self._ahead.num_rows:
            self._ahead = next(self._tables, None)
