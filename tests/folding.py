"""Folds on the real engine: run the plans of a chain of run dates, in memory.

Belongs here: the smallest executor of a plan, and the facts that tests compare.
Lives elsewhere: what must come out (`tests/oracles`, the tests themselves).
"""

import atexit
import datetime as dt
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from medallion.folds import COUNTS, FoldPlan, FoldSpec, plan_fold

DAY = dt.date(2025, 1, 10)
ARROW_TYPES = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Silver:
    """What one fold left: the artifacts by name, and the counts."""

    artifacts: dict[str, pa.Table]
    counts: dict[str, int]

    def rows(self, artifact: str, columns: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """The rows of an artifact, in its order."""
        table = self.artifacts[artifact]
        chosen = table.select(list(columns)) if columns else table
        return list(zip(*(column.to_pylist() for column in chosen.columns), strict=True))

    def picture(self) -> dict[str, str]:
        """Every value of every artifact, so that equal pictures mean equal data bytes."""
        return {
            name: f"{table.schema.types} {table.to_pydict()}"
            for name, table in self.artifacts.items()
        }


@functools.cache
def connection() -> duckdb.DuckDBPyConnection:
    """One engine for all tests of a process."""
    engine = duckdb.connect(config={"threads": 1})
    engine.execute("SET TimeZone = 'UTC'")
    atexit.register(connection.cache_clear)
    return engine


def fold(
    spec: FoldSpec,
    incoming: pa.Table,
    base: Silver | None = None,
    rejected: pa.Table | None = None,
    *,
    counted: bool = True,
) -> Silver:
    """Run one fold. `incoming` lacks `__position`: rows are in source order."""
    engine = connection()
    held = base.artifacts if base else {}
    position = pa.array(range(incoming.num_rows), pa.int64())
    tables = {f"base_{name}": table for name, table in held.items()}
    tables["incoming"] = incoming.append_column("__position", position)
    if rejected is not None:
        tables["rejected"] = rejected
    for name, table in tables.items():
        _load(engine, name, table)
    columns = {name: tuple(table.column_names) for name, table in held.items()}
    silver = _run(engine, plan_fold(spec, columns), counted=counted)
    for name in tables:
        engine.execute(f"DROP TABLE {name}")
    return silver


def _load(engine: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    engine.register("loaded", table)
    engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM loaded")
    engine.unregister("loaded")


def _run(engine: duckdb.DuckDBPyConnection, plan: FoldPlan, *, counted: bool) -> Silver:
    for statement in plan.setup:
        engine.execute(statement)
    artifacts = {a.name: engine.sql(a.query).to_arrow_table() for a in plan.artifacts}
    numbers = engine.execute(plan.counts).fetchall()[0] if counted else ()
    for statement in plan.teardown:
        engine.execute(statement)
    return Silver(artifacts, dict(zip(COUNTS, numbers, strict=False)))


def fold_days(spec: FoldSpec, days: Iterable[pa.Table], *, counted: bool = False) -> list[Silver]:
    """Fold one batch a day, from the spec's run date on; count the last if asked to."""
    states: list[Silver] = []
    batches = list(days)
    for number, incoming in enumerate(batches):
        today = replace(spec, run_date=spec.run_date + dt.timedelta(days=number))
        base = states[-1] if states else None
        states.append(fold(today, incoming, base, counted=counted and incoming is batches[-1]))
    return states


def describe(table: pa.Table) -> dict[str, str]:
    """The engine's type of each column."""
    relation = connection().from_arrow(table)
    return dict(zip(relation.columns, map(str, relation.types), strict=True))


def batch(spec: FoldSpec, rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Build incoming rows from values: the spec's columns, then the operation if it has any."""
    names = [*spec.columns, *["__op"] * spec.has_ops]
    types = [ARROW_TYPES[kind] for kind in spec.types] + [pa.string()] * spec.has_ops
    rows = list(rows)
    columns = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(types)]
    return pa.table(columns, names=names)
