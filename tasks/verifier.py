"""Verify partitions against their manifests: `python verifier.py PATH…`.

Copy this file to wherever the data is read: it needs Python 3.11 and nothing else. It prints one
line per finding and exits with 0 (all is well), 1 (findings) or 2 (wrong usage).
Belongs here: every verdict about one partition; `medallion verify` uses the same functions.
Lives elsewhere: following inputs from one partition to another (`medallion.provenance`).
"""

import argparse
import hashlib
import io
import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

CHECKSUMS_NAME = "_checksums.json"
METADATA_NAME = "_metadata.json"

_SKIPPED = {".medallion", "_outbox"}
_FOOTER_LIMIT_BYTES = 1 << 28
_CANONICAL: dict[str, Any] = {"sort_keys": True, "ensure_ascii": False, "allow_nan": False}
_LAWS = {
    "bronze": ["written"],
    "silver": ["applied", "superseded", "unchanged", "deduplicated", "quarantined", "discarded"],
}
_LAYOUT = re.compile(r"(?s).*/(system|domain)=.*/((dt|load_date)=[^/]*|[^/=]+=\d{4}-\d\d-\d\d)")
_DATA_NAME = re.compile(r"(?a)part-(\d{5,9})-[0-9a-f]{16}(?:\.[a-z0-9]+)+")
_PATH = re.compile(r"(?!(.*/)?\.{0,2}(/|\Z))[^\\:\x00-\x1f\x7f]+")

