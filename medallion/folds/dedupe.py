"""`full_merge_dedupe`: the latest row of each key, of one load date.

Belongs here: the plan of the model. Lives elsewhere: who loses to whom (`rivals`).

A row is `applied` if it is the latest of its key (a latest delete leaves no row), `deduplicated`
if it equals the last row of its key and order, else `superseded`; ignored deletes are `discarded`.
"""

from medallion.folds.inputs import INCOMING, incoming_view
from medallion.folds.plan import ArtifactPlan, FoldPlan, counts_query
from medallion.folds.rivals import WINNERS, batch_counts, batch_fates, crowded_keys, losing_rows
from medallion.folds.spec import FoldSpec
from medallion.folds.sql import count, listed


def plan_dedupe(spec: FoldSpec) -> FoldPlan:
    """Keep the row with the greatest order, then position, of each key."""
    relations = (
        incoming_view(spec, {}),
        crowded_keys(spec, INCOMING),
        *losing_rows(spec, per_order=False),
    )
    artifact = ArtifactPlan(
        "full_snapshot",
        spec.columns,
        (*spec.partition_columns, *spec.keys),
        f"SELECT {listed(spec.columns)} FROM {WINNERS} WHERE NOT __deleted",
        partition_columns=spec.partition_columns,
    )
    rows = count(WINNERS, "NOT __deleted")
    counts = batch_counts() | {
        "applied": "read - discarded - losers",
        "inserted": rows,
        "rows": rows,
    }
    return FoldPlan(relations, (artifact,), counts_query(counts, batch_fates(spec)))
