"""The flow that lands one dataset at one run date in Bronze.

Belongs here: the order of steps. Lives elsewhere: reading (`tasks.extraction`), publishing
(`tasks.publication`), what a configuration may say (`medallion.config`).
"""

import datetime as dt
import time
from typing import Any

from prefect import flow

from medallion.config.models import DatasetConfig
from medallion.results import PartitionResult
from tasks.artifacts import record_result
from tasks.datasets import load_dataset
from tasks.extraction import extract_partition, read_sample
from tasks.lake import bronze_partition, bronze_root
from tasks.local_publisher import open_stage
from tasks.publication import publish_partition, read_base
from tasks.redaction import redacted_errors
from tasks.runs import begin_run, name_run, resolve_run_date


@flow(name="bronze-extract", flow_run_name=name_run)
@redacted_errors()
def bronze_extract(
    config: str,
    run_date: dt.date | None = None,
    source_name: str | None = None,
    overrides: dict[str, Any] | None = None,
    dry_run: bool = False,
) -> PartitionResult:
    """Land one dataset at one run date as a checksummed Bronze partition.

    A rerun is safe: it replaces the partition in one step, or leaves it alone when nothing changed.

    Args:
        config: Path of the dataset's YAML file.
        run_date: The day that the partition is about; by default the day the run was scheduled for,
            in the dataset's time zone.
        source_name: The dataset to take from a file that holds several.
        overrides: Values by dotted key, over those of the file, such as
            `{"source.run.load_pattern": "cdc"}`.
        dry_run: Connect and read a sample, and write nothing.

    Example:
        ```python
        from flows.bronze_extract import bronze_extract

        bronze_extract("configs/nycflights13/flights.yaml", "2013-01-01")
        ```
    """
    dataset = load_dataset(config, overrides, source_name)
    date = resolve_run_date(run_date, dataset.source.timezone)
    result = sample_partition(dataset, date) if dry_run else land_partition(dataset, date)
    record_result(result)
    return result


def land_partition(dataset: DatasetConfig, run_date: dt.date) -> PartitionResult:
    """Extract into a stage and publish it."""
    started, run = time.perf_counter(), begin_run()
    root = bronze_root(dataset)
    base = read_base(root, bronze_partition(dataset, run_date).path)
    with open_stage(root) as stage:
        draft = extract_partition(dataset, run_date, stage)
        published = publish_partition(stage, draft, run, base)
    stats = published.checksums.stats
    return PartitionResult(
        layer="bronze",
        dataset=draft.dataset,
        run_date=run_date,
        status="published" if published.is_new else "unchanged",
        path=str(root / draft.path),
        row_count=stats["row_count"],
        size_bytes=stats["size_bytes"],
        file_count=stats["file_count"],
        content_digest=published.checksums.content_digest,
        seconds=time.perf_counter() - started,
    )


def sample_partition(dataset: DatasetConfig, run_date: dt.date) -> PartitionResult:
    """Read the first rows and say what would land; write nothing."""
    started, partition = time.perf_counter(), bronze_partition(dataset, run_date)
    sample = read_sample(dataset, run_date)
    return PartitionResult(
        layer="bronze",
        dataset=partition.dataset,
        run_date=run_date,
        status="dry_run",
        path=str(bronze_root(dataset) / partition.path),
        row_count=sample.rows.num_rows,
        seconds=time.perf_counter() - started,
        details={"sample of": ", ".join(sample.files), "columns": len(sample.rows.schema)},
    )
