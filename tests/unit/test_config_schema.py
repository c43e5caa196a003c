"""What is derived from a configuration: the schema for editors, and what decides Silver."""

import json
from typing import Any

import jsonschema
import pytest

from medallion.config.fields import Section
from medallion.config.json_schema import config_schema
from medallion.config.logic import logic_digest_input
from tests.unit.config_examples import example, read

SOURCES = {"silver": {"version": 2}, "sources": [{"name": "a", **example()}]}


def sections(kind: type[Section] = Section) -> list[type[Section]]:
    found = kind.__subclasses__()
    return found + [below for section in found for below in sections(section)]


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.__name__)
def test_every_key_is_described(section: type[Section]) -> None:
    bare = [name for name, field in section.model_fields.items() if not field.description]
    assert bare == []


def test_schema_is_valid_deterministic_and_bare() -> None:
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.dumps(schema) == json.dumps(config_schema())
    assert '"title":' not in json.dumps(schema)
    assert "$id" not in schema


@pytest.mark.parametrize("data", [example(), example({"silver": None}), SOURCES])
def test_schema_accepts_what_the_loader_accepts(data: dict[str, Any]) -> None:
    assert list(jsonschema.Draft202012Validator(config_schema()).iter_errors(data)) == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        example({"sources": []}),
        example({"silver.primary_kyes": []}),
        example({"source.type": "db"}),
        example({"source.run.load_pattern": "x"}),
        example({"silver.version": 0}),
    ],
)
def test_schema_refuses_what_the_loader_refuses(data: dict[str, Any]) -> None:
    assert not jsonschema.Draft202012Validator(config_schema()).is_valid(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"silver.output_dir": "/elsewhere"},
        {"silver.buckets": 8},
        {"silver.memory_limit_mb": 64},
        {"silver.max_delete_percent": 10},
        {"silver.contract.columns": {"a": {"type": "int64", "tags": ["x"], "description": "y"}}},
        {"source.owners": ["ops"]},
        {"notifications.on_success": ["webhook/ops"]},
    ],
)
def test_logic_ignores_what_leaves_the_result_as_it_is(changes: dict[str, Any]) -> None:
    base = {"silver.contract.columns": {"a": {"type": "int64"}}}
    assert logic_digest_input(read(example(base | changes))) == logic_digest_input(
        read(example(base))
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"silver.model": "event_log"},
        {"silver.primary_keys": ["id"]},
        {"silver.order_column": "ts"},
        {"silver.cdc.delete": ["X"]},
        {"silver.deletes": "ignore"},
        {"silver.tracked_columns": ["a"]},
        {"silver.normalization.trim_strings": True},
        {"silver.schema.rename_map": {"a": "b"}},
        {"silver.contract.columns": {"a": {"type": "int32"}}},
        {"silver.schema_drift": "evolve"},
        {"silver.error_handling.enabled": True},
        {"silver.partitioning.columns": ["a"]},
        {"silver.write_csv": True},
        {"silver.parquet_compression": "gzip"},
        {"silver.max_rows_per_file": 10},
        {"source.run.load_pattern": "cdc", "silver.model": "periodic_snapshot"},
    ],
)
def test_logic_holds_what_decides_the_result(changes: dict[str, Any]) -> None:
    logic = logic_digest_input(read(example(changes)))
    assert logic != logic_digest_input(read(example()))
    assert json.loads(json.dumps(logic)) == logic


def test_logic_of_a_bronze_dataset_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"crm\.orders has no silver section"):
        logic_digest_input(read(example({"silver": None})))
