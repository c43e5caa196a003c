"""Every Arrow type through Bronze and the stateful folds: real Parquet, exact values.

Belongs here: what a type becomes in Silver, and the types that are refused.
Lives elsewhere: types in a single fold (`tests/unit/test_folds_schema`), casting (`test_casting`).
"""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from medallion.errors import TerminalSourceError
from medallion.types import canonical_type, format_type
from tests.lakes import Lake, day

Values = tuple[pa.DataType, Any, Any]

MOMENT = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)
LONG = Decimal("12345678901234567890123456789.123456789")
TYPES: dict[str, Values] = {
    "int8": (pa.int8(), -128, 127),
    "int16": (pa.int16(), -(2**15), 1),
    "int32": (pa.int32(), -(2**31), 1),
    "int64": (pa.int64(), -(2**63), 2**63 - 1),
    "uint8": (pa.uint8(), 0, 255),
    "uint64": (pa.uint64(), 0, 2**64 - 1),
    "float16": (pa.float16(), 1.5, -2.0),
    "float32": (pa.float32(), 0.25, float("inf")),
    "float64": (pa.float64(), 0.1, 1e-308),
    "bool": (pa.bool_(), True, False),
    "string": (pa.string(), "Zoë 🦆\n\x00", ""),
    "large_string": (pa.large_string(), "a", "b"),
    "binary": (pa.binary(), b"\x00\xff", b""),
    "binary(4)": (pa.binary(4), b"abcd", b"\x00\x00\x00\x00"),
    "date32": (pa.date32(), dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    "date64": (pa.date64(), dt.date(1970, 1, 1), dt.date(2025, 1, 1)),
    "time32[ms]": (pa.time32("ms"), 1, 86_399_999),
    "time64[us]": (pa.time64("us"), 1, 86_399_999_999),
    "time64[ns]": (pa.time64("ns"), 1, 86_399_999_999_999),
    "timestamp[ms]": (pa.timestamp("ms"), -2_208_988_799_999, 1),
    "timestamp[us]": (pa.timestamp("us"), dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)),
    "timestamp[ns]": (pa.timestamp("ns"), 1, 2**62),
    "timestamp[us, UTC]": (pa.timestamp("us", "UTC"), -1, 1),
    "timestamp[ms, Berlin]": (pa.timestamp("ms", "Europe/Berlin"), 1_743_296_400_123, 0),
    "timestamp[ns, Tokyo]": (pa.timestamp("ns", "Asia/Tokyo"), 1, 2**62),
    "timestamp[us, offset]": (pa.timestamp("us", "+05:30"), 1, 2),
    "duration[us]": (pa.duration("us"), 1, -(10**12)),
    "duration[ns]": (pa.duration("ns"), 1, 10**15 + 1),
    "decimal(5, 2)": (pa.decimal128(5, 2), Decimal("1.10"), Decimal("-999.99")),
    "decimal(38, 9)": (pa.decimal128(38, 9), LONG, Decimal("0E-9")),
    "decimal32": (pa.decimal32(9, 2), Decimal("1.10"), Decimal("-9.99")),
    "decimal256, short": (pa.decimal256(20, 2), Decimal("1.50"), Decimal("2.00")),
    "list": (pa.list_(pa.int64()), [1, None], []),
    "large_list": (pa.large_list(pa.string()), ["a"], []),
    "fixed_size_list": (pa.list_(pa.int32(), 2), [1, 2], [3, None]),
    "list of structs": (
        pa.list_(pa.struct([("t", pa.timestamp("ns", "UTC")), ("d", pa.decimal128(10, 3))])),
        [{"t": 1, "d": Decimal("1.000")}, None],
        [],
    ),
    "list of zoned": (pa.list_(pa.timestamp("us", "Europe/Berlin")), [1], [2]),
    "struct": (
        pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]),
        {"a": 1, "b": ["x"]},
        {"a": None, "b": None},
    ),
    "struct of odd names": (pa.struct([('a b"c', pa.duration("us"))]), {'a b"c': 1}, None),
    "map": (pa.map_(pa.string(), pa.float64()), [("k", 1.5), ("", None)], []),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), "a", "b"),
}
WIDE = pa.decimal256(76, 10)
REFUSED = {
    "plain": (WIDE, Decimal(10) ** 50),
    "in a list": (pa.list_(WIDE), [Decimal(1)]),
    "in a struct": (pa.struct([("inner", WIDE)]), {"inner": Decimal(1)}),
    "in a map": (pa.map_(pa.string(), WIDE), [("k", Decimal(1))]),
}
MODELS = {"scd_type_1": "current", "scd_type_2": "history"}