Json = dict[str, Any]
Files = dict[str, os.stat_result]
Problem = tuple[str, str, str]  # code, path in the partition, message


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a partition; `path` is relative to it."""

    code: str
    partition: str
    path: str
    message: str


def find_partitions(path: Path) -> list[Path]:
    """Find what is a partition, or cannot be told from one, at or below `path`.

    No symbolic link is followed; one that stands for a part of the layout is itself returned.
    """
    found: list[Path] = []
    unreadable: list[OSError] = []
    for folder, directories, names in os.walk(path, onerror=unreadable.append):
        here = Path(folder)
        if CHECKSUMS_NAME in names or _LAYOUT.fullmatch(here.absolute().as_posix()):
            found.append(here)
            directories.clear()
        found += [here / name for name in directories if "=" in name and (here / name).is_symlink()]
        directories[:] = [name for name in directories if name not in _SKIPPED]
    return sorted({*found, *(Path(error.filename) for error in unreadable)})


def verify_partition(path: Path, attempts: int = 5) -> list[Finding]:
    """Hash every file of a partition and compare all that its manifests claim."""
    record = _read_record(path)
    problems = list(_check_partition(path, record))
    if problems and attempts > 1 and record != _read_record(path):
        return verify_partition(path, attempts - 1)  # a new generation was published meanwhile
    return [Finding(code, str(path), name, message) for code, name, message in problems]


def main(arguments: list[str] | None = None) -> int:
    """Verify the partitions below the given paths, print what is wrong, return the exit code."""
    parser = argparse.ArgumentParser(description="Verify partitions against their manifests.")
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a partition or a root")
    paths = parser.parse_args(arguments).paths
    for path in paths:
        if not path.is_dir():
            parser.error(f"{path} is not a directory")
    partitions = [one for path in paths for one in find_partitions(path) or [path]]
    findings = [finding for one in partitions for finding in verify_partition(one)]
    for finding in findings:
        line = f"{finding.code} {finding.partition}/{finding.path}: {finding.message}"
        print(line.encode("utf-8", "backslashreplace").decode())  # file names may hold any byte
    print(f"partitions={len(partitions)} findings={len(findings)}")
    return 1 if findings else 0


def _read_record(path: Path) -> bytes | None:
    record = path / CHECKSUMS_NAME
    try:
        return record.read_bytes() if stat.S_ISREG(record.lstat().st_mode) else None
    except OSError:
        return None


def _check_partition(path: Path, record: bytes | None) -> Iterator[Problem]:
    if path.is_symlink():
        yield "STG007", "", "the partition is a symbolic link"
        return
    try:
        present = _list_files(path)
        if record is None:
            yield "STG001", CHECKSUMS_NAME, "the manifest is missing or unreadable"
            return
        document = _load(record)
        yield from _check_record(path, document)
        yield from _check_files(path, document, present)
    except OSError as error:
        yield "STG005", "", f"cannot be read: {error}"
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        yield "STG002", CHECKSUMS_NAME, f"the manifest is malformed: {error!s:.300}"


def _list_files(path: Path, prefix: str = "") -> Files:
    """Map all that is in the partition and no directory: files, links, sockets."""
    present: Files = {}
    for entry in list(os.scandir(path)):
        if entry.is_dir(follow_symlinks=False):
            present |= _list_files(path / entry.name, f"{prefix}{entry.name}/")
        else:
            present[prefix + entry.name] = entry.stat(follow_symlinks=False)
    return present


def _load(data: bytes) -> Json:
    document: Json = json.loads(data.decode())
    version = document.get("format_version")
    if not isinstance(version, str) or not re.fullmatch(r"1\.\d+", version):
        raise ValueError(f"format_version {version!r} is unknown")
    text = json.dumps(document, indent=2, **_CANONICAL)
    if data != text.encode() + b"\n":
        raise ValueError("it is not as it was written: a key is there twice, or it was reformatted")
    return document


def _check_record(path: Path, document: Json) -> Iterator[Problem]:
    """Compare the manifest with itself and with the place where it lies."""
    data = [entry for entry in document["files"] if entry["path"] != METADATA_NAME]
    stats = document["stats"]
    digests = {
        "manifest_digest": _digest({k: v for k, v in document.items() if k != "manifest_digest"}),
        "schema_fingerprint": _digest(document["schema"]),
        "content_digest": _content_digest(data),
    }
    for part, expected in ((document, digests), (stats, _totals(data, stats["artifact"]))):
        for key in (key for key in expected if part.get(key) != expected[key]):
            yield "STG002", CHECKSUMS_NAME, f"{key} should be {expected[key]}: it was edited"
    for message in _check_law(document["layer"], stats):
        yield "QUAL004", CHECKSUMS_NAME, message
    for key, value in dict(p.split("=", 1) for p in path.absolute().parts if "=" in p).items():
        if document["partition"].get(key, value) != value:
            yield "STG002", CHECKSUMS_NAME, f"it belongs to {key}={document['partition'][key]}"


def _digest(value: object) -> str:
    text = json.dumps(value, separators=(",", ":"), **_CANONICAL)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _content_digest(data: list[Json]) -> str:
    """Digest the data as the manifest does: whatever the files are called."""
    entries = []
    for one in data:
        if {type(one["size_bytes"]), type(one["row_count"])} - {int, type(None)}:
            raise ValueError(f"{one['path']!r} has a count that is no whole number")
        folder, _, name = one["path"].rpartition("/")
        if not (match := _DATA_NAME.fullmatch(name)):
            raise ValueError(f"{name!r} is not called part-<number>-<commit id>.<extension>")
        entries.append((one["artifact"], folder, int(match[1]), one["sha256"], one["row_count"]))
    return _digest(sorted(entries, key=lambda e: (*e[:4], -1 if e[4] is None else e[4])))


def _totals(data: list[Json], artifact: str) -> Json:
    rows: dict[str, int] = {}
    for entry in data:
        rows[entry["artifact"]] = rows.get(entry["artifact"], 0) + (entry["row_count"] or 0)
    return {
        "file_count": len(data),
        "size_bytes": sum(entry["size_bytes"] for entry in data),
        "row_count": rows.get(artifact, 0),
        "rows_by_artifact": rows,
    }


def _check_law(layer: str, stats: Json) -> Iterator[str]:
    """Every row read is accounted for: in Bronze as written, in Silver per Bronze run date."""
    law, terms = stats["law"], _LAWS[layer]
    for name, account in ({"Bronze": law} if layer == "bronze" else law).items():
        counts = [account[term] for term in terms]
        if min(counts) < 0 or account["read"] != sum(counts):
            yield f"{name}: the rows read are not {' + '.join(terms)}"
    if layer == "bronze" and law["written"] != stats["row_count"]:
        yield "Bronze: the rows written are not those in the files"


def _check_files(path: Path, document: Json, present: Files) -> Iterator[Problem]:
    listed = [entry["path"] for entry in document["files"]]
    for name, following in pairwise(listed):
        if following <= name:
            yield "STG002", following, "is listed twice, or out of order"
    if METADATA_NAME not in listed:
        yield "STG002", METADATA_NAME, "is not listed in the manifest"
    for entry in document["files"]:
        yield from _check_file(path, entry, present, document)
    for name in sorted(present.keys() - {CHECKSUMS_NAME, *listed}):
        is_link = stat.S_ISLNK(present[name].st_mode)
        code, what = ("STG007", "is a symbolic link") if is_link else ("STG006", "is not listed")
        yield code, name, what


def _check_file(path: Path, entry: Json, present: Files, document: Json) -> Iterator[Problem]:
    name, status = entry["path"], present.get(entry["path"])
    if _PATH.fullmatch(name) is None or name == CHECKSUMS_NAME:
        yield "STG007", name, "is no path of a file in the partition"
    elif status is None:
        yield "STG002", name, "is missing"
    elif not stat.S_ISREG(status.st_mode):
        yield "STG007", name, "is no regular file"
    elif status.st_size != entry["size_bytes"]:
        yield "STG002", name, f"has {status.st_size} bytes, not {entry['size_bytes']}"
    else:
        yield from (("STG002", name, why) for why in _check_content(path / name, entry, document))


def _check_content(path: Path, entry: Json, document: Json) -> Iterator[str]:
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != entry["sha256"]:
            yield "has another sha256: its content has changed"
            return
    try:  # what is listed correctly may still be the wrong thing
        if entry["path"] == METADATA_NAME:
            metadata = _load(path.read_bytes())
            for key in ("commit_id", "layer", "dataset", "partition"):
                if metadata.get(key) != document[key]:
                    yield f"has another {key} than {CHECKSUMS_NAME}"
        elif path.suffix == ".parquet":
            row_count = _parquet_row_count(path)
            if entry["row_count"] != row_count:
                yield f"holds {row_count} rows, not {entry['row_count']}"
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        yield f"cannot be understood: {error!s:.300}"


def _parquet_row_count(path: Path) -> int:
    """Read the number of rows from a Parquet footer, if it agrees with its row groups."""
    with path.open("rb") as file:
        start, size = file.read(4), file.seek(0, os.SEEK_END)
        file.seek(max(size - 8, 0))
        tail = file.read()
        length = int.from_bytes(tail[:4], "little")
        if start != b"PAR1" or tail[4:] != b"PAR1" or length > min(size - 12, _FOOTER_LIMIT_BYTES):
            raise ValueError("it is not a complete Parquet file")
        file.seek(size - 8 - length)
        metadata = _read_thrift(io.BytesIO(file.read(length)), 12)
    if metadata[3] != sum(group[3] for group in metadata[4]):
        raise ValueError("the Parquet footer disagrees with its row groups")
    return int(metadata[3])


def _read_thrift(data: io.BytesIO, kind: int) -> Any:
    """Read a value of Thrift's compact protocol: the types that occur in a Parquet footer."""
    if kind in (1, 2):  # true and false are types of their own
        return kind == 1
    if kind in (3, 7):  # a byte, a double
        return [data.read(1)[0] for _ in range(1 if kind == 3 else 8)]
    if kind in (4, 5, 6):  # integers, zigzag-encoded
        return (number := _read_varint(data)) >> 1 ^ -(number & 1)
    if kind == 8:
        return data.read(_read_varint(data))
    if kind == 9:
        head = data.read(1)[0]
        size = _read_varint(data) if head >> 4 == 15 else head >> 4
        return [_read_thrift(data, max(head & 15, 3)) for _ in range(size)]
    if kind != 12:
        raise IndexError(f"type {kind} does not occur in a footer")
    fields: dict[int, Any] = {}
    number = 0
    while head := data.read(1)[0]:
        number = number + (head >> 4) if head >> 4 else _read_thrift(data, 5)
        fields[number] = _read_thrift(data, head & 15)
    return fields


def _read_varint(data: io.BytesIO) -> int:
    value = shift = 0
    while (byte := data.read(1)[0]) > 127:
        value, shift = value | (byte & 127) << shift, shift + 7
    return value | byte << shift


if __name__ == "__main__":
    sys.exit(main())
