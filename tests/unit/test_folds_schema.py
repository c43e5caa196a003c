"""Types and names: every type survives, schemas evolve, no column name is special."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from medallion.folds import FoldSpec
from tests.folding import DAY, Silver, connection, describe, fold, fold_days

UTC = pa.timestamp("us", tz="UTC")
AT = [dt.datetime(2025, 1, 9, hour, tzinfo=dt.UTC) for hour in range(4)]
SCD = ["scd_type_1", "scd_type_2"]
ARTIFACTS = {
    "periodic_snapshot": "full_snapshot",
    "full_merge_dedupe": "full_snapshot",
    "incremental_merge": "cdc_changes",
    "event_log": "events",
    "scd_type_1": "current",
    "scd_type_2": "history",
}
VALUES: list[tuple[pa.DataType, Any, Any]] = [
    (pa.int8(), -128, 127),
    (pa.uint64(), 2**64 - 1, 0),
    (pa.float32(), 0.5, None),
    (pa.float64(), float("inf"), 1e-308),
    (pa.decimal128(38, 9), Decimal("12345678901234567890123456789.123456789"), None),
    (pa.bool_(), True, False),
    (pa.string(), "Zoë 🦆", ""),
    (pa.binary(), b"\x00\xff", b""),
    (pa.date32(), dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    (pa.time64("us"), dt.time(23, 59, 59, 999999), dt.time(0)),
    (pa.timestamp("s"), dt.datetime(1900, 1, 1), None),
    (pa.timestamp("ms"), dt.datetime(2025, 1, 1, microsecond=1000), None),
    (pa.timestamp("ns"), dt.datetime(2025, 1, 1), None),
    (UTC, AT[0], AT[1]),
    (pa.list_(pa.int64()), [1, None], []),
    (pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]), {"a": 1, "b": ["x"]}, None),
    (pa.map_(pa.string(), pa.float64()), [("k", 1.5)], []),
]


def spec_for(table: pa.Table, model: str = "scd_type_2", **facts: Any) -> FoldSpec:
    """A dataset with these columns, key `id` and order `ts`; all others are tracked."""
    described = describe(table)
    columns = tuple(described)
    tracked = tuple(name for name in columns if name not in ("id", "ts"))
    defaults: dict[str, Any] = {
        "keys": ("id",),
        "order_column": "ts",
        "tracked_columns": tracked,
        "load_pattern": "cdc",
    }
    types = tuple(described.values())
    return FoldSpec(model, run_date=DAY, columns=columns, types=types, **(defaults | facts))  # type: ignore[arg-type]


def table_of(**columns: list[Any] | pa.Array) -> pa.Table:
    """Rows with an `id` each and, unless given, the order values of `AT`."""
    size = len(next(iter(columns.values())))
    return pa.table({"id": list(range(size)), "ts": pa.array(AT[:size], UTC), **columns})


def fold_tables(*tables: pa.Table, model: str = "scd_type_2", **facts: Any) -> Silver:
    """Fold tables one after the other, each with its own columns and types."""
    base = None
    for table in tables:
        base = fold(spec_for(table, model, **facts), table, base)
    assert base is not None
    return base


@pytest.mark.parametrize(("kind", "one", "other"), VALUES, ids=lambda value: str(value)[:30])
@pytest.mark.parametrize("model", ARTIFACTS)
def test_every_type_survives_a_fold(model: str, kind: pa.DataType, one: Any, other: Any) -> None:
    first = table_of(value=pa.array([one, other, None], kind))
    later = first.slice(2).set_column(0, "id", pa.array([3]))
    spec = spec_for(first, model)
    table = fold_days(spec, [first, later])[0 if model == "event_log" else -1].artifacts
    value = table[ARTIFACTS[model]]["value"]
    kept = model.startswith("scd") or model == "event_log"
    assert value.type == kind or (value.type.equals(kind, check_metadata=False))
    expected = [one, other, None] if kept else [None]
    assert value.to_pylist()[: len(expected)] == pa.array(expected, kind).to_pylist()


@pytest.mark.parametrize(("kind", "one", "other"), VALUES, ids=lambda value: str(value)[:30])
def test_versions_open_only_where_a_value_of_any_type_differs(
    kind: pa.DataType, one: Any, other: Any
) -> None:
    values = pa.array([one, one, other, other], kind)
    table = table_of(value=values).set_column(0, "id", pa.array([7] * 4))
    spec = spec_for(table)
    silver = fold_days(spec, [table.slice(2), table.slice(0, 2)])[-1]
    assert silver.rows("history", ["valid_from", "valid_to"]) == [(AT[0], AT[2]), (AT[2], None)]


@pytest.mark.parametrize("model", SCD)
def test_a_new_column_is_null_in_what_was_there(model: str) -> None:
    old = table_of(a=["x", "y"])
    new = table_of(a=["z"], b=[1]).set_column(0, "id", pa.array([5]))
    silver = fold_tables(old, new, model=model)
    assert silver.rows("current", ["id", "a", "b"]) == [(0, "x", None), (1, "y", None), (5, "z", 1)]


@pytest.mark.parametrize("model", SCD)
def test_widening_keeps_values_and_opens_no_version(model: str) -> None:
    old = table_of(a=pa.array([1, 2], pa.int32()))
    new = table_of(a=pa.array([1, 2**40], pa.int64())).set_column(1, "ts", pa.array(AT[2:], UTC))
    silver = fold_tables(old, new, model=model)
    assert silver.artifacts["current"]["a"].type == pa.int64()
    assert silver.rows("current", ["a"]) == [(1,), (2**40,)]
    assert silver.counts["unchanged"] == 1


@pytest.mark.parametrize("model", SCD)
def test_a_narrower_delivery_does_not_narrow_what_was_there(model: str) -> None:
    old = table_of(a=pa.array([2**40], pa.int64()))
    new = table_of(a=pa.array([1], pa.int32())).set_column(0, "id", pa.array([5]))
    assert fold_tables(old, new, model=model).rows("current", ["a"]) == [(2**40,), (1,)]


@pytest.mark.parametrize("pattern", ["cdc", "full"])
@pytest.mark.parametrize("model", SCD)
def test_a_retyped_column_keeps_what_was_there(model: str, pattern: str) -> None:
    old, new = table_of(a=["one", "2"]), table_of(a=[1, 2])
    silver = fold_tables(old, new, model=model, load_pattern=pattern)
    assert silver.rows("current", ["a"]) == [("1",), ("2",)]
    assert silver.counts["unchanged"] == 1


def test_a_struct_may_gain_a_field() -> None:
    old = table_of(a=[{"x": 1}])
    new = table_of(a=[{"x": 2, "y": "n"}]).set_column(0, "id", pa.array([5]))
    rows = fold_tables(old, new).rows("history", ["a"])
    assert rows == [({"x": 1, "y": None},), ({"x": 2, "y": "n"},)]


@pytest.mark.parametrize("pattern", ["cdc", "full"])
def test_versions_that_differed_in_a_dropped_column_become_one(pattern: str) -> None:
    old = [table_of(a=["x"], b=[b]).set_column(1, "ts", pa.array([AT[b]], UTC)) for b in (0, 1)]
    new = table_of(a=["x"]).set_column(1, "ts", pa.array([AT[2]], UTC))
    other = new.set_column(0, "id", pa.array([5]))
    last = {"cdc": other, "full": pa.concat_tables([new, other])}[pattern]
    base = None
    for number, table in enumerate([*old, last]):
        spec = spec_for(table, load_pattern=pattern)
        spec = replace(spec, run_date=DAY + dt.timedelta(days=number))
        base = fold(spec, table, base)
    assert base is not None
    rows = [row for row in base.rows("history", ["id", "a", "valid_from"]) if row[0] == 0]
    assert rows == [(0, "x", AT[0])]
    assert base.counts["removed"] == 1


def test_an_event_is_the_same_in_a_wider_type_and_with_a_new_empty_column() -> None:
    old = table_of(a=pa.array([1], pa.int32()), b=pa.array([Decimal("1.50")]))
    new = pa.table(
        {
            "added": pa.array([None], pa.string()),
            "b": pa.array([Decimal("1.500")]),
            "a": pa.array([1.0]),
            "ts": old["ts"].cast(pa.timestamp("ns", "UTC")),
            "id": old["id"],
        }
    )
    silver = fold_tables(old, new, model="event_log")
    assert silver.counts["deduplicated"] == 1
    assert silver.rows("events") == []


ORDERS: list[tuple[pa.DataType, Any, pa.DataType]] = [
    (UTC, AT[1], UTC),
    (pa.timestamp("us"), dt.datetime(2025, 1, 9), pa.timestamp("us")),
    (pa.timestamp("s"), dt.datetime(2025, 1, 9), pa.timestamp("s")),
    (pa.timestamp("ns"), dt.datetime(2025, 1, 9), pa.timestamp("ns")),
    (pa.timestamp("ns", "UTC"), AT[1], pa.timestamp("ns", "UTC")),
    (pa.date32(), dt.date(2025, 1, 9), UTC),
]


@pytest.mark.parametrize(("kind", "value", "expected"), ORDERS, ids=lambda value: str(value)[:30])
@pytest.mark.parametrize("pattern", ["cdc", "full"])
def test_validity_has_the_type_of_the_order_column(
    pattern: str, kind: pa.DataType, value: Any, expected: pa.DataType
) -> None:
    table = table_of(a=["x"]).set_column(1, "ts", pa.array([value], kind))
    spec = spec_for(table, load_pattern=pattern)
    other = table.set_column(2, "a", pa.array(["y"]))
    history = fold_days(spec, [table, other])[-1].artifacts["history"]
    assert history["valid_from"].type == history["valid_to"].type == expected
    midnight = dt.datetime(2025, 1, 9, tzinfo=dt.UTC)
    start = history["valid_from"][0].as_py()
    assert start == (midnight if kind == pa.date32() else value)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_dates_start_at_midnight_utc_whatever_the_session(zone: str) -> None:
    table = table_of(a=["x"]).set_column(1, "ts", pa.array([dt.date(2025, 1, 9)]))
    connection().execute(f"SET TimeZone = '{zone}'")
    try:
        start = fold_tables(table).artifacts["history"]["valid_from"][0].as_py()
    finally:
        connection().execute("SET TimeZone = 'UTC'")
    assert start == dt.datetime(2025, 1, 9, tzinfo=dt.UTC)


def test_a_full_load_may_break_ties_by_any_order() -> None:
    table = (
        table_of(a=["x", "y"])
        .set_column(1, "ts", pa.array([2, 1]))
        .set_column(0, "id", pa.array([0, 0]))
    )
    spec = spec_for(table, load_pattern="full")
    midnight = dt.datetime.combine(DAY, dt.time(), dt.UTC)
    assert fold(spec, table).rows("history", ["a", "valid_from"]) == [("x", midnight)]


@pytest.mark.parametrize("name", ['quo"te', "select", "w", "o", "fold_current", "ÄÖ x", "__x", "'"])
@pytest.mark.parametrize("model", ARTIFACTS)
def test_a_column_may_have_any_name(model: str, name: str) -> None:
    table = table_of(**{name: ["x"], "a": ["y"]}).rename_columns(["k", "ts", name, "id"])
    spec = spec_for(table, model, keys=("id", name), tracked_columns=(name, "k"))
    silver = fold_days(spec, [table, table])[0 if model == "event_log" else -1]
    assert silver.rows(ARTIFACTS[model], [name, "id"]) == [("x", "y")]
