"""Casting: a value keeps its meaning or is bad; nothing is lost, rounded or wrapped unnoticed."""

import datetime as dt
from decimal import Context, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.casting import cast_column
from medallion.errors import ConfigError

BAD = "a bad value"  # and no value of any example
CONTEXT = Context(prec=200)
STRING, INT64, FLOAT64 = pa.string(), pa.int64(), pa.float64()
UTC, BERLIN = pa.timestamp("us", "UTC"), pa.timestamp("us", "Europe/Berlin")
NAN, INF = float("nan"), float("inf")


def at(*parts: int, zone: dt.tzinfo | None = dt.UTC) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=zone)  # type: ignore[arg-type, misc]


def naive(*parts: int) -> dt.datetime:
    return at(*parts, zone=None)


def cast(values: list[Any], source: pa.DataType, target: pa.DataType, **options: Any) -> list[Any]:
    """Cast, and return each value, or BAD where it is bad and null."""
    column, bad = cast_column(pa.array(values, source), target, **options)
    column.validate(full=True)
    assert column.type == target
    pairs = zip(column.to_pylist(), bad.to_pylist(), strict=True)
    assert all(value is None for value, is_bad in pairs if is_bad)
    pairs = zip(column.to_pylist(), bad.to_pylist(), strict=True)
    return [BAD if is_bad else value for value, is_bad in pairs]


