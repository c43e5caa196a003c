"""JSON as the manifests use it: one canonical form for digests, one for files, and strict reading.

Belongs here: bytes ↔ JSON values, and taking a typed field out of a document or refusing it.
Lives elsewhere: what the documents mean (`manifest`).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from medallion.errors import ChecksumMismatchError

T = TypeVar("T")


def canonical_json(value: object) -> bytes:
    """Serialise to the one form that digests are taken of."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest(value: object) -> str:
    """Digest a JSON value: `sha256:` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(canonical_json(value)).hexdigest()


def document_bytes(value: Mapping[str, Any]) -> bytes:
    """Serialise a document for people and tools; a NaN or an infinity is a ValueError."""
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def load_document(data: bytes, major_version: str) -> dict[str, Any]:
    """Read a JSON object of the given major `format_version`.

    Raises:
        ChecksumMismatchError: STG002, for anything else: other JSON, a key twice, what has no
            canonical form (NaN, overflow, half a surrogate pair).
    """
    try:
        document = json.loads(data.decode(), parse_constant=_reject, object_pairs_hook=_unique)
        canonical_json(document)
    except (ValueError, RecursionError) as error:
        refuse(f"not valid JSON: {error}")
    if not isinstance(document, dict):
        refuse("not a JSON object")
    version = take(document, "format_version", str)
    if re.fullmatch(rf"{major_version}\.\d+", version, re.ASCII) is None:
        refuse(f"format_version {version!r} is unknown; read it with a newer release")
    return document


def take(document: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """Take a field of exactly this type, or refuse the document."""
    value = document.get(name)
    if type(value) is not kind:
        refuse(f"{name} must be {_KINDS[kind]}, and is {value!r:.60}")
    return value


def take_count(document: Mapping[str, Any], name: str) -> int:
    """Take a whole number that is not negative, or refuse the document."""
    value = take(document, name, int)
    if value < 0:
        refuse(f"{name} must not be negative, and is {value}")
    return value


def take_matching(document: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """Take a text of the given form, or refuse the document."""
    value = take(document, name, str)
    if pattern.fullmatch(value) is None:
        refuse(f"{name} {value!r:.200} is not allowed")
    return value


def take_objects(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Take a list of objects, or refuse the document."""
    values = take(document, name, list)
    if not all(isinstance(value, dict) for value in values):
        refuse(f"{name} must hold objects only")
    return values


def refuse(reason: str) -> NoReturn:
    """Say why a manifest cannot be trusted, and what to do."""
    raise ChecksumMismatchError(
        f"the manifest cannot be trusted: {reason}; run `medallion verify` on the partition, "
        "then publish it again",
        reason=reason,
    )


_KINDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key appears twice in one object")
    return document
