"""`scd_type_2` from changes: every version of each key.

Belongs here: folding `cdc` and `current_history` loads; which events of the base and of the batch
make up a key. Lives elsewhere: versions (`versions`), full loads (`scd2_full`).

State: `history` and `current`, and the events that the history does not show: `_suppressed`
(events that opened no version, which a late event may still bring to light), under `hard`
`_deletes`, under `erase` `_erased` (the latest erasure of each key, hashed). With them the base
holds every event that counts: one per key and order, the later position's.

* applied: opens or ends a version, or erases one
* unchanged: is kept, but differs from the event before it in no tracked column, repeats an event
  of the base, or deletes what is not there
* deduplicated: equals the last row of the batch with its key and order in every column
* superseded: lost to a later row of the batch with its key and order, or to an erasure
* discarded: a delete under `ignore`
"""

from medallion.folds.inputs import (
    INCOMING,
    Base,
    business_columns,
    current_view,
    deletes_view,
    dropped_columns,
    erased_view,
    history_view,
    incoming_view,
    suppressed_view,
    time_expression,
)
from medallion.folds.plan import ArtifactPlan, FoldPlan, Relation, counts_query
from medallion.folds.rivals import WINNERS, batch_counts, batch_fates, crowded_keys, losing_rows
from medallion.folds.spec import DELETED, FoldSpec
from medallion.folds.sql import equal, listed, matched, union
from medallion.folds.versions import (
    EVENTS,
    MARKED,
    TOUCHED,
    compare_versions,
    mark_versions,
    untouched,
    version_artifacts,
    version_counts,
)

_CANONICAL = "fold_canonical"
_ERASURES = "fold_erasures"


def plan_scd2(spec: FoldSpec, base: Base) -> FoldPlan:
    """Rebuild the versions of every key that the batch touches, from all its events."""
    # Without a dropped column, versions that differed in it are the same: all keys are touched.
    changed = "" if dropped_columns(spec, base) else INCOMING
    has_base = "history" in base
    relations = (
        incoming_view(spec, base, time_expression(spec), hashed=_erases(spec)),
        current_view(spec, base),
        history_view(spec, base),
        suppressed_view(spec, base),
        *_memory_views(spec, base),
        _touched(spec, changed),
        crowded_keys(spec, INCOMING, TOUCHED),
        *losing_rows(spec, per_order=True),
        *_canonical(spec),
        _events(spec),
        *mark_versions(spec, has_base=has_base),
    )
    artifacts = (*version_artifacts(spec, changed), *_state(spec, changed))
    sources = [compare_versions(spec, has_base=has_base), batch_fates(spec), _fates(spec)]
    if _erases(spec):
        sources.append(_erasing(spec))
    return FoldPlan(relations, artifacts, counts_query(_counts(spec), *sources))


def _erases(spec: FoldSpec) -> bool:
    return spec.has_ops and spec.deletes == "erase"


def _memory_views(spec: FoldSpec, base: Base) -> tuple[Relation, ...]:
    if spec.has_ops and spec.deletes == "hard":
        return (deletes_view(spec, base),)
    return (erased_view(base),) if _erases(spec) else ()


def _touched(spec: FoldSpec, changed: str) -> Relation:
    """All that the base knows of the touched keys."""
    keys = listed(spec.keys)
    of_changed = f" SEMI JOIN {changed} USING ({keys})" if changed else ""
    row = f"SELECT {listed(spec.columns)}, __deleted"
    versions = (
        f"{row}, valid_from AS __order, valid_to AS __ends, TRUE AS __version "
        f"FROM fold_history{of_changed}"
    )
    suppressed = f"{row}, __order, FALSE AS __version FROM fold__suppressed{of_changed}"
    deletes = ""
    if spec.has_ops and spec.deletes == "hard":
        deletes = (
            f"SELECT {keys}, TRUE AS __deleted, __order, FALSE AS __version "
            f"FROM fold__deletes{of_changed}"
        )
    return Relation(TOUCHED, union(versions, suppressed, deletes), "table")


def _canonical(spec: FoldSpec) -> tuple[Relation, ...]:
    """The batch's events: one per key and order; those that an erasure overtakes are gone."""
    if not _erases(spec):
        return (Relation(_CANONICAL, f"SELECT * FROM {WINNERS}"),)
    keys = listed(spec.keys)
    # An erasure counts even if it lost its place to a later row: whatever was before it is gone.
    erasures = (
        f"SELECT {keys}, __key_hash, max(__order) AS __order FROM {INCOMING} "
        "WHERE __deleted GROUP BY ALL"
    )
    survivors = (
        f"SELECT w.* FROM {WINNERS} w LEFT JOIN {_ERASURES} e ON {matched(spec.keys, 'w', 'e')} "
        "LEFT JOIN fold__erased m ON w.__key_hash = m.__key_hash WHERE NOT w.__deleted "
        "AND coalesce(w.__order >= e.__order, TRUE) AND coalesce(w.__order >= m.__order, TRUE)"
    )
    return Relation(_ERASURES, erasures, "table"), Relation(_CANONICAL, survivors)