CASES: list[tuple[pa.DataType, pa.DataType, dict[Any, Any]]] = [
    (STRING, INT64, {"12": 12, "+12": 12, "-0": 0, "007": 7, " 12": BAD, "0x1F": BAD, "": BAD}),
    (STRING, INT64, {"1e3": BAD, "1.0": BAD, "\uff19": BAD, "1\n": BAD, "9" * 20: BAD}),
    (STRING, pa.uint8(), {"255": 255, "256": BAD, "-1": BAD}),
    (STRING, FLOAT64, {"1": 1.0, ".5": 0.5, "1e3": 1e3, "inf": INF, "1e400": BAD, " 1": BAD}),
    (STRING, FLOAT64, {str(2**53): 2.0**53, str(2**53 + 1): BAD, str(2**60): 2.0**60}),
    (STRING, pa.float32(), {str(2**24 + 1): BAD, f"{2**24 + 1}.5": 2.0**24 + 2}),
    (STRING, FLOAT64, {"1e-400": 0.0, "-Infinity": -INF, "1_0": BAD, "1,5": BAD}),
    (STRING, pa.float32(), {"0.5": 0.5, "1e39": BAD}),
    (STRING, pa.bool_(), {"true": True, "FALSE": False, "1": True, "0": False, "yes": BAD}),
    (STRING, pa.date32(), {"2024-02-29": dt.date(2024, 2, 29), "2023-02-29": BAD, "2024-2-1": BAD}),
    (STRING, pa.date32(), {"20240229": BAD, "2024-02-29T00:00:00": BAD, "2024-02-29\n": BAD}),
    (STRING, pa.timestamp("us"), {"2024-01-02 03:04": naive(2024, 1, 2, 3, 4)}),
    (STRING, pa.timestamp("us"), {"2024-01-02T03:04:05Z": BAD, "2024-01-02": naive(2024, 1, 2)}),
    (STRING, UTC, {"2024-01-02T03:04:05+02:00": at(2024, 1, 2, 1, 4, 5), "2024-01-02T24:00": BAD}),
    (STRING, UTC, {"2024-01-02": at(2024, 1, 2), "2024-01-02T03:04:05Z": at(2024, 1, 2, 3, 4, 5)}),
    (STRING, UTC, {"2024-01-02T00:00:00.1234560Z": at(2024, 1, 2, 0, 0, 0, 123456), "x": BAD}),
    (STRING, UTC, {"2024-01-02T00:00:00.1234567Z": BAD, "2024-02-30T00:00:00Z": BAD}),
    (STRING, pa.timestamp("ns"), {"2500-01-01": BAD}),
    (STRING, pa.time64("us"), {"03:04": dt.time(3, 4), "03:04:05.5": dt.time(3, 4, 5, 500000)}),
    (STRING, pa.time64("us"), {"24:00": BAD, "3:04": BAD}),
    (STRING, pa.binary(2), {"ab": b"ab", "abc": BAD}),
    (STRING, pa.list_(INT64), {"[1]": BAD}),
    (INT64, pa.int8(), {127: 127, 128: BAD, -129: BAD}),
    (INT64, FLOAT64, {2**53: 2.0**53, 2**53 + 1: BAD, 2**60: 2.0**60, 2**63 - 1: BAD}),
    (pa.uint64(), INT64, {2**63: BAD, 5: 5}),
    (pa.uint64(), FLOAT64, {2**64 - 1: BAD, 2**63: 2.0**63}),
    (INT64, pa.float32(), {2**24: 2.0**24, 2**24 + 1: BAD}),
    (INT64, pa.float16(), {2048: 2048.0, 2049: BAD, 70000: BAD}),
    (INT64, pa.bool_(), {0: False, 1: True, 2: BAD}),
    (INT64, STRING, {-7: "-7"}),
    (INT64, UTC, {0: BAD}),
    (pa.bool_(), pa.decimal128(3, 2), {True: Decimal("1.00")}),
    (pa.bool_(), STRING, {True: "true"}),
    (FLOAT64, INT64, {1.0: 1, 1.5: BAD, INF: BAD, 2.0**63: BAD, -(2.0**63): -(2**63), 1e30: BAD}),
    (FLOAT64, pa.float32(), {0.5: 0.5, 0.1: BAD, 1e300: BAD, INF: INF}),
    (pa.float16(), pa.int32(), {2.0: 2, 1.5: BAD}),
    (FLOAT64, pa.decimal128(9, 2), {0.1: Decimal("0.10"), 0.126: BAD, 1e20: BAD, 1e-5: BAD}),
    (pa.decimal128(38, 2), FLOAT64, {Decimal("0.1"): 0.1, Decimal("99999999999999999999"): BAD}),
    (pa.decimal128(9, 2), INT64, {Decimal("2.00"): 2, Decimal("2.50"): BAD}),
    (pa.decimal128(32, 0), pa.decimal128(38, 35), {Decimal(-2617217997): BAD, Decimal(1): 1}),
    (UTC, pa.timestamp("s"), {at(2024, 1, 2): naive(2024, 1, 2), at(2024, 1, 2, 0, 0, 0, 1): BAD}),
    (UTC, pa.timestamp("ns"), {at(9000, 1, 1): BAD}),
    (BERLIN, pa.date32(), {at(2024, 1, 2): dt.date(2024, 1, 2), at(2024, 1, 1, 23): BAD}),
    (pa.timestamp("us"), UTC, {naive(2024, 1, 2, 3): at(2024, 1, 2, 3)}),
    (pa.date32(), UTC, {dt.date(2024, 1, 2): at(2024, 1, 2)}),
    (pa.date32(), pa.timestamp("ns"), {dt.date(9999, 1, 1): BAD}),
    (pa.time64("us"), pa.time32("s"), {dt.time(1): dt.time(1), dt.time(1, 0, 0, 5): BAD}),
    (pa.binary(), STRING, {b"ab": "ab", b"\xff": BAD}),
]


@pytest.mark.parametrize(("source", "target", "pairs"), CASES, ids=str)
def test_value_keeps_its_meaning_or_is_bad(
    source: pa.DataType, target: pa.DataType, pairs: dict[Any, Any]
) -> None:
    assert cast([*pairs, None], source, target) == [*pairs.values(), None]
    for value, expected in pairs.items():
        assert cast([value], source, target) == [expected], "alone as in company"


