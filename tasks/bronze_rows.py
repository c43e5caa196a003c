"""Read a Bronze partition as one sequence of rows with positions.

Belongs here: the partition's data files in order, all rows or only where wanted. Lives elsewhere:
single files (`tasks.bronze_files`), sources (`tasks.readers`), what the rows mean (`medallion`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from medallion.errors import ChecksumMismatchError, TerminalSourceError
from medallion.manifest import DataFile
from tasks.bronze_files import open_file


@dataclass(frozen=True)
class Rows:
    """Consecutive rows of one file.

    Attributes:
        file: The file, as the manifest names it.
        start: Position of the first row in the partition.
        row_in_file: Place of the first row in the file; 0 is the first.
        batch: The rows.
    """

    file: str
    start: int
    row_in_file: int
    batch: pa.RecordBatch


@dataclass(frozen=True)
class BronzeRows:
    """The data files of a Bronze partition, in manifest order.

    Attributes:
        directory: The partition.
        files: Its files with artifact `data`.
        schema: The columns; all text where Bronze holds CSV only.
        row_count: The rows that the files hold.
    """

    directory: Path
    files: tuple[DataFile, ...]
    schema: pa.Schema
    row_count: int

    def read(self, is_wanted: Callable[[int, int], bool] | None = None) -> Iterator[Rows]:
        """Read the rows in order.

        Args:
            is_wanted: Tells of a range of positions (end exclusive) whether it is wanted; row
                groups that are not are skipped unread.

        Raises:
            ChecksumMismatchError: STG002, if a file cannot be read, or holds another number of
                rows than its manifest says.
        """
        start = 0
        for file in self.files:
            first = start
            with open_file(self.directory, file) as opened:
                for group in opened.groups():
                    if is_wanted is not None and not is_wanted(start, start + group.row_count):
                        start += group.row_count
                        continue
                    for batch in group.read():
                        yield Rows(file.path, start, start - first, batch)
                        start += batch.num_rows
            _need_all_rows(file, start - first)


def open_bronze(directory: Path, files: Sequence[DataFile]) -> BronzeRows:
    """Look at the data files of a partition.

    Args:
        directory: The partition.
        files: All files of its manifest, in manifest order.

    Raises:
        ChecksumMismatchError: STG002, if a file cannot be read.
        TerminalSourceError: EXT003, if the files disagree about their columns.
    """
    data = tuple(file for file in files if file.artifact == "data")
    schema: pa.Schema | None = None
    row_count = 0
    for file in data:
        with open_file(directory, file) as opened:
            row_count += opened.row_count
            schema = opened.schema if schema is None else schema
            if not opened.schema.equals(schema):
                raise TerminalSourceError(
                    f"{file.path} has other columns than {data[0].path}: land the partition again",
                    code="EXT003",
                )
    return BronzeRows(directory, data, pa.schema([]) if schema is None else schema, row_count)


def _need_all_rows(file: DataFile, found: int) -> None:
    if file.row_count is not None and found != file.row_count:
        raise ChecksumMismatchError(
            f"{file.path} holds {found} rows, its manifest says {file.row_count}: land the "
            "partition again",
            path=file.path,
        )
