"""The parts of a reference page: tables, code blocks, types in words, docstrings taken apart.

Belongs here: how things look in Markdown. Lives elsewhere: which pages there are (`generate`).
"""

import datetime as dt
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, Union

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, JsonValue, StringConstraints

_SECTION = re.compile(r"^(Args|Attributes|Example|Raises|Returns):\n", re.MULTILINE)
_ENTRY = re.compile(r"^(\w+): ", re.MULTILINE)
_WORDS = {
    types.NoneType: "null",
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    dt.date: "date",
    Any: "any value",
    JsonValue: "any value",
}


@dataclass(frozen=True)
class Docstring:
    """A docstring in Google's style, by section; what comes before the first one is the summary."""

    summary: str
    sections: Mapping[str, str]

    def entries(self, section: str) -> dict[str, str]:
        """Return the entries of a section by name, each on one line."""
        parts = _ENTRY.split(self.sections.get(section, ""))[1:]
        return {
            name: " ".join(text.split()) for name, text in zip(parts[::2], parts[1::2], strict=True)
        }

    def block(self, section: str) -> Iterator[str]:
        """Yield a section as it is, if there is one."""
        if section in self.sections:
            yield from (self.sections[section].strip(), "")


def parse_docstring(text: str) -> Docstring:
    """Take a docstring apart."""
    summary, *parts = _SECTION.split(text)
    bodies = [textwrap.dedent(body) for body in parts[1::2]]
    return Docstring(summary.strip(), dict(zip(parts[::2], bodies, strict=True)))


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of a table and an empty one; nothing without rows."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    if lines:
        names = list(heads)
        yield from (f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *lines, "")


def code_block(language: str, text: str) -> Iterator[str]:
    """Yield a fenced block and an empty line."""
    yield from (f"```{language}", text, "```", "")


def describe_type(annotation: Any, constraints: Iterable[Any] = ()) -> str:
    """Say in words what a value of an annotated type looks like; a null default goes unsaid."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return "section"
    if origin is typing.Annotated:
        told = [getattr(one, "metadata", [one]) for one in annotation.__metadata__]
        return describe_type(arguments[0], (*chain.from_iterable(told), *constraints))
    if origin is Literal:
        return ", ".join(f"`{str(value).lower()}`" for value in arguments)
    if origin in (types.UnionType, Union):
        members = [one for one in arguments if one is not types.NoneType]
        return " or ".join(describe_type(one, constraints) for one in members)
    if inspect.isclass(origin) and issubclass(origin, Collection):
        kind, item = ("map", 1) if issubclass(origin, Mapping) else ("list", 0)
        return f"{kind} of {describe_type(arguments[item])}"
    return _constrained(_WORDS.get(annotation, "any value"), list(constraints))


def _constrained(word: str, constraints: list[Any]) -> str:
    """Add the bounds of a number, and the length of a text where it is one character."""
    low = next((one.ge for one in constraints if isinstance(one, Ge)), None)
    above = next((one.gt for one in constraints if isinstance(one, Gt)), None)
    high = next((one.le for one in constraints if isinstance(one, Le)), None)
    if any(isinstance(c, StringConstraints) and c.max_length == 1 for c in constraints):
        return "one character"
    if low is not None and high is not None:
        return f"{word} from {low} to {high}"
    if low is not None:
        return f"{word}, {low} or more"
    return f"{word} above {above}" if above is not None else word
