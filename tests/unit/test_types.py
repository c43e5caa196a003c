"""Types as text: everything that Arrow and Parquet can hold comes back as it was."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.errors import ConfigError
from medallion.types import (
    canonical_type,
    columns_schema,
    format_type,
    parse_type,
    schema_columns,
)

SCALARS = [
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    *(pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.null()),
    *(pa.string(), pa.large_string(), pa.string_view()),
    *(pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(0), pa.binary(16)),
    *(pa.date32(), pa.date64(), pa.month_day_nano_interval()),
    *(pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")),
    *(pa.duration(unit) for unit in ("s", "ms", "us", "ns")),
    *(pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")),
    *(pa.timestamp("us", zone) for zone in ("UTC", "Europe/Berlin", "+02:00", "Etc/GMT+5")),
    *(pa.decimal32(5, 2), pa.decimal64(5, 2), pa.decimal256(5, 2)),
    *(pa.uuid(), pa.bool8(), pa.json_()),
]
decimals = st.integers(1, 76).flatmap(
    lambda digits: st.integers(-5, digits).map(
        lambda scale: (pa.decimal128 if digits <= 38 else pa.decimal256)(digits, scale)
    )
)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6)


def make_field(name: str, kind: pa.DataType, nullable: bool) -> pa.Field:
    return pa.field(name, kind, nullable or pa.types.is_null(kind))


def nested(inner: st.SearchStrategy[pa.DataType]) -> st.SearchStrategy[pa.DataType]:
    items = st.builds(make_field, st.just("item"), inner, st.booleans())
    values = st.builds(make_field, st.just("value"), inner, st.booleans())
    fields = st.builds(make_field, names, inner, st.booleans())
    keys = inner.filter(lambda kind: not pa.types.is_null(kind))
    return st.one_of(
        st.builds(pa.list_, items),
        st.builds(pa.large_list, items),
        st.builds(pa.list_view, items),
        st.builds(pa.large_list_view, items),
        st.builds(pa.list_, items, st.integers(0, 9)),
        st.lists(fields, max_size=3).map(pa.struct),
        st.builds(pa.map_, keys, values, st.booleans()),
        st.builds(pa.dictionary, st.sampled_from([pa.int8(), pa.int32()]), inner, st.booleans()),
    )


all_types = st.recursive(st.sampled_from(SCALARS) | decimals, nested, max_leaves=6)


@pytest.mark.parametrize("kind", SCALARS, ids=str)
def test_type_comes_back_from_its_text(kind: pa.DataType) -> None:
    assert parse_type(format_type(kind)) == kind


@given(all_types)
def test_any_type_comes_back_from_its_text(kind: pa.DataType) -> None:
    assert parse_type(format_type(kind)) == kind


@given(all_types)
def test_canonical_type_is_its_own_canonical_type(kind: pa.DataType) -> None:
    assert canonical_type(canonical_type(kind)) == canonical_type(kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("timestamp", pa.timestamp("us", "UTC")),
        ("timestamp[ns]", pa.timestamp("ns")),
        ("timestamp[us,tz=Europe/Berlin]", pa.timestamp("us", "Europe/Berlin")),
        ("decimal(18,2)", pa.decimal128(18, 2)),
        ("decimal( 50 )", pa.decimal256(50, 0)),
        ("json", pa.string()),
        ("time", pa.time64("us")),
        (
            'struct<"a b": list<int64 not null>, zip: string not null>',
            pa.struct(
                [
                    pa.field("a b", pa.list_(pa.field("item", pa.int64(), nullable=False))),
                    pa.field("zip", pa.string(), nullable=False),
                ]
            ),
        ),
        (" map < string , int8 , sorted > ", pa.map_(pa.string(), pa.int8(), keys_sorted=True)),
        ("dictionary<string, int8>", pa.dictionary(pa.int8(), pa.string())),
    ],
)
def test_type_is_read_as_people_write_it(text: str, kind: pa.DataType) -> None:
    assert parse_type(text) == kind


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("intger", "did you mean int64?"),
        ("Double", "did you mean float64?"),
        ("timestamps", "did you mean timestamp?"),
        ("qqq", "valid: int8,"),
        ("decimal(77, 2)", "precision from 1 to 76"),
        ("decimal", "precision, scale"),
        ("timestamp[us", "timestamp[unit]"),
        ("time64[s]", "us, ns"),
        ("duration[us, tz=UTC]", "duration[unit]"),
        ("list<int64", "'>' is expected"),
        ("struct<a int64>", "':' is expected"),
        ("int64 null", "left over"),
        ("binary(x)", "number of bytes"),
        ("", "name is expected"),
        ("list<" * 100, "nested deeper"),
        ("list<null not null>", "non-nullable"),
    ],
)
def test_bad_type_text_says_what_is_wrong(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_type(text)
    assert caught.value.code == "CFG003"
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "canonical"),
    [
        (pa.string_view(), pa.string()),
        (pa.large_binary(), pa.binary()),
        (pa.dictionary(pa.int8(), pa.large_string()), pa.string()),
        (pa.date64(), pa.date32()),
        (pa.decimal256(10, 2), pa.decimal128(10, 2)),
        (pa.uuid(), pa.binary(16)),
        (pa.bool8(), pa.bool_()),
        (pa.large_list(pa.string_view()), pa.list_(pa.string())),
        (pa.struct([("a", pa.date64())]), pa.struct([("a", pa.date32())])),
        (pa.timestamp("ns", "Asia/Tokyo"), pa.timestamp("ns", "Asia/Tokyo")),
    ],
    ids=str,
)
def test_silver_writes_one_type_per_meaning(kind: pa.DataType, canonical: pa.DataType) -> None:
    assert canonical_type(kind) == canonical


def test_schema_comes_back_from_its_columns() -> None:
    schema = pa.schema([pa.field("a", pa.int64(), nullable=False), pa.field("b", pa.date32())])
    assert columns_schema(schema_columns(schema)) == schema