def test_nan_stays_in_floats_and_is_bad_elsewhere() -> None:
    kept = cast([NAN], FLOAT64, pa.float32()) + cast(["NaN"], STRING, FLOAT64)
    assert all(np.isnan(value) for value in kept)
    assert cast([NAN], FLOAT64, INT64) == cast([NAN], FLOAT64, pa.decimal128(9, 2)) == [BAD]


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%d.%m.%Y", "31.1.2024", at(2024, 1, 31)),
        ("%d.%m.%Y", "31.02.2024", BAD),
        ("%d.%m.%Y", "31.01.2024 ", BAD),
        ("%m/%d/%y %I:%M %p", "12/31/69 12:05 am", at(1969, 12, 31, 0, 5)),
        ("%d %b %Y %T", "1 feb 2024 13:00:01", at(2024, 2, 1, 13, 0, 1)),
        ("%A, %d %B %Y", "Monday, 01 January 2024", at(2024, 1, 1)),
        ("%F %T.%f%z", "2024-01-01 00:00:00.5+0200", at(2023, 12, 31, 22, 0, 0, 500000)),
        ("%Y%%%m%%%d", "2024%01%02", at(2024, 1, 2)),
    ],
)
def test_declared_form_is_read_strictly(form: str, text: str, expected: Any) -> None:
    assert cast([text, None], STRING, UTC, format=form) == [expected, None]


def test_declared_form_reads_digits_as_dates() -> None:
    dates = cast([20240131, 20240231, 5], INT64, pa.date32(), format="%Y%m%d")
    assert dates == [dt.date(2024, 1, 31), BAD, BAD]


@pytest.mark.parametrize("form", ["%Y-%m", "%Y-%m-%d %q", "%Y-%m-%d %d", "%I:%M %d.%m.%Y"])
def test_form_that_says_no_day_is_refused(form: str) -> None:
    with pytest.raises(ConfigError, match="format"):
        cast(["x"], STRING, UTC, format=form)


LIST8, STRUCT = pa.list_(pa.int8()), pa.struct([("a", STRING), ("b", INT64)])
NESTED: list[tuple[pa.DataType, pa.DataType, list[Any], list[Any]]] = [
    (pa.list_(INT64), LIST8, [[1, 300], [2], None, []], [BAD, [2], None, []]),
    (pa.list_(STRING), pa.list_(INT64, 2), [["1", "2"], ["1"], None], [[1, 2], BAD, None]),
    (pa.list_(INT64, 2), pa.large_list(pa.int8()), [[1, 2], None], [[1, 2], None]),
    (
        pa.list_(STRING),
        pa.list_(pa.field("item", INT64, nullable=False)),
        [["1", None], ["2"]],
        [BAD, [2]],
    ),
    (
        STRUCT,
        pa.struct([("a", pa.int8()), ("c", INT64)]),
        [{"a": "1"}, {"a": "x"}, {"a": "1", "b": 2}, None],
        [{"a": 1, "c": None}, BAD, BAD, None],
    ),
    (
        pa.map_(STRING, STRING),
        pa.map_(STRING, INT64),
        [[("k", "1")], [("k", "x")], None],
        [[("k", 1)], BAD, None],
    ),
    (
        pa.list_(pa.list_(pa.struct([("a", STRING)]))),
        pa.list_(pa.list_(pa.struct([("a", INT64)]))),
        [[[{"a": "1"}], [{"a": "x"}]], [[{"a": "2"}], []]],
        [BAD, [[{"a": 2}], []]],
    ),
    (pa.list_(pa.dictionary(pa.int8(), STRING)), pa.list_(STRING), [["a"]], [["a"]]),
    (pa.null(), pa.list_(INT64), [None], [None]),
    (pa.list_(INT64), STRING, [[1], None], [BAD, None]),
]


