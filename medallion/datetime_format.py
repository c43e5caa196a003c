"""Texts in a declared strptime form → ISO texts.

Belongs here: the directives and how they are read, strictly and whatever the locale.
Lives elsewhere: ISO text → date or timestamp (`cast_texts`).
"""

import re
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from medallion.errors import ConfigError

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PARTS: dict[str, str] = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>1[0-2]|0?[1-9])",
    "d": r"(?P<d>3[01]|[12][0-9]|0?[1-9])",
    "H": r"(?P<H>2[0-3]|1[0-9]|0?[0-9])",
    "I": r"(?P<I>1[0-2]|0?[1-9])",
    "M": r"(?P<M>[0-5][0-9]|[0-9])",
    "S": r"(?P<S>[0-5][0-9]|[0-9])",
    "f": r"(?P<f>[0-9]{1,6})",
    "p": r"(?P<p>(?i:am|pm))",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "b": "(?P<b>(?i:" + "|".join(month[:3] for month in _MONTHS) + "))",
    "B": "(?P<B>(?i:" + "|".join(_MONTHS) + "))",
    "a": "(?i:" + "|".join(day[:3] for day in _DAYS) + ")",
    "A": "(?i:" + "|".join(_DAYS) + ")",
    "%": "%",
}
_SHORTHANDS = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M"}
_CHOICES = (("Y", "y"), ("m", "b", "B"), ("d",))


def compile_format(form: str) -> str:
    """Turn a strptime form into a regular expression with one group per directive.

    Raises:
        ConfigError: CFG003, for a directive that is unknown or given twice, and for a form without
            year, month and day.
    """
    for short, long in _SHORTHANDS.items():
        form = form.replace(short, long)
    pieces = re.split(r"%(.?)", form, flags=re.DOTALL)
    directives = pieces[1::2]
    for directive in directives:
        if directive not in _PARTS:
            known = " ".join(f"%{name}" for name in _PARTS)
            _refuse(form, f"%{directive} is not supported; supported: {known}")
        if directive in "YymdHIMSfpzbB" and directives.count(directive) > 1:
            _refuse(form, f"%{directive} stands in it twice")
    if any(sum(name in directives for name in choice) != 1 for choice in _CHOICES):
        _refuse(form, "it needs one year (%Y, %y), one month (%m, %b, %B) and one day (%d)")
    if ("I" in directives) != ("p" in directives) or {"H", "I"} <= set(directives):
        _refuse(form, "hours are either %H, or %I together with %p")
    literals = [re.escape(text) for text in pieces[0::2]]
    parts = [_PARTS[directive] for directive in directives] + [""]
    return "^" + "".join(a + b for a, b in zip(literals, parts, strict=True)) + "$"


def read_with_format(texts: pa.Array, form: str) -> pa.Array:
    """Return the texts in ISO form, null where they do not follow the form.

    A day that does not exist (31 February) is left for the cast to refuse.
    """
    found = pc.extract_regex(texts, compile_format(form))
    names = {field.name for field in found.type}
    part = {name: pc.struct_field(found, name) for name in names}
    day = _join([_year(part), _month(part), _pad(part["d"])], "-")
    clock = _join([_hour(part), _two_digits(part, "M"), _two_digits(part, "S")], ":")
    pieces = [day, "T", clock]
    if "f" in part:
        pieces += [".", pc.utf8_rpad(part["f"], 6, "0")]
    if "z" in part:
        pieces.append(part["z"])
    return _join(pieces, "")


def _year(part: dict[str, pa.Array]) -> pa.Array:
    if "Y" in part:
        return part["Y"]
    is_last_century = pc.greater_equal(part["y"], "69")  # the POSIX pivot
    return _join([pc.if_else(is_last_century, "19", "20"), part["y"]], "")


def _month(part: dict[str, pa.Array]) -> pa.Array:
    if "m" in part:
        return _pad(part["m"])
    name = pc.utf8_lower(part["b"] if "b" in part else part["B"])
    names = pa.array([month[:3] if "b" in part else month for month in _MONTHS])
    return _pad(pc.add(pc.index_in(name, names), 1).cast(pa.string()))


def _hour(part: dict[str, pa.Array]) -> pa.Array | str:
    if "I" not in part:
        return _two_digits(part, "H")
    hour = pc.if_else(pc.equal(_pad(part["I"]), "12"), "0", part["I"]).cast(pa.int8())
    is_afternoon = pc.equal(pc.utf8_lower(part["p"]), "pm")
    return _pad(pc.add(hour, pc.if_else(is_afternoon, 12, 0)).cast(pa.string()))


def _two_digits(part: dict[str, pa.Array], name: str) -> pa.Array | str:
    return _pad(part[name]) if name in part else "00"


def _pad(texts: pa.Array) -> pa.Array:
    return pc.utf8_lpad(texts, 2, "0")


def _join(pieces: list[pa.Array | str], separator: str) -> pa.Array:
    return pc.binary_join_element_wise(*pieces, separator)


def _refuse(form: str, why: str) -> NoReturn:
    raise ConfigError(f"format {form!r:.80} cannot be used: {why}", code="CFG003")
