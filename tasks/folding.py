"""Run a fold: bind its relations to files, count, and read its artifacts in order.

Belongs here: configuration → work → plan → ordered rows. Lives elsewhere: the plan
(`medallion.folds`), folding in parts (`tasks.fold_buckets`), files (`tasks.artifact_files`), the
promotion around it (`tasks.promotion`).
"""

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from medallion.config.models import DatasetConfig
from medallion.config.silver import Silver
from medallion.folds import COUNTS, ArtifactPlan, FoldPlan, FoldSpec, plan_fold
from medallion.folds.digests import row_text
from medallion.folds.inputs import hash_expression
from medallion.folds.sql import listed, quote
from medallion.provenance import PublishedPartition
from tasks.base_types import require_castable
from tasks.engine import connect
from tasks.lake import silver_partition
from tasks.merging import can_merge, merge_ordered
from tasks.readers.stream import BATCH_ROWS
from tasks.relations import artifact_files, bind_files, describe
from tasks.validation import Validated

_EXAMPLES = 3


@dataclass(frozen=True)
class FoldWork:
    """What one fold reads; small enough to send to another process on the same file system.

    Attributes:
        spec: The dataset at the run date.
        business: Names and types of the business columns.
        incoming: Files of validated rows.
        rejected: Files of the keys of rejected rows.
        base: Files of the previous partition's artifacts, by name.
        memory_limit_mb: What the engine may hold.
        workspace: A directory for intermediate files.
    """

    spec: FoldSpec
    business: pa.Schema
    incoming: tuple[Path, ...]
    rejected: tuple[Path, ...]
    base: Mapping[str, tuple[Path, ...]]
    memory_limit_mb: int
    workspace: Path


@dataclass(frozen=True)
class OpenFold:
    """A fold that is set up on its engine."""

    work: FoldWork
    engine: duckdb.DuckDBPyConnection
    plan: FoldPlan
    counts: dict[str, int]


@dataclass(frozen=True)
class OrderedArtifact:
    """An artifact's rows, in order; read once, one artifact after the other."""

    plan: ArtifactPlan
    schema: pa.Schema
    rows: Iterator[pa.RecordBatch]


def describe_work(
    dataset: DatasetConfig,
    silver: Silver,
    run_date: dt.date,
    rows: Validated,
    base: PublishedPartition | None,
    workspace: Path,
) -> FoldWork:
    """Say what a promotion's fold reads and is asked to do.

    Raises:
        QualityError: QUAL002, when the base has values that a column's type of now cannot hold.
    """
    if base is not None:
        require_castable(base, rows.schema)
    return FoldWork(
        spec=_spec(dataset, silver, run_date, rows),
        business=rows.schema,
        incoming=rows.spool_files,
        rejected=rows.rejected_keys,
        base=artifact_files(base) if base else {},
        memory_limit_mb=silver.memory_limit_mb,
        workspace=workspace,
    )


@contextmanager
def open_fold(work: FoldWork, bucket: int = 0, buckets: int = 1) -> Iterator[OpenFold]:
    """Set a fold up, of all keys or of those in one bucket, and count what it does."""
    keyed, hashed = _bucket_filters(work.spec, bucket, buckets)
    spill = work.workspace / f"spill-{bucket}"
    with connect(work.memory_limit_mb, spill) as engine:
        bind_files(engine, "incoming", work.incoming, keyed)
        if work.rejected:
            bind_files(engine, "rejected", work.rejected, keyed)
        base = {
            name: bind_files(engine, f"base_{name}", files, hashed if name == "_erased" else keyed)
            for name, files in work.base.items()
        }
        plan = plan_fold(work.spec, base)
        yield OpenFold(work, engine, plan, _set_up(engine, plan))


def read_artifacts(fold: OpenFold, bucket: int = 0) -> Iterator[OrderedArtifact]:
    """Read every artifact of a fold in order."""
    for artifact in fold.plan.artifacts:
        query = f"SELECT * FROM ({artifact.query}) LIMIT 0"
        found = fold.engine.sql(query).to_arrow_table().schema
        schema = _restate(found, fold.work.business)
        fresh = fold.work.workspace / f"fresh-{artifact.name}-{bucket}.arrow"
        yield OrderedArtifact(artifact, schema, _ordered(fold.engine, artifact, schema, fresh))


