"""What a fold hands to the engine.

Belongs here: relations to set up, artifacts to write in a stated order, the names of the counts.
Lives elsewhere: the SQL of each model (its module), running it and writing files (`tasks`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from medallion.folds.sql import listed, quote, union

COUNTS: dict[str, str] = {
    "read": "Rows that were folded: those of `incoming`.",
    "applied": "Rows that took effect; the modules of the models say what that means.",
    "superseded": "Rows that lost to another row.",
    "unchanged": "Rows that differ in nothing from what was known.",
    "deduplicated": "Rows that another row equals in every column.",
    "discarded": "Rows that the configuration leaves out.",
    "inserted": "Rows, in SCD2 versions, that the base does not have.",
    "updated": "Rows, in SCD2 versions, that the base has with other values.",
    "closed": "Versions that were open in the base and have an end now.",
    "deleted": "Keys that were live in the base and are not any more.",
    "removed": "Rows, in SCD2 versions, of the base that are gone.",
    "rows_before": "Rows, in SCD2 versions, of the base.",
    "rows": "Rows, in SCD2 versions, afterwards: rows_before + inserted - removed.",
    "guard_base": "Full loads: keys that were live in the base.",
    "guard_absent": "Full loads: those of them that the snapshot deletes by their absence.",
}
"""The counts of a plan and what they count; each row read is in exactly one of the five fates
from `applied` to `discarded`."""


@dataclass(frozen=True)
class Relation:
    """A named step of a plan, on the way from the inputs to the artifacts."""

    name: str
    select: str
    kind: Literal["view", "table"] = "view"

    @property
    def create(self) -> str:
        """The statement that sets the relation up."""
        return f"CREATE OR REPLACE TEMP {self.kind.upper()} {self.name} AS {self.select}"

    @property
    def drop(self) -> str:
        """The statement that removes the relation."""
        return f"DROP {self.kind.upper()} IF EXISTS {self.name}"


@dataclass(frozen=True)
class ArtifactPlan:
    """One artifact: its rows, its columns, and the order that makes its bytes repeatable.

    Attributes:
        name: Internal state has names that start with `_`.
        columns: What is written, in this order.
        order_by: Columns that order all rows without ties. `__position` alone is source order.
        fresh: A query of the rows that the fold made, in any order.
        kept: A query of the rows that the fold took over from the base, if there may be any. They
            lie in the base in this order already, so a writer may merge instead of sorting.
        partition_columns: Leading columns of `order_by` whose values become directories.
    """

    name: str
    columns: tuple[str, ...]
    order_by: tuple[str, ...]
    fresh: str
    kept: str = ""
    partition_columns: tuple[str, ...] = ()

    @property
    def is_internal(self) -> bool:
        """Whether the artifact is state that only the next fold reads."""
        return self.name.startswith("_")

    @property
    def query(self) -> str:
        """All rows in order, in types that hold both kinds. The only place where a plan sorts."""
        order = ", ".join(f"{quote(column)} ASC NULLS LAST" for column in self.order_by)
        rows = union(self.kept, self.fresh)
        return f"SELECT {listed(self.columns)} FROM ({rows}) ORDER BY {order}"


@dataclass(frozen=True)
class FoldPlan:
    """A fold, ready to run: set up, write the artifacts, read the counts, tear down.

    Attributes:
        relations: Steps in the order they build on each other.
        artifacts: What the partition will hold.
        counts: A query of one row with the columns `COUNTS`.
    """

    relations: tuple[Relation, ...]
    artifacts: tuple[ArtifactPlan, ...]
    counts: str

    @property
    def setup(self) -> tuple[str, ...]:
        """Statements to run before the artifacts are read."""
        return tuple(relation.create for relation in self.relations)

    @property
    def teardown(self) -> tuple[str, ...]:
        """Statements that leave the connection as it was."""
        return tuple(relation.drop for relation in reversed(self.relations))


def counts_query(counts: Mapping[str, str], *sources: str) -> str:
    """Build the query of a plan's counts; what a model does not count is zero.

    Args:
        counts: An expression for each name, over the columns of the sources.
        sources: Queries of one row each.

    Raises:
        ValueError: A name is not one of `COUNTS`.
    """
    if unknown := set(counts) - set(COUNTS):
        raise ValueError(f"unknown counts: {sorted(unknown)}")
    cells = [f"CAST({counts.get(name, '0')} AS BIGINT) AS {name}" for name in COUNTS]
    rows = ", ".join(f"({source})" for source in sources)
    return f"SELECT {', '.join(cells)}{f' FROM {rows}' if rows else ''}"
