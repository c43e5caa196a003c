"""Casts from dates, timestamps, times of day and durations; a time without a zone is UTC.

Belongs here: times as sources. Lives elsewhere: times written as text (`cast_texts`), the choice
of the cast (`casting`).
"""

import pyarrow as pa
import pyarrow.compute as pc

from medallion.cast_result import Cast, accept_all, cast_where, refuse_all


def cast_timestamp(values: pa.Array, target: pa.DataType) -> Cast:
    """Cast timestamps; only midnight UTC is a date, and a coarser unit must hold the value."""
    if pa.types.is_timestamp(target):
        return _cast_units(values, target)
    if pa.types.is_date(target):
        naive = values.cast(pa.timestamp(values.type.unit))
        return _cast_units(naive, target)
    return _cast_to_text(values, target)


def cast_date(values: pa.Array, target: pa.DataType) -> Cast:
    """Cast dates; as a timestamp a date is its midnight UTC."""
    if pa.types.is_timestamp(target) or pa.types.is_date(target):
        return _cast_units(values, target)
    return _cast_to_text(values, target)


def cast_time(values: pa.Array, target: pa.DataType) -> Cast:
    """Cast times of day; a coarser unit must hold the value."""
    if pa.types.is_time(target):
        return _cast_units(values, target)
    return _cast_to_text(values, target)


def cast_duration(values: pa.Array, target: pa.DataType) -> Cast:
    """Cast durations; a coarser unit must hold the value."""
    if pa.types.is_duration(target):
        return _cast_units(values, target)
    return refuse_all(values, target)


def _cast_units(values: pa.Array, target: pa.DataType) -> Cast:
    """Cast what comes back as it was: neither cut off nor beyond the range of a finer unit."""
    there = values.cast(target, safe=False)
    back = there.cast(values.type, safe=False)
    return cast_where(values, pc.equal(back, values), lambda part: part.cast(target))


def _cast_to_text(values: pa.Array, target: pa.DataType) -> Cast:
    if pa.types.is_string(target):
        return accept_all(values.cast(target))
    return refuse_all(values, target)