def spool_rows(rows: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> None:
    """Write rows to a file that `unspool_rows` reads."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for batch in rows:
            writer.write_batch(batch)


def unspool_rows(path: Path) -> Iterator[pa.RecordBatch]:
    """Read rows that were spooled, without copying them."""
    with pa.memory_map(str(path)) as source:
        yield from pa.ipc.open_stream(source)


def example_keys(fold: OpenFold) -> dict[str, list[dict[str, Any]]]:
    """Return the keys of some rows that a fold would insert, update or delete, for a dry run."""
    named = {one.name: one for one in fold.plan.artifacts}
    artifact = named.get("current") or named.get("full_snapshot")
    keys = listed(fold.work.spec.keys)
    if artifact is None or not keys:
        return {}
    if artifact.name not in fold.work.base:
        return {"inserted": _examples(fold, f"FROM ({artifact.query})")}
    held = {name for name, _ in describe(fold.engine, f"base_{artifact.name}")}
    columns = listed(name for name in artifact.columns if name in held)
    new = f"(SELECT {columns} FROM ({artifact.query}))"
    old = f"(SELECT {columns} FROM base_{artifact.name})"
    return {
        "inserted": _examples(fold, f"FROM {new} ANTI JOIN {old} USING ({keys})"),
        "updated": _examples(
            fold, f"FROM (FROM {new} EXCEPT FROM {old}) SEMI JOIN {old} USING ({keys})"
        ),
        "deleted": _examples(fold, f"FROM {old} ANTI JOIN {new} USING ({keys})"),
    }


def _spec(dataset: DatasetConfig, silver: Silver, run_date: dt.date, rows: Validated) -> FoldSpec:
    columns = tuple(rows.schema.names)
    special = {*silver.primary_keys, silver.order_column, silver.cdc.op_column}
    tracked = tuple(name for name in columns if name not in special)
    with duckdb.connect() as engine:
        bind_files(engine, "incoming", rows.spool_files)
        kinds = dict(describe(engine, "incoming"))
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


def _erase_key(dataset: DatasetConfig) -> bytes:
    """Return the secret of the hashes that stand for erased keys.

    Without `MEDALLION_ERASE_KEY` the hashes are those of the dataset's own name: they still keep
    erased keys from coming back, but who guesses a key can confirm the guess.
    """
    own = silver_partition(dataset, dt.date.min).parent
    return os.environ.get("MEDALLION_ERASE_KEY", own).encode()


def _bucket_filters(spec: FoldSpec, bucket: int, buckets: int) -> tuple[str, str]:
    """Choose the rows of one bucket, by their key and by the hash that stands for it."""
    if buckets == 1:
        return "", ""
    if spec.deletes == "erase":
        text, hashed = hash_expression(spec), quote("__key_hash")
    else:
        text = row_text([(name, spec.type_of(name)) for name in spec.keys])
        hashed = text
    chosen = f"md5_number({{}}) % {buckets} = {bucket}"
    return chosen.format(text), chosen.format(hashed)


def _set_up(engine: duckdb.DuckDBPyConnection, plan: FoldPlan) -> dict[str, int]:
    for statement in plan.setup:
        engine.execute(statement)
    # All rows, not one: an unfinished result would keep the connection busy.
    (row,) = engine.execute(plan.counts).fetchall()
    return dict(zip(COUNTS, row, strict=True))


def _ordered(
    engine: duckdb.DuckDBPyConnection, artifact: ArtifactPlan, schema: pa.Schema, fresh: Path
) -> Iterator[pa.RecordBatch]:
    """Read an artifact's rows in order: sorted by the engine, or merged into the base's."""
    if not artifact.kept or not can_merge(schema, artifact.order_by):
        yield from _cast(engine.sql(artifact.query).to_arrow_reader(BATCH_ROWS), schema)
        return
    made = engine.sql(replace(artifact, kept="").query).to_arrow_reader(BATCH_ROWS)
    spool_rows(_cast(made, schema), schema, fresh)
    # Only one thread keeps the base's order through a join, and only as long as the engine does not
    # swap its sides because the base is the smaller one. The writer has the other core.
    engine.execute("SET threads = 1; SET disabled_optimizers = 'build_side_probe_side'")
    kept = f"SELECT {listed(artifact.columns)} FROM ({artifact.kept})"
    reader = engine.sql(kept).to_arrow_reader(BATCH_ROWS)
    yield from merge_ordered(_cast(reader, schema), unspool_rows(fresh), artifact.order_by)
    engine.execute("RESET threads; RESET disabled_optimizers")


def _cast(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch.cast(schema)


def _restate(found: pa.Schema, business: pa.Schema) -> pa.Schema:
    """Give the engine's columns their declared types back: zones, dictionaries, exact layouts."""
    known = {field.name: field.type for field in business}
    return pa.schema(
        [pa.field(field.name, known.get(field.name, _utc(field.type))) for field in found]
    )


def _utc(kind: pa.DataType) -> pa.DataType:
    """Name the session's zone as everybody does."""
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pa.timestamp(kind.unit, "UTC")
    return kind


def _examples(fold: OpenFold, source: str) -> list[dict[str, Any]]:
    keys = fold.work.spec.keys
    query = f"SELECT {listed(keys)} {source} ORDER BY ALL LIMIT {_EXAMPLES}"
    return [dict(zip(keys, row, strict=True)) for row in fold.engine.execute(query).fetchall()]
