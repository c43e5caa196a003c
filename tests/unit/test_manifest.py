"""Manifests are written in one form, and read with suspicion."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from medallion.errors import ChecksumMismatchError
from medallion.manifest import (
    InputPartition,
    describe_input,
    metadata_bytes,
    parse_checksums,
    parse_inputs,
    parse_metadata,
)
from tests.example_manifests import (
    RUN,
    bronze_generation,
    checksums_of,
    data_file,
    document_of,
    metadata_of,
    silver_generation,
)

BRONZE = checksums_of(bronze_generation(), [data_file(1), data_file(0)])


def test_manifest_survives_writing_and_reading() -> None:
    assert parse_checksums(BRONZE.to_bytes()) == BRONZE


def test_manifest_is_sorted_utf8_with_a_newline_at_the_end() -> None:
    data = BRONZE.to_bytes()
    document = json.loads(data)
    text = json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False)
    assert data == text.encode() + b"\n"
    assert "größe".encode() in data
    paths = [file["path"] for file in document["files"]]
    assert paths == sorted(paths)
    assert paths[0] == "_metadata.json"


def test_manifest_counts_rows_of_the_main_artifact_and_bytes_of_all_data_files() -> None:
    files = [data_file(artifact="history", rows=7), data_file(artifact="_keys", rows=2)]
    stats = checksums_of(silver_generation(), files_in_folders(files)).stats
    assert (stats["row_count"], stats["file_count"], stats["size_bytes"]) == (7, 2, 209)
    assert stats["rows_by_artifact"] == {"history": 7, "_keys": 2}


def test_only_run_and_commit_differ_between_two_runs_of_the_same_inputs() -> None:
    first = metadata_of(bronze_generation())
    second = metadata_of(
        bronze_generation(commit_id="00000000000000c2"), run={**RUN, "run_id": "2"}
    )
    assert {key for key in first if first[key] != second[key]} == {"commit_id", "run"}


def test_metadata_refuses_what_json_cannot_say() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        metadata_bytes({"format_version": "1.0", "quality": {"percent": float("nan")}})


def test_metadata_survives_writing_and_reading() -> None:
    inputs = (describe_input(BRONZE),)
    metadata = parse_metadata(metadata_bytes(metadata_of(silver_generation(), inputs)))
    assert parse_inputs(metadata) == inputs
    assert inputs[0] == InputPartition(
        "bronze", "bronze_crm.orders", BRONZE.partition, BRONZE.content_digest, 10
    )


@pytest.mark.parametrize("row_count", [-1, 1.0, True, "1", None])
def test_inputs_reject_what_is_no_count(row_count: object) -> None:
    metadata = metadata_of(silver_generation(), [describe_input(BRONZE)])
    metadata["inputs"][0]["row_count"] = row_count
    with pytest.raises(ChecksumMismatchError, match="row_count must"):
        parse_inputs(metadata)


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../x", "a/../x", "..", ".", "./x", "a//x", "a/", "", "a\\x", "c:x", "a\nx"],
)
def test_manifest_rejects_a_path_that_could_leave_the_partition(path: str) -> None:
    with pytest.raises(ChecksumMismatchError, match=r"path .* is not allowed"):
        parse_checksums(edited(lambda document: document["files"][1].update(path=path)))


@pytest.mark.parametrize("name", ["size_bytes", "row_count"])
@pytest.mark.parametrize("count", [-1, 1.0, True, "1", [1]])
def test_manifest_rejects_what_is_no_count(name: str, count: object) -> None:
    with pytest.raises(ChecksumMismatchError, match=f"{name} must"):
        parse_checksums(edited(lambda document: document["files"][1].update({name: count})))


@pytest.mark.parametrize("version", ["2.0", "0.9", "1", "1.", "one", 1.0, None])
def test_manifest_rejects_an_unknown_major_version(version: object) -> None:
    with pytest.raises(ChecksumMismatchError, match="format_version"):
        parse_checksums(edited(lambda document: document.update(format_version=version)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d["files"].append(d["files"][1]), "is listed twice"),
        (lambda d: d["files"].pop(0), "_metadata.json is not listed"),
        (lambda d: d["files"][1].update(path="_checksums.json"), "lists itself"),
        (lambda d: d["files"][1].update(path="x/data.parquet"), "is not called part-"),
        (lambda d: d["files"][1].update(sha256="A" * 64), "sha256 .* is not allowed"),
        (lambda d: d["files"].append("part"), "files must hold objects only"),
        (lambda d: d.update(files={}), "files must be a list"),
        (lambda d: d.update(commit_id="../c1"), "commit_id .* is not allowed"),
        (lambda d: d.update(parent_commit_id=""), "parent_commit_id .* is not allowed"),
        (lambda d: d.update(layer="gold"), "layer 'gold' is unknown"),
        (lambda d: d.update(partition={"dt": 1}), "dt must be a text"),
        (lambda d: d["stats"].update(row_count=True), "row_count must be a whole number"),
        (lambda d: d.pop("schema"), "schema must be a list"),
        (lambda d: d["schema"][0].update(nullable=None), "nullable must be true or false"),
    ],
)
def test_manifest_rejects_what_misleads(
    change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    with pytest.raises(ChecksumMismatchError, match=reason) as caught:
        parse_checksums(edited(change))
    assert caught.value.code == "STG002"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"\xff{}",
        b'{"format_version": "1.0", "x": NaN}',
        b'{"format_version": "1.0", "x": 1e999}',
        b'{"format_version": "1.0", "x": "\\ud800"}',
        b'{"format_version": "1.0", "format_version": "1.0"}',
        b"[" * 100_000,
        json.dumps({"format_version": "1.0"}).encode("utf-16"),
    ],
    ids=range(10),
)
def test_manifest_rejects_what_is_not_one_json_object(data: bytes) -> None:
    with pytest.raises(ChecksumMismatchError, match="JSON"):
        parse_checksums(data)


def leaves(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """All the places of a document where a single value stands."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[key], *path, key)
    else:
        yield path


@pytest.mark.parametrize("path", list(leaves(document_of(BRONZE))), ids=str)
def test_manifest_rejects_any_edit(path: tuple[str | int, ...]) -> None:
    document = document_of(BRONZE)
    holder: Any = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = {True: False, None: 0}.get(holder[path[-1]], f"{holder[path[-1]]}0")
    with pytest.raises(ChecksumMismatchError):
        parse_checksums(json.dumps(document).encode())


def test_manifest_rejects_an_added_key() -> None:
    with pytest.raises(ChecksumMismatchError, match="manifest_digest does not follow"):
        parse_checksums(edited(lambda document: document.update(note="reviewed")))


def test_manifest_rejects_a_content_digest_of_other_files() -> None:
    forged = replace(BRONZE, content_digest="sha256:" + "0" * 64)
    with pytest.raises(ChecksumMismatchError, match="content_digest does not follow"):
        parse_checksums(forged.to_bytes())


def test_refusal_says_what_to_do() -> None:
    with pytest.raises(ChecksumMismatchError, match="run `medallion verify`"):
        parse_checksums(b"{}")


def edited(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The bytes of a manifest after an edit that leaves its digests alone."""
    document = document_of(BRONZE)
    change(document)
    return json.dumps(document).encode()


def files_in_folders(files: list[Any]) -> list[Any]:
    """The same files, one folder per artifact, as Silver has them."""
    return [replace(file, path=f"{file.artifact}/{file.path}") for file in files]
