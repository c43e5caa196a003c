"""The verifier reads row counts from Parquet footers, and finds damaged ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tasks.verifier
from tasks.verifier import verify_partition
from tests.integration.partitions import (
    FIRST_FILE,
    rehash,
    write_bronze,
)


@pytest.fixture
def partition(tmp_path: Path) -> Path:
    """A Bronze partition of 12 rows in two files."""
    return write_bronze(tmp_path / "bronze", [10, 2])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "it is not a complete Parquet file"),
        (lambda data: data[:-1], "it is not a complete Parquet file"),
        (lambda data: b"PARE" + data[4:], "it is not a complete Parquet file"),
        (lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1", "it is not a complete Parquet file"),
        (lambda data: data[:-8] + b"\1\0\0\0PAR1", "cannot be understood"),
        (lambda data: data[:4] + b"\x19" * 100_000 + b"\xa0\x86\1\0PAR1", "cannot be understood"),
        (lambda data: data[:-8] + b"\x1b\0\2\0\0\0PAR1", "type 11 does not occur"),
        (lambda data: data.replace(b"\x16\x06", b"\x16\x04"), "disagrees with its row groups"),
    ],
    ids=["empty", "cut", "start", "length", "no footer", "deep", "type", "row groups"],
)
def test_verifier_finds_a_damaged_footer_that_was_listed_so(
    partition: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    (partition / FIRST_FILE).write_bytes(damage((partition / FIRST_FILE).read_bytes()))
    rehash(partition, FIRST_FILE)
    found = [finding for finding in verify_partition(partition) if message in finding.message]
    assert [(finding.code, finding.path) for finding in found] == [("STG002", FIRST_FILE)]


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("version", ["1.0", "2.6"])
def test_row_count_is_read_from_any_footer(tmp_path: Path, compression: str, version: Any) -> None:
    columns = {f"c{n}": pa.array([None, True, False] * 50) for n in range(40)}
    table = pa.table(
        {**columns, "x": [[{"a": 1.5}]] * 150, "t": pa.array([0] * 150, pa.timestamp("us"))}
    )
    pq.write_table(
        table.replace_schema_metadata({"k": "v" * 300}),
        tmp_path / "x.parquet",
        row_group_size=7,
        compression=compression,
        version=version,
        write_page_index=True,
        sorting_columns=[pq.SortingColumn(0)],
    )
    assert tasks.verifier._parquet_row_count(tmp_path / "x.parquet") == 150
