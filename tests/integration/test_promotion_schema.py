"""Schemas that change from day to day, through the real promotion.

Belongs here: what becomes of new, dropped, widened and renamed columns, under every policy.
Lives elsewhere: comparing schemas (`tests/unit/test_drift`), one partition (`test_validation`).
"""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from medallion.errors import QualityError
from tests.lakes import Lake, day

MOMENT = dt.datetime(2025, 3, 1, 12)
UTC = pa.timestamp("us", tz="UTC")
STATEFUL = ["scd_type_1", "scd_type_2"]
MAIN = {"scd_type_1": "current", "scd_type_2": "history", "periodic_snapshot": "full_snapshot"}
each_model = pytest.mark.parametrize("model", STATEFUL)


def rows(number: int, ids: list[int], **columns: Any) -> pa.Table:
    """Rows of a day; `at` is the day's noon."""
    noon = dt.datetime.combine(day(number), dt.time(12), dt.UTC)
    return pa.table({"id": ids, "at": pa.array([noon] * len(ids), UTC), **columns})


def lake_of(folder: Path, model: str, **silver: Any) -> Lake:
    return Lake(folder, {"model": model, "primary_keys": ["id"], "order_column": "at", **silver})


def main_rows(lake: Lake, number: int, *columns: str) -> list[tuple[Any, ...]]:
    """Values of the main artifact, in its order."""
    table = lake.rows(day(number), MAIN[lake.silver["model"]])
    return list(zip(*(table.column(name).to_pylist() for name in columns), strict=True))


def changes(lake: Lake, number: int) -> list[tuple[str, str]]:
    """Kind and column of every change that the manifest reports."""
    drift = lake.metadata(day(number))["schema"]["drift"]
    return [(change["kind"], change["column"]) for change in drift["changes"]]


@each_model
def test_new_column_is_null_in_rows_of_before(memory_path: Path, model: str) -> None:
    lake = lake_of(memory_path, model)
    lake.run(day(1), rows(1, [1]))
    lake.run(day(2), rows(2, [2], note=["x"]))
    assert main_rows(lake, 2, "id", "note") == [(1, None), (2, "x")]
    assert changes(lake, 2) == [("added", "note")]
    assert [column.name for column in lake.checksums(day(2)).schema][:3] == ["id", "at", "note"]


@each_model
def test_dropped_column_stays_and_is_null_from_then_on(memory_path: Path, model: str) -> None:
    lake = lake_of(memory_path, model)
    lake.run(day(1), rows(1, [1], note=["x"]))
    lake.run(day(2), rows(2, [2]))
    lake.run(day(3), rows(3, [3], note=["y"]))
    assert main_rows(lake, 3, "id", "note") == [(1, "x"), (2, None), (3, "y")]
    assert [changes(lake, number) for number in (1, 2, 3)] == [[], [("removed", "note")], []]


WIDENED = {
    "int32 → int64": (pa.int32(), 2**31 - 1, pa.int64(), 2**40),
    "float32 → float64": (pa.float32(), 0.5, pa.float64(), 0.1),
    "decimal": (pa.decimal128(5, 2), Decimal("1.50"), pa.decimal128(12, 4), Decimal("9.9999")),
    "us → ns": (pa.timestamp("us"), MOMENT, pa.timestamp("ns"), MOMENT),
    "struct": (
        pa.struct([("a", pa.int32())]),
        {"a": 1},
        pa.struct([("a", pa.int64()), ("b", pa.string())]),
        {"a": 2**40, "b": "x"},
    ),
    "list": (pa.list_(pa.int32()), [1], pa.list_(pa.int64()), [2**40]),
}
RETYPED = {
    "text → number": (pa.string(), "seven", pa.int32(), 7),
    "float → int": (pa.float64(), 0.5, pa.int64(), 1),
    "int → float": (pa.int64(), 2**53 + 1, pa.float64(), 0.5),
    "decimal → narrower": (pa.decimal128(9, 0), Decimal(123456), pa.decimal128(5, 4), Decimal("1")),
    "timestamp → date": (pa.timestamp("us"), MOMENT, pa.date32(), MOMENT.date()),
    "us → ns": (pa.timestamp("us"), dt.datetime(9999, 1, 1), pa.timestamp("ns"), MOMENT),
    "map → text": (pa.map_(pa.string(), pa.int64()), [("k", 1)], pa.string(), "x"),
}


@pytest.mark.parametrize("widened", WIDENED.values(), ids=WIDENED)
@each_model
def test_widened_column_keeps_its_values(memory_path: Path, model: str, widened: Any) -> None:
    narrow, before, wide, after = widened
    lake = lake_of(memory_path, model)
    lake.run(day(1), rows(1, [1], value=pa.array([before], narrow)))
    lake.run(day(2), rows(2, [2], value=pa.array([after], wide)))
    lake.run(day(3), rows(3, [3], value=pa.array([before], narrow)))
    found = lake.rows(day(3), MAIN[model]).column("value").combine_chunks()
    assert found.type == wide
    assert found.equals(pa.array([before, after, before], wide))
    assert changes(lake, 2)[0][0] in ("widened", "added")


