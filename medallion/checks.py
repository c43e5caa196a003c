"""The checks that a contract can declare, and the pandera checks that they mean.

Belongs here: names, arguments and their reading in the column's own type. Lives elsewhere: running
checks (`check_run`), nulls, uniqueness and what a failure does (`contract`).

The meaning is pandera's: null passes every check, NaN fails a comparison. `str_matches` looks for
the pattern at the start of the text (`^(a|b)$` for the whole of it), `str_contains` anywhere.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from medallion.casting import cast_array
from medallion.errors import ConfigError
from medallion.types import format_type, is_text

OnFail = Literal["quarantine", "fail", "warn"]

# Decided by the contract itself, not by a pandera check.
FLAG_CHECKS = ("unique", "not_null")


@dataclass(frozen=True)
class CheckRule:
    """One check and what its failure does.

    Attributes:
        name: As declared: `ge`, or the name of a function.
        column: The column it looks at; None for a check of the whole frame.
        check: The pandera check.
        on_fail: What happens to a failing row.
    """

    name: str
    column: str | None
    check: Any
    on_fail: OnFail = "quarantine"


@dataclass(frozen=True)
class _Argument:
    """A declared argument, with the words to refuse it."""

    where: str
    value: Any
    kind: pa.DataType

    def refuse(self, why: str) -> NoReturn:
        raise ConfigError(f"{self.where}: {why}", code="CFG003")


def build_check(name: str, value: object, kind: pa.DataType, where: str) -> Any:
    """Build the pandera check that a declared check means.

    Args:
        name: `ge`, `in_range`, `str_matches`, …
        value: Its argument, as written; bounds are read in the column's own type.
        kind: The column's type.
        where: The key in the configuration, for messages.

    Raises:
        ConfigError: CFG003, for an unknown name or an argument that does not fit.
    """
    from pandera.pandas import Check

    if name not in _ARGUMENTS:
        close = difflib.get_close_matches(name, [*_ARGUMENTS, *FLAG_CHECKS], 1, 0.5)
        near = f"did you mean {close[0]}?" if close else f"valid: {', '.join(_ARGUMENTS)}"
        raise ConfigError(f"{where}: check {name!r:.60} is unknown; {near}", code="CFG003")
    arguments = _ARGUMENTS[name](_Argument(where, value, kind))
    return getattr(Check, name)(**arguments, n_failure_cases=1)


def read_flag(value: object, where: str) -> bool:
    """Read the argument of `unique` or `not_null`."""
    if isinstance(value, bool):
        return value
    raise ConfigError(f"{where}: write true or false", code="CFG003")


def parse_bound(value: object, kind: pa.DataType, where: str) -> Any:
    """Read a bound in the column's own type: a date, a Decimal, an aware timestamp.

    Raises:
        ConfigError: CFG003, if it cannot be one.
    """
    argument = _Argument(where, value, kind)
    if isinstance(value, bool) != pa.types.is_boolean(kind) or isinstance(value, list | dict):
        argument.refuse(f"{value!r:.60} is not a {format_type(kind)}")
    if is_text(kind):
        return value if isinstance(value, str) else argument.refuse("put the text in quotes")
    if pa.types.is_decimal(kind):
        return _parse_decimal(argument)
    cast, bad = cast_array(pa.array([str(value)]), kind)
    if value is None or bad[0].as_py():
        argument.refuse(f"{value!r:.60} is not a {format_type(kind)}")
    number = cast[0].as_py()
    return np.uint64(number) if pa.types.is_uint64(kind) else number  # more than pandas' int holds


def _parse_decimal(argument: _Argument) -> Decimal:
    try:
        number = Decimal(str(argument.value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        argument.refuse(f"{argument.value!r:.60} is not a number")
    return number


def _one_bound(key: str) -> Callable[[_Argument], dict[str, Any]]:
    return lambda given: {key: _bound(given, given.value)}


def _bound(given: _Argument, value: object) -> Any:
    if pa.types.is_nested(given.kind) or pa.types.is_binary(given.kind):
        given.refuse(f"a {format_type(given.kind)} cannot be compared")
    return parse_bound(value, given.kind, given.where)


def _two_bounds(given: _Argument) -> dict[str, Any]:
    low, high = _pair(given)
    if low is None or high is None:
        given.refuse("write [min, max]")
    bounds = {"min_value": _bound(given, low), "max_value": _bound(given, high)}
    if bounds["min_value"] > bounds["max_value"]:
        given.refuse("min is greater than max")
    return bounds


def _values(key: str) -> Callable[[_Argument], dict[str, Any]]:
    def read(given: _Argument) -> dict[str, Any]:
        if not isinstance(given.value, list) or not given.value:
            given.refuse("write a list of values")
        return {key: [_bound(given, value) for value in given.value]}

    return read


def _pattern(given: _Argument) -> dict[str, Any]:
    pattern = _text(given)
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        given.refuse(f"{pattern!r:.60} is no regular expression that RE2 knows")
    return {"pattern": pattern}


def _text_as(key: str) -> Callable[[_Argument], dict[str, Any]]:
    return lambda given: {key: _text(given)}


def _text(given: _Argument) -> str:
    _need_text_column(given)
    if not isinstance(given.value, str):
        given.refuse("write a text")
    return given.value


def _length(given: _Argument) -> dict[str, Any]:
    _need_text_column(given)
    low, high = _pair(given)
    lengths = [length for length in (low, high) if length is not None]
    if not lengths or any(type(length) is not int or length < 0 for length in lengths):
        given.refuse("write [min, max] or {min: …, max: …} with whole numbers")
    return {"min_value": low, "max_value": high}


def _pair(given: _Argument) -> tuple[Any, Any]:
    value = given.value
    if isinstance(value, list) and len(value) == 2:
        return value[0], value[1]
    if not isinstance(value, Mapping) or not value or not set(value) <= {"min", "max"}:
        given.refuse("write [min, max] or {min: …, max: …}")
    return value.get("min"), value.get("max")


def _need_text_column(given: _Argument) -> None:
    if not is_text(given.kind):
        given.refuse(f"it needs a string column, not {format_type(given.kind)}")


_ARGUMENTS: dict[str, Callable[[_Argument], dict[str, Any]]] = {
    "ge": _one_bound("min_value"),
    "gt": _one_bound("min_value"),
    "le": _one_bound("max_value"),
    "lt": _one_bound("max_value"),
    "eq": _one_bound("value"),
    "ne": _one_bound("value"),
    "in_range": _two_bounds,
    "isin": _values("allowed_values"),
    "notin": _values("forbidden_values"),
    "str_matches": _pattern,
    "str_contains": _pattern,
    "str_startswith": _text_as("string"),
    "str_endswith": _text_as("string"),
    "str_length": _length,
}
CHECK_NAMES = (*_ARGUMENTS, *FLAG_CHECKS)
