"""Digests depend on content and on nothing else."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.errors import ChecksumMismatchError
from medallion.manifest import (
    ColumnSchema,
    DataFile,
    content_digest,
    describe_metadata,
    digest,
    schema_fingerprint,
)

Place = tuple[str, str, int]  # artifact, folder, number

PLACES = st.tuples(
    st.sampled_from(["data", "current", "quarantine", "_keys"]),
    st.sampled_from(["", "current/", "current/region=eu/", "current/region=%C3%A9/"]),
    st.integers(0, 99_999),
)
CONTENTS = st.tuples(
    st.sampled_from("0123456789abcdef"), st.none() | st.integers(0, 2**40), st.integers(0, 2**40)
)
PARTITIONS = st.dictionaries(PLACES, CONTENTS, max_size=6)
COMMITS = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)


def files_of(partition: dict[Place, Any], commit_id: str) -> list[DataFile]:
    """A partition's files as a commit would name them."""
    return [
        DataFile(f"{folder}part-{number:05d}-{commit_id}.parquet", size, seed * 64, rows, artifact)
        for (artifact, folder, number), (seed, rows, size) in partition.items()
    ]


@given(PARTITIONS, COMMITS, COMMITS, st.randoms(use_true_random=False), st.binary())
def test_content_digest_ignores_names_order_and_metadata(
    partition: dict[Place, Any], first: str, second: str, random: Random, metadata: bytes
) -> None:
    shuffled = [*files_of(partition, second), describe_metadata(metadata)]
    random.shuffle(shuffled)
    assert content_digest(shuffled) == content_digest(files_of(partition, first))


@given(PARTITIONS, PARTITIONS, COMMITS)
def test_content_digest_depends_on_all_the_rest(
    one: dict[Place, Any], other: dict[Place, Any], commit_id: str
) -> None:
    same = without_sizes(one) == without_sizes(other)
    digests = {content_digest(files_of(each, commit_id)) for each in (one, other)}
    assert len(digests) == (1 if same else 2)


@pytest.mark.parametrize(
    "change",
    [
        {"artifact": "history"},
        {"path": "current/region=us/part-00001-00000000000000c1.parquet"},
        {"path": "current/region=eu/part-00002-00000000000000c1.parquet"},
        {"sha256": "b" * 64},
        {"row_count": 6},
        {"row_count": None},
    ],
    ids=str,
)
def test_content_digest_sees_one_change(change: dict[str, Any]) -> None:
    path = "current/region=eu/part-00001-00000000000000c1.parquet"
    file = DataFile(path, 10, "a" * 64, 5, "current")
    assert content_digest([replace(file, **change)]) != content_digest([file])


def test_content_digest_tells_swapped_files_apart() -> None:
    first, second = files_of({("data", "", 0): ("a", 1, 1), ("data", "", 1): ("b", 1, 1)}, "0" * 16)
    swapped = [replace(first, sha256=second.sha256), replace(second, sha256=first.sha256)]
    assert content_digest(swapped) != content_digest([first, second])


@pytest.mark.parametrize("name", ["data.parquet", "part-0-00000000000000c1.parquet", "part-00000"])
def test_content_digest_rejects_a_name_without_number_and_commit(name: str) -> None:
    with pytest.raises(ChecksumMismatchError, match="is not called part-"):
        content_digest([DataFile(name, 1, "a" * 64, 1, "data")])


def test_schema_fingerprint_depends_on_order_name_type_and_nullability() -> None:
    a, b = ColumnSchema("a", "int64", True), ColumnSchema("b", "string", True)
    variants = [(a, b), (b, a), (a,), (a, replace(b, name="c")), (a, replace(b, type="date"))]
    variants.append((a, replace(b, nullable=False)))
    assert len({schema_fingerprint(variant) for variant in variants}) == len(variants)


def test_digest_is_the_sha256_of_canonical_json() -> None:
    # printf '{"a":[1,null],"b":"é"}' | sha256sum
    expected = "e03c3c1ebb5fccd76e3bd35b9a86169f35e6f1b069645d48ac278175f54c4208"
    assert digest({"b": "é", "a": [1, None]}) == f"sha256:{expected}"


def without_sizes(partition: dict[Place, Any]) -> dict[Place, Any]:
    """What the digest covers: the bytes are in the sha256 already."""
    return {place: content[:2] for place, content in partition.items()}
