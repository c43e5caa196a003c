"""`incremental_merge`: every change of one load date, once.

Belongs here: the plan of the model. Lives elsewhere: validation, writing (`tasks`).

A row is `applied`, or `deduplicated` if an earlier row equals it in every column. Rows are first
compared by the engine's hash, so that only suspects are compared in full.
"""

from medallion.folds.plan import ArtifactPlan, FoldPlan, Relation, counts_query
from medallion.folds.spec import FoldSpec
from medallion.folds.sql import count, listed

_REPEATS = "fold_repeats"


def plan_changes(spec: FoldSpec) -> FoldPlan:
    """Keep the first of equal rows, in the source's order."""
    row = listed(spec.columns) + ", __op" * spec.has_ops
    hashed = f"SELECT *, hash({row}) AS __row_hash FROM incoming"
    suspects = f"SELECT __row_hash FROM ({hashed}) GROUP BY ALL HAVING count(*) > 1"
    repeats = (
        f"SELECT __position FROM ({hashed}) SEMI JOIN fold_suspects USING (__row_hash) "
        f"QUALIFY row_number() OVER (PARTITION BY {row} ORDER BY __position) > 1"
    )
    artifact = ArtifactPlan(
        "cdc_changes",
        spec.columns,
        (*spec.partition_columns, "__position"),
        f"SELECT {listed(spec.columns)}, __position FROM incoming "
        f"ANTI JOIN {_REPEATS} USING (__position)",
        partition_columns=spec.partition_columns,
    )
    kept = f"{count('incoming')} - {count(_REPEATS)}"
    counts = dict.fromkeys(("applied", "inserted", "rows"), kept)
    counts |= {"read": count("incoming"), "deduplicated": count(_REPEATS)}
    relations = (
        Relation("fold_suspects", suspects, "table"),
        Relation(_REPEATS, repeats, "table"),
    )
    return FoldPlan(relations, (artifact,), counts_query(counts))
