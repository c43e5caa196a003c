"""The published JSON Schemas describe the manifests that are really written."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from medallion.manifest import Generation, InputPartition, describe_input, metadata_bytes
from medallion.manifest_schema import CHECKSUMS_SCHEMA, METADATA_SCHEMA
from tests.example_manifests import (
    bronze_generation,
    checksums_of,
    data_file,
    document_of,
    metadata_of,
    silver_generation,
)

BRONZE = checksums_of(bronze_generation())
INPUTS = (describe_input(BRONZE),)
HISTORY = data_file(artifact="history", folder="history/größe=%2F/")
SILVER = checksums_of(silver_generation(), [HISTORY], INPUTS)


def problems(schema: dict[str, Any], document: object) -> list[str]:
    """Where and why a document breaks a schema."""
    errors = Draft202012Validator(schema).iter_errors(document)
    return [f"{error.json_path} {error.message}" for error in errors]


@pytest.mark.parametrize("schema", [CHECKSUMS_SCHEMA, METADATA_SCHEMA])
def test_schema_is_a_json_schema(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(json.loads(json.dumps(schema)))


@pytest.mark.parametrize("checksums", [BRONZE, SILVER], ids=["bronze", "silver"])
def test_real_checksums_follow_their_schema(checksums: Any) -> None:
    assert problems(CHECKSUMS_SCHEMA, document_of(checksums)) == []


@pytest.mark.parametrize(
    ("generation", "inputs"), [(bronze_generation(), ()), (silver_generation(), INPUTS)]
)
def test_real_metadata_follow_their_schema(
    generation: Generation, inputs: tuple[InputPartition, ...]
) -> None:
    document = json.loads(metadata_bytes(metadata_of(generation, inputs)))
    assert problems(METADATA_SCHEMA, document) == []


@pytest.mark.parametrize("checksums", [BRONZE, SILVER], ids=["bronze", "silver"])
def test_checksums_schema_requires_every_key(checksums: Any) -> None:
    for key in document_of(checksums):
        document = document_of(checksums)
        del document[key]
        assert f"$ '{key}' is a required property" in problems(CHECKSUMS_SCHEMA, document)


@pytest.mark.parametrize("path", ["/x", "../x", "a/../x", "a//x", "a\\x", "a/", "", ".", "c:x"])
def test_checksums_schema_refuses_the_paths_that_readers_refuse(path: str) -> None:
    document = document_of(BRONZE)
    document["files"][1]["path"] = path
    assert problems(CHECKSUMS_SCHEMA, document) != []


@pytest.mark.parametrize("term", ["read", "applied", "discarded"])
def test_checksums_schema_requires_the_terms_of_the_law(term: str) -> None:
    document = document_of(SILVER)
    del document["stats"]["law"]["2026-01-01"][term]
    assert problems(CHECKSUMS_SCHEMA, document) != []


def test_schemas_allow_what_a_minor_version_adds() -> None:
    document = {**document_of(BRONZE), "format_version": "1.7", "added": True}
    assert problems(CHECKSUMS_SCHEMA, document) == []


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("run", "started_at", "yesterday"),
        ("run", "attempt", 0),
        ("config", "sha256", "abc"),
        ("source", "kind", "magic"),
        ("producer", "medallion", 1),
    ],
)
def test_metadata_schema_refuses_wrong_values(part: str, key: str, value: object) -> None:
    document = metadata_of(bronze_generation())
    document[part][key] = value
    assert problems(METADATA_SCHEMA, document) != []
