"""Versions from events: when an event opens a version, and when that version ends.

Belongs here: the one window over a key's events, and what changed in the history.
Lives elsewhere: which events a key has (`scd2`, `scd2_full`).

Reads `fold_events` (business columns, `__order`, `__deleted`, `__position`: null for events of the
base), at most one per key and order; `fold_touched` (the same of the base, with `__ends` and
`__version`); `fold_crowded` (the keys that may have several events). An event opens a version if
it is the key's first, follows a delete, or differs from the event before it in a tracked column.
Only crowded keys are sorted.
"""

from medallion.folds.inputs import business_columns
from medallion.folds.plan import ArtifactPlan, Relation
from medallion.folds.rivals import CROWDED
from medallion.folds.spec import DELETED, VERSION_COLUMNS, FoldSpec
from medallion.folds.sql import count, equal, listed, matched, quote, union

EVENTS = "fold_events"
MARKED = "fold_marked"
TOUCHED = "fold_touched"
_SEVERAL = "fold_several"


def mark_versions(spec: FoldSpec, *, has_base: bool) -> tuple[Relation, ...]:
    """Mark the events that open or close a version (`__opens`, `__closes`) and its `__ends`."""
    gone = "FALSE" if spec.marks_deleted else "__deleted"
    alone = (
        f"SELECT *, NOT {gone} AS __opens, FALSE AS __closes "
        f"FROM {EVENTS} ANTI JOIN {CROWDED} USING ({listed(spec.keys)})"
    )
    if has_base:
        return (Relation(MARKED, union(_judge(spec, "*"), alone), "table"),)
    # A first load may be large: its rows are not stored once more, but looked up by position.
    judged = _judge(spec, f"{listed(spec.keys)}, __order, __position")
    marks = f"SELECT __position, __opens, __closes, __ends FROM ({judged})"
    several = f"SELECT * FROM {EVENTS} JOIN {_SEVERAL} USING (__position)"
    return Relation(_SEVERAL, marks, "table"), Relation(MARKED, union(several, alone))


def _judge(spec: FoldSpec, columns: str) -> str:
    """Select `columns` of the crowded keys' events, with their marks."""
    keys = listed(spec.keys)
    gone = "FALSE" if spec.marks_deleted else "__deleted"
    differs = " OR ".join(
        f"lag({name}) OVER by_order IS DISTINCT FROM {name}"
        for name in ("__deleted", *map(quote, spec.tracked_columns))
    )
    marked = (
        f"SELECT {columns}, NOT {gone} AND ({differs}) AS __opens, "
        f"{gone} AND coalesce(NOT lag(__deleted) OVER by_order, FALSE) AS __closes "
        f"FROM {EVENTS} SEMI JOIN {CROWDED} USING ({keys}) "
        f"WINDOW by_order AS (PARTITION BY {keys} ORDER BY __order)"
    )
    boundary = "CASE WHEN __opens OR __closes THEN __order END"
    return (
        f"SELECT *, lead({boundary} IGNORE NULLS) OVER "
        f"(PARTITION BY {keys} ORDER BY __order) AS __ends FROM ({marked})"
    )


def version_artifacts(spec: FoldSpec, changed: str) -> tuple[ArtifactPlan, ArtifactPlan]:
    """Build `history` and `current`: rows of keys in `changed` anew, all others as they were.

    Both have the business columns, `_deleted` if marked, `valid_from`, `valid_to`, `is_current`.
    """
    columns = (*business_columns(spec), *VERSION_COLUMNS)
    marked = f", __deleted AS {DELETED}" if spec.marks_deleted else ""
    names = f"{listed(spec.columns)}{marked}"
    fresh = (
        f"SELECT {names}, __order AS valid_from, __ends AS valid_to, "
        f"__ends IS NULL AS is_current FROM {MARKED} WHERE __opens"
    )
    others = untouched(spec, changed)
    held = f"SELECT {names}, valid_from, valid_to, valid_to IS NULL AS is_current FROM "
    history = f"{held}fold_history{others}"
    current = f"SELECT {names}, valid_from, valid_to, TRUE AS is_current FROM fold_current{others}"
    opened = f"{fresh} AND __ends IS NULL"
    parts = spec.partition_columns
    order = (*parts, *spec.keys)
    return (
        ArtifactPlan("history", columns, (*order, "valid_from"), fresh, history, parts),
        ArtifactPlan("current", columns, order, opened, current, parts),
    )


def untouched(spec: FoldSpec, changed: str) -> str:
    """Leave out the keys in `changed`; all keys, if it is empty."""
    keys = listed(spec.keys)
    return (
        f" ANTI JOIN (SELECT {keys} FROM {changed}) USING ({keys})" if changed else " WHERE FALSE"
    )


def compare_versions(spec: FoldSpec, *, has_base: bool) -> str:
    """Compare the touched keys' versions before and after, in one row of numbers."""
    if not has_base:
        none = ", ".join(f"0 AS {name}" for name in ("updated", "closed", "removed", "deleted"))
        return f"SELECT count(*) AS inserted, {none}, 0 AS held FROM {MARKED} WHERE __opens"
    old = f"(SELECT * FROM {TOUCHED} WHERE __version)"
    new = f"(SELECT * FROM {MARKED} WHERE __opens)"
    met = "o.__order IS NOT NULL AND n.__order IS NOT NULL"
    closed = "o.__ends IS NULL AND n.__ends IS NOT NULL"
    kept = equal((*spec.columns, "__deleted", "__ends"), "o", "n")
    keys = listed(spec.keys)
    live = f"SELECT {keys} FROM {{}} WHERE NOT __deleted AND __ends IS NULL"
    died = f"({live.format(old)} EXCEPT {live.format(new)})"
    return (
        "SELECT count(*) FILTER (WHERE o.__order IS NULL) AS inserted, "
        f"count(*) FILTER (WHERE {met} AND NOT {kept} AND NOT ({closed})) AS updated, "
        f"count(*) FILTER (WHERE {met} AND {closed}) AS closed, "
        f"count(*) FILTER (WHERE n.__order IS NULL) AS removed, {count(died)} AS deleted, "
        f"{count('fold_history')} AS held "
        f"FROM {old} o FULL JOIN {new} n ON {matched((*spec.keys, '__order'), 'o', 'n')}"
    )


def version_counts() -> dict[str, str]:
    """Count what happened to the versions, from `compare_versions`."""
    counts = {name: name for name in ("inserted", "updated", "closed", "deleted", "removed")}
    return counts | {"rows_before": "held", "rows": "held + inserted - removed"}
