"""One file → the data of each dataset in it.

Belongs here: top-level keys, `source` or `sources`, shared sections laid under a source's own.
Lives elsewhere: what is inside a section (`validation`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from medallion.config.models import ConfigFile, SourceEntry
from medallion.config.nesting import merge_deep
from medallion.config.problems import KeyPath
from medallion.config.validation import Refusal, unknown_key

_SHARED = ("platform", "silver", "notifications")


@dataclass(frozen=True)
class Draft:
    """One dataset's data as written, and where in the file its own keys stand."""

    data: dict[str, Any]
    base: KeyPath = ()


def split_file(data: object) -> tuple[list[Draft], list[Refusal]]:
    """Return a draft per dataset, and what is wrong with the file around them."""
    if not isinstance(data, dict):
        message = "must be a section with the keys platform, source and silver"
        return [], [("CFG003" if data is not None else "CFG004", (), f"the file {message}")]
    refusals = list(_unknown_keys(data, ConfigFile.model_fields, ()))
    if "source" in data and "sources" in data:
        return [], [*refusals, ("CFG004", ("sources",), "excludes source: keep one of them")]
    shared = {key: data[key] for key in _SHARED if key in data}
    if "sources" not in data:
        drafts, more = _draft(shared, data, ())
    else:
        drafts, more = _split_sources(shared, data["sources"])
    return drafts, refusals + more


def _split_sources(shared: Mapping[str, Any], entries: object) -> tuple[list[Draft], list[Refusal]]:
    if not isinstance(entries, list) or not entries:
        return [], [("CFG003", ("sources",), "must be a list with at least one entry")]
    drafts: list[Draft] = []
    refusals: list[Refusal] = []
    for at, entry in enumerate(entries):
        base: KeyPath = ("sources", at)
        if not isinstance(entry, dict):
            refusals.append(("CFG003", base, "must be a section with the keys name and source"))
            continue
        refusals += _unknown_keys(entry, SourceEntry.model_fields, base)
        more_drafts, more_refusals = _draft(shared, entry, base)
        drafts += more_drafts
        refusals += more_refusals
    return drafts, refusals


def _draft(
    shared: Mapping[str, Any], entry: Mapping[str, Any], base: KeyPath
) -> tuple[list[Draft], list[Refusal]]:
    if entry.get("source") is None:
        return [], [("CFG004", (*base, "source"), "is needed")]
    source, name = entry["source"], entry.get("name")
    if isinstance(source, dict) and name is not None:
        source = {"config_name": name, **source}
        if source["config_name"] != name:
            message = "is not source.config_name, which means the same; keep one"
            return [], [("CFG004", (*base, "name"), message)]
    own = {"source": source}
    if "silver" in entry:
        own["silver"] = merge_deep(shared.get("silver"), entry["silver"])
    return [Draft({**shared, **own}, base)], []


def _unknown_keys(
    data: Mapping[str, Any], valid: Iterable[str], base: KeyPath
) -> Iterator[Refusal]:
    for key in data:
        if key not in valid:
            yield "CFG002", (*base, key), unknown_key(key, valid)
