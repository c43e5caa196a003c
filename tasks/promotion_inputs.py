"""What a promotion reads, verified, while nobody else promotes the dataset.

Belongs here: the inputs and the lock. Lives elsewhere: the promotion itself (`tasks.promotion`),
which dates need one (`medallion.chain`).
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from medallion.config.models import DatasetConfig
from medallion.config.silver import Silver
from medallion.errors import (
    ChecksumMismatchError,
    ConfigError,
    PartitionConflictError,
    StateError,
)
from medallion.manifest import ColumnSchema
from medallion.provenance import PublishedPartition
from tasks.filesystem import LOCAL
from tasks.lake import (
    bronze_partition,
    bronze_root,
    read_partition,
    silver_partition,
    silver_root,
)
from tasks.redaction import redacted_errors
from tasks.verifier import verify_partition
from tasks.work_area import LOCK_TIMEOUT_SECONDS, partition_lock_path, prepare_root


@dataclass(frozen=True)
class Inputs:
    """What one promotion reads.

    Attributes:
        bronze: The Bronze partition.
        base: For stateful models, the Silver partition that it is folded onto.
        previous: The source's columns as the Silver partition before took them, for drift.
    """

    bronze: PublishedPartition
    base: PublishedPartition | None
    previous: tuple[ColumnSchema, ...] | None


def require_silver(dataset: DatasetConfig) -> Silver:
    """Return the dataset's Silver section.

    Raises:
        ConfigError: CFG004, when there is none.
    """
    if dataset.silver is None:
        raise ConfigError(f"{dataset.name} has no silver section: it ends in Bronze", code="CFG004")
    return dataset.silver


def require_bronze(dataset: DatasetConfig, missing: Sequence[dt.date]) -> None:
    """Refuse a promotion that must read Bronze partitions which are not there.

    Raises:
        StateError: STATE001, naming the dates.
    """
    if missing:
        dates = ", ".join(date.isoformat() for date in missing)
        raise StateError(
            f"Bronze of {dataset.name} at {dates} does not exist, and must be read to bring Silver "
            "up to date: land it first, or leave later partitions stale with --no-cascade; nothing "
            "was published",
            code="STATE001",
        )


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
@redacted_errors()
def read_inputs(
    dataset: DatasetConfig, run_date: dt.date, base: dt.date | None, before: dt.date | None
) -> Inputs:
    """Return what a promotion reads, its files re-hashed if `require_checksum` says so.

    Args:
        dataset: The dataset; it has a Silver section.
        run_date: The date to promote.
        base: Load date of the Silver partition to fold onto.
        before: Load date of the Silver partition to compare the schema with.

    Raises:
        StateError: STATE001, when the Bronze partition or the base does not exist.
        ChecksumMismatchError: STG002, when a file differs from its manifest.
    """
    bronze = bronze_root(dataset) / bronze_partition(dataset, run_date).path
    if not bronze.is_dir():
        require_bronze(dataset, [run_date])
    paths = [bronze]
    if base is not None:
        paths.append(silver_root(dataset) / silver_partition(dataset, base).path)
    if require_silver(dataset).require_checksum:
        for path in paths:
            require_intact(path)
    found = [read_partition(path) for path in paths]
    return Inputs(
        found[0], found[1] if base is not None else None, _columns_before(dataset, before)
    )


def _columns_before(
    dataset: DatasetConfig, date: dt.date | None
) -> tuple[ColumnSchema, ...] | None:
    if date is None:
        return None
    before = read_partition(silver_root(dataset) / silver_partition(dataset, date).path)
    return tuple(ColumnSchema(**column) for column in before.metadata["schema"]["observed"])


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
