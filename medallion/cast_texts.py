"""Casts from text: strict forms only, so that a typing error never becomes a value.

Belongs here: text as a source. Lives elsewhere: texts in a declared date form (`datetime_format`),
the choice of the cast (`casting`).
"""

import math
import re
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from medallion.cast_result import (
    Cast,
    accept_all,
    any_true,
    cast_or_isolate,
    cast_where,
    null_out,
    refuse_all,
)

_INTEGER = r"^[+-]?[0-9]+$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
_INFINITY = r"^(?i:[+-]?inf(inity)?)$"
_NAN = r"^(?i:nan)$"
_TRUTH = r"^(?i:true|false|1|0)$"
_DAY = r"[0-9]{4}-[01][0-9]-[0-3][0-9]"
_HOUR = r"(?:[01][0-9]|2[0-3])"
_ZONE = rf"(?:Z|[+-]{_HOUR}(?::?[0-5][0-9])?)"
# Up to two to the power of these a float holds every integer.
_FLOAT_BITS = {16: 11, 32: 24, 64: 53}
_UNIT_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_Matches = Callable[[pa.DataType], bool]


def cast_text(values: pa.Array, target: pa.DataType) -> Cast:
    """Cast texts by the strict forms of the target; white space around is never ignored."""
    for matches, caster in _CASTERS:
        if matches(target):
            return caster(values, target)
    return refuse_all(values, target)


def _cast_directly(values: pa.Array, target: pa.DataType) -> Cast:
    return cast_or_isolate(values, lambda part: part.cast(target))


def _cast_to_bool(values: pa.Array, target: pa.DataType) -> Cast:
    good = pc.match_substring_regex(values, _TRUTH)
    return cast_where(values, good, lambda part: part.cast(target))


def _cast_to_integer(values: pa.Array, target: pa.DataType) -> Cast:
    good = pc.match_substring_regex(values, _INTEGER)  # Arrow alone would read 0x1F
    values = _replace(values, r"^\+", "")
    return cast_where(values, good, lambda part: part.cast(target))


def _cast_to_float(values: pa.Array, target: pa.DataType) -> Cast:
    try:
        cast, bad = accept_all(values.cast(target))
    except pa.ArrowInvalid:
        good = pc.match_substring_regex(values, f"{_NUMBER}|{_INFINITY}|{_NAN}")
        cast, bad = cast_where(values, good, lambda part: part.cast(target))
    inexact_from = 2.0 ** _FLOAT_BITS[target.bit_width]
    large = pc.greater_equal(pc.abs(cast.cast(pa.float64())), inexact_from)
    changed = _find_changed(values, cast, pc.fill_null(large, False))
    return null_out(cast, changed), pc.or_(bad, changed)


def _find_changed(texts: pa.Array, floats: pa.Array, large: pa.BooleanArray) -> pa.BooleanArray:
    """Mark integers that became another number, and numbers that became infinite."""
    marks = np.zeros(len(texts), dtype=bool)
    places = np.flatnonzero(large)
    pairs = zip(texts.take(places).to_pylist(), floats.take(places).to_pylist(), strict=True)
    marks[places] = [_is_changed(text, number) for text, number in pairs]
    return pa.array(marks)


def _is_changed(text: str, number: float) -> bool:
    if math.isinf(number):
        return re.match(_INFINITY, text) is None
    return re.match(_INTEGER, text) is not None and Decimal(text) != Decimal(number)


def _cast_to_decimal(values: pa.Array, target: pa.DataType) -> Cast:
    # Arrow wraps around on too many digits and drops small exponents, both unnoticed: it only
    # gets plain digits that fit.
    whole, fraction = max(target.precision - target.scale, 0), max(target.scale, 0)
    fits = rf"^[+-]?0*[0-9]{{0,{whole}}}(\.[0-9]{{0,{fraction}}}0*)?$"
    good = pc.match_substring_regex(values, fits)
    if not pc.all(good, min_count=0).as_py():
        values = _spell_out(values)
        good = pc.match_substring_regex(values, fits)
    if (pc.max(pc.binary_length(values)).as_py() or 0) > 38:
        values = pc.replace_substring_regex(values, r"^([+-]?)0+([0-9])", r"\1\2")
        values = pc.replace_substring_regex(values, r"(\.[0-9]*?)0+$", r"\1")
    return cast_where(values, good, lambda part: part.cast(target))


