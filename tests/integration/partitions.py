"""Real partitions on disk: Parquet files, their manifests, and ways to forge these.

Belongs here: writing what a publisher would write, without its protocol.
Lives elsewhere: manifests without files (`tests.example_manifests`).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.manifest import (
    LAW_TERMS,
    ColumnSchema,
    DataFile,
    Generation,
    build_checksums,
    canonical_json,
    content_digest,
    describe_metadata,
    metadata_bytes,
    schema_fingerprint,
)
from medallion.manifest_json import document_bytes
from tasks.verifier import verify_partition
from tests.example_manifests import (
    COMMIT,
    LOGIC,
    SCHEMA,
    bronze_generation,
    metadata_of,
    silver_generation,
)

FIRST_FILE = f"part-00000-{COMMIT}.parquet"
SILVER = {
    "history": [4],
    "current/region=%C3%A9/day=2026-01-02": [2, 0],
    "_errors": [1],
    "_state/keys": [7],
}

Artifacts = Mapping[str, list[int]]  # folder → rows of each of its files


def codes(path: Path) -> set[tuple[str, str]]:
    """What the verifier finds in a partition: codes and paths."""
    return {(finding.code, finding.path) for finding in verify_partition(path)}


def write_bronze(root: Path, rows: list[int], date: str = "2026-01-01") -> Path:
    """Write a Bronze partition with these numbers of rows per file."""
    path = root / f"system=crm/table=orders/pattern=cdc/dt={date}"
    law = {"read": sum(rows), "written": sum(rows)}
    return write_partition(path, bronze_generation(date), {"": rows}, law)


def write_silver(root: Path, artifacts: Artifacts, date: str = "2026-01-01") -> Path:
    """Write a Silver partition with these artifacts."""
    path = root / f"domain=sales/entity=orders/v1/load_date={date}"
    read = sum(sum(rows) for rows in artifacts.values())
    law = {date: {**dict.fromkeys(LAW_TERMS, 0), "read": read, "applied": read}}
    return write_partition(path, silver_generation(date), artifacts, law)


def write_partition(
    path: Path, generation: Generation, artifacts: Artifacts, law: Mapping[str, Any]
) -> Path:
    """Write data files and both manifests."""
    files = []
    for folder, rows in artifacts.items():
        for number, row_count in enumerate(rows):
            name = f"{folder}/part-{number:05d}-{COMMIT}.parquet".lstrip("/")
            files.append(write_file(path, name, row_count, folder.partition("/")[0] or "data"))
    metadata = metadata_bytes(metadata_of(generation))
    (path / "_metadata.json").write_bytes(metadata)
    checksums = build_checksums(
        generation,
        [*files, describe_metadata(metadata)],
        SCHEMA,
        artifact=files[0].artifact,
        stats={"law": law},
        logic_digest=LOGIC,
    )
    (path / "_checksums.json").write_bytes(checksums.to_bytes())
    return path


def write_file(path: Path, name: str, row_count: int, artifact: str) -> DataFile:
    """Write a Parquet file of several row groups and describe it."""
    file = path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {"order_id": range(row_count), "größe": [None] * row_count}
    schema = pa.schema([pa.field("order_id", pa.int64(), nullable=False), ("größe", pa.string())])
    pq.write_table(pa.table(values, schema=schema), file, row_group_size=3)
    data = file.read_bytes()
    return DataFile(name, len(data), hashlib.sha256(data).hexdigest(), row_count, artifact)


def edit_manifest(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit `_checksums.json` and leave its digests alone: what a hand does."""
    file = path / "_checksums.json"
    document = json.loads(file.read_bytes())
    change(document)
    file.write_bytes(document_bytes(document))


def forge_manifest(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit `_checksums.json` and make all digests fit: what a faulty writer would leave."""

    def change_and_sign(document: dict[str, Any]) -> None:
        change(document)
        files = [DataFile(**entry) for entry in document["files"]]
        columns = [ColumnSchema(**entry) for entry in document["schema"]]
        document["content_digest"] = content_digest(files)
        document["schema_fingerprint"] = schema_fingerprint(columns)
        del document["manifest_digest"]
        digest = hashlib.sha256(canonical_json(document)).hexdigest()
        document["manifest_digest"] = f"sha256:{digest}"

    edit_manifest(path, change_and_sign)


def rehash(path: Path, name: str) -> None:
    """List a file with the size and hash that it has now, in a manifest that is signed."""
    data = (path / name).read_bytes()

    def change(document: dict[str, Any]) -> None:
        entry = next(entry for entry in document["files"] if entry["path"] == name)
        entry.update(size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        listed = [one["size_bytes"] for one in document["files"] if one["path"] != "_metadata.json"]
        document["stats"]["size_bytes"] = sum(listed)

    forge_manifest(path, change)
