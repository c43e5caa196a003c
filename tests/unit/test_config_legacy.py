"""Files of the older command-line system are read where they still mean something."""

from typing import Any

import pytest

from medallion.config.loader import parse_config
from medallion.config.nesting import get_at
from medallion.errors import ConfigError
from tests.unit.config_examples import example, problems_of, read

KEYED = {"silver.primary_keys": ["id"]}
BACKEND = "platform.bronze.storage_backend"
COMPRESSION = "platform.bronze.output_defaults.default_parquet_compression"


@pytest.mark.parametrize(
    ("changes", "attribute", "value"),
    [
        ({"source.run.local_output_dir": "./out"}, "platform.bronze.local_path", "./out"),
        ({COMPRESSION: "gzip"}, "source.run.parquet_compression", "gzip"),
        ({"silver.partitioning.column": "d"}, "silver.partitioning.columns", ("d",)),
        ({"source.run.s3_enabled": False, BACKEND: "s3"}, BACKEND, "local"),
        ({"source.run.storage_enabled": True, BACKEND: "local"}, BACKEND, "local"),
        ({"source.run.cleanup_on_failure": True}, BACKEND, "local"),
        ({"platform.s3_connection": {"endpoint_url_env": "E"}}, BACKEND, "local"),
        ({"silver.model": "scd1", **KEYED}, "silver.model", "scd_type_1"),
        ({"silver.model": "scd2", **KEYED}, "silver.model", "scd_type_2"),
        ({"silver.model": "incremental"}, "silver.model", "incremental_merge"),
        ({"silver.model": "full_merge", **KEYED}, "silver.model", "full_merge_dedupe"),
        ({"silver.model": "periodic"}, "silver.model", "periodic_snapshot"),
        ({"silver.model_profile": "analytics", **KEYED}, "silver.model", "scd_type_2"),
        ({"silver.model_profile": "operational", **KEYED}, "silver.model", "scd_type_1"),
        ({"silver.model_profile": "merge_ready", **KEYED}, "silver.model", "full_merge_dedupe"),
        ({"silver.model_profile": "cdc_delta"}, "silver.model", "incremental_merge"),
        ({"silver.model": "snapshot"}, "silver.model", "periodic_snapshot"),
        (
            {"silver.model": "scd_type_1", "silver.model_profile": "operational", **KEYED},
            "silver.model",
            "scd_type_1",
        ),
    ],
)
def test_old_key_means_what_it_meant(
    changes: dict[str, Any], attribute: str, value: object
) -> None:
    dataset = read(example(changes))
    section, *keys = attribute.split(".")
    data = getattr(dataset, section).model_dump()
    assert get_at(data, tuple(keys)) == value


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"source.run.s3_enabled": True}, ("CFG004", "source.run.s3_enabled")),
        ({"source.run.storage_enabled": True}, ("CFG004", "source.run.storage_enabled")),
        ({"source.run.s3_enabled": "on"}, ("CFG003", "source.run.s3_enabled")),
        ({"source.run.cleanup_on_failure": 1}, ("CFG003", "source.run.cleanup_on_failure")),
        ({"source.run.local_output_dir": 1}, ("CFG003", "source.run.local_output_dir")),
        (
            {"source.run.local_output_dir": "./a", "platform.bronze.local_path": "./b"},
            ("CFG004", "source.run.local_output_dir"),
        ),
        (
            {"silver.model": "scd_type_1", "silver.model_profile": "analytics", **KEYED},
            ("CFG004", "silver.model_profile"),
        ),
        ({"silver.model_profile": "analytics"}, ("CFG004", "silver.primary_keys")),
        ({"silver.model_profile": "x"}, ("CFG003", "silver.model_profile")),
        ({"silver.current_output_name": "x"}, ("CFG002", "silver.current_output_name")),
    ],
)
def test_problem_of_an_old_key_names_the_old_key(
    changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(example(changes))
    assert problems_of(caught.value) == [problem]


def test_old_key_of_one_source_moves_for_that_source_alone() -> None:
    text = """\
sources:
- source: {type: file, system: crm, table: a, file: {path: a.csv}, run: {local_output_dir: ./x}}
- source: {type: file, system: crm, table: b, file: {path: b.csv}}
"""
    first, second = parse_config(text, "many.yaml")
    assert first.platform.bronze.local_path == "./x"
    assert second.platform.bronze.local_path == "./lake/bronze"


def test_section_of_another_kind_is_refused_and_not_lost() -> None:
    with pytest.raises(ConfigError) as caught:
        read(example({"platform": 1, "source.run.local_output_dir": "./x"}))
    assert problems_of(caught.value) == [("CFG003", "platform")]
