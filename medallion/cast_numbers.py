"""Casts from numbers: a number fits exactly, or it is bad.

Belongs here: booleans, integers, floats and decimals as sources. Lives elsewhere: texts and times
as sources (`cast_texts`, `cast_times`), the choice of the cast (`casting`).
"""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from medallion.cast_result import Cast, accept_all, cast_where, null_out, refuse_all
from medallion.cast_texts import cast_text

# Decimal digits that a float of so many bits always holds.
_FLOAT_DIGITS = {16: 3, 32: 6, 64: 15}


def cast_bool(values: pa.Array, target: pa.DataType) -> Cast:
    """Cast booleans: to text as true and false, to numbers as 1 and 0."""
    if pa.types.is_string(target):
        return accept_all(values.cast(target))
    return cast_integer(values.cast(pa.int8()), target)


def cast_integer(values: pa.Array, target: pa.DataType) -> Cast:
    """Cast integers: to bool only 0 and 1, to a float only what it holds exactly."""
    if pa.types.is_integer(target):
        return cast_where(values, _within(values, target), lambda part: part.cast(target))
    if pa.types.is_boolean(target):
        good = pc.is_in(values, pa.array([0, 1], values.type))
        return cast_where(values, good, lambda part: part.cast(target))
    if pa.types.is_floating(target):
        good = _exact_in_float(values, target)
        return cast_where(values, good, lambda part: part.cast(target, safe=False))
    if pa.types.is_decimal(target):
        return cast_decimal(values.cast(pa.decimal128(20, 0)), target)
    return _cast_to_text(values, target)


def cast_float(values: pa.Array, target: pa.DataType) -> Cast:
    """Cast floats: to integers when whole, to decimals and narrower floats when exact."""
    if pa.types.is_float16(values.type):  # Arrow knows few functions of these
        values = values.cast(pa.float32())
    if pa.types.is_integer(target):
        return _cast_whole_floats(values, target)
    if pa.types.is_boolean(target):
        whole, bad = _cast_whole_floats(values, pa.int8())
        cast, also_bad = cast_integer(whole, target)
        return cast, pc.or_(bad, also_bad)
    if pa.types.is_floating(target):
        good = _exact_in_narrower(values, target)
        return cast_where(values, good, lambda part: part.cast(target))
    if pa.types.is_decimal(target):
        # Through the shortest text: Arrow's own cast rounds off what does not fit the scale.
        return cast_text(values.cast(pa.string()), target)
    return _cast_to_text(values, target)


def cast_decimal(values: pa.Array, target: pa.DataType) -> Cast:
    """Cast decimals: to a float only when it writes the same digits."""
    if pa.types.is_floating(target):
        return _cast_decimal_to_float(values, target)
    if pa.types.is_boolean(target):
        whole, bad = cast_decimal(values, pa.int64())
        cast, also_bad = cast_integer(whole, target)
        return cast, pc.or_(bad, also_bad)
    if pa.types.is_decimal(target):
        return cast_where(values, _fits(values, target), lambda part: part.cast(target))
    if pa.types.is_integer(target):
        whole, bad = cast_decimal(values, pa.decimal128(20, 0))
        back = whole.cast(target, safe=False).cast(whole.type)
        cast, also_bad = cast_where(whole, pc.equal(back, whole), lambda part: part.cast(target))
        return cast, pc.or_(bad, also_bad)
    return _cast_to_text(values, target)


def _cast_to_text(values: pa.Array, target: pa.DataType) -> Cast:
    if pa.types.is_string(target):
        return accept_all(values.cast(target))
    return refuse_all(values, target)


def _within(values: pa.Array, target: pa.DataType) -> pa.BooleanArray:
    own_low, own_high = _bounds(values.type)
    low, high = _bounds(target)
    return pc.and_(
        pc.greater_equal(values, pa.scalar(max(low, own_low), values.type)),
        pc.less_equal(values, pa.scalar(min(high, own_high), values.type)),
    )


def _bounds(kind: pa.DataType) -> tuple[int, int]:
    limits = np.iinfo(kind.to_pandas_dtype())
    return int(limits.min), int(limits.max)


def _exact_in_float(values: pa.Array, target: pa.DataType) -> pa.BooleanArray:
    integers = values.fill_null(0).to_numpy(zero_copy_only=False)
    wide = np.uint64 if pa.types.is_uint64(values.type) else np.int64
    low, high = _bounds(pa.from_numpy_dtype(wide))
    with np.errstate(over="ignore"):  # beyond a half float is infinite, and bad
        floats = integers.astype(target.to_pandas_dtype()).astype(np.float64)
    inside = (floats >= low) & (floats < float(high + 1))
    back = np.where(inside, floats, 0).astype(wide)
    return pa.array(inside & (back == integers.astype(wide)))


def _exact_in_narrower(values: pa.Array, target: pa.DataType) -> pa.BooleanArray:
    back = values.cast(target).cast(pa.float64())
    return pc.or_(pc.is_nan(values), pc.equal(back, values.cast(pa.float64())))


def _cast_whole_floats(values: pa.Array, target: pa.DataType) -> Cast:
    floats = values.cast(pa.float64())
    low, high = _bounds(target)
    inside = pc.and_(
        pc.greater_equal(floats, float(low)),
        pc.less(floats, float(high + 1)),
    )
    good = pc.and_(inside, pc.equal(pc.floor(floats), floats))
    return cast_where(floats, good, lambda part: part.cast(target, safe=False))


def _fits(values: pa.Array, target: pa.DataType) -> pa.BooleanArray:
    """Tell which decimals have neither more digits before the point nor after it."""
    kind, digits = values.type, target.precision - target.scale
    good = pc.is_valid(values)
    if digits < kind.precision - kind.scale:
        # Arrow does not notice when rescaling overflows.
        limit = Decimal(1).scaleb(max(digits, -kind.scale))
        good = pc.less(pc.abs(values), pa.scalar(limit, kind))
    if target.scale < kind.scale:
        small = null_out(values, pc.invert(good))
        back = small.cast(target, safe=False).cast(kind, safe=False)
        good = pc.and_(good, pc.fill_null(pc.equal(back, values), False))
    return good


def _cast_decimal_to_float(values: pa.Array, target: pa.DataType) -> Cast:
    # Through text: Arrow's own cast is off by a rounding in one value of seven.
    texts = values.cast(pa.string())
    floats = texts.cast(target)
    if values.type.precision <= _FLOAT_DIGITS[target.bit_width]:
        return accept_all(floats)
    back, _ = cast_text(floats.cast(pa.string()), values.type)
    return cast_where(texts, pc.equal(back, values), lambda part: part.cast(target))
