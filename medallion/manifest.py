"""Manifests: what a partition holds (`_checksums.json`) and how it came about (`_metadata.json`).

Belongs here: building and reading both files.
Lives elsewhere: shapes and digests (`manifest_shapes`), the law (`manifest_law`), the published
JSON Schemas (`manifest_schema`), comparing a manifest with its files (`tasks.verifier`, which
repeats the digests because it stands alone), following inputs (`provenance`).
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Required, TypedDict, Unpack

from medallion.manifest_json import (
    canonical_json,
    digest,
    document_bytes,
    load_document,
    refuse,
    take,
    take_count,
    take_matching,
    take_objects,
)
from medallion.manifest_law import LAW_TERMS, compare_law
from medallion.manifest_shapes import (
    CHECKSUMS_NAME,
    FORMAT_VERSION,
    METADATA_NAME,
    Checksums,
    ColumnSchema,
    DataFile,
    Generation,
    InputPartition,
    Layer,
    content_digest,
    count_files,
    describe_input,
    schema_fingerprint,
)

__all__ = [
    "CHECKSUMS_NAME",
    "FORMAT_VERSION",
    "LAW_TERMS",
    "METADATA_NAME",
    "Checksums",
    "ColumnSchema",
    "DataFile",
    "Generation",
    "InputPartition",
    "Layer",
    "MetadataParts",
    "build_checksums",
    "build_metadata",
    "canonical_json",
    "compare_law",
    "content_digest",
    "count_files",
    "describe_input",
    "describe_metadata",
    "digest",
    "metadata_bytes",
    "parse_checksums",
    "parse_inputs",
    "parse_metadata",
    "schema_fingerprint",
]

_COMMIT = re.compile(r"[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PATH = re.compile(r"(?!(.*/)?\.{0,2}(/|\Z))[^\\:\x00-\x1f\x7f]+")


class MetadataParts(TypedDict, total=False):
    """The parts of `_metadata.json`; `METADATA_SCHEMA` lists the keys of each."""

    run: Required[Mapping[str, Any]]
    producer: Required[Mapping[str, str]]
    config: Required[Mapping[str, str]]
    source: Mapping[str, Any] | None
    inputs: Sequence[InputPartition]
    schema: Mapping[str, Any]
    quality: Mapping[str, Any]
    write: Mapping[str, Any]


def build_checksums(
    generation: Generation,
    files: Iterable[DataFile],
    schema: Sequence[ColumnSchema],
    *,
    artifact: str,
    stats: Mapping[str, Any],
    logic_digest: str,
) -> Checksums:
    """Build the commit record of a staged partition, and assert the law.

    Args:
        generation: What is being published.
        files: The data files, and `describe_metadata` of the other manifest.
        schema: The columns of `artifact`.
        artifact: What `schema` and `stats.row_count` are about: `data`, `current`, `history`, …
        stats: `law` (Bronze `{read, written}`; Silver `{run date: {read, …LAW_TERMS}}` of the
            Bronze partitions read) and what else was counted: `non_null`, `state`.
        logic_digest: The digest of what turned inputs into these rows.

    Raises:
        QualityError: QUAL004, if the law does not hold.
        ChecksumMismatchError: STG002, if a file's path or name is not allowed.
    """
    ordered = tuple(sorted(files, key=lambda file: file.path))
    stats = {**stats, **count_files(ordered, artifact)}
    compare_law(generation.layer, stats)
    checksums = Checksums(
        commit_id=generation.commit_id,
        parent_commit_id=generation.parent_commit_id,
        layer=generation.layer,
        dataset=generation.dataset,
        partition=generation.partition,
        files=ordered,
        schema=tuple(schema),
        stats=stats,
        content_digest=content_digest(ordered),
        logic_digest=logic_digest,
        atomic_glob=generation.atomic_glob,
    )
    return parse_checksums(checksums.to_bytes())


def parse_checksums(data: bytes) -> Checksums:
    """Read a commit record, and refuse what could mislead a reader.

    Raises:
        ChecksumMismatchError: STG002, naming what is wrong: not JSON, an unknown format version, a
            path that escapes or appears twice, a count that is none, a digest that does not follow.
    """
    document = load_document(data, "1")
    parent = document.get("parent_commit_id")
    checksums = Checksums(
        commit_id=_commit(document, "commit_id"),
        parent_commit_id=None if parent is None else _commit(document, "parent_commit_id"),
        layer=_layer(document),
        dataset=take(document, "dataset", str),
        partition=_partition(document),
        files=_files(document),
        schema=tuple(_column(entry) for entry in take_objects(document, "schema")),
        stats=_stats(document),
        content_digest=take_matching(document, "content_digest", _DIGEST),
        logic_digest=take(document, "logic_digest", str),
        atomic_glob=take(document, "atomic_glob", bool),
    )
    if content_digest(checksums.files) != checksums.content_digest:
        refuse("content_digest does not follow from the files listed")
    claimed = document.pop("manifest_digest", None)
    if digest(document) != claimed:
        refuse("manifest_digest does not follow from the rest: the file was edited")
    return checksums


def build_metadata(generation: Generation, **parts: Unpack[MetadataParts]) -> dict[str, Any]:
    """Build the account of who, why and how.

    Whatever differs between two runs of the same inputs belongs in `run` and nowhere else.
    """
    source = parts.get("source")
    return {
        "format_version": FORMAT_VERSION,
        "layer": generation.layer,
        "dataset": generation.dataset,
        "commit_id": generation.commit_id,
        "partition": generation.partition,
        "run": dict(parts["run"]),
        "producer": dict(parts["producer"]),
        "config": dict(parts["config"]),
        "source": None if source is None else dict(source),
        "inputs": [asdict(one) for one in parts.get("inputs", ())],
        "schema": {"observed": [], "drift": None, **parts.get("schema", {})},
        "quality": dict(parts.get("quality", {})),
        "write": dict(parts.get("write", {})),
    }


def metadata_bytes(metadata: Mapping[str, Any]) -> bytes:
    """Return the content of `_metadata.json`; a NaN or an infinity is a ValueError."""
    return document_bytes(metadata)


def parse_metadata(data: bytes) -> dict[str, Any]:
    """Read `_metadata.json`.

    Raises:
        ChecksumMismatchError: STG002, if it is no JSON object or of an unknown format version.
    """
    return load_document(data, "1")


def parse_inputs(metadata: Mapping[str, Any]) -> tuple[InputPartition, ...]:
    """Read the inputs that a partition's metadata names.

    Raises:
        ChecksumMismatchError: STG002, if one is malformed.
    """
    return tuple(
        InputPartition(
            layer=_layer(entry),
            dataset=take(entry, "dataset", str),
            partition=_partition(entry),
            content_digest=take_matching(entry, "content_digest", _DIGEST),
            row_count=take_count(entry, "row_count"),
        )
        for entry in take_objects(metadata, "inputs")
    )


def describe_metadata(data: bytes) -> DataFile:
    """Describe `_metadata.json` as the commit record lists it."""
    return DataFile(METADATA_NAME, len(data), hashlib.sha256(data).hexdigest(), None, "_metadata")


def _commit(document: Mapping[str, Any], name: str) -> str:
    return take_matching(document, name, _COMMIT)


def _layer(document: Mapping[str, Any]) -> Layer:
    match take(document, "layer", str):
        case "bronze":
            return "bronze"
        case "silver":
            return "silver"
        case other:
            return refuse(f"layer {other!r:.60} is unknown")


def _partition(document: Mapping[str, Any]) -> dict[str, str]:
    partition = take(document, "partition", dict)
    return {name: take(partition, name, str) for name in partition}


def _files(document: Mapping[str, Any]) -> tuple[DataFile, ...]:
    files = tuple(_file(entry) for entry in take_objects(document, "files"))
    paths = [file.path for file in files]
    if len(set(paths)) != len(paths):
        refuse(f"{Counter(paths).most_common(1)[0][0]!r} is listed twice")
    if METADATA_NAME not in paths:
        refuse(f"{METADATA_NAME} is not listed")
    return files


def _file(entry: Mapping[str, Any]) -> DataFile:
    path = take_matching(entry, "path", _PATH)
    if path == CHECKSUMS_NAME:
        refuse(f"{CHECKSUMS_NAME} lists itself")
    counted = entry.get("row_count") is not None
    return DataFile(
        path=path,
        size_bytes=take_count(entry, "size_bytes"),
        sha256=take_matching(entry, "sha256", _SHA256),
        row_count=take_count(entry, "row_count") if counted else None,
        artifact=take(entry, "artifact", str),
    )


def _column(entry: Mapping[str, Any]) -> ColumnSchema:
    return ColumnSchema(
        take(entry, "name", str), take(entry, "type", str), take(entry, "nullable", bool)
    )


def _stats(document: Mapping[str, Any]) -> dict[str, Any]:
    stats = take(document, "stats", dict)
    for name in ("row_count", "file_count", "size_bytes"):
        take_count(stats, name)
    return stats
