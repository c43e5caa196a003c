"""`periodic_snapshot`: each load date is that day's rows.

Belongs here: the plan of the model. Lives elsewhere: validation, writing (`tasks`).

Every row is `applied`.
"""

from medallion.folds.plan import ArtifactPlan, FoldPlan, counts_query
from medallion.folds.spec import FoldSpec
from medallion.folds.sql import count, listed


def plan_snapshot(spec: FoldSpec) -> FoldPlan:
    """Keep every row, in the source's order."""
    artifact = ArtifactPlan(
        "full_snapshot",
        spec.columns,
        (*spec.partition_columns, "__position"),
        f"SELECT {listed(spec.columns)}, __position FROM incoming",
        partition_columns=spec.partition_columns,
    )
    rows = count("incoming")
    counts = dict.fromkeys(("read", "applied", "inserted", "rows"), rows)
    return FoldPlan((), (artifact,), counts_query(counts))