def lake_of(folder: Path, model: str, **silver: Any) -> Lake:
    return Lake(folder, {"model": model, "primary_keys": ["id"], "order_column": "at", **silver})


def array(kind: pa.DataType, values: list[Any]) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).dictionary_encode().cast(kind)
    return pa.array(values, kind)


def rows(number: int, ids: list[int], columns: dict[str, list[Any]]) -> pa.Table:
    """Rows of a day, in the types of `TYPES`."""
    at = pa.array([MOMENT + dt.timedelta(days=number)] * len(ids), pa.timestamp("us", "UTC"))
    arrays = {name: array(TYPES[name][0], values) for name, values in columns.items()}
    return pa.table({"id": ids, "at": at, **arrays})


@pytest.mark.parametrize("model", MODELS)
def test_every_type_keeps_its_values(memory_path: Path, model: str) -> None:
    lake = lake_of(memory_path, model)
    lake.run(day(1), rows(1, [1, 2], {name: [one, None] for name, (_, one, _) in TYPES.items()}))
    lake.run(day(2), rows(2, [3, 4], {name: [x, None] for name, (_, _, x) in TYPES.items()}))
    lake.run(day(3), rows(3, [], {name: [] for name in TYPES}))

    found = lake.rows(day(3), MODELS[model])
    assert found.column("id").to_pylist() == [1, 2, 3, 4]
    for name, (kind, one, other) in TYPES.items():
        silver = canonical_type(kind)
        expected = array(kind, [one, None, other, None]).cast(silver)
        column = found.column(name).combine_chunks()
        assert format_type(column.type) == format_type(silver)
        assert column.cast(silver).equals(expected), name
    assert lake.verify() == ()


def test_a_change_of_any_type_opens_a_version(memory_path: Path) -> None:
    lake, count = lake_of(memory_path, "scd_type_2"), len(TYPES)
    ids = [*range(count), 999]
    before = {name: [one] * len(ids) for name, (_, one, _) in TYPES.items()}
    after = {
        name: [other if place == at else one for place in range(len(ids))]
        for at, (name, (_, one, other)) in enumerate(TYPES.items())
    }
    lake.run(day(1), rows(1, ids, before))
    lake.run(day(2), rows(2, ids, after))
    (law,) = lake.checksums(day(2)).stats["law"].values()
    assert (law["applied"], law["unchanged"]) == (count, 1)
    history = lake.rows(day(2), "history").column("id").to_pylist()
    assert history == [*(number for number in range(count) for _ in "12"), 999]


@pytest.mark.parametrize(("kind", "value"), REFUSED.values(), ids=REFUSED)
def test_a_type_beyond_the_engine_is_refused_by_name(
    memory_path: Path, kind: pa.DataType, value: Any
) -> None:
    lake = lake_of(memory_path, "scd_type_1")
    table = pa.table({"id": [1], "at": [MOMENT], "rate": pa.array([value], kind)})
    with pytest.raises(TerminalSourceError, match=r"rate.*decimal\(76, 10\).*contract") as failure:
        lake.run(day(1), table)
    assert failure.value.code == "EXT003"
    assert not lake.partition(day(1)).exists()


def test_a_wide_decimal_may_be_declared_narrower(memory_path: Path) -> None:
    contract = {"columns": {"rate": {"type": "decimal(38, 10)"}, "note": {"type": "string"}}}
    lake = lake_of(memory_path, "scd_type_1", contract=contract)
    rate, note = pa.array([Decimal("1.5")], WIDE), pa.array([Decimal(10) ** 50], WIDE)
    lake.run(day(1), pa.table({"id": [1], "at": [MOMENT], "rate": rate, "note": note}))
    (row,) = lake.rows(day(1), "current").to_pylist()
    assert row["rate"] == Decimal("1.5")
    assert row["note"] == f"1{'0' * 50}.{'0' * 10}"
