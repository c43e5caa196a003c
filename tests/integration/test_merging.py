"""Merging ordered streams gives what sorting them together gives."""

from collections.abc import Iterator
from typing import Any

import duckdb
import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from medallion.errors import StateError
from tasks.merging import can_merge, merge_ordered

SCHEMA = pa.schema([("part", pa.string()), ("key", pa.int64()), ("value", pa.int64())])
ROWS = st.lists(
    st.tuples(st.sampled_from([None, "", "a", "\u00e9", "Z"]), st.integers(-3, 40)),
    unique=True,
    max_size=40,
)


def ordered(rows: list[tuple[Any, int]]) -> pa.Table:
    """Order rows as the engine does."""
    names = ["part", "key"]
    table = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], SCHEMA)
    with duckdb.connect() as engine:
        engine.register("rows", table)
        query = "SELECT * FROM rows ORDER BY part ASC NULLS LAST, key"
        return engine.sql(query).to_arrow_table()


def batches(table: pa.Table, rows: int) -> Iterator[pa.RecordBatch]:
    """Cut a table into batches."""
    return iter(table.combine_chunks().to_batches(max_chunksize=rows))


@given(kept=ROWS, fresh=ROWS, size=st.integers(1, 9))
def test_merging_equals_sorting(kept: list[Any], fresh: list[Any], size: int) -> None:
    fresh = [row for row in fresh if row not in kept]
    streams = batches(ordered(kept), size), batches(ordered(fresh), size)
    merged = list(merge_ordered(*streams, ("part", "key")))
    found = pa.Table.from_batches(merged, SCHEMA).to_pylist()
    assert found == ordered([*kept, *fresh]).to_pylist()


def test_a_base_out_of_order_is_refused() -> None:
    table = ordered([("a", 1), ("a", 2)])
    backwards = table.take(pa.array([1, 0]))
    with pytest.raises(StateError, match="not ordered"):
        list(merge_ordered(batches(backwards, 1), iter(()), ("part", "key")))


@pytest.mark.parametrize(
    "kind",
    [
        pa.bool_(),
        pa.int8(),
        pa.uint64(),
        pa.string(),
        pa.binary(),
        pa.date32(),
        pa.time64("ns"),
        pa.timestamp("ns", "UTC"),
        pa.decimal128(23, 4),
    ],
    ids=str,
)
def test_keys_of_this_type_are_merged(kind: pa.DataType) -> None:
    schema = pa.schema([("key", kind)])
    values = pa.array([0, 1]).cast(pa.string()).cast(kind) if _is_text(kind) else _numbers(kind)
    one, two = (pa.RecordBatch.from_arrays([values.slice(n, 1)], schema=schema) for n in (0, 1))
    assert can_merge(schema, ("key",))
    merged = list(merge_ordered(iter([two]), iter([one]), ("key",)))
    assert pa.Table.from_batches(merged).column("key").to_pylist() == values.to_pylist()


@pytest.mark.parametrize("kind", [pa.float64(), pa.list_(pa.int8()), pa.float16()], ids=str)
def test_other_keys_are_left_to_the_engine(kind: pa.DataType) -> None:
    assert not can_merge(pa.schema([("key", kind)]), ("key",))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_binary(kind))


def _numbers(kind: pa.DataType) -> pa.Array:
    if pa.types.is_date32(kind):
        return pa.array([0, 1], pa.int32()).cast(kind)
    return pa.array([0, 1], pa.int64()).cast(kind)
