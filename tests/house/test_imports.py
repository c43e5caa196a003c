"""What an import costs: a command starts at once, and a pod loads only what its flow needs."""

import pytest

from tests.house.repository import modules_after

FRAMES = {"pandas", "pandera", "pyarrow"}
HEAVY = FRAMES | {"prefect", "duckdb", "boto3"}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("medallion", HEAVY | {"pydantic", "yaml", "rich"}),
        ("medallion.partition", HEAVY | {"pydantic", "yaml", "rich"}),
        ("medallion.manifest", HEAVY | {"pydantic", "yaml", "rich"}),
        ("medallion.config.loader", HEAVY | {"rich"}),
        ("tasks", HEAVY),
        ("flows.cli", HEAVY | {"pydantic", "rich", "sqlalchemy"}),
        ("flows.bronze_extract", {"pandera", "flows.silver_extract", "flows.pipeline"}),
        ("flows.silver_extract", {"boto3", "flows.bronze_extract", "flows.pipeline"}),
        ("flows.pipeline", {"flows.cli"}),
        ("flows.verify", {"pandas", "pandera", "boto3", "flows.bronze_extract"}),
    ],
)
def test_import_loads_only_what_it_needs(module: str, unwanted: set[str]) -> None:
    assert modules_after(f"import {module}") & unwanted == set()
