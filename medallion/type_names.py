"""The names of types without parts.

Belongs here: the vocabulary as data. Lives elsewhere: its grammar (`type_text`, `types`).
"""

import pyarrow as pa

# The first name of a type is the one that is written, but for those of SHORT_NAMES.
SIMPLE_TYPES: dict[str, pa.DataType] = {
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint16": pa.uint16(),
    "uint32": pa.uint32(),
    "uint64": pa.uint64(),
    "float16": pa.float16(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "json": pa.string(),
    "large_string": pa.large_string(),
    "string_view": pa.string_view(),
    "binary": pa.binary(),
    "large_binary": pa.large_binary(),
    "binary_view": pa.binary_view(),
    "date": pa.date32(),
    "date32": pa.date32(),
    "date64": pa.date64(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "duration": pa.duration("us"),
    "interval": pa.month_day_nano_interval(),
    "null": pa.null(),
}
SHORT_NAMES = frozenset({"time", "timestamp", "duration"})
EXTENSION_TYPES: dict[str, tuple[str, pa.DataType]] = {
    "uuid": ("arrow.uuid", pa.uuid()),
    "bool8": ("arrow.bool8", pa.bool8()),
    "json_document": ("arrow.json", pa.json_()),
}
UNITS_BY_NAME: dict[str, tuple[str, ...]] = {
    "time32": ("s", "ms"),
    "time64": ("us", "ns"),
    "timestamp": ("s", "ms", "us", "ns"),
    "duration": ("s", "ms", "us", "ns"),
}
DECIMAL_DIGITS: dict[str, int] = {
    "decimal": 76,
    "decimal32": 9,
    "decimal64": 18,
    "decimal128": 38,
    "decimal256": 76,
}
NESTED_NAMES = (
    "list",
    "large_list",
    "list_view",
    "large_list_view",
    "fixed_size_list",
    "struct",
    "map",
    "dictionary",
)
# What other systems call these types.
FOREIGN_NAMES: dict[str, str] = {
    "int": "int64",
    "integer": "int64",
    "bigint": "int64",
    "smallint": "int16",
    "tinyint": "int8",
    "long": "int64",
    "str": "string",
    "text": "string",
    "varchar": "string",
    "char": "string",
    "float": "float64",
    "double": "float64",
    "real": "float32",
    "boolean": "bool",
    "numeric": "decimal(18, 2)",
    "number": "decimal(18, 2)",
    "datetime": "timestamp",
    "timestamptz": "timestamp",
    "bytes": "binary",
    "blob": "binary",
    "array": "list<string>",
    "object": "struct<name: string>",
    "dict": "map<string, string>",
}
