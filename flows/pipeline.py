"""The flow that takes one dataset from its source to Silver, date by date.

Belongs here: Bronze, then Silver, for each date. Lives elsewhere: each layer
(`flows.bronze_extract`, `flows.silver_extract`), several datasets (`flows.run_datasets`).
"""

import datetime as dt
from typing import Any

from prefect import flow

from flows.bronze_extract import bronze_extract
from flows.silver_extract import silver_extract
from medallion.results import Layers, PartitionResult
from tasks.datasets import load_dataset
from tasks.lake import is_landed
from tasks.progress import report_rows
from tasks.redaction import redacted_errors
from tasks.runs import name_run, resolve_run_date


@flow(name="pipeline", flow_run_name=name_run)
@redacted_errors()
def pipeline(
    config: str,
    run_dates: list[dt.date] | None = None,
    source_name: str | None = None,
    layers: Layers = "both",
    overrides: dict[str, Any] | None = None,
    cascade: bool = True,
    dry_run: bool = False,
) -> list[PartitionResult]:
    """Land and promote one dataset for each date, in the order given.

    The first date that fails ends the run, since later dates build on it.

    Args:
        config: Path of the dataset's YAML file.
        run_dates: The days to work on; by default the day the run was scheduled for.
        source_name: The dataset to take from a file that holds several.
        layers: Both layers, or one of them.
        overrides: Values by dotted key, over those of the file: `{"silver.model": "event_log"}`.
        cascade: Re-promote later load dates that became stale.
        dry_run: Read and validate, and write nothing. Silver is previewed of landed dates only.

    Example:
        ```python
        from flows.pipeline import pipeline

        pipeline("configs/nycflights13/flights.yaml", ["2013-02-11", "2013-02-12"])
        ```
    """
    dataset = load_dataset(config, overrides, source_name)
    results: list[PartitionResult] = []
    for date in run_dates or [resolve_run_date(None, dataset.source.timezone)]:
        if layers != "silver":
            results.append(bronze_extract(config, date, source_name, overrides, dry_run))
        # A dry run lands nothing, so Silver can be previewed only of what has landed before.
        has_input = not dry_run or layers == "silver" or is_landed(dataset, date)
        if layers != "bronze" and dataset.silver and has_input:
            results += silver_extract(config, date, source_name, overrides, cascade, dry_run)
        report_rows(dataset.name, 0)
    return results
