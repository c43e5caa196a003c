"""What a cast gives: the values, null where bad, and the mask of the bad ones.

Belongs here: the parts that every kind of cast is made of, above all how bad values are found.
Lives elsewhere: what is bad for which pair of types (`casting` and its `cast_*` modules).
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Cast = tuple[pa.Array, pa.BooleanArray]
Attempt = Callable[[pa.Array], pa.Array]


def accept_all(values: pa.Array) -> Cast:
    """Return the values with an empty mask of bad ones."""
    return values, none_bad(len(values))


def refuse_all(values: pa.Array, target: pa.DataType) -> Cast:
    """Return nulls: no value of this type has a meaning in the target type."""
    return pa.nulls(len(values), target), pc.is_valid(values)


def none_bad(length: int) -> pa.BooleanArray:
    """Return a mask of that length without a bad value."""
    return pa.array(np.zeros(length, dtype=bool))


def any_true(mask: pa.BooleanArray) -> bool:
    """Tell whether the mask marks a value; null marks none."""
    return bool(pc.any(mask, min_count=0).as_py())


def null_out(values: pa.Array, bad: pa.BooleanArray) -> pa.Array:
    """Return the values with nulls where the mask says so."""
    return pc.if_else(bad, pa.scalar(None, values.type), values) if any_true(bad) else values


def cast_where(values: pa.Array, good: pa.BooleanArray, attempt: Attempt) -> Cast:
    """Attempt the good values; all others that are not null are bad, and so is what fails alone."""
    bad = pc.and_(pc.is_valid(values), pc.invert(pc.fill_null(good, False)))
    cast, also_bad = cast_or_isolate(null_out(values, bad), attempt)
    return cast, pc.or_(bad, also_bad)


def cast_or_isolate(values: pa.Array, attempt: Attempt) -> Cast:
    """Attempt all values at once; where that fails, find exactly those that fail alone."""
    try:
        return accept_all(attempt(values))
    except pa.ArrowInvalid:
        bad = _find_bad(values, attempt)
        return attempt(null_out(values, bad)), bad


def _find_bad(values: pa.Array, attempt: Attempt) -> pa.BooleanArray:
    """Bisect the distinct values: a batch holds few bad ones, or the same ones many times."""
    encoded = values.dictionary_encode()
    marks = np.zeros(len(encoded.dictionary) + 1, dtype=bool)
    pending = [(0, len(encoded.dictionary))]
    while pending:
        start, end = pending.pop()
        if start == end or _succeeds(encoded.dictionary.slice(start, end - start), attempt):
            continue
        if end - start == 1:
            marks[start] = True
            continue
        middle = (start + end) // 2
        pending += [(start, middle), (middle, end)]
    places = pc.fill_null(encoded.indices, len(encoded.dictionary))
    return pa.array(marks).take(places)


def _succeeds(values: pa.Array, attempt: Attempt) -> bool:
    try:
        attempt(values)
    except pa.ArrowInvalid:
        return False
    return True
