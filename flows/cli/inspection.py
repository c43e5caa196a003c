"""Verbs that only read: `verify`, `status`, `preview`, `schema`. None of them needs Prefect.

Belongs here: gathering facts and wording them. Lives elsewhere: the verdicts (`tasks.verifier`,
`medallion.provenance`, `medallion.chain`).
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.cli.output import print_rows
from medallion.errors import ConfigError
from medallion.results import format_size


def verify(options: argparse.Namespace) -> int:
    """Re-hash partitions, follow their inputs, and print what is wrong."""
    from tasks.verification import verify_trees

    report = verify_trees(_trees(options))
    failures = [
        one for one in report.findings if options.strict or one.kind not in ("stale", "purged")
    ]
    rows = [vars(one) for one in report.findings]
    lines = [
        f"{one.kind.upper():7} {one.code} {one.where}: {one.message}" for one in report.findings
    ]
    verdict = "failed" if failures else "ok"
    summary = {"partitions": report.partitions, "findings": len(rows), "verdict": verdict}
    told = (
        f"{verdict}: {report.partitions} partitions, {report.files} files, "
        f"{format_size(report.size_bytes)} re-hashed, {len(rows)} "
        f"finding{'' if len(rows) == 1 else 's'}"
    )
    print_rows(options, [*rows, summary], [*lines, told])
    return 1 if failures else 0


def status(options: argparse.Namespace) -> int:
    """Print every partition of the datasets: rows, time of publication, staleness, digest."""
    from tasks.datasets import load_datasets
    from tasks.status import describe_dataset

    datasets = load_datasets(options.config, source_name=options.source_name)
    rows = [row for dataset in datasets for row in describe_dataset(dataset)]
    print_rows(options, rows, _table(rows))
    return 0


def preview(options: argparse.Namespace) -> int:
    """Print the first rows of each source and the types they would land with."""
    from medallion.partition import parse_date
    from medallion.types import format_type
    from tasks.datasets import load_datasets
    from tasks.extraction import read_sample

    for dataset in load_datasets(options.config, source_name=options.source_name):
        sample = read_sample(dataset, parse_date(options.date), options.rows)
        columns = [{"column": f.name, "type": format_type(f.type)} for f in sample.rows.schema]
        values = sample.rows.to_pylist()
        print_rows(
            options,
            [{"dataset": dataset.name, "columns": columns, "rows": values}],
            [
                f"{dataset.name} from {', '.join(sample.files)}",
                "",
                *_table(columns),
                "",
                *_table(values),
            ],
        )
    return 0


def schema(options: argparse.Namespace) -> int:
    """Print a JSON Schema, or what differs between the schemas of two partitions."""
    if options.what == "diff":
        return _diff(options)
    print(json.dumps(_json_schema(options.what), indent=2, sort_keys=True, ensure_ascii=False))
    return 0


def _json_schema(what: str) -> dict[str, Any]:
    if what == "config":
        from medallion.config.json_schema import config_schema

        return config_schema()
    from medallion.manifest_schema import CHECKSUMS_SCHEMA, METADATA_SCHEMA

    return CHECKSUMS_SCHEMA if what == "manifest" else METADATA_SCHEMA


def _diff(options: argparse.Namespace) -> int:
    from medallion.drift import compare_schemas
    from medallion.types import columns_schema
    from tasks.lake import read_partition

    if len(options.partitions) != 2:
        raise ConfigError("schema diff takes two partition directories", code="CFG008")
    before, after = (read_partition(Path(path)).checksums.schema for path in options.partitions)
    changes = compare_schemas(columns_schema(before), columns_schema(after), {}, False).changes
    rows = [vars(change) for change in changes]
    print_rows(options, rows, [change.describe() for change in changes] or ["no difference"])
    return 0


def _trees(options: argparse.Namespace) -> list[Path]:
    paths = [Path(path) for path in options.paths]
    if options.config:
        from tasks.datasets import load_datasets
        from tasks.lake import dataset_trees

        for dataset in load_datasets(options.config, source_name=options.source_name):
            paths += dataset_trees(dataset)
    missing = [str(path) for path in paths if not path.is_dir()]
    if missing or not paths:
        told = f"no directory {missing}" if missing else "name a PATH or a --config"
        raise ConfigError(f"nothing to verify: {told}", code="CFG008")
    return paths


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Lay rows out in columns that line up."""
    if not rows:
        return
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(value: object) -> str:
    text = "" if value is None else f"{value:,}" if type(value) is int else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
