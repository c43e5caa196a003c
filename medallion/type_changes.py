"""How two types relate: which one holds every value of the other, and what to take when they meet.

Belongs here: the lattice of lossless widening, and joining types. Lives elsewhere: what a change
means for a run (`drift`), casting values (`casting`).
"""

import numpy as np
import pyarrow as pa

from medallion.types import is_list

# Bits of the integers that a float holds exactly.
_EXACT_BITS = {16: 11, 32: 24, 64: 53}
_UNITS = ("s", "ms", "us", "ns")


def holds_all(kind: pa.DataType, other: pa.DataType) -> bool:
    """Tell whether every value of `other` has the same meaning in `kind`."""
    if kind == other or pa.types.is_null(other):
        return True
    if pa.types.is_floating(kind):
        return _float_holds(kind, other)
    if pa.types.is_integer(kind):
        return bool(pa.types.is_integer(other)) and _int_digits_hold(kind, other)
    if pa.types.is_decimal(kind):
        return _decimal_holds(kind, other)
    if pa.types.is_binary(kind):
        return bool(pa.types.is_fixed_size_binary(other))
    return _units_hold(kind, other)


def join_types(
    known: pa.DataType, observed: pa.DataType, *, take_new: bool, keep_known: bool
) -> pa.DataType:
    """Return the type that a column takes when its known type meets an observed one.

    Args:
        known: The type so far, or the declared one.
        observed: What the source has now.
        take_new: Whether fields inside structs that are not known are taken.
        keep_known: Whether the known type stays whatever is observed (a declared type does);
            otherwise a wider type is taken, and where none is wider, the observed one.
    """
    if pa.types.is_struct(known) and pa.types.is_struct(observed):
        return _join_structs(known, observed, take_new=take_new, keep_known=keep_known)
    if is_list(known) and is_list(observed):
        item = _join_fields(known.value_field, observed.value_field, take_new, keep_known)
        return pa.list_(item, known.list_size) if _same_length(known, observed) else pa.list_(item)
    if pa.types.is_map(known) and pa.types.is_map(observed):
        item = _join_fields(known.item_field, observed.item_field, take_new, keep_known)
        return pa.map_(known.key_type if keep_known else observed.key_type, item)
    if pa.types.is_null(known):
        return observed
    return known if keep_known or holds_all(known, observed) else observed


def _join_structs(
    known: pa.DataType, observed: pa.DataType, *, take_new: bool, keep_known: bool
) -> pa.DataType:
    seen = {field.name: field for field in observed}
    fields = [
        _join_fields(field, seen[field.name], take_new, keep_known)
        if field.name in seen
        else field.with_nullable(field.nullable or not keep_known)
        for field in known
    ]
    names = {field.name for field in known}
    fields += [f.with_nullable(True) for f in observed if take_new and f.name not in names]
    return pa.struct(fields)


def _join_fields(known: pa.Field, observed: pa.Field, take_new: bool, keep_known: bool) -> pa.Field:
    kind = join_types(known.type, observed.type, take_new=take_new, keep_known=keep_known)
    nullable = known.nullable if keep_known else known.nullable or observed.nullable
    return pa.field(known.name, kind, nullable)


def _same_length(known: pa.DataType, observed: pa.DataType) -> bool:
    fixed = pa.types.is_fixed_size_list
    return bool(fixed(known) and fixed(observed) and known.list_size == observed.list_size)


def _float_holds(kind: pa.DataType, other: pa.DataType) -> bool:
    if pa.types.is_floating(other):
        return bool(kind.bit_width >= other.bit_width)
    if not pa.types.is_integer(other):
        return False
    return int(np.iinfo(other.to_pandas_dtype()).max).bit_length() <= _EXACT_BITS[kind.bit_width]


def _int_digits_hold(kind: pa.DataType, other: pa.DataType) -> bool:
    own, others = np.iinfo(kind.to_pandas_dtype()), np.iinfo(other.to_pandas_dtype())
    return int(own.min) <= int(others.min) and int(own.max) >= int(others.max)


def _decimal_holds(kind: pa.DataType, other: pa.DataType) -> bool:
    whole = kind.precision - kind.scale
    if pa.types.is_decimal(other):
        return bool(kind.scale >= other.scale and whole >= other.precision - other.scale)
    if pa.types.is_integer(other):
        digits = len(str(int(np.iinfo(other.to_pandas_dtype()).max)))
        return bool(kind.scale >= 0 and whole >= digits)
    return False


def _units_hold(kind: pa.DataType, other: pa.DataType) -> bool:
    for family in (pa.types.is_timestamp, pa.types.is_time, pa.types.is_duration):
        if family(kind) and family(other):
            same_zone = getattr(kind, "tz", None) == getattr(other, "tz", None)
            return bool(same_zone and _UNITS.index(kind.unit) >= _UNITS.index(other.unit))
    return False
