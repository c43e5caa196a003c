"""Promote one Bronze partition: verify, validate, fold, stage.

Belongs here: binding a fold's plan to the engine and to files. Lives elsewhere: what is valid
(`tasks.validation`), what a fold means (`medallion.folds`), the commit (`tasks.publication`).
"""

import datetime as dt
import logging
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from prefect import task
from prefect.cache_policies import NO_CACHE

from medallion.config.models import DatasetConfig
from medallion.config.silver import Silver
from medallion.errors import ChecksumMismatchError, QualityError, StateError
from medallion.folds import COUNTS, ArtifactPlan, FoldPlan, FoldSpec, plan_fold
from medallion.layout import WriteSettings
from medallion.manifest import DataFile, describe_input
from medallion.manifest_law import LAW_TERMS
from medallion.provenance import PublishedPartition
from medallion.types import schema_columns
from tasks.artifact_files import write_artifact_files
from tasks.engine import connect
from tasks.lake import (
    bronze_partition,
    bronze_root,
    read_partition,
    silver_logic_digest,
    silver_partition,
)
from tasks.local_publisher import Stage
from tasks.publication import Draft
from tasks.readers.stream import BATCH_ROWS, read_ahead
from tasks.relations import bind_base, bind_files, describe
from tasks.validation import Validated, validate_partition, write_quarantine
from tasks.verifier import verify_partition

_MAIN_ARTIFACTS = ("history", "current", "full_snapshot", "cdc_changes", "events")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inputs:
    """What one promotion reads: a Bronze partition and, for stateful models, its base."""

    bronze: PublishedPartition
    base: PublishedPartition | None


@dataclass(frozen=True)
class Promotion:
    """A promoted partition, staged or merely computed.

    Attributes:
        draft: What may be published; None in a dry run.
        row_count: Rows of the main artifact.
        quarantined: Rejected rows.
        drift: Schema changes, one line each.
        rejects: Rejected rows by reason, check and column.
        details: Rows by what became of them, and in a dry run examples.
    """

    draft: Draft | None
    row_count: int
    quarantined: int
    drift: tuple[str, ...]
    rejects: list[dict[str, Any]]
    details: dict[str, Any]


def require_silver(dataset: DatasetConfig) -> Silver:
    """Return the dataset's Silver section.

    Raises:
        ConfigError: CFG004, when there is none.
    """
    if dataset.silver is None:
        raise ConfigError(f"{dataset.name} has no silver section: it ends in Bronze", code="CFG004")
    return dataset.silver


@contextmanager
def promotion_lock(dataset: DatasetConfig) -> Iterator[None]:
    """Let one run at a time promote a dataset.

    Raises:
        PartitionConflictError: STG003, when another run is at it.
    """
    root = prepare_root(silver_root(dataset), LOCAL)
    lock = partition_lock_path(root, root / silver_partition(dataset, dt.date.min).parent)
    with ExitStack() as held:
        try:
            held.enter_context(LOCAL.lock(lock, LOCK_TIMEOUT_SECONDS))
        except TimeoutError:
            raise PartitionConflictError(
                f"another run has been promoting {dataset.name} for {LOCK_TIMEOUT_SECONDS:.0f} s: "
                "run again when it is done"
            ) from None
        yield


@task(name="verify-inputs", cache_policy=NO_CACHE, persist_result=False)
def read_inputs(dataset: DatasetConfig, run_date: dt.date, base: dt.date | None) -> Inputs:
    """Return what a promotion reads, its files re-hashed if `require_checksum` says so.

    Raises:
        StateError: STATE001, when the Bronze partition or the base does not exist.
        ChecksumMismatchError: STG002, when a file differs from its manifest.
    """
    bronze = bronze_root(dataset) / bronze_partition(dataset, run_date).path
    if not bronze.is_dir():
        raise StateError(
            f"Bronze of {dataset.name} at {run_date} does not exist ({bronze}): land it first",
            code="STATE001",
        )
    paths = [bronze]
    if base is not None:
        paths.append(silver_root(dataset) / silver_partition(dataset, base).path)
    if require_silver(dataset).require_checksum:
        for path in paths:
            require_intact(path)
    found = [read_partition(path) for path in paths]
    return Inputs(found[0], found[1] if base is not None else None)


def require_intact(path: Path) -> None:
    """Refuse a partition whose files differ from its manifest.

    Raises:
        ChecksumMismatchError: STG002, naming the first finding.
    """
    findings = verify_partition(path)
    if findings:
        first = findings[0]
        raise ChecksumMismatchError(
            f"{path} does not match its manifest ({len(findings)} findings; {first.path}: "
            f"{first.message}): publish it again before it is read",
            code=first.code,
            path=first.path,
        )


@task(
    name="promote-partition",
    task_run_name="promote-{dataset.name}-{run_date}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def promote_partition(
    dataset: DatasetConfig, run_date: dt.date, inputs: Inputs, stage: Stage | None
) -> Promotion:
    """Validate and fold one Bronze partition into a stage, or nowhere in a dry run.

    Args:
        dataset: The dataset; it has a Silver section.
        run_date: The date of the Bronze partition.
        inputs: What is read; verified before.
        stage: Where the artifacts go; None computes the counts and writes nothing.

    Raises:
        QualityError: Too many bad rows, refused drift, a failed check, too many absent keys, or a
            row that is unaccounted for.
    """
    silver = require_silver(dataset)
    with tempfile.TemporaryDirectory(prefix="medallion-") as folder:
        workspace = Path(folder)
        validated = validate_partition(VALIDATION)
        with connect(silver.memory_limit_mb, workspace / "spill") as connection:
            fold = open_fold(connection, dataset, run_date, validated, inputs.base)
            counts = fold.counts()
            _guard_deletes(dataset, run_date, silver.max_delete_percent, counts)
            if stage is None:
                return _preview(...)
            written = fold.write(stage, write_settings(silver))
        quarantine = write_quarantine(QUARANTINE)
    return ...
