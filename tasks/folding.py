"""Run a fold's plan: set it up on an engine, count, and write its artifacts.

Belongs here: configuration → spec, plan → rows → files. Lives elsewhere: the plan
(`medallion.folds`), single files (`tasks.staging`), the promotion around it (`tasks.promotion`).
"""

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from medallion.config.models import DatasetConfig
from medallion.config.silver import Silver
from medallion.folds import COUNTS, ArtifactPlan, FoldPlan, FoldSpec
from medallion.folds.sql import listed
from medallion.layout import WriteSettings
from medallion.manifest import DataFile
from tasks.artifact_files import write_artifact_files
from tasks.lake import silver_partition
from tasks.local_publisher import Stage
from tasks.merging import can_merge, merge_ordered
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
    spool: Path,
) -> WrittenFold:
    """Write every artifact of a plan that is set up.

    Args:
        connection: Where the plan is set up.
        plan: The plan.
        business: Names and types of the business columns; the engine's types are restated as these.
        stage: The staged partition.
        settings: How files are written; internal state is always Parquet, without copies.
        spool: A directory for the fold's own rows.
    """
    files: list[DataFile] = []
    schemas: dict[str, pa.Schema] = {}
    for artifact in plan.artifacts:
        schema = schemas[artifact.name] = restate(_columns(connection, artifact), business)
        own = WriteSettings(settings.compression) if artifact.is_internal else settings
        rows = _ordered_rows(connection, artifact, schema, spool)
        files += write_artifact_files(
            read_ahead(rows), schema, stage, artifact.name, own, artifact.partition_columns
        )
    main = next(name for name in MAIN_ARTIFACTS if name in schemas)
    return WrittenFold(files, main, schemas[main])


def _columns(connection: duckdb.DuckDBPyConnection, artifact: ArtifactPlan) -> pa.Schema:
    return connection.sql(f"SELECT * FROM ({artifact.query}) LIMIT 0").to_arrow_table().schema


def _ordered_rows(
    connection: duckdb.DuckDBPyConnection, artifact: ArtifactPlan, schema: pa.Schema, spool: Path
) -> Iterator[pa.RecordBatch]:
    """Read an artifact's rows in order: sorted by the engine, or merged into the base's."""
    if not artifact.kept or not can_merge(schema, artifact.order_by):
        yield from _cast(connection.sql(artifact.query).to_arrow_reader(BATCH_ROWS), schema)
        return
    fresh = spool / f"{artifact.name}.arrow"
    _spool(connection, artifact, schema, fresh)
    # Only one thread keeps the base's order through a join; the writer has the other core.
    connection.execute("SET threads = 1")
    kept = f"SELECT {listed(artifact.columns)} FROM ({artifact.kept})"
    reader = connection.sql(kept).to_arrow_reader(BATCH_ROWS)
    with pa.memory_map(str(fresh)) as source:
        batches = pa.ipc.open_stream(source)
        yield from merge_ordered(_cast(reader, schema), iter(batches), artifact.order_by)
    connection.execute("RESET threads")


def _spool(
    connection: duckdb.DuckDBPyConnection, artifact: ArtifactPlan, schema: pa.Schema, path: Path
) -> None:
    fresh = replace(artifact, kept="").query
    reader = connection.sql(fresh).to_arrow_reader(BATCH_ROWS)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for batch in _cast(reader, schema):
            writer.write_batch(batch)


def _cast(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch.cast(schema)


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
