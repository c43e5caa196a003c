"""The acceptance vectors, straight through the folds: no files, flows or command line."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from medallion.folds import FoldSpec
from tests.folding import ARROW_TYPES, Silver, fold
from tests.folding_examples import told

VECTORS = Path(__file__).parents[1] / "acceptance" / "vectors.yaml"
CASES = [case for case in yaml.safe_load(VECTORS.read_text("utf-8")) if not case.get("fails")]
KINDS = {
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "date": "DATE",
}


def parse(value: Any, kind: str | None) -> Any:
    """Turn a YAML scalar into the value of its column type."""
    if value is None or kind not in ("timestamp", "date"):
        return value
    return dt.date.fromisoformat(value) if kind == "date" else dt.datetime.fromisoformat(value)


def spec_of_case(case: dict[str, Any], run_date: str) -> FoldSpec:
    silver, columns = case["silver"], tuple(case["columns"])
    keys = tuple(silver["primary_keys"])
    op, order = silver.get("cdc", {}).get("op_column"), silver.get("order_column")
    untracked = {*keys, order, op}
    return FoldSpec(
        silver["model"],
        case["load_pattern"],
        dt.date.fromisoformat(run_date),
        columns,
        tuple(KINDS[case["types"][name]] for name in columns),
        keys,
        order,
        op is not None,
        silver.get("deletes", "hard"),
        tuple(silver.get("tracked_columns", [c for c in columns if c not in untracked])),
    )


def good_rows(case: dict[str, Any], spec: FoldSpec, day: dict[str, Any]) -> pa.Table:
    """Keep the rows that validation would let pass: keys are there, operations known."""
    types = case["types"]
    rows = [
        dict(zip(spec.columns, map(parse, row, map(types.get, spec.columns)), strict=False))
        for row in day["rows"]
    ]
    op = case["silver"].get("cdc", {}).get("op_column")
    good = [
        {**row, "__op": row.get(op)}
        for row in rows
        if None not in [row[key] for key in spec.keys] and row.get(op) in (None, *"IUD")
    ]
    fields = [pa.field(n, ARROW_TYPES[k]) for n, k in zip(spec.columns, spec.types, strict=True)]
    schema = pa.schema([*fields, *[pa.field("__op", pa.string())] * spec.has_ops])
    return pa.Table.from_pylist(good, schema=schema)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_folds_pass_the_vector(case: dict[str, Any]) -> None:
    silver: Silver | None = None
    for day in sorted(case["days"], key=lambda day: str(day["dt"])):
        spec = spec_of_case(case, day["dt"])
        silver = fold(spec, good_rows(case, spec, day), silver)
    assert silver is not None
    columns = case["expect"]["columns"]
    types = {"valid_from": "timestamp", "valid_to": "timestamp"} | case["types"]
    expected = [tuple(map(parse, row, map(types.get, columns))) for row in case["expect"]["rows"]]
    assert sorted(told(silver.rows(case["expect"]["artifact"], columns))) == sorted(told(expected))
