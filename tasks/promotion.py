"""Promote one Bronze partition: read, validate, fold, stage.

Belongs here: one promotion from its verified inputs to a draft. Lives elsewhere: what is valid
(`tasks.validation`), what a fold means (`medallion.folds`), running its plan (`tasks.folding`), the
commit (`tasks.publication`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from prefect import task
from prefect.cache_policies import NO_CACHE

from medallion.config.models import DatasetConfig
from medallion.config.silver import Silver
from medallion.errors import QualityError
from medallion.folds import FoldSpec
from medallion.layout import WriteSettings
from medallion.manifest import LAW_TERMS, DataFile, describe_input
from medallion.types import schema_columns
from tasks.artifact_files import WrittenArtifacts, write_artifacts
from tasks.fold_buckets import add_counts, bucket_count, fold_in_buckets, join_buckets
from tasks.folding import (
    OrderedArtifact,
    describe_work,
    example_keys,
    open_fold,
    read_artifacts,
)
from tasks.lake import first_date, silver_logic_digest, silver_partition
from tasks.local_publisher import Stage
from tasks.promotion_inputs import Inputs, require_silver
from tasks.publication import Draft
from tasks.redaction import redacted_errors
from tasks.staging import Place
from tasks.validation import Validated, validate_partition, write_quarantine
from tasks.work_area import scratch_directory

_DIFFERENCE = ("inserted", "updated", "closed", "deleted", "unchanged")
_CHANGES = ("inserted", "updated", "closed", "deleted", "removed")
_PERSONAL = {"pii", "personal"}


@dataclass(frozen=True)
class Outcome:
    """What a promotion did, or in a dry run would do.

    Attributes:
        row_count: Rows of the main artifact.
        quarantined: Rejected rows.
        drift: Schema changes, one line each.
        rejects: Rejected rows by reason, check and column.
        details: Rows by what became of them, and in a dry run examples.
    """

    row_count: int
    quarantined: int
    drift: tuple[str, ...]
    rejects: list[dict[str, Any]]
    details: dict[str, Any]


@dataclass(frozen=True)
class Promotion:
    """A promoted partition in its stage."""

    draft: Draft
    outcome: Outcome


@dataclass(frozen=True)
class _Fold:
    """Validated rows, folded: what that did, and the artifacts to be written."""

    rows: Validated
    spec: FoldSpec
    counts: Mapping[str, int]
    artifacts: Iterator[OrderedArtifact]
    examples: Mapping[str, list[dict[str, Any]]]


@task(
    name="promote-partition",
    task_run_name="promote-{dataset.name}-{run_date}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
@redacted_errors()
def promote_partition(
    dataset: DatasetConfig, run_date: dt.date, inputs: Inputs, stage: Stage
) -> Promotion:
    """Validate and fold one Bronze partition into a stage.

    Args:
        dataset: The dataset; it has a Silver section.
        run_date: The date of the Bronze partition.
        inputs: What is read; verified before.
        stage: Where the artifacts go.

    Raises:
        QualityError: Too many bad rows, refused drift, a failed check, too many absent keys, or a
            row that is unaccounted for.
    """
    settings = write_settings(require_silver(dataset))
    bronze = inputs.bronze
    with _folded(dataset, run_date, inputs) as fold:
        written = write_artifacts(fold.artifacts, stage, settings)
        rejected = write_quarantine(
            Path(bronze.path),
            bronze.checksums.files,
            fold.rows.reject_log,
            Place(stage.path, stage.commit_id, "_errors"),
            settings,
        )
        draft = _draft(dataset, run_date, inputs, fold, written, rejected)
    rows = sum(file.row_count or 0 for file in draft.files if file.artifact == draft.artifact)
    return Promotion(draft, _outcome(fold, rows, {}))


def preview_partition(dataset: DatasetConfig, run_date: dt.date, inputs: Inputs) -> Outcome:
    """Validate and fold as `promote_partition` does, count what would change, and write nothing.

    Raises:
        QualityError: As `promote_partition`.
    """
    silver = require_silver(dataset)
    with _folded(dataset, run_date, inputs, wants_examples=True) as fold:
        outcome = _outcome(fold, fold.counts["rows"], _redact(fold.examples, silver))
    told = {name: fold.counts.get(name, 0) for name in _DIFFERENCE}
    rejects = {"rejects": outcome.rejects} if outcome.rejects else {}
    details = {**told, "quarantined": outcome.quarantined, **rejects, **outcome.details}
    return replace(outcome, details=details)


@contextmanager
def _folded(
    dataset: DatasetConfig, run_date: dt.date, inputs: Inputs, *, wants_examples: bool = False
) -> Iterator[_Fold]:
    """Validate the inputs and fold them; intermediate files go with the context."""
    silver = require_silver(dataset)
    bronze = inputs.bronze
    with scratch_directory() as workspace, ExitStack() as opened:
        rows = validate_partition(
            Path(bronze.path), bronze.checksums.files, silver, workspace, inputs.previous
        )
        work = describe_work(dataset, silver, run_date, rows, inputs.base, workspace)
        buckets = bucket_count(work, silver.buckets)
        if buckets > 1 and not wants_examples:
            folded = fold_in_buckets(work, buckets)
            fold = _Fold(rows, work.spec, add_counts(folded), join_buckets(folded), {})
        else:
            whole = opened.enter_context(open_fold(work))
            examples = example_keys(whole) if wants_examples else {}
            fold = _Fold(rows, work.spec, whole.counts, read_artifacts(whole), examples)
        _guard_deletes(dataset, run_date, silver.max_delete_percent, fold.counts)
        yield fold


def write_settings(silver: Silver) -> WriteSettings:
    """Return how Silver files are written."""
    return WriteSettings(
        compression=silver.parquet_compression,
        max_rows_per_file=silver.max_rows_per_file,
        write_parquet=silver.write_parquet,
        write_csv=silver.write_csv,
    )


def _guard_deletes(
    dataset: DatasetConfig, run_date: dt.date, allowed: float, counts: Mapping[str, int]
) -> None:
    """Refuse a full snapshot that lacks more keys than is believable.

    Raises:
        QualityError: QUAL005.
    """
    known, absent = counts["guard_base"], counts["guard_absent"]
    if not known or 100 * absent / known <= allowed:
        return
    raise QualityError(
        f"the snapshot of {dataset.name} at {run_date} lacks {absent} of {known} keys "
        f"({100 * absent / known:.1f} %), more than max_delete_percent {allowed:g}: if they are "
        "really gone, raise the limit for this run; nothing was published",
        code="QUAL005",
        absent=absent,
        known=known,
    )


def _draft(
    dataset: DatasetConfig,
    run_date: dt.date,
    inputs: Inputs,
    fold: _Fold,
    written: WrittenArtifacts,
    rejected: list[DataFile],
) -> Draft:
    rows, counts = fold.rows, fold.counts
    partition = silver_partition(dataset, run_date)
    # A tombstone keeps its key alone, so the others may be null whatever the contract promises.
    promised = {} if fold.spec.marks_deleted else {f.name: f.nullable for f in rows.schema}
    columns = [field.with_nullable(promised.get(field.name, True)) for field in written.schema]
    found = [inputs.bronze, *([inputs.base] if inputs.base else [])]
    return Draft(
        layer="silver",
        dataset=partition.dataset,
        keys=partition.keys(),
        path=partition.path,
        files=(*written.files, *rejected),
        schema=schema_columns(pa.schema(columns)),
        artifact=written.main,
        stats={
            "law": {run_date.isoformat(): _account(rows, counts)},
            "state": {
                **{name: counts[name] for name in ("rows_before", "rows")},
                "first_date": first_date(run_date, inputs.base).isoformat(),
            },
        },
        logic_digest=silver_logic_digest(dataset),
        config={"name": dataset.name, "sha256": dataset.sha256},
        inputs=tuple(describe_input(one.checksums) for one in found),
        about=_about(dataset, rows, counts),
    )


def _account(rows: Validated, counts: Mapping[str, int]) -> dict[str, int]:
    """Account for every Bronze row read: the fold's terms, and what was quarantined."""
    terms = {term: counts.get(term, 0) for term in LAW_TERMS}
    return {"read": rows.row_count, **terms, "quarantined": rows.bad_count}


