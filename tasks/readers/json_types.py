"""The columns of JSON records: every key, its type, and how many values it has.

Belongs here: looking at all records before the first one lands, so that a key that appears late is
a column from the start. Lives elsewhere: the records (`json_source`). Text that looks like a date
stays text, and a key whose values mix types becomes JSON text: nothing is lost.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medallion.errors import TerminalSourceError
from medallion.folds.sql import literal
from tasks.readers.json_source import JsonSource

_EXACT_DOUBLE = 2**53
_SAMPLE_RECORDS = 10_000
_INTEGERS = frozenset({"BIGINT", "UBIGINT"})
_TEXT_LIKE = re.compile(r'\b(DATE|TIMESTAMP WITH TIME ZONE|TIMESTAMP|TIME|UUID)\b(?!")')


@dataclass(frozen=True)
class JsonColumns:
    """What the records hold.

    Attributes:
        types: The engine's type of every key, in order of appearance.
        counts: How many values, not counting nulls, every key has.
    """

    types: dict[str, str]
    counts: dict[str, int]


def infer_columns(source: JsonSource) -> JsonColumns:
    """Look at all records and decide what every key becomes.

    Raises:
        TerminalSourceError: EXT002 for malformed records, EXT003 for unusable keys.
    """
    look = _look_at(source, _find_keys(source, f"LIMIT {_SAMPLE_RECORDS}"))
    if look.has_other_keys:
        look = _look_at(source, _find_keys(source))
    if look.shapes - {"OBJECT"}:
        raise _unusable(source, "holds records that are not JSON objects")
    _check_keys(source, list(look.kinds))
    return JsonColumns(
        types={key: _type_of(source, key, frozenset(kinds)) for key, kinds in look.kinds.items()},
        counts={key: sum(kinds.values()) for key, kinds in look.kinds.items()},
    )


@dataclass(frozen=True)
class _Look:
    """What a pass over all records saw: values by key and JSON type, nulls left out."""

    kinds: Mapping[str, dict[str, int]]
    shapes: frozenset[str]
    has_other_keys: bool


def _find_keys(source: JsonSource, sample: str = "") -> list[str]:
    """Return the keys of all records or of a sample, in order of appearance."""
    rows = source.rows(
        "SELECT key, min(place) AS place FROM (SELECT unnest(json_keys(json)) AS key, "
        "unnest(range(len(json_keys(json)))) AS place "
        f"FROM (FROM {source.records} {sample})) GROUP BY key ORDER BY place, key"
    )
    return [str(row[0]) for row in rows]


def _look_at(source: JsonSource, keys: Sequence[str]) -> _Look:
    """Look at every record once: the types of its values, its own type, and whether it has more."""
    pointers = "[" + ", ".join(literal(_pointer(key)) for key in keys) + "]::VARCHAR[]"
    rows = source.rows(
        "SELECT place, kind, count(*) FROM (SELECT unnest(list_concat(kinds, ["
        "'is ' || json_type(json), if(len(json_keys(json)) <> list_count(kinds), 'more', NULL)"
        f"])) AS kind, unnest(range({len(keys) + 2})) AS place "
        f"FROM (SELECT json, json_type(json, {pointers}) AS kinds FROM {source.records})) "
        "WHERE kind <> 'NULL' GROUP BY ALL"
    )
    kinds: dict[str, dict[str, int]] = {key: {} for key in keys}
    for place, kind, count in rows:
        if place < len(keys):
            kinds[keys[place]][kind] = count
    others = {kind for place, kind, _ in rows if place >= len(keys)}
    shapes = frozenset(kind.removeprefix("is ") for kind in others - {"more"})
    return _Look(kinds, shapes, "more" in others)


def _type_of(source: JsonSource, key: str, kinds: frozenset[str]) -> str:
    if not kinds:
        return "VARCHAR"
    if kinds <= _INTEGERS:
        return "BIGINT"
    if kinds <= _INTEGERS | {"DOUBLE"}:
        if len(kinds) > 1 and _has_large_integer(source, key):
            raise _unusable(
                source,
                f"mixes fractions with integers beyond 2^53 in {key!r}, which no double holds: "
                "declare its type",
            )
        return "DOUBLE"
    if len(kinds) > 1:
        return "JSON"
    (kind,) = kinds
    return _nested_type(source, key) if kind in ("OBJECT", "ARRAY") else kind


def _has_large_integer(source: JsonSource, key: str) -> bool:
    pointer = literal(_pointer(key))
    number = f"json_extract_string(json, {pointer})::HUGEINT"
    found = source.rows(
        f"SELECT 1 FROM {source.records} WHERE json_type(json, {pointer}) <> 'DOUBLE' "
        f"AND json_type(json, {pointer}) <> 'NULL' AND abs({number}) > {_EXACT_DOUBLE} LIMIT 1"
    )
    return bool(found)


def _nested_type(source: JsonSource, key: str) -> str:
    """Return the struct or list type of a nested key; JSON text where no such type is exact."""
    if source.is_nested:
        return "JSON"
    try:
        kind = source.sniff().get(key, "JSON")
    except TerminalSourceError:
        return "JSON"
    return "JSON" if _is_inexact(kind) else _TEXT_LIKE.sub("VARCHAR", kind)


def _is_inexact(kind: str) -> bool:
    """Tell whether the engine renamed a key or met numbers that its nested type cannot hold."""
    names = {name.casefold() for name in re.findall(r'[(,]\s*"?([^",()]+?)"?\s+[A-Z"]', kind)}
    twins = any((twin := re.fullmatch(r"(.+)_\d+", name)) and twin[1] in names for name in names)
    return twins or '"NULL"' in kind or "HUGEINT" in kind


def _check_keys(source: JsonSource, keys: Sequence[str]) -> None:
    folded: dict[str, str] = {}
    for key in keys:
        if not key:
            raise _unusable(source, "has a key without a name")
        twin = folded.setdefault(key.casefold(), key)
        if twin != key:
            raise _unusable(source, f"has keys {twin!r} and {key!r} that differ only in case")


def _unusable(source: JsonSource, what: str) -> TerminalSourceError:
    return TerminalSourceError(f"{source.first_name} {what}", code="EXT003")


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")