def _spell_out(values: pa.Array) -> pa.Array:
    """Write numbers like 1.5e3 without an exponent; leave all other texts as they are."""
    encoded = values.dictionary_encode()
    raised = pc.and_(
        pc.match_substring_regex(encoded.dictionary, _NUMBER),
        pc.match_substring_regex(encoded.dictionary, "[eE]"),
    )
    if not any_true(raised):
        return values
    texts = encoded.dictionary.to_pylist()
    plain = [
        f"{Decimal(text):f}" if is_raised else text
        for text, is_raised in zip(texts, raised.to_pylist(), strict=True)
    ]
    return pa.array(plain, pa.string()).take(encoded.indices)


def _cast_to_date(values: pa.Array, target: pa.DataType) -> Cast:
    try:
        return accept_all(values.cast(target))
    except pa.ArrowInvalid:
        good = pc.match_substring_regex(values, f"^{_DAY}$")
        return cast_where(values, good, lambda part: part.cast(target))


def _cast_to_timestamp(values: pa.Array, target: pa.DataType) -> Cast:
    kind = target if _is_zoned(values) else pa.timestamp(target.unit)
    try:
        return accept_all(values.cast(kind).cast(target))  # without a zone it is UTC
    except pa.ArrowInvalid:
        pass
    values, clock = _cut_zeros(values, target.unit), _clock(target.unit)
    good = pc.and_(
        pc.match_substring_regex(values, f"^{_DAY}(?:[T ]{clock}{_ZONE}?)?$"), _is_day(values)
    )
    if target.tz is not None:
        values = _replace(values, f"^({_DAY})$", r"\1T00")
        values = _replace(values, f"([T ]{clock})$", r"\1Z")
    return cast_where(values, good, lambda part: part.cast(target))


def _cast_to_time(values: pa.Array, target: pa.DataType) -> Cast:
    values, moment = _cut_zeros(values, target.unit), pa.timestamp(target.unit)
    good = pc.match_substring_regex(values, f"^{_clock(target.unit)}$")
    epoch = pc.binary_join_element_wise("1970-01-01T", values, "")
    return cast_where(epoch, good, lambda part: part.cast(moment).cast(target))


def _is_zoned(values: pa.Array) -> bool:
    """Tell whether the first text names a zone; a failing cast of all of them is slow."""
    first = values.drop_null().slice(0, 1)
    return any_true(pc.match_substring_regex(first, f"[T ].*{_ZONE}$"))


def _is_day(values: pa.Array) -> pa.BooleanArray:
    """Tell which texts begin with a day that exists; there are few different ones."""
    days = pc.utf8_slice_codeunits(values, 0, 10).dictionary_encode()
    dates, _ = _cast_to_date(days.dictionary, pa.date32())
    return pc.is_valid(dates).take(days.indices)


def _clock(unit: str) -> str:
    digits = _UNIT_DIGITS[unit]
    fraction = rf"(?:\.[0-9]{{1,{digits}}})?" if digits else ""
    return rf"{_HOUR}(?::[0-5][0-9](?::[0-5][0-9]{fraction})?)?"


def _cut_zeros(values: pa.Array, unit: str) -> pa.Array:
    """Cut zeros after the digits that a unit holds: Arrow refuses them."""
    digits = _UNIT_DIGITS[unit]
    kept = rf"(:[0-9]{{2}}\.[0-9]{{{digits}}})0+" if digits else r"(:[0-9]{2})\.0+"
    return _replace(values, rf"{kept}({_ZONE}?)$", r"\1\2")


def _replace(values: pa.Array, pattern: str, replacement: str) -> pa.Array:
    """Replace where the pattern occurs; looking first is several times faster where it does not."""
    if not any_true(pc.match_substring_regex(values, pattern)):
        return values
    return pc.replace_substring_regex(values, pattern, replacement)


_CASTERS: tuple[tuple[_Matches, Callable[[pa.Array, pa.DataType], Cast]], ...] = (
    (pa.types.is_integer, _cast_to_integer),
    (pa.types.is_floating, _cast_to_float),
    (pa.types.is_decimal, _cast_to_decimal),
    (pa.types.is_boolean, _cast_to_bool),
    (pa.types.is_date, _cast_to_date),
    (pa.types.is_timestamp, _cast_to_timestamp),
    (pa.types.is_time, _cast_to_time),
    (pa.types.is_binary, _cast_directly),
    (pa.types.is_fixed_size_binary, _cast_directly),
)