def _about(dataset: DatasetConfig, rows: Validated, counts: Mapping[str, int]) -> dict[str, Any]:
    silver = require_silver(dataset)
    changes = [vars(change) for change in rows.drift.changes]
    observed = [vars(column) for column in rows.baseline]
    return {
        "schema": {
            "observed": observed,
            "drift": {"policy": silver.schema_drift, "changes": changes},
        },
        "quality": {
            "checks": [vars(outcome) for outcome in rows.checks],
            "rejects": [vars(reject) for reject in rows.reject_counts],
            "error_handling": silver.error_handling.model_dump(mode="json"),
            "changes": {name: counts[name] for name in _CHANGES},
            "warnings": list(rows.warnings),
        },
        "write": {"compression": silver.parquet_compression, "model": silver.model},
    }


def _outcome(fold: _Fold, row_count: int, examples: Mapping[str, Any]) -> Outcome:
    rows = fold.rows
    details = {**fold.counts, "read": rows.row_count, **examples}
    return Outcome(
        row_count=row_count,
        quarantined=rows.bad_count,
        drift=tuple(change.describe() for change in rows.drift.changes),
        rejects=[vars(reject) for reject in rows.reject_counts],
        details={name: value for name, value in details.items() if value},
    )


def _redact(examples: Mapping[str, list[dict[str, Any]]], silver: Silver) -> dict[str, Any]:
    """Hide example values of columns that the contract tags as personal."""
    personal = {
        name for name, column in silver.contract.columns.items() if _PERSONAL & set(column.tags)
    }
    return {
        f"{kind} keys": [
            {name: "***" if name in personal else value for name, value in row.items()}
            for row in rows
        ]
        for kind, rows in examples.items()
    }
