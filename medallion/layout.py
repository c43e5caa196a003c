"""How rows are laid out in data files: row groups, dictionaries, file boundaries.

Belongs here: decisions that depend on content alone, so that equal rows give equal bytes however
they arrived. Lives elsewhere: the writing itself (`tasks.staging`).
"""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

Compression = Literal["zstd", "snappy", "gzip", "lz4", "none"]

SAMPLE_ROWS = 8192
_GROUP_TARGET_BYTES = 32 * 1024 * 1024
_GROUP_MIN_ROWS = 1024
_GROUP_MAX_ROWS = 131_072
_DICTIONARY_SHARE = 0.5


@dataclass(frozen=True)
class WriteSettings:
    """What configuration says about data files.

    Attributes:
        compression: Parquet codec.
        max_rows_per_file: A file ends at this row; 0 means no limit.
        max_file_size_bytes: A file ends before the row group that would pass this many real bytes.
        write_parquet: Whether the Parquet files are written.
        write_csv: Whether a CSV copy is written.
    """

    compression: Compression = "zstd"
    max_rows_per_file: int = 1_000_000
    max_file_size_bytes: int = 256 * 1024 * 1024
    write_parquet: bool = True
    write_csv: bool = False


@dataclass(frozen=True)
class Layout:
    """The row-group size and the dictionary-encoded columns of one artifact."""

    group_rows: int
    dictionary_columns: tuple[str, ...]


def plan_layout(sample: pa.Table, settings: WriteSettings) -> Layout:
    """Decide the layout from the first `SAMPLE_ROWS` rows of a stream.

    A row group holds a power of two of rows, about 32 MiB of Arrow data and never more than a
    file may hold. Only columns that repeat their values are dictionary-encoded, which is both
    faster and smaller.
    """
    row_bytes = max(1, logical_size(sample) // max(1, sample.num_rows))
    target = min(_GROUP_TARGET_BYTES, settings.max_file_size_bytes)
    rows = min(_GROUP_MAX_ROWS, max(_GROUP_MIN_ROWS, _floor_power_of_two(target // row_bytes)))
    if settings.max_rows_per_file:
        rows = min(rows, settings.max_rows_per_file)
    names = (field.name for field in sample.schema if _repeats(sample.column(field.name)))
    return Layout(rows, tuple(names))


def logical_size(table: pa.Table) -> int:
    """Estimate the bytes of a table's values, independent of how its buffers are sliced."""
    return sum(_column_size(column) for column in table.columns)


def _column_size(column: pa.ChunkedArray) -> int:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return int(pc.sum(pc.binary_length(column)).as_py() or 0) + 4 * len(column)
    if pa.types.is_primitive(kind) or pa.types.is_decimal(kind):
        return max(1, int(kind.bit_width) // 8) * len(column)
    return int(column.nbytes)


def _floor_power_of_two(number: int) -> int:
    return 1 << max(0, number.bit_length() - 1)


def _repeats(column: pa.ChunkedArray) -> bool:
    if pa.types.is_nested(column.type) or pa.types.is_null(column.type) or not len(column):
        return False
    if pa.types.is_dictionary(column.type):
        return True
    try:
        distinct: int = pc.count_distinct(column).as_py()
    except pa.ArrowNotImplementedError:  # views and extension types cannot be counted
        return False
    return distinct <= _DICTIONARY_SHARE * len(column)
