"""Rows of one batch that compete for one place.

Belongs here: which rows lose to a later row of the batch, and which of those are exact duplicates.
Lives elsewhere: what the winners do to the state (each model's module).

Only keys with several rows are ranked, and only their keys, order and position: a batch in which
every key is alone costs one grouping and no sort.
"""

from medallion.folds.inputs import INCOMING
from medallion.folds.plan import Relation
from medallion.folds.spec import FoldSpec
from medallion.folds.sql import count, equal, listed, union

WINNERS = "fold_winners"
LOSERS = "fold_losers"
CROWDED = "fold_crowded"


def crowded_keys(spec: FoldSpec, *sources: str, name: str = CROWDED) -> Relation:
    """Find the keys that have several rows in the sources together."""
    keys = listed(spec.keys)
    rows = union(*(f"SELECT {keys} FROM {source}" for source in sources))
    return Relation(name, f"SELECT {keys} FROM ({rows}) GROUP BY ALL HAVING count(*) > 1", "table")


def losing_rows(spec: FoldSpec, *, per_order: bool, among: str = CROWDED) -> tuple[Relation, ...]:
    """Find the rows that lose: to the latest of their key, or to the last of their key and order.

    A loser's `__rival` is the last row with the same key and order; losers that equal it in every
    column are duplicates.
    """
    keys = listed(spec.keys)
    rows = f"SELECT {keys}, __order, __position FROM {INCOMING} SEMI JOIN {among} USING ({keys})"
    place = f"{keys}, __order" if per_order else keys
    losers = (
        f"SELECT __position, max(__position) OVER (PARTITION BY {keys}, __order) AS __rival "
        f"FROM ({rows}) QUALIFY row_number() OVER "
        f"(PARTITION BY {place} ORDER BY __order DESC NULLS LAST, __position DESC) > 1"
    )
    winners = f"SELECT * FROM {INCOMING} ANTI JOIN {LOSERS} USING (__position)"
    return (
        Relation(LOSERS, losers, "table"),
        Relation(WINNERS, winners),
    )


def batch_fates(spec: FoldSpec) -> str:
    """Count, in one row, the losers and those of them that equal their rival in every column."""
    same = f"a.__deleted = b.__deleted AND {equal(spec.columns, 'a', 'b')}"
    ignored = "__op = 'D'" if spec.has_ops and spec.deletes == "ignore" else "FALSE"
    return (
        f"SELECT count(*) AS duplicates, {count(LOSERS)} AS losers, {count('incoming')} AS read, "
        f"{count('incoming', ignored)} AS discarded "
        f"FROM (SELECT * FROM {LOSERS} WHERE __rival <> __position) l "
        f"JOIN {INCOMING} a ON a.__position = l.__position "
        f"JOIN {INCOMING} b ON b.__position = l.__rival WHERE {same}"
    )


def batch_counts() -> dict[str, str]:
    """Count what happened within the batch, before the state had a say, from `batch_fates`."""
    return {
        "read": "read",
        "superseded": "losers - duplicates",
        "deduplicated": "duplicates",
        "discarded": "discarded",
    }
