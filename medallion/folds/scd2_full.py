"""`scd_type_2` from full loads: what changed from snapshot to snapshot.

Belongs here: folding `full` loads; when a change starts to be valid.
Lives elsewhere: versions (`versions`), changes (`scd2`), the guard on deletes (`tasks`).

State: `history` and `current`; under `hard` `_deletes`, under `erase` `_erased`: when the keys that
are not there now were deleted. Snapshots come in the order of their run dates, so no event of the
past is needed.

A change is valid from its order value if that is later than the key's last boundary, else from the
run date; a delete always from the run date. Where a source tells times in the future, a run date
may lie before a version's start: it still holds from there, so versions that start later never
were, and the version it falls into ends there.

* applied: opens a version
* unchanged: differs from the row before in no tracked column
* deduplicated: equals the last row of the snapshot with its key and order in every column
* superseded: lost to a later row of the snapshot
"""

from medallion.folds.inputs import (
    INCOMING,
    Base,
    current_view,
    deletes_view,
    dropped_columns,
    erased_view,
    hash_expression,
    history_view,
    incoming_view,
    run_instant,
    time_expression,
    time_type,
)
from medallion.folds.plan import ArtifactPlan, FoldPlan, Relation, counts_query
from medallion.folds.rivals import WINNERS, batch_counts, batch_fates, crowded_keys, losing_rows
from medallion.folds.spec import FoldSpec
from medallion.folds.sql import count, equal, listed, matched, union
from medallion.folds.versions import (
    EVENTS,
    MARKED,
    TOUCHED,
    compare_versions,
    mark_versions,
    version_artifacts,
    version_counts,
)

_CHANGES = "fold_changes"
_REPEATED = "fold_repeated"
_MEMORY: dict[str, str] = {"hard": "_deletes", "erase": "_erased"}


def plan_scd2_full(spec: FoldSpec, base: Base) -> FoldPlan:
    """Compare the snapshot with the current rows and rebuild the versions of changed keys."""
    # Without a dropped column, versions that differed in it are the same: all keys are touched.
    changed = "" if dropped_columns(spec, base) else _CHANGES
    has_base = "history" in base
    relations = (
        incoming_view(spec, base, hashed=spec.deletes == "erase"),
        current_view(spec, base),
        history_view(spec, base),
        *_memory_views(spec, base),
        crowded_keys(spec, INCOMING, name=_REPEATED),
        *losing_rows(spec, per_order=False, among=_REPEATED),
        _changes(spec, has_base=has_base),
        _touched(spec, changed),
        crowded_keys(spec, _CHANGES, TOUCHED),
        _events(spec),
        *mark_versions(spec, has_base=has_base),
    )
    artifacts = (*version_artifacts(spec, changed), *_memory(spec))
    sources = (compare_versions(spec, has_base=has_base), batch_fates(spec), _fates())
    return FoldPlan(relations, artifacts, counts_query(_counts(), *sources))


def _memory_views(spec: FoldSpec, base: Base) -> tuple[Relation, ...]:
    order = f"CAST(NULL AS {time_type(spec)})"
    if spec.deletes == "hard":
        return (deletes_view(spec, base, order),)
    return (erased_view(base, order),) if spec.deletes == "erase" else ()


def _changes(spec: FoldSpec, *, has_base: bool) -> Relation:
    """What the snapshot says that the current rows do not: one event per key."""
    run = run_instant(spec)
    known, join = "b.valid_from", ""
    if spec.deletes in _MEMORY:
        known = "coalesce(b.valid_from, m.__order)"
        on = matched(_memory_key(spec), "w", "m")
        join = f" LEFT JOIN fold_{_MEMORY[spec.deletes]} m ON {on}"
    hashed = ", w.__key_hash" if spec.deletes == "erase" else ""
    told = (
        f"SELECT {listed(spec.columns, 'w')}{hashed}, w.__position, w.__deleted, "
        f"CASE WHEN coalesce(w.__since > {known}, w.__since IS NOT NULL) "
        f"THEN w.__since ELSE {run} END AS __order "
        f"FROM (SELECT *, {time_expression(spec)} AS __since FROM {WINNERS}) w "
        f"LEFT JOIN fold_current b ON {matched(spec.keys, 'w', 'b')}{join} "
        f"WHERE b.__held IS NULL OR b.__deleted OR NOT {equal(spec.tracked_columns, 'w', 'b')}"
    )
    return Relation(
        _CHANGES, union(told, *_absent(spec, run) * has_base), "table" if has_base else "view"
    )


