"""Cast a column to its declared type without losing anything silently.

Belongs here: which cast serves which pair of types. Lives elsewhere: the casts themselves
(`cast_numbers`, `cast_texts`, `cast_times`, `cast_nested`), and what happens to rows with a bad
value (`quality`).
"""

from collections.abc import Callable
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from medallion.cast_nested import cast_list, cast_map, cast_struct
from medallion.cast_numbers import cast_bool, cast_decimal, cast_float, cast_integer
from medallion.cast_result import Cast, accept_all, cast_or_isolate, none_bad, refuse_all
from medallion.cast_texts import cast_text
from medallion.cast_times import cast_date, cast_duration, cast_time, cast_timestamp
from medallion.datetime_format import read_with_format
from medallion.types import canonical_type, is_list

_Matches = Callable[[pa.DataType], bool]
_Caster = Callable[[pa.Array, pa.DataType], Cast]


def cast_column(
    column: pa.Array | pa.ChunkedArray,
    target: pa.DataType,
    format: str | None = None,
    *,
    drop_undeclared: bool = False,
) -> tuple[pa.Array | pa.ChunkedArray, pa.Array | pa.ChunkedArray]:
    """Return the column in the target type, null where a value is bad, and the mask of bad values.

    A value is bad when its meaning would change: text that is not an ISO form of the target, a
    fraction or a magnitude that does not fit, a float that is not exactly an integer or a decimal.
    Widening never is. Naive times are UTC. Text with a fraction becomes the nearest float.

    Args:
        column: The values; a chunked column gives chunked results.
        target: The type to reach, at any depth.
        format: strptime form of a text (or of digits) that becomes a date or a timestamp.
        drop_undeclared: Whether fields inside structs that the target lacks are left out; without
            it a value in such a field is bad.
    """
    cast_one = partial(cast_array, format=format, drop_undeclared=drop_undeclared)
    if not isinstance(column, pa.ChunkedArray):
        return cast_one(column, target)
    casts = [cast_one(chunk, target) for chunk in column.chunks]
    return (
        pa.chunked_array([cast for cast, _ in casts], target),
        pa.chunked_array([bad for _, bad in casts], pa.bool_()),
    )


def cast_array(
    values: pa.Array,
    target: pa.DataType,
    format: str | None = None,
    *,
    drop_undeclared: bool = False,
) -> Cast:
    """Cast one array; see `cast_column`."""
    plain = _plain(values)
    canonical = canonical_type(target)
    if format is not None and _takes_format(plain.type, canonical):
        cast, bad = _cast_with_format(plain, canonical, format)
    else:
        cast, bad = _cast_plain(plain, canonical, drop_undeclared=drop_undeclared)
    return (cast if canonical == target else cast.cast(target)), bad


def _cast_plain(values: pa.Array, target: pa.DataType, *, drop_undeclared: bool = False) -> Cast:
    if values.type == target:
        return accept_all(values)
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), target), none_bad(len(values))
    if pa.types.is_nested(values.type):
        return _cast_nested(values, target, drop_undeclared)
    for matches, caster in _CASTERS:
        if matches(values.type):
            return caster(values, target)
    return refuse_all(values, target)


def _cast_nested(values: pa.Array, target: pa.DataType, drop_undeclared: bool) -> Cast:
    cast_part = partial(cast_array, drop_undeclared=drop_undeclared)
    if pa.types.is_struct(values.type):
        return cast_struct(values, target, cast_part, drop_undeclared=drop_undeclared)
    if pa.types.is_map(values.type):
        return cast_map(values, target, cast_part)
    return (
        cast_list(values, target, cast_part) if is_list(values.type) else refuse_all(values, target)
    )


def _plain(values: pa.Array) -> pa.Array:
    """Take a top-level layout (dictionary, view, extension) away; nested ones follow on descent."""
    if isinstance(values, pa.ExtensionArray):
        is_flag = values.type == pa.bool8()
        return _plain(values.storage.cast(pa.bool_()) if is_flag else values.storage)
    if isinstance(values, pa.DictionaryArray):
        return _plain(values.dictionary_decode())
    if pa.types.is_nested(values.type):
        return values
    return values.cast(canonical_type(values.type))


def _takes_format(source: pa.DataType, target: pa.DataType) -> bool:
    is_moment = pa.types.is_date(target) or pa.types.is_timestamp(target)
    return bool(is_moment and (pa.types.is_string(source) or pa.types.is_integer(source)))


def _cast_with_format(values: pa.Array, target: pa.DataType, format: str) -> Cast:
    texts = values.cast(pa.string())
    iso = read_with_format(texts, format)
    unread = pc.and_(pc.is_valid(texts), pc.is_null(iso))
    wide = pa.timestamp("us") if pa.types.is_date(target) else target
    moments, bad = cast_text(iso, wide)
    cast, also_bad = _cast_plain(moments, target)
    return cast, pc.or_(unread, pc.or_(bad, also_bad))


def _cast_binary(values: pa.Array, target: pa.DataType) -> Cast:
    if not (pa.types.is_string(target) or _is_bytes(target)):
        return refuse_all(values, target)
    return cast_or_isolate(values, lambda part: part.cast(target))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind))


_CASTERS: tuple[tuple[_Matches, _Caster], ...] = (
    (pa.types.is_string, cast_text),
    (pa.types.is_boolean, cast_bool),
    (pa.types.is_integer, cast_integer),
    (pa.types.is_floating, cast_float),
    (pa.types.is_decimal, cast_decimal),
    (pa.types.is_timestamp, cast_timestamp),
    (pa.types.is_date, cast_date),
    (pa.types.is_time, cast_time),
    (pa.types.is_duration, cast_duration),
    (_is_bytes, _cast_binary),
)
