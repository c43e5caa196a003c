"""Casts of lists, structs and maps: by structure, all or nothing per row.

Belongs here: descending, and turning a bad part into a bad row. Lives elsewhere: the casts of the
parts, which come in as a function (`casting`).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from medallion.cast_result import Cast, any_true, none_bad, null_out, refuse_all
from medallion.types import is_list

CastArray = Callable[[pa.Array, pa.DataType], Cast]


def cast_list(values: pa.Array, target: pa.DataType, cast: CastArray) -> Cast:
    """Cast the items; a list with a bad item is bad, as is one of the wrong fixed length."""
    if not is_list(target):
        return refuse_all(values, target)
    lists = values.cast(pa.list_(values.type.value_field))
    items, bad_items = cast(pc.list_flatten(lists), target.value_type)
    bad = _rows_of(lists, _or_null(items, bad_items, target.value_field))
    if pa.types.is_fixed_size_list(target):
        bad = pc.or_(bad, _differs(pc.list_value_length(lists), target.list_size))
    if any_true(bad):
        rest, _ = cast_list(null_out(lists, bad), target, cast)
        return rest, bad
    made = pa.ListArray.from_arrays(
        _offsets(lists),
        items,
        type=pa.list_(target.value_field),
        mask=pc.is_null(lists),
    )
    return made.cast(target), bad


def cast_struct(
    values: pa.Array, target: pa.DataType, cast: CastArray, *, drop_undeclared: bool
) -> Cast:
    """Cast field by field, by name; a missing one is null, a value in an undeclared one is bad."""
    if not pa.types.is_struct(target):
        return refuse_all(values, target)
    bad = none_bad(len(values))
    own = dict(zip([field.name for field in values.type], values.flatten(), strict=True))
    children = []
    for field in target:
        source = own.pop(field.name, pa.nulls(len(values)))
        child, bad_child = cast(source, field.type)
        at_fault = pc.and_(pc.is_valid(values), _or_null(child, bad_child, field))
        children.append(child)
        bad = pc.or_(bad, at_fault)
    for undeclared in () if drop_undeclared else own.values():
        bad = pc.or_(bad, pc.is_valid(undeclared))
    mask = pc.or_(pc.is_null(values), bad)
    return pa.StructArray.from_arrays(children, fields=list(target), mask=mask), bad


def cast_map(values: pa.Array, target: pa.DataType, cast: CastArray) -> Cast:
    """Cast keys and items; a map with a bad one is bad."""
    if not pa.types.is_map(target):
        return refuse_all(values, target)
    entries, bad = cast_list(_entries_of(values), _entry_list(target), cast)
    parts = entries.flatten()
    made = pa.MapArray.from_arrays(
        _offsets(entries),
        parts.field(0),
        parts.field(1),
        type=target,
        mask=pc.is_null(entries),
    )
    return made, bad


def _entries_of(values: pa.Array) -> pa.Array:
    return values.cast(_entry_list(values.type))


def _entry_list(kind: pa.DataType) -> pa.DataType:
    key = pa.field("key", kind.key_type, nullable=False)
    item = pa.field("value", kind.item_type, kind.item_field.nullable)
    return pa.list_(pa.struct([key, item]))


def _or_null(values: pa.Array, bad: pa.BooleanArray, field: pa.Field) -> pa.BooleanArray:
    return bad if field.nullable else pc.or_(bad, pc.is_null(values))


def _rows_of(lists: pa.Array, bad_items: pa.BooleanArray) -> pa.BooleanArray:
    marks = np.zeros(len(lists), dtype=bool)
    marks[np.repeat(np.arange(len(lists)), _lengths(lists))[bad_items.to_numpy(False)]] = True
    return pa.array(marks)


def _offsets(lists: pa.Array) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(_lengths(lists))]), pa.int32())


def _lengths(lists: pa.Array) -> np.ndarray[Any, Any]:
    lengths: np.ndarray[Any, Any] = pc.list_value_length(lists).fill_null(0).to_numpy()
    return lengths


def _differs(lengths: pa.Array, length: int) -> pa.BooleanArray:
    return pc.fill_null(pc.not_equal(lengths, length), False)
