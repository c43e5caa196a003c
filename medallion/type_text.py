"""Read the text of a type: `decimal(18, 2)`, `list<struct<zip: string not null>>`.

Belongs here: the grammar and what is told of a text that does not follow it.
Lives elsewhere: the names (`type_names`), writing types (`types`).
"""

import difflib
import re
from typing import NoReturn

import pyarrow as pa

from medallion.errors import ConfigError
from medallion.type_names import (
    DECIMAL_DIGITS,
    EXTENSION_TYPES,
    FOREIGN_NAMES,
    NESTED_NAMES,
    SIMPLE_TYPES,
    UNITS_BY_NAME,
)

_MAX_DEPTH = 64
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_NUMBERS = re.compile(r"\(\s*(-?\d{1,9})\s*(?:,\s*(-?\d{1,9})\s*)?\)", re.ASCII)
_BRACKETS = re.compile(r"\[\s*(\w+)\s*(?:,\s*tz\s*=\s*([^\[\]]+?)\s*)?\]", re.ASCII)
_NOT_NULL = re.compile(r"not\s+null\b")


def parse_type(text: str) -> pa.DataType:
    """Turn the text of a type into an Arrow type.

    `timestamp` alone is `timestamp[us, tz=UTC]`, `decimal(p)` has no fraction, `json` is a string.
    Inside `<…>` a type may be followed by `not null`; odd field names stand in double quotes.

    Raises:
        ConfigError: CFG003, saying what is wrong and the nearest valid name.
    """
    return _TypeReader(text).read_all()


class _TypeReader:
    """A recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def read_all(self) -> pa.DataType:
        try:
            kind = self._read_type()
        except (ValueError, TypeError) as error:  # of Arrow: say, a key that is always null
            self._refuse(str(error))
        if self._rest():
            self._refuse(f"{self._rest()!r} is left over at its end")
        return kind

    def _read_type(self) -> pa.DataType:
        word = self._take(_WORD)
        if word is None:
            self._refuse(f"a type's name is expected before {self._rest()!r}")
        name = word[0]
        if name in DECIMAL_DIGITS:
            return self._read_decimal(name)
        if name in NESTED_NAMES:
            return self._read_nested(name)
        if name == "binary" and self._starts("("):
            return self._read_fixed_binary()
        if name in UNITS_BY_NAME and (name not in SIMPLE_TYPES or self._starts("[")):
            return self._read_units(name)
        if name in EXTENSION_TYPES:
            return EXTENSION_TYPES[name][1]
        return SIMPLE_TYPES[name] if name in SIMPLE_TYPES else self._refuse_name(name)

    def _read_decimal(self, name: str) -> pa.DataType:
        numbers = self._take(_NUMBERS)
        digits = DECIMAL_DIGITS[name]
        if numbers is None or not 1 <= int(numbers[1]) <= digits:
            self._refuse(f"write {name}(precision, scale) with a precision from 1 to {digits}")
        precision, scale = int(numbers[1]), int(numbers[2] or 0)
        if abs(scale) > digits:
            self._refuse(f"the scale of {name} is at most {digits}")
        if name == "decimal":
            name = "decimal128" if precision <= 38 else "decimal256"
        kind: pa.DataType = getattr(pa, name)(precision, scale)
        return kind

    def _read_fixed_binary(self) -> pa.DataType:
        size = self._take(_NUMBERS)
        if size is None or size[2] is not None or int(size[1]) < 0:
            self._refuse("write binary(n) with the number of bytes")
        return pa.binary(int(size[1]))

    def _read_units(self, name: str) -> pa.DataType:
        units, match = UNITS_BY_NAME[name], self._take(_BRACKETS)
        if match is None or match[1] not in units or (match[2] and name != "timestamp"):
            self._refuse(f"write {name}[unit] with a unit of {', '.join(units)}")
        if match[2]:
            return pa.timestamp(match[1], tz=match[2])
        kind: pa.DataType = getattr(pa, name)(match[1])
        return kind

    def _read_nested(self, name: str) -> pa.DataType:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self._refuse(f"it is nested deeper than {_MAX_DEPTH} levels")
        self._expect("<")
        kind: pa.DataType = getattr(self, f"_read_{name}", lambda: self._read_list(name))()
        self._expect(">")
        self._depth -= 1
        return kind

    def _read_list(self, name: str = "list") -> pa.DataType:
        maker = pa.list_ if name == "list" else getattr(pa, name)
        kind: pa.DataType = maker(self._read_inner("item"))
        return kind

    def _read_fixed_size_list(self) -> pa.DataType:
        inner = self._read_inner("item")
        self._expect(",")
        size = self._take(re.compile(r"\d{1,9}", re.ASCII))
        if size is None:
            self._refuse("write fixed_size_list<type, length>")
        return pa.list_(inner, int(size[0]))

    def _read_struct(self) -> pa.DataType:
        fields: list[pa.Field] = []
        while not self._starts(">"):
            if fields:
                self._expect(",")
            name = self._read_field_name()
            self._expect(":")
            fields.append(self._read_inner(name))
        return pa.struct(fields)

    def _read_map(self) -> pa.DataType:
        key = self._read_type()
        self._take(_NOT_NULL)  # keys never are
        self._expect(",")
        item = self._read_inner("value")
        is_sorted = self._take(re.compile(r",\s*sorted\b")) is not None
        return pa.map_(key, item, keys_sorted=is_sorted)

    def _read_dictionary(self) -> pa.DataType:
        value, index = self._read_type(), pa.int32()
        is_ordered = self._take(re.compile(r",\s*ordered\b")) is not None
        if not is_ordered and self._starts(","):
            self._expect(",")
            index = self._read_type()
            is_ordered = self._take(re.compile(r",\s*ordered\b")) is not None
        if not pa.types.is_integer(index):
            self._refuse("the index of a dictionary is an integer type")
        return pa.dictionary(index, value, ordered=is_ordered)

    def _read_inner(self, name: str) -> pa.Field:
        kind = self._read_type()
        return pa.field(name, kind, nullable=self._take(_NOT_NULL) is None)

    def _read_field_name(self) -> str:
        quoted = self._take(_QUOTED)
        if quoted is not None:
            return quoted[1].replace('""', '"')
        word = self._take(_WORD)
        if word is None:
            self._refuse(f"a field's name is expected before {self._rest()!r}")
        return word[0]

    def _rest(self) -> str:
        self._skip_spaces()
        return self._text[self._at : self._at + 40]

    def _skip_spaces(self) -> None:
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1

    def _starts(self, mark: str) -> bool:
        self._skip_spaces()
        return self._text.startswith(mark, self._at)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self._skip_spaces()
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match

    def _expect(self, mark: str) -> None:
        if not self._starts(mark):
            self._refuse(f"{mark!r} is expected before {self._rest()!r}")
        self._at += len(mark)

    def _refuse_name(self, name: str) -> NoReturn:
        names = [*SIMPLE_TYPES, *EXTENSION_TYPES, *UNITS_BY_NAME, *DECIMAL_DIGITS, *NESTED_NAMES]
        close = difflib.get_close_matches(name.lower(), [*names, *FOREIGN_NAMES], 1, 0.6)
        near = FOREIGN_NAMES.get(close[0], close[0]) if close else None
        told = f"did you mean {near}?" if near else f"valid: {', '.join(dict.fromkeys(names))}"
        self._refuse(f"{name!r} is unknown; {told}")

    def _refuse(self, why: str) -> NoReturn:
        raise ConfigError(f"type {self._text!r:.80} cannot be read: {why}", code="CFG003")
