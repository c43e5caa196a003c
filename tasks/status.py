"""The state of a dataset's partitions, one row each.

Belongs here: facts from manifests, side by side. Lives elsewhere: why a partition is stale
(`medallion.chain`), how a table looks (`flows.cli`).
"""

from collections.abc import Iterator
from typing import Any

from medallion.chain import find_stale
from medallion.config.models import DatasetConfig
from medallion.provenance import PublishedPartition
from tasks.lake import list_bronze, list_silver, read_chain


def describe_dataset(dataset: DatasetConfig) -> list[dict[str, Any]]:
    """Return a row per partition, Bronze first, each in the order of dates."""
    stale = find_stale(read_chain(dataset)) if dataset.silver else {}
    bronze, silver = list_bronze(dataset), list_silver(dataset)
    rows = [_row(one, date.isoformat(), "fresh") for date, one in bronze.items()]
    for date, one in silver.items():
        freshness = f"stale: {stale[date]}" if date in stale else "fresh"
        rows.append(_row(one, date.isoformat(), freshness))
    return rows + list(_missing(dataset, sorted(bronze.keys() - silver.keys())))


def _row(one: PublishedPartition, date: str, freshness: str) -> dict[str, Any]:
    stats = one.checksums.stats
    return {
        "dataset": one.checksums.dataset,
        "date": date,
        "rows": stats["row_count"],
        "files": stats["file_count"],
        "bytes": stats["size_bytes"],
        "published at": str(one.metadata["run"]["finished_at"])[:19],
        "digest": one.checksums.content_digest.removeprefix("sha256:")[:12],
        "state": freshness,
    }


def _missing(dataset: DatasetConfig, dates: list[Any]) -> Iterator[dict[str, Any]]:
    if dataset.silver is None:
        return
    name = f"silver_{dataset.silver.domain}.{dataset.silver.entity}"
    for date in dates:
        blank = dict.fromkeys(("rows", "files", "bytes", "published at", "digest"))
        yield {"dataset": name, "date": date.isoformat(), **blank, "state": "not promoted yet"}
