"""Verbs that change the lake: `bronze-extract`, `silver-extract`, `run`.

Belongs here: arguments → flow parameters, results → lines. Lives elsewhere: the flows, imported
only once the configuration is known to be right.
"""

import argparse
import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any

from flows.cli.output import print_rows, progress_bar
from flows.cli.server import prefect_session
from medallion.config.models import DatasetConfig
from medallion.errors import ConfigError
from medallion.partition import parse_date
from medallion.results import Layers, PartitionResult
from tasks.datasets import load_datasets
from tasks.progress import collecting

BACKENDS = ("local",)


def extract_bronze(options: argparse.Namespace) -> int:
    """Land every dataset named, side by side where that is asked for."""
    if options.list_backends:
        print("\n".join(BACKENDS))
        return 0
    overrides = {"source.run.load_pattern": options.load_pattern} if options.load_pattern else {}
    datasets = _load(options, overrides)
    date = _date(options)
    if options.validate_only:
        return _print_validated(options, datasets)
    if options.dry_run:
        from flows.bronze_extract import sample_partition

        return _print_results(options, [sample_partition(one, date) for one in datasets])
    return _fan_out(options, datasets, [date], "bronze", overrides)


def extract_silver(options: argparse.Namespace) -> int:
    """Promote every dataset named."""
    datasets = _load(options, _silver_overrides(options))
    date = _date(options)
    if options.validate_only:
        return _print_validated(options, datasets)
    if options.dry_run:
        from flows.silver_extract import preview_promotion

        return _print_results(options, [preview_promotion(one, date) for one in datasets])
    return _fan_out(options, datasets, [date], "silver", _silver_overrides(options))


def run(options: argparse.Namespace) -> int:
    """Land, then promote, each date in the order given."""
    datasets = _load(options, {})
    return _fan_out(options, datasets, [parse_date(date) for date in options.date], "both", {})


def _fan_out(
    options: argparse.Namespace,
    datasets: Sequence[DatasetConfig],
    dates: list[dt.date],
    layers: Layers,
    overrides: dict[str, Any],
) -> int:
    results: list[PartitionResult] = []
    bar = progress_bar(options, len(datasets) * len(dates))
    try:
        with bar, prefect_session(), collecting(results):
            from flows.run_datasets import run_datasets

            run_datasets(
                configs=_files(options.config),
                run_dates=dates,
                source_name=options.source_name,
                layers=layers,
                overrides=overrides,
                cascade=not getattr(options, "no_cascade", False),
                parallel_workers=options.parallel_workers,
            )
    finally:  # what was published counts, also when something else failed
        _print_results(options, results)
    return 0


def _load(options: argparse.Namespace, overrides: dict[str, Any]) -> list[DatasetConfig]:
    if not options.config:
        raise ConfigError("name at least one --config", code="CFG008")
    datasets = load_datasets(options.config, overrides, options.source_name)
    if getattr(options, "storage_scope", "any") == "onprem":
        _refuse_cloud(datasets)
    return datasets


def _refuse_cloud(datasets: Iterable[DatasetConfig]) -> None:
    for dataset in datasets:
        if dataset.platform.bronze.storage_metadata.boundary == "cloud":
            raise ConfigError(
                f"{dataset.name}: storage is declared to be in a cloud, and "
                "--storage-scope onprem refuses that",
                code="CFG004",
            )


def _silver_overrides(options: argparse.Namespace) -> dict[str, Any]:
    keys = options.primary_key.split(",") if options.primary_key else None
    values = {
        "platform.bronze.local_path": options.bronze_path,
        "silver.output_dir": options.silver_base,
        "source.run.load_pattern": None if options.pattern == "auto" else options.pattern,
        "silver.primary_keys": keys,
        "silver.order_column": options.order_column,
        "silver.model": options.silver_model,
        "silver.require_checksum": options.require_checksum,
    }
    return {key: value for key, value in values.items() if value is not None}


def _date(options: argparse.Namespace) -> dt.date:
    if options.date is None:
        raise ConfigError("name the run date: --date YYYY-MM-DD", code="CFG008")
    return parse_date(options.date)


def _files(configs: Iterable[str]) -> list[str]:
    return [name for entry in configs for name in entry.split(",") if name]


def _print_validated(options: argparse.Namespace, datasets: Sequence[DatasetConfig]) -> int:
    rows = [{"dataset": one.name, "file": one.file_name, "valid": True} for one in datasets]
    print_rows(options, rows, [f"{one.name} is valid ({one.file_name})" for one in datasets])
    return 0


def _print_results(options: argparse.Namespace, results: Sequence[PartitionResult]) -> int:
    print_rows(options, [one.to_dict() for one in results], _lines(results))
    return 0


def _lines(results: Sequence[PartitionResult]) -> Iterable[str]:
    for result in results:
        yield result.describe()
        if result.status == "dry_run":
            yield from (f"    {name}: {_told(value)}" for name, value in result.details.items())


def _told(value: object) -> str:
    return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
