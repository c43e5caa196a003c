"""Provenance tells stale, purged and broken partitions from those that hold."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from medallion.manifest import Checksums, describe_input
from medallion.provenance import PublishedPartition, trace_provenance
from tests.example_manifests import (
    bronze_generation,
    checksums_of,
    data_file,
    metadata_of,
    silver_generation,
)

FIRST, SECOND, THIRD = "2026-01-01", "2026-01-02", "2026-01-03"


def bronze(date: str, seed: str = "a", rows: int = 5) -> PublishedPartition:
    """A Bronze partition; another seed is other data."""
    generation = bronze_generation(date)
    checksums = checksums_of(generation, [data_file(seed=seed, rows=rows)])
    return PublishedPartition(f"bronze/{date}", checksums, metadata_of(generation))


def silver(
    date: str, made_from: Iterable[PublishedPartition], artifact: str = "current", seed: str = "c"
) -> PublishedPartition:
    """A Silver partition made from others."""
    inputs = [describe_input(one.checksums) for one in made_from]
    generation = silver_generation(date)
    files = [data_file(artifact=artifact, folder=f"{artifact}/", seed=seed)]
    checksums = checksums_of(generation, files, inputs)
    return PublishedPartition(f"silver/{date}", checksums, metadata_of(generation, inputs))


def verdicts(*lake: PublishedPartition) -> list[tuple[str, str, str]]:
    """What is reported about a lake, without the words."""
    return [(found.kind, found.path, found.input) for found in trace_provenance(lake)]


def test_chain_of_partitions_holds() -> None:
    b1, b2 = bronze(FIRST), bronze(SECOND, "b")
    s1 = silver(FIRST, [b1])
    s2 = silver(SECOND, [b2, s1])
    assert verdicts(s2, b2, s1, b1) == []


def test_partition_is_stale_when_its_input_was_published_anew() -> None:
    b1 = bronze(FIRST)
    lake = [bronze(FIRST, "b"), silver(FIRST, [b1])]
    assert verdicts(*lake) == [("stale", f"silver/{FIRST}", f"bronze_crm.orders {FIRST}")]


def test_partition_is_stale_when_its_base_is() -> None:
    b1, b2, b3 = bronze(FIRST), bronze(SECOND), bronze(THIRD)
    s1 = silver(FIRST, [b1])
    s2 = silver(SECOND, [b2, s1])
    s3 = silver(THIRD, [b3, s2])
    assert verdicts(bronze(FIRST, "b"), b2, b3, s1, s2, s3) == [
        ("stale", f"silver/{FIRST}", f"bronze_crm.orders {FIRST}"),
        ("stale", f"silver/{SECOND}", f"silver_sales.orders {FIRST}"),
        ("stale", f"silver/{THIRD}", f"silver_sales.orders {SECOND}"),
    ]


def test_partition_is_stale_when_its_base_holds_other_data() -> None:
    b1, b2 = bronze(FIRST), bronze(SECOND)
    s1 = silver(FIRST, [b1])
    lake = [b1, b2, silver(FIRST, [b1], seed="d"), silver(SECOND, [b2, s1])]
    assert verdicts(*lake) == [("stale", f"silver/{SECOND}", f"silver_sales.orders {FIRST}")]


@pytest.mark.parametrize("artifact", ["current", "history", "events"])
def test_late_bronze_date_makes_later_folds_stale(artifact: str) -> None:
    b1, b2, b3 = bronze(FIRST), bronze(SECOND), bronze(THIRD)
    s1 = silver(FIRST, [b1], artifact)
    s3 = silver(THIRD, [b3, s1], artifact)
    expected = [("stale", f"silver/{THIRD}", f"bronze_crm.orders {SECOND}")]
    assert verdicts(b1, b2, b3, s1, s3) == expected


@pytest.mark.parametrize("artifact", ["full_snapshot", "cdc_changes"])
def test_late_bronze_date_leaves_models_alone_that_read_one_date(artifact: str) -> None:
    b1, b2 = bronze(FIRST), bronze(SECOND)
    assert verdicts(b1, b2, silver(SECOND, [b2], artifact)) == []


def test_bronze_date_after_the_fold_leaves_it_alone() -> None:
    b1 = bronze(FIRST)
    assert verdicts(b1, bronze(SECOND), silver(FIRST, [b1])) == []


def test_other_table_leaves_a_fold_alone() -> None:
    b1, b2 = bronze(FIRST), bronze(SECOND)
    keys = {**b1.checksums.partition, "table": "customers"}
    other = with_both(b1, dataset="bronze_crm.customers", partition=keys)
    assert verdicts(other, b2, silver(SECOND, [b2])) == []


def test_purged_input_is_reported() -> None:
    assert verdicts(silver(FIRST, [bronze(FIRST)])) == [
        ("purged", f"silver/{FIRST}", f"bronze_crm.orders {FIRST}")
    ]


def test_dates_before_a_purged_base_are_taken_as_folded() -> None:
    b1, b2, b3 = bronze(FIRST), bronze(SECOND), bronze(THIRD)
    s2 = silver(SECOND, [b2, silver(FIRST, [b1])])
    expected = [("purged", f"silver/{THIRD}", f"silver_sales.orders {SECOND}")]
    assert verdicts(b1, b2, b3, silver(THIRD, [b3, s2])) == expected


def test_same_digest_with_another_row_count_is_broken() -> None:
    b1 = bronze(FIRST)
    forged = replace(b1.checksums, stats={**b1.checksums.stats, "row_count": 6})
    lake = [replace(b1, checksums=forged), silver(FIRST, [b1])]
    assert verdicts(*lake) == [("broken", f"silver/{FIRST}", f"bronze_crm.orders {FIRST}")]


def with_law_of(checksums: Checksums, date: str, read: int) -> Checksums:
    """The commit record of a partition that read other rows."""
    return replace(checksums, stats={**checksums.stats, "law": {date: {"read": read}}})


@pytest.mark.parametrize(
    "change",
    [
        lambda one: with_both(one, metadata_only=True, commit_id="00000000000000c9"),
        lambda one: with_both(one, metadata_only=True, dataset="silver_sales.customers"),
        lambda one: with_both(one, metadata_only=True, inputs=[{"layer": "bronze"}]),
        lambda one: with_both(one, metadata_only=True, inputs=None),
        lambda one: replace(one, checksums=with_law_of(one.checksums, FIRST, 6)),
        lambda one: replace(one, checksums=with_law_of(one.checksums, SECOND, 5)),
    ],
    ids=["commit", "dataset", "input", "no inputs", "rows of an input", "an input not listed"],
)
def test_manifests_that_contradict_each_other_are_broken(
    change: Callable[[PublishedPartition], PublishedPartition],
) -> None:
    b1 = bronze(FIRST)
    assert verdicts(b1, change(silver(FIRST, [b1]))) == [("broken", f"silver/{FIRST}", "")]


def test_input_later_than_the_partition_is_broken() -> None:
    b2 = bronze(SECOND)
    assert verdicts(b2, silver(FIRST, [b2])) == [("broken", f"silver/{FIRST}", "")]


def test_bronze_with_contradicting_manifests_is_broken() -> None:
    broken = with_both(bronze(FIRST), metadata_only=True, commit_id="00000000000000c9")
    assert verdicts(broken) == [("broken", f"bronze/{FIRST}", "")]


def with_both(
    one: PublishedPartition, *, metadata_only: bool = False, **changes: Any
) -> PublishedPartition:
    """The partition with other facts in both manifests, or in its metadata only."""
    checksums = one.checksums if metadata_only else replace(one.checksums, **changes)
    return PublishedPartition(one.path, checksums, {**one.metadata, **changes})