def _events(spec: FoldSpec) -> Relation:
    """All events of the touched keys; the batch's replace the base's of equal order."""
    columns = f"{listed(spec.columns)}, __deleted, __order"
    place = listed((*spec.keys, "__order"))
    kept = f"SELECT {columns} FROM {TOUCHED} ANTI JOIN {_CANONICAL} USING ({place})"
    if _erases(spec):
        kept += (
            f" ANTI JOIN {_ERASURES} e ON {matched(spec.keys, TOUCHED, 'e')} "
            f"AND {TOUCHED}.__order <= e.__order"
        )
    batch = f"SELECT {columns}, __position FROM {_CANONICAL}"
    return Relation(EVENTS, union(batch, kept))


def _fates(spec: FoldSpec) -> str:
    """Count, in one row, the batch's events and those that people see the effect of."""
    same = equal(spec.columns, "c", "t")
    if spec.deletes == "hard":
        same = f"(c.__deleted OR {same})"
    repeats = (
        f"SELECT c.__position FROM {_CANONICAL} c JOIN {TOUCHED} t "
        f"ON {matched((*spec.keys, '__order'), 'c', 't')} "
        f"WHERE c.__deleted = t.__deleted AND {same}"
    )
    return (
        "SELECT count(*) AS kept, count(*) FILTER "
        "(WHERE (__opens OR __closes) AND r.__position IS NULL) AS applied "
        f"FROM {MARKED} m LEFT JOIN ({repeats}) r ON m.__position = r.__position "
        "WHERE m.__position IS NOT NULL"
    )


def _state(spec: FoldSpec, changed: str) -> tuple[ArtifactPlan, ...]:
    others = untouched(spec, changed)
    marked = f", __deleted AS {DELETED}" if spec.marks_deleted else ""
    gone = "FALSE" if spec.marks_deleted else "__deleted"
    own = f"SELECT {listed(spec.columns)}{marked}, __order FROM "
    suppressed = ArtifactPlan(
        "_suppressed",
        (*business_columns(spec), "__order"),
        (*spec.keys, "__order"),
        f"{own}{MARKED} WHERE NOT __opens AND NOT {gone}",
        f"{own}fold__suppressed{others}",
    )
    return suppressed, *_memory(spec, others)


def _memory(spec: FoldSpec, others: str) -> tuple[ArtifactPlan, ...]:
    if not spec.has_ops:
        return ()
    if spec.deletes == "hard":
        place = (*spec.keys, "__order")
        own = f"SELECT {listed(place)} FROM "
        fresh, kept = f"{own}{MARKED} WHERE __deleted", f"{own}fold__deletes{others}"
        return (ArtifactPlan("_deletes", place, place, fresh, kept),)
    if spec.deletes == "erase":
        columns = ("__key_hash", "__order")
        own = f"SELECT {listed(columns)} FROM "
        both = union(f"{own}fold__erased", f"{own}{_ERASURES}")
        rows = f"SELECT __key_hash, max(__order) AS __order FROM ({both}) GROUP BY ALL"
        return (ArtifactPlan("_erased", columns, columns[:1], rows),)
    return ()


def _erasing(spec: FoldSpec) -> str:
    """Count, in one row, the last delete of each key, and those that erase a version."""
    visible = (
        f"EXISTS (FROM {TOUCHED} t WHERE __version AND {matched(spec.keys, 't', 'w')} "
        "AND t.__order <= w.__order)"
    )
    return (
        f"SELECT count(*) AS last_deletes, count(*) FILTER (WHERE {visible}) AS erasing "
        f"FROM {WINNERS} w JOIN {_ERASURES} e ON {matched((*spec.keys, '__order'), 'w', 'e')} "
        "WHERE w.__deleted"
    )


def _counts(spec: FoldSpec) -> dict[str, str]:
    counts = batch_counts() | version_counts()
    counts |= {"applied": "applied", "unchanged": "kept - applied"}
    if _erases(spec):
        counts["applied"] += " + erasing"
        counts["unchanged"] += " + last_deletes - erasing"
        counts["superseded"] += " + (read - losers - kept - last_deletes)"
    return counts
