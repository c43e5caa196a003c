"""`scd_type_1` from changes: the latest row of each key.

Belongs here: folding `cdc` and `current_history` loads, with remembered deletes.
Lives elsewhere: full loads (`scd1_full`), who loses within a batch (`rivals`).

State: `current`; under `hard` also `_deletes` (keys and order of the keys whose latest event is a
delete), under `erase` `_erased` (the same with a keyed hash). An older event that arrives later is
compared with them, so that it resurrects nothing.

* applied: is now the key's row, or removed or marked it
* unchanged: is the key's latest event, but differs from its row in no tracked column, or deletes
  what is not there
* deduplicated: equals the last row of the batch with its key and order in every column
* superseded: lost to a later row of the batch or of the state
* discarded: a delete under `ignore`
"""

from medallion.folds.inputs import (
    INCOMING,
    Base,
    business_columns,
    current_view,
    deletes_view,
    erased_view,
    incoming_view,
)
from medallion.folds.plan import ArtifactPlan, FoldPlan, Relation, counts_query
from medallion.folds.rivals import WINNERS, batch_counts, batch_fates, crowded_keys, losing_rows
from medallion.folds.spec import DELETED, FoldSpec
from medallion.folds.sql import count, equal, listed, matched, quote

_HASH = ("__key_hash",)


def plan_scd1(spec: FoldSpec, base: Base) -> FoldPlan:
    """Let each key's latest event win, against the batch and against the state."""
    hashed = _remembers(spec) == ("_erased", _HASH)
    relations = (
        incoming_view(spec, base, hashed=hashed),
        current_view(spec, base),
        *_memory_views(spec, base),
        crowded_keys(spec, INCOMING),
        *losing_rows(spec, per_order=False),
        _touched(spec),
        _outcome(spec, has_base=bool(base)),
    )
    artifacts = (_current(spec, has_base=bool(base)), *_memory(spec))
    return FoldPlan(
        relations, artifacts, counts_query(_counts(spec), _compared(spec), batch_fates(spec))
    )


def _remembers(spec: FoldSpec) -> tuple[str, tuple[str, ...]] | None:
    """Name the artifact of remembered deletes and what identifies a key in it."""
    if spec.has_ops and spec.order_column:
        if spec.deletes == "hard":
            return "_deletes", spec.keys
        if spec.deletes == "erase":
            return "_erased", _HASH
    return None


def _memory_views(spec: FoldSpec, base: Base) -> tuple[Relation, ...]:
    memory = _remembers(spec)
    if memory is None:
        return ()
    return (deletes_view(spec, base) if memory[0] == "_deletes" else erased_view(base),)


def _touched(spec: FoldSpec) -> Relation:
    """The base's rows of the incoming keys, with what they are compared by."""
    order = f"{quote(spec.order_column)} AS __order" if spec.order_column else "NULL AS __order"
    needed = listed(dict.fromkeys((*spec.keys, *spec.tracked_columns)))
    return Relation(
        "fold_touched",
        f"SELECT {needed}, {order}, __deleted, __held FROM fold_current "
        f"SEMI JOIN {WINNERS} USING ({listed(spec.keys)})",
        "table",
    )


def _outcome(spec: FoldSpec, *, has_base: bool) -> Relation:
    """What each key's latest incoming event does."""
    memory = _remembers(spec)
    known, join = "b.__order", ""
    if memory is not None:
        known = "coalesce(b.__order, m.__order)"
        join = f" LEFT JOIN fold_{memory[0]} m ON {matched(memory[1], 'w', 'm')}"
    same = f"b.__deleted = w.__deleted AND {equal(spec.tracked_columns, 'w', 'b')}"
    hashed = ", w.__key_hash" if memory == ("_erased", _HASH) else ""
    return Relation(
        "fold_outcome",
        f"SELECT {listed(spec.keys, 'w')}, w.__position, w.__order, w.__deleted{hashed}, "
        "coalesce(b.__held, FALSE) AS __held, coalesce(NOT b.__deleted, FALSE) AS __live, "
        f"coalesce({same}, FALSE) AS __same, coalesce(w.__order >= {known}, TRUE) AS __wins "
        f"FROM {WINNERS} w LEFT JOIN fold_touched b ON {matched(spec.keys, 'w', 'b')}{join}",
        "table" if has_base else "view",
    )


def _current(spec: FoldSpec, *, has_base: bool) -> ArtifactPlan:
    keys = listed(spec.keys)
    deleted = f", __deleted AS {DELETED}" if spec.marks_deleted else ""
    row = f"SELECT {listed(spec.columns)}{deleted} FROM "
    stays = "TRUE" if spec.marks_deleted else "NOT __deleted"
    fresh = f"{row}{WINNERS} WHERE {stays}"
    if has_base:
        won = f"(SELECT __position FROM fold_outcome WHERE __wins AND {stays})"
        fresh = f"{row}{INCOMING} SEMI JOIN {won} USING (__position)"
    changed = f"(SELECT {keys} FROM fold_outcome WHERE __wins)"
    return ArtifactPlan(
        "current",
        business_columns(spec),
        (*spec.partition_columns, *spec.keys),
        fresh,
        f"{row}fold_current ANTI JOIN {changed} USING ({keys})" if has_base else "",
        spec.partition_columns,
    )


def _memory(spec: FoldSpec) -> tuple[ArtifactPlan, ...]:
    memory = _remembers(spec)
    if memory is None:
        return ()
    name, key = memory
    own = f"SELECT {listed(key)}, __order FROM "
    won = f"(SELECT {listed(key)} FROM fold_outcome WHERE __wins)"
    kept = f"{own}fold_{name} ANTI JOIN {won} USING ({listed(key)})"
    fresh = f"{own}fold_outcome WHERE __wins AND __deleted"
    return (ArtifactPlan(name, (*key, "__order"), key, fresh, kept),)


def _compared(spec: FoldSpec) -> str:
    """Count, in one row, what the latest events do."""
    idle = "__same" if spec.marks_deleted else "(__same OR (__deleted AND NOT __held))"
    new = "NOT __held" if spec.marks_deleted else "NOT __held AND NOT __deleted"
    tests = {
        "lost": "NOT __wins",
        "idle": f"__wins AND {idle}",
        "applied": f"__wins AND NOT {idle}",
        "inserted": f"__wins AND {new}",
        "updated": "__wins AND __held AND NOT __same AND NOT (__live AND __deleted)",
        "deleted": "__wins AND __live AND __deleted",
    }
    cells = [f"count(*) FILTER (WHERE {test}) AS {name}" for name, test in tests.items()]
    held = f"{count('fold_current')} AS held"
    return f"SELECT {', '.join([*cells, held])} FROM fold_outcome"


def _counts(spec: FoldSpec) -> dict[str, str]:
    removed = "0" if spec.marks_deleted else "deleted"
    counts = batch_counts()
    counts["superseded"] += " + lost"
    return counts | {
        "applied": "applied",
        "unchanged": "idle",
        "inserted": "inserted",
        "updated": "updated",
        "deleted": "deleted",
        "removed": removed,
        "rows_before": "held",
        "rows": f"held + inserted - {removed}",
    }
