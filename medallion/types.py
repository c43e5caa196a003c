"""Types as text: the vocabulary of contracts, manifests and drift reports.

Belongs here: text ↔ Arrow type, and the types that Silver writes (`canonical_type`).
Lives elsewhere: reading such text (`type_text`), casting values (`casting`).
"""

import re
from collections.abc import Callable, Iterable

import pyarrow as pa

from medallion.manifest import ColumnSchema
from medallion.type_names import EXTENSION_TYPES, SHORT_NAMES, SIMPLE_TYPES
from medallion.type_text import parse_type as parse_type

_BARE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SIMPLE_NAMES = {
    kind: name for name, kind in reversed(SIMPLE_TYPES.items()) if name not in SHORT_NAMES
}
_EXTENSION_NAMES = {name: text for text, (name, _) in EXTENSION_TYPES.items()}


def format_type(kind: pa.DataType) -> str:
    """Write an Arrow type as text that `parse_type` reads back to an equal type.

    Types that Parquet cannot hold (unions, run-end encoding) come out in Arrow's own words.
    """
    if kind in _SIMPLE_NAMES:
        return _SIMPLE_NAMES[kind]
    for matches, write in _FORMATS:
        if matches(kind):
            return write(kind)
    return str(kind)


def canonical_type(kind: pa.DataType) -> pa.DataType:
    """Return the type that Silver writes for a column of this type.

    One type per meaning: `large_` and `_view` layouts, dictionaries and extensions become the
    plain type of their values, decimals take their usual width, `date64` becomes `date`; inside
    nested types too.
    """
    if isinstance(kind, pa.BaseExtensionType):
        return pa.bool_() if kind == pa.bool8() else canonical_type(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return canonical_type(kind.value_type)
    if pa.types.is_decimal(kind):
        make = pa.decimal128 if kind.precision <= 38 else pa.decimal256
        return make(kind.precision, kind.scale)
    if pa.types.is_nested(kind):
        return _canonical_nested(kind)
    return _PLAIN_LAYOUTS.get(kind, kind)


def canonical_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema with every type canonical, without metadata."""
    return pa.schema([_canonical_field(field) for field in schema])


def schema_columns(schema: pa.Schema) -> tuple[ColumnSchema, ...]:
    """Describe a schema as manifests list it."""
    return tuple(ColumnSchema(f.name, format_type(f.type), f.nullable) for f in schema)


def columns_schema(columns: Iterable[ColumnSchema]) -> pa.Schema:
    """Turn a manifest's columns back into an Arrow schema.

    Raises:
        ConfigError: CFG003, if a type's text is unknown.
    """
    return pa.schema([pa.field(c.name, parse_type(c.type), c.nullable) for c in columns])


def find_wide_decimal(kind: pa.DataType) -> pa.DataType | None:
    """Return a decimal in a type that has more digits than the engine of the folds keeps, if any.

    Beyond 38 digits the engine would go on with a float.
    """
    if pa.types.is_decimal(kind):
        return kind if kind.precision > 38 else None
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return next((found for one in inner if (found := find_wide_decimal(one)) is not None), None)


def is_text(kind: pa.DataType) -> bool:
    """Tell whether the type holds texts, in any layout."""
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def is_list(kind: pa.DataType) -> bool:
    """Tell whether the type holds lists, in any layout; maps are none."""
    types = pa.types
    return bool(
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )


def _canonical_nested(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([_canonical_field(field) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(canonical_type(kind.key_type), _canonical_field(kind.item_field))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_canonical_field(kind.value_field), kind.list_size)
    return pa.list_(_canonical_field(kind.value_field)) if is_list(kind) else kind


def _canonical_field(field: pa.Field) -> pa.Field:
    return pa.field(field.name, canonical_type(field.type), field.nullable)


def _format_fixed_list(kind: pa.DataType) -> str:
    return f"fixed_size_list<{_format_inner(kind.value_field)}, {kind.list_size}>"


def _format_map(kind: pa.DataType) -> str:
    inner = f"{format_type(kind.key_type)}, {_format_inner(kind.item_field)}"
    return f"map<{inner}{', sorted' if kind.keys_sorted else ''}>"


def _format_dictionary(kind: pa.DataType) -> str:
    parts = [format_type(kind.value_type)]
    if kind.index_type != pa.int32() or kind.ordered:
        parts.append(format_type(kind.index_type))
    return f"dictionary<{', '.join(parts + ['ordered'] * kind.ordered)}>"


def _format_struct(kind: pa.DataType) -> str:
    return f"struct<{', '.join(f'{_quote(f.name)}: {_format_inner(f)}' for f in kind)}>"


def _format_inner(field: pa.Field) -> str:
    return format_type(field.type) + ("" if field.nullable else " not null")


def _quote(name: str) -> str:
    return name if _BARE_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def _format_decimal(kind: pa.DataType) -> str:
    usual = 128 if kind.precision <= 38 else 256
    width = "" if kind.bit_width == usual else str(kind.bit_width)
    return f"decimal{width}({kind.precision}, {kind.scale})"


def _format_unit(kind: pa.DataType) -> str:
    name = "duration" if pa.types.is_duration(kind) else f"time{kind.bit_width}"
    return f"{name}[{kind.unit}]"


def _format_timestamp(kind: pa.DataType) -> str:
    return f"timestamp[{kind.unit}{f', tz={kind.tz}' if kind.tz else ''}]"


def _format_extension(kind: pa.DataType) -> str:
    name = _EXTENSION_NAMES.get(kind.extension_name)
    return name or format_type(kind.storage_type)


def _list_format(name: str) -> Callable[[pa.DataType], str]:
    return lambda kind: f"{name}<{_format_inner(kind.value_field)}>"


_FORMATS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.DataType], str]], ...] = (
    (lambda kind: isinstance(kind, pa.BaseExtensionType), _format_extension),
    (pa.types.is_decimal, _format_decimal),
    (pa.types.is_timestamp, _format_timestamp),
    (pa.types.is_time, _format_unit),
    (pa.types.is_duration, _format_unit),
    (pa.types.is_fixed_size_binary, lambda kind: f"binary({kind.byte_width})"),
    (pa.types.is_dictionary, _format_dictionary),
    (pa.types.is_struct, _format_struct),
    (pa.types.is_map, _format_map),
    (pa.types.is_fixed_size_list, _format_fixed_list),
    (pa.types.is_list, _list_format("list")),
    (pa.types.is_large_list, _list_format("large_list")),
    (pa.types.is_list_view, _list_format("list_view")),
    (pa.types.is_large_list_view, _list_format("large_list_view")),
)
_PLAIN_LAYOUTS = {
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
    pa.date64(): pa.date32(),
}