@pytest.mark.parametrize("retyped", RETYPED.values(), ids=RETYPED)
@each_model
def test_a_type_that_cannot_hold_what_was_is_refused(
    memory_path: Path, model: str, retyped: Any
) -> None:
    old, before, new, after = retyped
    lake = lake_of(memory_path, model)
    lake.run(day(1), rows(1, [1], value=pa.array([before], old)))
    with pytest.raises(QualityError, match=r"column value was .* and is .* now") as failure:
        lake.run(day(2), rows(2, [2], value=pa.array([after], new)))
    assert failure.value.code == "QUAL002"
    assert not lake.partition(day(2)).exists()


@each_model
def test_a_type_that_holds_what_was_is_taken(memory_path: Path, model: str) -> None:
    lake = lake_of(memory_path, model)
    lake.run(day(1), rows(1, [1], value=[7]))
    lake.run(day(2), rows(2, [2], value=["seven"]))
    assert main_rows(lake, 2, "id", "value") == [(1, "7"), (2, "seven")]
    assert changes(lake, 2) == [("retyped", "value")]


@each_model
def test_renamed_column_goes_on_under_its_name(memory_path: Path, model: str) -> None:
    lake = lake_of(memory_path, model)
    lake.run(day(1), rows(1, [1], total=[10]))
    lake.configure(schema={"rename_map": {"sum": "total"}})
    lake.run(day(2), rows(2, [2], sum=[20]))
    assert main_rows(lake, 2, "id", "total") == [(1, 10), (2, 20)]
    assert changes(lake, 2) == []
    assert lake.verify() == ()


@pytest.mark.parametrize("model", MAIN)
@pytest.mark.parametrize("policy", ["evolve", "warn", "discard", "quarantine"])
def test_policy_decides_what_becomes_of_a_new_column(
    memory_path: Path, policy: str, model: str
) -> None:
    lake = lake_of(
        memory_path,
        model,
        schema_drift=policy,
        error_handling={"enabled": True, "mode": "fail_open"},
    )
    lake.run(day(1), rows(1, [1]))
    (result,) = lake.run(day(2), rows(2, [2, 3], note=["x", None]))

    takes = policy in ("evolve", "warn")
    names = [column.name for column in lake.checksums(day(2)).schema]
    assert ("note" in names) is takes
    assert result.drift == ("added note (string)",)
    assert result.quarantined == (policy == "quarantine")
    kept = [1, 2, 3] if model in STATEFUL else [2, 3]
    assert [row for (row,) in main_rows(lake, 2, "id")] == [
        row for row in kept if policy != "quarantine" or row != 2
    ]
    warnings = lake.metadata(day(2))["quality"]["warnings"]
    assert warnings == (["schema drift: added note (string)"] if policy == "warn" else [])


@pytest.mark.parametrize("policy", ["discard", "quarantine"])
def test_policy_that_takes_nothing_new_keeps_the_type(memory_path: Path, policy: str) -> None:
    handling = {"enabled": True, "max_bad_records": 1}
    lake = lake_of(memory_path, "scd_type_2", schema_drift=policy, error_handling=handling)
    lake.run(day(1), rows(1, [1], value=pa.array([1], pa.int32())))
    (result,) = lake.run(day(2), rows(2, [2, 3], value=pa.array([2, 2**40], pa.int64())))
    assert lake.rows(day(2), "history").schema.field("value").type == pa.int32()
    assert main_rows(lake, 2, "id", "value") == [(1, 1), (2, 2)]
    assert result.quarantined == 1


@pytest.mark.parametrize("model", MAIN)
def test_policy_fail_publishes_nothing(memory_path: Path, model: str) -> None:
    lake = lake_of(memory_path, model, schema_drift="fail")
    lake.run(day(1), rows(1, [1]))
    with pytest.raises(QualityError, match="added note") as failure:
        lake.run(day(2), rows(2, [2], note=["x"]))
    assert failure.value.code == "QUAL002"
    assert not lake.partition(day(2)).exists()


def test_empty_day_between_changes_nothing(memory_path: Path) -> None:
    lake = lake_of(memory_path, "scd_type_2", schema_drift="fail")
    lake.run(day(1), rows(1, [1], note=["x"]))
    lake.run(day(2), rows(2, []))
    lake.run(day(3), rows(3, [3], note=["y"]))
    assert main_rows(lake, 3, "id", "note") == [(1, "x"), (3, "y")]


def test_stateless_models_give_the_same_in_any_order(memory_path: Path) -> None:
    lake = lake_of(memory_path, "periodic_snapshot")
    tables = {1: rows(1, [1], note=["x"]), 2: rows(2, [2]), 3: rows(3, [3], more=[1])}
    for number in (1, 2, 3):
        lake.run(day(number), tables[number])
    in_order = {number: lake.checksums(day(number)).content_digest for number in tables}
    (memory_path / "silver").rename(memory_path / "in-order")
    for number in (3, 1, 2):
        lake.promote(day(number))
    found = {number: lake.checksums(day(number)).content_digest for number in tables}
    assert found == in_order
