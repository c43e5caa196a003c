"""A section's data → its model, or problems in the words of the file.

Belongs here: what pydantic refuses, told with key, code and the nearest valid key.
Lives elsewhere: the models themselves, line numbers and reporting (`loader`, `problems`).
"""

import difflib
import types
from collections.abc import Iterable
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from medallion.config.fields import Section
from medallion.config.problems import KeyPath
from medallion.errors import CODES

AnySection = TypeVar("AnySection", bound=Section)
Refusal = tuple[str, KeyPath, str]

_WORDS = {
    "string_type": "must be text; put numbers, dates and the like in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must be one character",
    "string_pattern_mismatch": "must be written module:Schema",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list: [a, b]",
    "dict_type": "must be a section with keys",
    "model_type": "must be a section with keys",
    "missing": "is needed",
}
_CODES = {"extra_forbidden": "CFG002", "missing": "CFG004"}


def validate_section(
    kind: type[AnySection], data: object, at: KeyPath
) -> tuple[AnySection | None, list[Refusal]]:
    """Return the model, or None and everything that is wrong with the data."""
    try:
        return kind.model_validate(data), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return None, [_refusal(kind, detail, at) for detail in _relevant(details)]


def unknown_key(key: str, valid: Iterable[str]) -> str:
    """Say that a key is unknown, with the nearest valid one, or all of them."""
    names = sorted(valid)
    near = nearest(key, names)
    return f"unknown key; did you mean {near}?" if near else f"unknown key; valid: {_list(names)}"


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """Return the valid word that looks most like this one, if any does."""
    close = difflib.get_close_matches(word.lower().replace("-", "_"), list(valid), 1, 0.6)
    return close[0] if close else None


def _relevant(details: list[ErrorDetails]) -> Iterable[ErrorDetails]:
    """Leave out what only follows from a source type that is not available."""
    refused = any(d["loc"] == ("type",) and d["type"] == "CFG004" for d in details)
    follows = {("file",), ("api",), ("db",), ("custom",), ("custom_extractor",)}
    return [d for d in details if not (refused and d["loc"][:1] in follows)]


def _refusal(kind: type[Section], detail: ErrorDetails, at: KeyPath) -> Refusal:
    path = detail["loc"]
    code = detail["type"] if detail["type"] in CODES else _CODES.get(detail["type"], "CFG003")
    return code, (*at, *path), _message(kind, detail)


def _message(kind: type[Section], detail: ErrorDetails) -> str:
    error, path = detail["type"], detail["loc"]
    if error == "extra_forbidden":
        return unknown_key(str(path[-1]), _keys_at(kind, path[:-1]))
    if error in CODES:
        return detail["msg"]
    return _WORDS.get(error, detail["msg"].replace("Input should be", "must be"))


def _keys_at(kind: Any, path: KeyPath) -> list[str]:
    """Return the keys of the section at a path below a model."""
    for part in path:
        kind = _member(kind, part)
    kind = _bare(kind)
    return [field.alias or name for name, field in kind.model_fields.items()]


def _member(kind: Any, part: str | int) -> Any:
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return next(f.annotation for n, f in kind.model_fields.items() if (f.alias or n) == part)
    return get_args(kind)[-1 if get_origin(kind) is dict else 0]


def _bare(kind: Any) -> Any:
    """Take `None` out of a union."""
    if get_origin(kind) in (Union, types.UnionType):
        return next(member for member in get_args(kind) if member is not type(None))
    return kind


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