def _absent(spec: FoldSpec, run: str) -> list[str]:
    """The live keys that the snapshot lacks, as deletes at the run date."""
    if spec.deletes == "ignore":
        return []
    keys = listed(spec.keys)
    hashed = f", {hash_expression(spec)} AS __key_hash" if spec.deletes == "erase" else ""
    spared = f" ANTI JOIN rejected USING ({keys})" if spec.has_rejected else ""
    return [
        f"SELECT {listed(spec.columns)}{hashed}, TRUE AS __deleted, {run} AS __order "
        f"FROM fold_current ANTI JOIN {WINNERS} USING ({keys}){spared} WHERE NOT __deleted"
    ]


def _touched(spec: FoldSpec, changed: str) -> Relation:
    """The base's versions of the touched keys."""
    of_changed = f" SEMI JOIN {changed} USING ({listed(spec.keys)})" if changed else ""
    return Relation(
        TOUCHED,
        f"SELECT {listed(spec.columns)}, __deleted, valid_from AS __order, valid_to AS __ends, "
        f"TRUE AS __version FROM fold_history{of_changed}",
        "table",
    )


def _events(spec: FoldSpec) -> Relation:
    """The changes, and before them the base's versions and the ends that no version follows."""
    columns = f"{listed(spec.columns)}, __deleted, __order"
    erased = " WHERE NOT __deleted" if spec.deletes == "erase" else ""
    changes = f"SELECT {columns}, __position FROM {_CHANGES}{erased}"
    before = f"{TOUCHED} t LEFT JOIN {_CHANGES} c ON {matched(spec.keys, 't', 'c')}"
    spared = " AND NOT c.__deleted" if spec.deletes == "erase" else ""
    versions = (
        f"SELECT {listed(spec.columns, 't')}, t.__deleted, t.__order FROM {before} "
        f"WHERE coalesce(t.__order < c.__order{spared}, TRUE)"
    )
    ends = ""
    if spec.deletes == "hard":
        follows = f"{matched(spec.keys, 't', 'f')} AND t.__ends = f.__order"
        ends = (
            f"SELECT {listed(spec.keys, 't')}, TRUE AS __deleted, t.__ends AS __order "
            f"FROM {TOUCHED} t ANTI JOIN {TOUCHED} f ON {follows} WHERE t.__ends IS NOT NULL"
        )
    return Relation(EVENTS, union(changes, versions, ends))


def _memory_key(spec: FoldSpec) -> tuple[str, ...]:
    return ("__key_hash",) if spec.deletes == "erase" else spec.keys


def _memory(spec: FoldSpec) -> tuple[ArtifactPlan, ...]:
    """Since when the keys that are not there were deleted."""
    if spec.deletes not in _MEMORY:
        return ()
    name, key = _MEMORY[spec.deletes], _memory_key(spec)
    own = f"SELECT {listed(key)}, __order FROM "
    kept = f"{own}fold_{name} ANTI JOIN {_CHANGES} USING ({listed(key)})"
    fresh = f"{own}{_CHANGES} WHERE __deleted"
    return (ArtifactPlan(name, (*key, "__order"), key, fresh, kept),)


def _fates() -> str:
    """Count, in one row, the rows that open a version and the keys that were and are not there."""
    return (
        f"SELECT {count(MARKED, '__position IS NOT NULL AND __opens')} AS applied, "
        f"{count('fold_current', 'NOT __deleted')} AS live, "
        f"{count(_CHANGES, '__deleted')} AS absent"
    )


def _counts() -> dict[str, str]:
    return (
        batch_counts()
        | version_counts()
        | {
            "applied": "applied",
            "unchanged": "read - losers - applied",
            "guard_base": "live",
            "guard_absent": "absent",
        }
    )
