"""Read one data file of Bronze, Parquet or CSV, in groups of rows.

Belongs here: opening files and what a damaged one raises. Lives elsewhere: the order of files and
positions (`tasks.bronze_rows`).
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from medallion.errors import ChecksumMismatchError
from medallion.manifest import DataFile
from tasks.readers.stream import BATCH_ROWS

_CSV_BLOCK_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Group:
    """Rows that are read together, or skipped together."""

    row_count: int
    read: Callable[[], Iterator[pa.RecordBatch]]


class DataRows(Protocol):
    """What an open data file offers."""

    schema: pa.Schema
    row_count: int

    def groups(self) -> Iterator[Group]:
        """Yield the groups of rows, in order."""
        ...


@contextmanager
def open_file(directory: Path, file: DataFile) -> Iterator[DataRows]:
    """Open a data file by its suffix.

    Raises:
        ChecksumMismatchError: STG002, if it cannot be read, now or later.
    """
    try:
        if file.path.endswith(".csv"):
            yield _CsvRows(directory / file.path, file.row_count or 0)
            return
        with pq.ParquetFile(directory / file.path, pre_buffer=False) as parquet:
            yield _ParquetRows(parquet)
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise ChecksumMismatchError(
            f"{file.path} cannot be read ({type(error).__name__}): it is not what was published; "
            "land the partition again",
            path=file.path,
        ) from None


class _ParquetRows:
    """The row groups of a Parquet file."""

    def __init__(self, file: pq.ParquetFile) -> None:
        self._file = file
        self.schema: pa.Schema = file.schema_arrow.remove_metadata()
        self.row_count: int = file.metadata.num_rows

    def groups(self) -> Iterator[Group]:
        for place in range(self._file.metadata.num_row_groups):
            rows = self._file.metadata.row_group(place).num_rows
            yield Group(rows, partial(self._file.iter_batches, BATCH_ROWS, row_groups=[place]))


class _CsvRows:
    """A CSV file as one group, all text; only what is empty and not quoted is null."""

    def __init__(self, path: Path, row_count: int) -> None:
        self._path, self.row_count = path, row_count
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file), [])
        self.schema: pa.Schema = pa.schema([pa.field(name, pa.string()) for name in header])

    def groups(self) -> Iterator[Group]:
        yield Group(self.row_count, self._read)

    def _read(self) -> Iterator[pa.RecordBatch]:
        if not self.row_count:
            return
        reader = pa_csv.open_csv(
            self._path,
            read_options=pa_csv.ReadOptions(block_size=_CSV_BLOCK_BYTES),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=self.schema,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        for block in reader:
            for offset in range(0, block.num_rows, BATCH_ROWS):
                yield block.slice(offset, BATCH_ROWS)
