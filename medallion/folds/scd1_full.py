"""`scd_type_1` from full loads: the newest snapshot, and what it does to absent keys.

Belongs here: folding `full` loads. Lives elsewhere: changes (`scd1`), the guard (`tasks`).

State: `current` alone, because every snapshot is newer than all before it.

* applied: is now its key's row and new, or differs from the one before in a tracked column
* unchanged: differs in no tracked column
* deduplicated: equals the last row of the snapshot with its key and order in every column
* superseded: lost to a later row of the snapshot
"""

from medallion.folds.inputs import (
    INCOMING,
    Base,
    business_columns,
    current_view,
    incoming_view,
)
from medallion.folds.plan import ArtifactPlan, FoldPlan, counts_query
from medallion.folds.rivals import WINNERS, batch_counts, batch_fates, crowded_keys, losing_rows
from medallion.folds.spec import DELETED, FoldSpec
from medallion.folds.sql import count, equal, listed, matched, union


def plan_scd1_full(spec: FoldSpec, base: Base) -> FoldPlan:
    """Replace the rows by the snapshot's; absent keys go the way of `deletes`."""
    relations = (
        incoming_view(spec, base),
        current_view(spec, base),
        crowded_keys(spec, INCOMING),
        *losing_rows(spec, per_order=False),
    )
    deleted = f", __deleted AS {DELETED}" if spec.marks_deleted else ""
    artifact = ArtifactPlan(
        "current",
        business_columns(spec),
        (*spec.partition_columns, *spec.keys),
        union(
            f"SELECT {listed(spec.columns)}{deleted} FROM {WINNERS}",
            *(
                f"SELECT {listed(spec.columns)}{deleted} FROM ({kept})"
                for kept in _kept(spec, has_base="current" in base)
            ),
        ),
        partition_columns=spec.partition_columns,
    )
    return FoldPlan(
        relations, (artifact,), counts_query(_counts(spec), _compared(spec), batch_fates(spec))
    )


def _kept(spec: FoldSpec, *, has_base: bool) -> list[str]:
    """Select the base's rows that stay although the snapshot has no good row for them."""
    keys = listed(spec.keys)
    absent = f"SELECT * FROM fold_current ANTI JOIN {WINNERS} USING ({keys})"
    if not has_base:
        return []
    if spec.deletes == "ignore":
        return [absent]
    kept = []
    if spec.has_rejected:
        kept.append(f"{absent} SEMI JOIN rejected USING ({keys})")
        absent += f" ANTI JOIN rejected USING ({keys})"
    if spec.marks_deleted:
        kept.append(f"SELECT * REPLACE (TRUE AS __deleted) FROM ({absent})")
    return kept


def _compared(spec: FoldSpec) -> str:
    """Compare the snapshot with the rows before it, in one row of numbers."""
    keys = listed(spec.keys)
    same = f"NOT b.__deleted AND {equal(spec.tracked_columns, 'w', 'b')}"
    rejected = (
        f"SELECT * FROM fold_current SEMI JOIN rejected USING ({keys}) "
        f"ANTI JOIN {WINNERS} USING ({keys})"
    )
    return (
        f"SELECT count(*) AS met, count(*) FILTER (WHERE NOT b.__deleted) AS met_live, "
        f"count(*) FILTER (WHERE {same}) AS same, {count('fold_current')} AS held, "
        f"{count('fold_current', 'NOT __deleted')} AS live, "
        f"{count(f'({rejected})', 'NOT __deleted') if spec.has_rejected else '0'} AS spared "
        f"FROM {WINNERS} w JOIN fold_current b ON {matched(spec.keys, 'w', 'b')}"
    )


def _counts(spec: FoldSpec) -> dict[str, str]:
    absent = "0" if spec.deletes == "ignore" else "live - met_live - spared"
    removed = "0" if spec.marks_deleted else absent
    return batch_counts() | {
        "applied": "read - losers - same",
        "unchanged": "same",
        "inserted": "read - losers - met",
        "updated": "met - same",
        "deleted": absent,
        "removed": removed,
        "rows_before": "held",
        "rows": f"held + read - losers - met - ({removed})",
        "guard_base": "live",
        "guard_absent": absent,
    }
