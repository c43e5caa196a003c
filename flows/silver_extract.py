"""The flow that promotes one dataset's Bronze to Silver, and heals what became stale.

Belongs here: the order of steps. Lives elsewhere: which dates need a promotion (`medallion.chain`),
the promotion itself (`tasks.promotion`), publishing (`tasks.publication`).
"""

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from typing import Any

from prefect import flow

from medallion.chain import (
    Chain,
    describe_neighbours,
    find_purged_after,
    find_unbuildable,
    next_promotion,
)
from medallion.config.models import DatasetConfig
from medallion.results import PartitionResult
from tasks.artifacts import record_result
from tasks.datasets import load_dataset
from tasks.lake import read_chain, read_partition, silver_facts, silver_partition, silver_root
from tasks.local_publisher import open_stage
from tasks.promotion import preview_partition, promote_partition
from tasks.promotion_inputs import promotion_lock, read_inputs, require_bronze, require_silver
from tasks.publication import holds_content, publish_partition, read_base
from tasks.redaction import redacted_errors
from tasks.runners import choose_task_runner
from tasks.runs import begin_run, name_run, resolve_run_date


@flow(name="silver-extract", flow_run_name=name_run, task_runner=choose_task_runner())
@redacted_errors()
def silver_extract(
    config: str,
    run_date: dt.date | None = None,
    source_name: str | None = None,
    overrides: dict[str, Any] | None = None,
    cascade: bool = True,
    dry_run: bool = False,
) -> list[PartitionResult]:
    """Promote the Bronze partition of one date, after whatever earlier dates still need.

    Earlier dates without their Silver partition, or whose partition is stale, are promoted first,
    in order; later partitions that became stale are promoted again.

    Args:
        config: Path of the dataset's YAML file.
        run_date: The date to promote; by default the day the run was scheduled for, in the
            dataset's time zone.
        source_name: The dataset to take from a file that holds several.
        overrides: Values by dotted key, over those of the file: `{"silver.model": "event_log"}`.
        cascade: Re-promote later load dates that became stale; without it `status` shows them.
        dry_run: Verify and validate the inputs, count what would change, and write nothing.

    Example:
        ```python
        from flows.silver_extract import silver_extract

        silver_extract("configs/nycflights13/flights.yaml", "2013-02-11")
        ```
    """
    dataset = load_dataset(config, overrides, source_name)
    date = resolve_run_date(run_date, dataset.source.timezone)
    if dry_run:
        results = [preview_promotion(dataset, date)]
    else:
        results = list(promote_dates(dataset, date, cascade=cascade))
    return results


def promote_dates(
    dataset: DatasetConfig, target: dt.date, *, cascade: bool
) -> Iterator[PartitionResult]:
    """Promote every date that needs it, one at a time, while no other run promotes the dataset.

    Raises:
        StateError: STATE001, when Bronze is gone that must be read again. It is raised before
            anything is published that would be left without what builds on it.
    """
    require_silver(dataset)
    with promotion_lock(dataset):
        chain = read_chain(dataset)
        require_bronze(dataset, find_unbuildable(chain, target, cascade=cascade))
        done: set[dt.date] = set()
        while date := next_promotion(chain, target, done, cascade=cascade):
            purged = find_purged_after(chain, date, target, cascade=cascade)
            yield promote_date(dataset, date, chain, purged)
            path = silver_root(dataset) / silver_partition(dataset, date).path
            chain = chain.with_silver(date, silver_facts(read_partition(path)))
            done.add(date)


def promote_date(
    dataset: DatasetConfig, run_date: dt.date, chain: Chain, purged: Sequence[dt.date]
) -> PartitionResult:
    """Promote one date onto its base and publish it.

    Args:
        dataset: The dataset.
        run_date: The date.
        chain: The dataset's partitions.
        purged: Dates that build on this one and cannot be promoted again.

    Raises:
        StateError: STATE001, when one of those would have to be.
    """
    started, run = time.perf_counter(), begin_run()
    root, partition = silver_root(dataset), silver_partition(dataset, run_date)
    replaced = read_base(root, partition.path)
    before = chain.before(run_date)
    inputs = read_inputs(dataset, run_date, chain.base_of(run_date), before)
    with open_stage(root) as stage:
        promotion = promote_partition(dataset, run_date, inputs, stage)
        if not holds_content(replaced, promotion.draft):
            require_bronze(dataset, purged)
        published = publish_partition(stage, promotion.draft, run, replaced)
    stats, outcome = published.checksums.stats, promotion.outcome
    result = PartitionResult(
        layer="silver",
        dataset=partition.dataset,
        run_date=run_date,
        status="published" if published.is_new else "unchanged",
        path=str(root / partition.path),
        row_count=stats["row_count"],
        size_bytes=stats["size_bytes"],
        file_count=stats["file_count"],
        content_digest=published.checksums.content_digest,
        seconds=time.perf_counter() - started,
        quarantined=outcome.quarantined,
        drift=outcome.drift,
        details=outcome.details,
    )
    record_result(result, outcome.rejects)
    return result


def preview_promotion(dataset: DatasetConfig, run_date: dt.date) -> PartitionResult:
    """Verify and validate, count what would change, and write nothing."""
    started, partition = time.perf_counter(), silver_partition(dataset, run_date)
    require_silver(dataset)
    chain = read_chain(dataset)
    before = chain.before(run_date)
    # Earlier dates that need a promotion of their own are named, and not promoted for a preview.
    inputs = read_inputs.fn(dataset, run_date, before if chain.is_stateful else None, before)
    outcome = preview_partition(dataset, run_date, inputs)
    return PartitionResult(
        layer="silver",
        dataset=partition.dataset,
        run_date=run_date,
        status="dry_run",
        path=str(silver_root(dataset) / partition.path),
        row_count=outcome.row_count,
        seconds=time.perf_counter() - started,
        quarantined=outcome.quarantined,
        drift=outcome.drift,
        details={**outcome.details, **describe_neighbours(chain, run_date)},
    )
