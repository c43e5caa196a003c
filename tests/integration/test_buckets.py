"""Folding in buckets gives the same bytes for any number of them, on threads and on Dask."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from medallion.results import PartitionResult
from tests.lakes import Lake, day

HOUR = 3_600_000_000
CHANGES = {"primary_keys": ["id", "part"], "order_column": "at"}
OPS = {**CHANGES, "cdc": {"op_column": "op"}}
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "latest rows": ("cdc", {"model": "scd_type_1", **CHANGES}),
    "latest rows with deletes": ("cdc", {"model": "scd_type_1", **OPS}),
    "history": ("cdc", {"model": "scd_type_2", **OPS}),
    "history with tombstones": ("cdc", {"model": "scd_type_2", "deletes": "tombstone", **OPS}),
    "history with erasures": ("cdc", {"model": "scd_type_2", "deletes": "erase", **OPS}),
    "history of snapshots": ("full", {"model": "scd_type_2", **CHANGES}),
    "history in directories": (
        "cdc",
        {"model": "scd_type_2", "partitioning": {"columns": ["value"]}, **OPS},
    ),
    "events, which have no buckets": ("cdc", {"model": "event_log"}),
}


def changes(seed: int, rows: int = 400) -> pa.Table:
    """Random changes of a few keys."""
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "id": random.integers(0, 90, rows),
            "part": random.choice(["a", "b", "\u00e9"], rows),
            "value": random.integers(0, 3, rows),
            "at": pa.array(random.integers(0, 500, rows) * HOUR, pa.timestamp("us", "UTC")),
            "op": random.choice(["I", "U", "D"], rows),
        }
    )


def digests(folder: Path, pattern: str, silver: dict[str, Any], buckets: int) -> list[str]:
    """Land and promote three days, and return what each promotion published."""
    lake = Lake(folder / str(buckets), {**silver, "buckets": buckets}, pattern)
    limit = {} if pattern == "cdc" else {"max_delete_percent": 100}
    lake.configure(**limit)
    results = [lake.run(day(number), changes(number)) for number in (1, 2, 3)]
    assert lake.verify() == ()
    return [_only(promoted).content_digest for promoted in results]


@pytest.mark.parametrize(("pattern", "silver"), SETTINGS.values(), ids=SETTINGS)
def test_any_number_of_buckets_gives_the_same_bytes(
    tmp_path: Path, pattern: str, silver: dict[str, Any]
) -> None:
    whole = digests(tmp_path, pattern, silver, 1)
    assert len(set(whole)) == 3
    assert digests(tmp_path, pattern, silver, 2) == whole
    assert digests(tmp_path, pattern, silver, 7) == whole


def test_keys_that_cannot_be_merged_are_sorted(tmp_path: Path) -> None:
    silver = {"model": "scd_type_1", "primary_keys": ["key"]}
    found = []
    for buckets in (1, 3):
        lake = Lake(tmp_path / str(buckets), {**silver, "buckets": buckets})
        for number in (1, 2):
            random = np.random.default_rng(number)
            keys = pa.array(random.choice([0.5, -1.0, 2.25, 1e9], 50))
            promoted = lake.run(day(number), pa.table({"key": keys, "value": random.random(50)}))
        found.append(_only(promoted).content_digest)
    assert found[0] == found[1]


def _only(results: list[PartitionResult]) -> PartitionResult:
    (result,) = results
    return result
