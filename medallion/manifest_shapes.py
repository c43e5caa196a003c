"""The shapes of the manifests and the digests that are taken of them.

Belongs here: frozen values, and what follows from them alone.
Lives elsewhere: building and reading manifests (`manifest`, which hands these names on).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from medallion.manifest_json import digest, document_bytes, refuse

FORMAT_VERSION = "1.0"
METADATA_NAME = "_metadata.json"
CHECKSUMS_NAME = "_checksums.json"

Layer = Literal["bronze", "silver"]

_DATA_NAME = re.compile(r"part-(\d{5,9})-[0-9a-f]{16}(?:\.[a-z0-9]+)+", re.ASCII)


@dataclass(frozen=True)
class DataFile:
    """One file of a partition; `path` is relative to it, with forward slashes."""

    path: str
    size_bytes: int
    sha256: str
    row_count: int | None
    artifact: str


@dataclass(frozen=True)
class ColumnSchema:
    """One column as consumers see it."""

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True)
class Checksums:
    """The commit record; `build_checksums` makes one that adds up."""

    commit_id: str
    parent_commit_id: str | None
    layer: Layer
    dataset: str
    partition: dict[str, str]
    files: tuple[DataFile, ...]
    schema: tuple[ColumnSchema, ...]
    stats: Mapping[str, Any]
    content_digest: str
    logic_digest: str
    atomic_glob: bool

    @property
    def manifest_digest(self) -> str:
        """The digest over everything else in the file, so that any edit shows."""
        return digest(self._body())

    def to_bytes(self) -> bytes:
        """Return the file's content: sorted keys, UTF-8, a newline at the end."""
        body = self._body()
        return document_bytes({**body, "manifest_digest": digest(body)})

    def _body(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "format_version": FORMAT_VERSION,
            "schema_fingerprint": schema_fingerprint(self.schema),
        }


@dataclass(frozen=True)
class Generation:
    """One generation of a partition: of which, replacing which, and how it is published."""

    layer: Layer
    dataset: str
    partition: dict[str, str]
    commit_id: str
    parent_commit_id: str | None
    atomic_glob: bool


@dataclass(frozen=True)
class InputPartition:
    """A partition that another one was made from, and what it held then."""

    layer: Layer
    dataset: str
    partition: dict[str, str]
    content_digest: str
    row_count: int


def describe_input(checksums: Checksums) -> InputPartition:
    """Describe a partition as the metadata of what is made from it lists it."""
    return InputPartition(
        layer=checksums.layer,
        dataset=checksums.dataset,
        partition=dict(checksums.partition),
        content_digest=checksums.content_digest,
        row_count=checksums.stats["row_count"],
    )


def count_files(files: Iterable[DataFile], artifact: str) -> dict[str, Any]:
    """Count rows of `artifact`, and files and bytes of all data files."""
    data = [file for file in files if file.path != METADATA_NAME]
    rows: dict[str, int] = {}
    for file in data:
        rows[file.artifact] = rows.get(file.artifact, 0) + (file.row_count or 0)
    return {
        "artifact": artifact,
        "row_count": rows.get(artifact, 0),
        "rows_by_artifact": rows,
        "file_count": len(data),
        "size_bytes": sum(file.size_bytes for file in data),
    }


def content_digest(files: Iterable[DataFile]) -> str:
    """Digest what the data files hold, whatever they and their commit are called.

    Covers artifact, sub-directory, position, sha256 and row count of each. Equality of two
    partitions' content is equality of this digest.
    """
    entries = [_content_of(file) for file in files if file.path != METADATA_NAME]
    return digest(sorted(entries, key=lambda e: (*e[:4], -1 if e[4] is None else e[4])))


def schema_fingerprint(schema: Iterable[ColumnSchema]) -> str:
    """Digest names, types and nullability in column order."""
    return digest([asdict(column) for column in schema])


def _content_of(file: DataFile) -> tuple[str, str, int, str, int | None]:
    directory, _, name = file.path.rpartition("/")
    match = _DATA_NAME.fullmatch(name)
    if match is None:
        refuse(f"data file {file.path!r} is not called part-<number>-<commit id>.<extension>")
    return (file.artifact, directory, int(match[1]), file.sha256, file.row_count)