@pytest.mark.parametrize(("source", "target", "values", "expected"), NESTED, ids=str)
def test_nested_value_is_cast_by_structure(
    source: pa.DataType, target: pa.DataType, values: list[Any], expected: list[Any]
) -> None:
    assert cast(values, source, target) == expected
    assert cast(values[1:], source, target) == expected[1:]
    assert cast([], source, target) == []


def test_undeclared_field_is_dropped_where_asked() -> None:
    kept = cast([{"a": "1", "b": 2}], STRUCT, pa.struct([("a", INT64)]), drop_undeclared=True)
    assert kept == [{"a": 1}]


@pytest.mark.parametrize(
    "source", [pa.dictionary(pa.int32(), STRING), pa.large_string(), pa.string_view()], ids=str
)
def test_layout_does_not_matter(source: pa.DataType) -> None:
    assert cast(["1", "x", None], source, INT64) == [1, BAD, None]


def test_slices_and_chunks_are_cast_like_arrays() -> None:
    chunks = pa.chunked_array([pa.array(["0", "1", "x"]).slice(1), pa.array(["2"])])
    column, bad = cast_column(chunks, INT64)
    assert (column.to_pylist(), bad.to_pylist()) == ([1, None, 2], [False, True, False])


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str) | st.from_regex(
    r"[+-]?[0-9]{0,45}(\.[0-9]{0,45})?(e[+-]?[0-9]{1,2})?", fullmatch=True
)


@given(numbers, st.integers(1, 76), st.integers(0, 76))
def test_text_becomes_a_decimal_only_exactly(text: str, digits: int, scale: int) -> None:
    make = pa.decimal128 if digits <= 38 else pa.decimal256
    value = cast([text], STRING, make(digits, min(scale, digits)))[0]
    assert value is BAD or value == Decimal(text)


@given(st.data(), st.integers(1, 76), st.integers(1, 76), st.integers(0, 76), st.integers(0, 76))
def test_decimal_is_rescaled_only_exactly(
    data: st.DataObject, digits: int, other: int, scale: int, new_scale: int
) -> None:
    make = [pa.decimal128 if size <= 38 else pa.decimal256 for size in (digits, other)]
    source = make[0](digits, min(scale, digits))
    target = make[1](other, min(new_scale, other))
    limit = 10 ** data.draw(st.integers(1, digits)) - 1
    number = Decimal(data.draw(st.integers(-limit, limit))).scaleb(-source.scale, CONTEXT)
    fits = number.copy_abs() < Decimal(10) ** (target.precision - target.scale)
    exact = number == number.quantize(Decimal(1).scaleb(-target.scale), context=CONTEXT)
    assert cast([number], source, target) == [number if fits and exact else BAD]


@given(st.floats(allow_nan=False, width=32), st.sampled_from([(9, 2), (38, 10), (76, 30)]))
def test_float_becomes_a_decimal_only_if_it_comes_back(value: float, size: tuple[int, int]) -> None:
    make = pa.decimal128 if size[0] <= 38 else pa.decimal256
    number = cast([value], FLOAT64, make(*size))[0]
    assert number is BAD or float(number) == value


@given(st.datetimes(min_value=naive(1700, 1, 1), max_value=naive(2200, 1, 1)))
def test_time_written_as_text_is_read_back(moment: dt.datetime) -> None:
    text = moment.isoformat(" ")
    assert cast([text, f"{text}Z", "x"], STRING, UTC) == [moment.replace(tzinfo=dt.UTC)] * 2 + [BAD]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=30))
def test_bad_values_are_found_one_by_one(values: list[int]) -> None:
    expected = [value if -(2**31) <= value < 2**31 else BAD for value in values]
    assert cast([str(value) for value in values], STRING, pa.int32()) == expected


def test_many_bad_values_are_all_found() -> None:
    texts = pa.array([f"2023-02-{day:02d}" for day in range(32)] * 5000)
    column, bad = cast_column(texts, pa.date32())
    assert (pc.sum(bad).as_py(), column.null_count) == (20_000, 20_000)
