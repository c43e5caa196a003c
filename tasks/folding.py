"""Run a fold's plan: set it up on an engine, count, and write its artifacts.

Belongs here: configuration → spec, plan → rows → files. Lives elsewhere: the plan
(`medallion.folds`), single files (`tasks.staging`), the promotion around it (`tasks.promotion`).
"""

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from medallion.config.models import DatasetConfig
from medallion.config.silver import Silver
from medallion.folds import COUNTS, FoldPlan, FoldSpec
from medallion.folds.sql import listed
from medallion.layout import WriteSettings
from medallion.manifest import DataFile
from tasks.artifact_files import write_artifact_files
from tasks.lake import silver_partition
from tasks.local_publisher import Stage
from tasks.readers.stream import BATCH_ROWS, read_ahead
from tasks.relations import bind_files, describe
from tasks.validation import Validated

MAIN_ARTIFACTS = ("history", "current", "full_snapshot", "cdc_changes", "events")
_EXAMPLES = 3


@dataclass(frozen=True)
class WrittenFold:
    """The files of a fold, and the columns of its main artifact."""

    files: list[DataFile]
    main: str
    schema: pa.Schema


def bind_incoming(
    engine: duckdb.DuckDBPyConnection,
    dataset: DatasetConfig,
    silver: Silver,
    run_date: dt.date,
    rows: Validated,
) -> FoldSpec:
    """Show the validated rows to the engine and return what their fold is asked to do."""
    bind_files(engine, "incoming", rows.spool_files)
    if rows.rejected_keys:
        bind_files(engine, "rejected", rows.rejected_keys)
    kinds = dict(describe(engine, "incoming"))
    columns = tuple(rows.schema.names)
    special = {*silver.primary_keys, silver.order_column, silver.cdc.op_column}
    tracked = tuple(name for name in columns if name not in special)
    return FoldSpec(
        model=silver.model,
        load_pattern=dataset.source.run.load_pattern,
        run_date=run_date,
        columns=columns,
        types=tuple(kinds[name] for name in columns),
        keys=silver.primary_keys,
        order_column=silver.order_column,
        has_ops=silver.cdc.op_column is not None,
        deletes=silver.deletes,
        tracked_columns=silver.tracked_columns or tracked,
        partition_columns=silver.partitioning.columns,
        has_rejected=bool(rows.rejected_keys),
        erase_key=_erase_key(dataset),
    )


def set_up(connection: duckdb.DuckDBPyConnection, plan: FoldPlan) -> dict[str, int]:
    """Create a plan's relations and return its counts."""
    for statement in plan.setup:
        connection.execute(statement)
    # All rows, not one: an unfinished result would keep the connection busy.
    (row,) = connection.execute(plan.counts).fetchall()
    return dict(zip(COUNTS, row, strict=True))


def write_fold(
    connection: duckdb.DuckDBPyConnection,
    plan: FoldPlan,
    business: pa.Schema,
    stage: Stage,
    settings: WriteSettings,
) -> WrittenFold:
    """Write every artifact of a plan that is set up.

    Args:
        connection: Where the plan is set up.
        plan: The plan.
        business: Names and types of the business columns; the engine's types are restated as these.
        stage: The staged partition.
        settings: How files are written; internal state is always Parquet, without copies.
    """
    files: list[DataFile] = []
    schemas: dict[str, pa.Schema] = {}
    for artifact in plan.artifacts:
        reader = connection.sql(artifact.query).to_arrow_reader(BATCH_ROWS)
        schema = schemas[artifact.name] = restate(reader.schema, business)
        own = WriteSettings(settings.compression) if artifact.is_internal else settings
        files += write_artifact_files(
            read_ahead(reader), schema, stage, artifact.name, own, artifact.partition_columns
        )
    main = next(name for name in MAIN_ARTIFACTS if name in schemas)
    return WrittenFold(files, main, schemas[main])


def restate(found: pa.Schema, business: pa.Schema) -> pa.Schema:
    """Give the engine's columns their declared types back: zones, dictionaries, exact layouts."""
    known = {field.name: field.type for field in business}
    return pa.schema(
        [pa.field(field.name, known.get(field.name, _utc(field.type))) for field in found]
    )


def example_keys(
    connection: duckdb.DuckDBPyConnection,
    plan: FoldPlan,
    base: Mapping[str, Sequence[str]],
    keys: Sequence[str],
) -> dict[str, list[dict[str, Any]]]:
    """Return the keys of some rows that a fold would insert or delete, for a dry run."""
    artifact = next(
        (one for one in plan.artifacts if one.name in ("current", "full_snapshot")), None
    )
    if artifact is None or not keys:
        return {}
    new = f"(SELECT {listed(keys)} FROM ({artifact.query}))"
    old = f"(SELECT {listed(keys)} FROM base_{artifact.name})" if artifact.name in base else None
    if old is None:
        return {"inserted": _keys(connection, f"FROM {new}", keys)}
    using = f"USING ({listed(keys)})"
    return {
        "inserted": _keys(connection, f"FROM {new} ANTI JOIN {old} {using}", keys),
        "deleted": _keys(connection, f"FROM {old} ANTI JOIN {new} {using}", keys),
    }


def _keys(
    connection: duckdb.DuckDBPyConnection, source: str, keys: Sequence[str]
) -> list[dict[str, Any]]:
    query = f"SELECT {listed(keys)} {source} ORDER BY ALL LIMIT {_EXAMPLES}"
    return [dict(zip(keys, row, strict=True)) for row in connection.execute(query).fetchall()]


def _utc(kind: pa.DataType) -> pa.DataType:
    """Name the session's zone as everybody does."""
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pa.timestamp(kind.unit, "UTC")
    return kind


def _erase_key(dataset: DatasetConfig) -> bytes:
    """Return the secret of the hashes that stand for erased keys.

    Without `MEDALLION_ERASE_KEY` the hashes are those of the dataset's own name: they still keep
    erased keys from coming back, but who guesses a key can confirm the guess.
    """
    own = silver_partition(dataset, dt.date.min).parent
    return os.environ.get("MEDALLION_ERASE_KEY", own).encode()
