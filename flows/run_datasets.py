"""The flow that fans out over datasets, with bounded parallelism.

Belongs here: many datasets, side by side, each on its own. Lives elsewhere: one dataset
(`flows.pipeline`).
"""

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.pipeline import pipeline
from medallion.results import Layers, PartitionResult
from tasks.artifacts import DatasetProgress
from tasks.datasets import load_datasets
from tasks.redaction import redacted_errors
from tasks.runs import name_fan_out

_log = logging.getLogger(__name__)


@flow(name="run-datasets", flow_run_name=name_fan_out)
@redacted_errors()
def run_datasets(
    configs: list[str],
    run_dates: list[dt.date],
    source_name: str | None = None,
    layers: Layers = "both",
    overrides: dict[str, Any] | None = None,
    cascade: bool = True,
    parallel_workers: int = 1,
) -> list[PartitionResult]:
    """Run the pipeline of many datasets, at most `parallel_workers` side by side.

    A dataset that fails stops none of the others and loses nothing of what they did; the run itself
    fails at the end, with the first failure, after all of them were logged.

    Args:
        configs: Paths of the datasets' YAML files.
        run_dates: The days to work on, in this order.
        source_name: The only dataset to take.
        layers: Both layers, or one of them.
        overrides: Values by dotted key, over those of every file.
        cascade: Re-promote later load dates that became stale.
        parallel_workers: How many datasets are worked on at the same time.
    """
    options = {"layers": layers, "overrides": overrides, "cascade": cascade}
    datasets = load_datasets(configs, overrides, source_name)
    work = [
        {"config": one.file_name, "source_name": one.name, "run_dates": run_dates, **options}
        for one in datasets
    ]
    progress = DatasetProgress(len(datasets))
    runner: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=parallel_workers)
    with runner:
        futures: list[PrefectFuture[Any]] = [runner.submit(run_dataset, one) for one in work]
        for _ in as_completed(futures):
            progress.advance()
    return gather_results([one.name for one in datasets], futures)


def gather_results(
    names: Sequence[str], futures: Sequence[PrefectFuture[Any]]
) -> list[PartitionResult]:
    """Return the results of all datasets, or raise the first failure, each of them logged."""
    results: list[PartitionResult] = []
    failures: list[Exception] = []
    for name, future in zip(names, futures, strict=True):
        outcome = future.result(raise_on_failure=False)
        if not isinstance(outcome, Exception):
            results += outcome
            continue
        failures.append(outcome)
        if len(names) > 1:  # otherwise the error itself tells it all
            _log.error("failed dataset=%s error=%s", name, outcome)
    if failures:
        raise failures[0]
    return results


@task(task_run_name="{source_name}", cache_policy=NO_CACHE, persist_result=False)
@redacted_errors()
def run_dataset(
    config: str,
    run_dates: list[dt.date],
    source_name: str,
    layers: Layers,
    overrides: dict[str, Any] | None,
    cascade: bool,
) -> list[PartitionResult]:
    """Run one dataset's pipeline as a flow run of its own."""
    return pipeline(config, run_dates, source_name, layers, overrides, cascade)
