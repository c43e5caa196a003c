"""`event_log`: events on the load date that first delivered them.

Belongs here: the plan of the model and its state `_seen`, the digests of all events so far.
Lives elsewhere: the digest (`digests`).

A row is `applied`, or `deduplicated` if an earlier row, of this load date or of one before, equals
it in every column.
"""

from medallion.folds.digests import row_text
from medallion.folds.inputs import Base
from medallion.folds.plan import ArtifactPlan, FoldPlan, Relation, counts_query
from medallion.folds.spec import FoldSpec
from medallion.folds.sql import count, listed

SEEN = "_seen"
_DIGEST = ("__digest_high", "__digest_low")


def plan_events(spec: FoldSpec, base: Base) -> FoldPlan:
    """Keep the events that no earlier row delivered, in the source's order."""
    events = ArtifactPlan(
        "events",
        spec.columns,
        (*spec.partition_columns, "__position"),
        f"SELECT {listed(spec.columns)}, __position FROM incoming "
        "SEMI JOIN fold_fresh USING (__position)",
        partition_columns=spec.partition_columns,
    )
    digests = f"SELECT {listed(_DIGEST)} FROM "
    held = digests + "base__seen" if SEEN in base else ""
    seen = ArtifactPlan(SEEN, _DIGEST, _DIGEST, digests + "fold_fresh", held)
    fresh = count("fold_fresh")
    counts = dict.fromkeys(("applied", "inserted", "rows"), fresh)
    counts |= {
        "read": count("incoming"),
        "deduplicated": f"{count('incoming')} - {fresh}",
    }
    return FoldPlan(_fresh_events(spec, base), (events, seen), counts_query(counts))


def _fresh_events(spec: FoldSpec, base: Base) -> tuple[Relation, ...]:
    columns = list(zip(spec.columns, spec.types, strict=True))
    columns += [("__op", "VARCHAR")] * spec.has_ops
    number = f"SELECT __position, md5_number({row_text(columns)}) AS __digest FROM incoming"
    halves = (
        "SELECT __position, CAST(__digest >> 64 AS UBIGINT) AS __digest_high, "
        "CAST(__digest & 18446744073709551615 AS UBIGINT) AS __digest_low "
        f"FROM ({number})"
    )
    unseen = f" ANTI JOIN base__seen USING ({listed(_DIGEST)})" if SEEN in base else ""
    fresh = (
        f"SELECT {listed(_DIGEST)}, min(__position) AS __position "
        f"FROM fold_digests{unseen} GROUP BY ALL"
    )
    return Relation("fold_digests", halves), Relation("fold_fresh", fresh, "table")
