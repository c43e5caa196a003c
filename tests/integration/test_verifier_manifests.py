"""The verifier finds manifests that are edited, malformed, or do not add up."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.verifier import verify_partition
from tests.integration.partitions import (
    FIRST_FILE,
    SILVER,
    codes,
    edit_manifest,
    forge_manifest,
    rehash,
    write_bronze,
    write_silver,
)


@pytest.fixture
def partition(tmp_path: Path) -> Path:
    """A Bronze partition of 12 rows in two files."""
    return write_bronze(tmp_path / "bronze", [10, 2])


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["files"][1].update(row_count=11),
        lambda d: d["files"][1].update(artifact="other"),
        lambda d: d["schema"][0].update(nullable=True),
        lambda d: d["stats"].update(non_null={"order_id": 12}),
        lambda d: d.update(commit_id="0" * 16),
        lambda d: d.update(atomic_glob=False),
        lambda d: d.update(note="reviewed"),
        lambda d: d.pop("logic_digest"),
        lambda d: d.pop("manifest_digest"),
    ],
    ids=range(9),
)
def test_verifier_finds_an_edited_manifest(
    partition: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    edit_manifest(partition, change)
    found = [finding.message for finding in verify_partition(partition)]
    assert any(message.startswith("manifest_digest should be") for message in found)


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("content_digest", lambda d: d["files"][1].update(artifact="other")),
        ("content_digest", lambda d: d.update(content_digest="sha256:" + "0" * 64)),
        ("schema_fingerprint", lambda d: d["schema"].reverse()),
        ("row_count", lambda d: d["stats"].update(row_count=13)),
        ("file_count", lambda d: d["stats"].update(file_count=3)),
        ("size_bytes", lambda d: d["stats"].update(size_bytes=1)),
        ("rows_by_artifact", lambda d: d["stats"].update(rows_by_artifact={})),
    ],
)
def test_verifier_names_what_does_not_add_up(
    partition: Path, key: str, change: Callable[[dict[str, Any]], object]
) -> None:
    edit_manifest(partition, change)
    found = [finding.message for finding in verify_partition(partition)]
    assert any(message.startswith(f"{key} should be") for message in found)


@pytest.mark.parametrize("law", [{"read": 13, "written": 12}, {"read": 13, "written": 13}])
def test_verifier_finds_a_broken_law_of_bronze(partition: Path, law: dict[str, int]) -> None:
    forge_manifest(partition, lambda document: document["stats"].update(law=law))
    assert codes(partition) == {("QUAL004", "_checksums.json")}


@pytest.mark.parametrize("change", [{"applied": 13}, {"discarded": -1, "applied": 15}])
def test_verifier_finds_a_broken_law_of_silver(tmp_path: Path, change: dict[str, int]) -> None:
    path = write_silver(tmp_path, SILVER)
    forge_manifest(path, lambda document: document["stats"]["law"]["2026-01-01"].update(change))
    assert codes(path) == {("QUAL004", "_checksums.json")}


@pytest.mark.parametrize(
    "folder", ["../dt=2026-01-01/", "./", "/tmp/", "x/../", "x//", "x\\", "c:", "a\nb/"], ids=repr
)
def test_verifier_refuses_a_listed_path_that_leaves(partition: Path, folder: str) -> None:
    path = f"{folder}{FIRST_FILE}" if "/" in folder else f"{folder}/{FIRST_FILE}"
    edit_manifest(partition, lambda document: document["files"][1].update(path=path))
    assert ("STG007", path) in codes(partition)


@pytest.mark.parametrize(
    "name", ["_checksums.json", "x.parquet", "part-1-x.parquet", f"x{FIRST_FILE}"]
)
def test_verifier_refuses_a_listed_name_that_is_none_of_a_data_file(
    partition: Path, name: str
) -> None:
    edit_manifest(partition, lambda document: document["files"][1].update(path=name))
    assert [finding.message for finding in verify_partition(partition)] == [
        f"the manifest is malformed: {name!r} is not called part-<number>-<commit id>.<extension>"
    ]


def test_verifier_finds_rows_that_are_listed_wrongly(partition: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["files"][1]["row_count"], document["files"][2]["row_count"] = 9, 3

    forge_manifest(partition, change)
    assert {finding.message for finding in verify_partition(partition)} == {
        "holds 10 rows, not 9",
        "holds 2 rows, not 3",
    }


@pytest.mark.parametrize("count", [10.0, True, "10"])
def test_verifier_refuses_what_is_no_count(partition: Path, count: object) -> None:
    forge_manifest(partition, lambda document: document["files"][1].update(row_count=count))
    assert ("STG002", "_checksums.json") in codes(partition)


@pytest.mark.parametrize("key", ["commit_id", "layer", "dataset", "partition"])
def test_verifier_finds_metadata_of_another_commit(partition: Path, key: str) -> None:
    metadata = json.loads((partition / "_metadata.json").read_bytes())
    text = json.dumps({**metadata, key: "other"}, sort_keys=True, indent=2, ensure_ascii=False)
    (partition / "_metadata.json").write_text(text + "\n", encoding="utf-8")
    rehash(partition, "_metadata.json")
    assert [finding.message for finding in verify_partition(partition)] == [
        f"has another {key} than _checksums.json"
    ]


def test_verifier_finds_a_manifest_that_lies_under_another_date(partition: Path) -> None:
    moved = partition.rename(partition.with_name("dt=2026-01-09"))
    assert [finding.message for finding in verify_partition(moved)] == [
        "it belongs to dt=2026-01-01"
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"format_version": "2.0"}',
        b'{"format_version": "1.0"}',
        b'{"files": [], "files": [], "format_version": "1.0"}',
        b'{"files": [1], "format_version": "1.0", "stats": {}}',
        b'{"format_version": "1.0", "x": 1e999}',
    ],
    ids=range(10),
)
def test_verifier_finds_a_malformed_manifest(partition: Path, data: bytes) -> None:
    (partition / "_checksums.json").write_bytes(data)
    assert codes(partition) == {("STG002", "_checksums.json")}


@pytest.mark.parametrize("version", ["2.0", "0.1", "1", 1.0, None])
def test_verifier_refuses_an_unknown_version(partition: Path, version: object) -> None:
    edit_manifest(partition, lambda document: document.update(format_version=version))
    assert [finding.message for finding in verify_partition(partition)] == [
        f"the manifest is malformed: format_version {version!r} is unknown"
    ]


def test_verifier_accepts_a_newer_minor_version(partition: Path) -> None:
    forge_manifest(partition, lambda document: document.update(format_version="1.9", more=[1]))
    assert verify_partition(partition) == []


def test_verifier_finds_a_reformatted_manifest(partition: Path) -> None:
    file = partition / "_checksums.json"
    file.write_text(json.dumps(json.loads(file.read_bytes())), encoding="utf-8")
    assert codes(partition) == {("STG002", "_checksums.json")}


def test_verifier_finds_entries_that_are_listed_twice(partition: Path) -> None:
    forge_manifest(partition, lambda d: d["files"].insert(1, d["files"][1]))
    assert ("STG002", FIRST_FILE) in codes(partition)


def test_verifier_leaves_the_rows_of_a_csv_copy_uncounted(partition: Path) -> None:
    path = FIRST_FILE.replace(".parquet", ".csv")
    (partition / path).touch()

    def list_copy(document: dict[str, Any]) -> None:
        copy = {"path": path, "artifact": "data_csv", "row_count": 10, "size_bytes": 0}
        document["files"].insert(1, {**copy, "sha256": hashlib.sha256(b"").hexdigest()})
        document["stats"]["file_count"] = 3
        document["stats"]["rows_by_artifact"]["data_csv"] = 10

    forge_manifest(partition, list_copy)
    assert verify_partition(partition) == []


def test_verifier_finds_metadata_that_are_not_listed(partition: Path) -> None:
    forge_manifest(partition, lambda document: document["files"].pop(0))
    assert codes(partition) == {("STG002", "_metadata.json"), ("STG006", "_metadata.json")}
