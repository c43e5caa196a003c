"""Fold a partition in buckets of keys, each on its own, and put them together in order.

Belongs here: one task per bucket, on whatever task runner the flow has: threads here, processes of
a Dask cluster elsewhere (they share the file system). Lives elsewhere: one fold (`tasks.folding`),
the hash that chooses a key's bucket (`medallion.folds.digests`). The result is the same, byte for
byte, for any number of buckets, since the buckets' rows are merged in the artifact's order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

import duckdb
import pyarrow as pa
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.task_runners import ThreadPoolTaskRunner

from medallion.folds import ArtifactPlan
from medallion.folds.sql import quote
from tasks.folding import (
    FoldWork,
    OrderedArtifact,
    open_fold,
    read_artifacts,
    spool_rows,
    unspool_rows,
)
from tasks.merging import can_merge, merge_ordered
from tasks.readers.stream import BATCH_ROWS
from tasks.redaction import redacted_errors
from tasks.runners import THREADS

_BUCKETED = ("scd_type_1", "scd_type_2")


@dataclass(frozen=True)
class SpooledArtifact:
    """One artifact of one bucket, in order, in a file."""

    plan: ArtifactPlan
    schema: pa.Schema
    path: Path


@dataclass(frozen=True)
class FoldedBucket:
    """What the fold of one bucket gave."""

    counts: dict[str, int]
    artifacts: tuple[SpooledArtifact, ...]


def bucket_count(work: FoldWork, wanted: int) -> int:
    """Return how many buckets a fold is cut into: models without a keyed state have one."""
    return wanted if work.spec.model in _BUCKETED else 1


def fold_in_buckets(work: FoldWork, buckets: int) -> list[FoldedBucket]:
    """Fold every bucket, side by side where a flow's task runner allows."""
    context = FlowRunContext.get()
    if context is None:
        return [fold_bucket.fn(work, bucket, buckets) for bucket in range(buckets)]
    if isinstance(context.task_runner, ThreadPoolTaskRunner):  # they share one process's memory
        work = replace(work, memory_limit_mb=max(1, work.memory_limit_mb // THREADS))
    futures = [fold_bucket.submit(work, bucket, buckets) for bucket in range(buckets)]
    return [future.result() for future in futures]


@task(
    name="fold-bucket",
    task_run_name="fold-bucket-{bucket}-of-{buckets}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
@redacted_errors()
def fold_bucket(work: FoldWork, bucket: int, buckets: int) -> FoldedBucket:
    """Fold the keys of one bucket into files of ordered rows."""
    spooled: list[SpooledArtifact] = []
    with open_fold(work, bucket, buckets) as fold:
        for artifact in read_artifacts(fold, bucket):
            path = work.workspace / f"bucket-{artifact.plan.name}-{bucket}.arrow"
            spool_rows(artifact.rows, artifact.schema, path)
            spooled.append(SpooledArtifact(artifact.plan, artifact.schema, path))
        return FoldedBucket(fold.counts, tuple(spooled))


def join_buckets(folded: Sequence[FoldedBucket]) -> Iterator[OrderedArtifact]:
    """Read every artifact of all buckets together, in the artifact's order."""
    for pieces in zip(*(bucket.artifacts for bucket in folded), strict=True):
        plan, schema = pieces[0].plan, pieces[0].schema
        yield OrderedArtifact(plan, schema, _join(plan, schema, [one.path for one in pieces]))


def add_counts(folded: Sequence[FoldedBucket]) -> dict[str, int]:
    """Add the buckets' counts: no row and no key is in two of them."""
    return {name: sum(one.counts[name] for one in folded) for name in folded[0].counts}


def _join(plan: ArtifactPlan, schema: pa.Schema, paths: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    streams = [unspool_rows(path) for path in paths]
    if can_merge(schema, plan.order_by):
        return reduce(lambda one, other: merge_ordered(one, other, plan.order_by), streams)
    return _sort(plan, schema, streams)


def _sort(
    plan: ArtifactPlan, schema: pa.Schema, streams: Sequence[Iterator[pa.RecordBatch]]
) -> Iterator[pa.RecordBatch]:
    rows = pa.RecordBatchReader.from_batches(schema, (b for stream in streams for b in stream))
    order = ", ".join(f"{quote(name)} ASC NULLS LAST" for name in plan.order_by)
    with duckdb.connect() as engine:
        engine.register("rows", rows)
        for batch in engine.sql(f"SELECT * FROM rows ORDER BY {order}").to_arrow_reader(BATCH_ROWS):
            yield batch.cast(schema)
