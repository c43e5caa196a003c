"""Drift: what changed, and what each policy takes of it."""

from typing import Any

import pyarrow as pa
import pytest

from medallion.column_plan import ColumnPlan, plan_columns
from medallion.config.contract import Contract
from medallion.config.silver import Silver
from medallion.contract import compile_contract
from medallion.drift import Drift, SchemaChange, compare_schemas
from medallion.errors import QualityError, TerminalSourceError
from medallion.types import parse_type

POLICIES = ("evolve", "warn", "fail", "discard", "quarantine")


def schema(**types: str) -> pa.Schema:
    return pa.schema([(name, parse_type(text)) for name, text in types.items()])


def changes(before: str, after: str) -> list[str]:
    drift = compare_schemas(schema(c=before), schema(c=after), {}, strict=False)
    return [change.describe() for change in drift.changes]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("int32", "int64", ["widened c (int32 → int64)"]),
        ("int64", "int32", ["narrowed c (int64 → int32)"]),
        ("int64", "uint64", ["retyped c (int64 → uint64)"]),
        ("uint32", "int64", ["widened c (uint32 → int64)"]),
        ("int32", "float64", ["widened c (int32 → float64)"]),
        ("int64", "float64", ["retyped c (int64 → float64)"]),
        ("float32", "float64", ["widened c (float32 → float64)"]),
        ("decimal(9, 2)", "decimal(18, 4)", ["widened c (decimal(9, 2) → decimal(18, 4))"]),
        ("decimal(9, 2)", "decimal(9, 4)", ["retyped c (decimal(9, 2) → decimal(9, 4))"]),
        ("int32", "decimal(12, 2)", ["widened c (int32 → decimal(12, 2))"]),
        ("int64", "string", ["retyped c (int64 → string)"]),
        ("timestamp[ms]", "timestamp[us]", ["widened c (timestamp[ms] → timestamp[us])"]),
        ("timestamp[us]", "timestamp", ["retyped c (timestamp[us] → timestamp[us, tz=UTC])"]),
        ("date", "timestamp", ["retyped c (date → timestamp[us, tz=UTC])"]),
        ("binary(4)", "binary", ["widened c (binary(4) → binary)"]),
        ("null", "int64", []),
        ("int64", "null", []),
        ("large_string", "dictionary<string>", []),
        ("struct<zip: int32>", "struct<zip: int64>", ["widened c.zip (int32 → int64)"]),
        ("struct<a: int8>", "struct<a: int8, b: date>", ["added c.b (date)"]),
        ("struct<a: int8, b: date>", "struct<a: int8>", ["removed c.b (date)"]),
        ("list<struct<a: int8>>", "list<struct<a: string>>", ["retyped c[].a (int8 → string)"]),
        ("map<string, int8>", "map<string, int16>", ["widened c{} (int8 → int16)"]),
        ("list<int8>", "list<int8 not null>", ["nullability c[] (nullable → not null)"]),
        ("list<int8>", "int8", ["retyped c (list<int8> → int8)"]),
    ],
)
def test_change_of_a_type_is_named(before: str, after: str, expected: list[str]) -> None:
    assert changes(before, after) == expected


def test_added_and_removed_columns_are_named() -> None:
    drift = compare_schemas(schema(a="int8", b="date"), schema(b="date", c="string"), {}, False)
    assert drift.changes == (
        SchemaChange("added", "c", None, "string"),
        SchemaChange("removed", "a", "int8", None),
    )


def test_nullability_is_compared() -> None:
    before = pa.schema([pa.field("c", pa.int8(), nullable=False)])
    drift = compare_schemas(before, schema(c="int8"), {}, strict=False)
    assert drift.columns("nullability") == {"c"}


def test_order_of_columns_is_no_drift() -> None:
    before, after = schema(a="int8", b="date"), schema(b="date", a="int8")
    assert compare_schemas(before, after, {}, strict=False) == Drift()


def test_first_partition_without_contract_has_no_drift() -> None:
    assert compare_schemas(None, schema(a="int8"), {}, strict=False) == Drift()


def declared(**columns: Any) -> dict[str, Any]:
    return {"columns": {name: {"type": text} for name, text in columns.items()}}


def compare(before: pa.Schema | None, after: pa.Schema, contract: dict[str, Any]) -> list[str]:
    compiled = compile_contract(Contract.model_validate(contract))
    drift = compare_schemas(before, after, compiled.columns, compiled.strict)
    return [change.describe() for change in drift.changes]


def test_declared_type_is_for_the_cast_not_for_drift() -> None:
    assert compare(None, schema(a="string"), declared(a="int64")) == []


def test_changed_source_type_of_a_declared_column_is_drift() -> None:
    assert compare(schema(a="int64"), schema(a="string"), declared(a="int64")) == [
        "retyped a (int64 → string)"
    ]


def test_strict_contract_reports_undeclared_columns_every_time() -> None:
    contract = declared(a="int8") | {"strict": True}
    both = schema(a="int8", b="date")
    assert compare(None, both, contract) == compare(both, both, contract) == ["added b (date)"]


def test_declared_column_that_is_absent_is_removed() -> None:
    assert compare(None, schema(a="int8"), declared(a="int8", b="date")) == ["removed b (date)"]


def test_fields_of_a_declared_struct_are_compared_with_the_contract() -> None:
    contract = declared(a="struct<x: int8, y: int8>")
    observed = schema(a="struct<x: string, z: date>")
    assert compare(observed, observed, contract) == ["added a.z (date)", "removed a.y (int8)"]


def plan(
    bronze: pa.Schema, previous: pa.Schema | None = None, is_empty: bool = False, **silver: Any
) -> ColumnPlan:
    section = Silver.model_validate({"model": "event_log", **silver})
    contract = compile_contract(section.contract)
    return plan_columns(bronze, section, contract, previous, is_empty)


@pytest.mark.parametrize("policy", POLICIES)
def test_policy_decides_whether_a_new_column_is_taken(policy: str) -> None:
    planned = plan(schema(a="int8", b="date"), schema(a="int8"), schema_drift=policy)
    is_left_out = policy in ("discard", "quarantine")
    assert planned.schema.names == (["a"] if is_left_out else ["a", "b"])
    assert planned.undeclared == (((1, "b"),) if is_left_out else ())
    assert planned.drift.columns("added") == {"b"}
    assert planned.baseline == planned.schema


@pytest.mark.parametrize("policy", POLICIES)
def test_removed_column_is_filled_with_nulls_and_remembered(policy: str) -> None:
    known = schema(a="int8", b="date")
    planned = plan(schema(a="int8"), known, schema_drift=policy)
    assert planned.schema == planned.baseline == known
    assert planned.columns[1].place is None


@pytest.mark.parametrize(
    ("before", "after", "evolved", "kept"),
    [
        ("int32", "int64", "int64", "int32"),
        ("int64", "int32", "int64", "int64"),
        ("int64", "string", "string", "int64"),
        ("null", "int64", "int64", "int64"),
        ("int64", "null", "int64", "int64"),
        ("struct<a: int8>", "struct<b: int8>", "struct<a: int8, b: int8>", "struct<a: int8>"),
        ("list<int8>", "list<int16>", "list<int16>", "list<int8>"),
        ("map<string, int8>", "map<string, int16>", "map<string, int16>", "map<string, int8>"),
    ],
)
def test_policy_decides_which_type_is_taken(
    before: str, after: str, evolved: str, kept: str
) -> None:
    for policy, expected in (("evolve", evolved), ("quarantine", kept)):
        planned = plan(schema(c=after), schema(c=before), schema_drift=policy)
        assert planned.schema == schema(c=expected)


def test_declared_type_stays_but_for_new_fields_in_a_struct() -> None:
    contract = declared(a="struct<x: int8>")
    bronze = schema(a="struct<x: string, y: date>")
    evolved = plan(bronze, contract=contract, schema_drift="evolve")
    discarded = plan(bronze, contract=contract, schema_drift="discard")
    assert evolved.schema == schema(a="struct<x: int8, y: date>")
    assert discarded.schema == schema(a="struct<x: int8>")
    assert discarded.columns[0].drops_fields


def test_strict_contract_leaves_known_columns_out_too() -> None:
    contract = declared(a="int8") | {"strict": True}
    both = schema(a="int8", b="date")
    planned = plan(both, both, contract=contract, schema_drift="discard")
    assert planned.schema.names == ["a"]


def test_keys_are_taken_though_not_declared() -> None:
    contract = declared(a="int8") | {"strict": True}
    planned = plan(
        schema(id="int8", a="int8"), contract=contract, schema_drift="discard", primary_keys=["id"]
    )
    assert set(planned.schema.names) == {"id", "a"}
    assert planned.drift == Drift()


def test_empty_partition_says_nothing_about_drift() -> None:
    known = schema(a="int8", b="date")
    planned = plan(schema(a="string", z="int8"), known, is_empty=True, primary_keys=["id"])
    assert (planned.drift, planned.schema.names) == (Drift(), ["a", "b"])


def test_columns_come_in_the_order_that_is_known() -> None:
    planned = plan(
        schema(z="int8", y="int8", x="int8", w="int8"),
        schema(y="int8"),
        contract=declared(x="int8"),
        schema={"column_order": ["w", "gone"]},
    )
    assert planned.schema.names == ["w", "x", "y", "z"]
    assert [line for line in planned.warnings if "gone" in line]


def test_columns_are_renamed_before_anything_else() -> None:
    planned = plan(
        schema(ID="string"),
        contract=declared(id="int64"),
        schema={"rename_map": {"ID": "id", "absent": "x"}},
        primary_keys=["id"],
    )
    assert planned.schema == schema(id="int64")
    assert "absent" in planned.warnings[0]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a", "a"], "two columns"),
        (["a", "A"], "case only"),
        ([""], "no name"),
        (["__position"], "reserved"),
        (["__op"], "reserved"),
        (["b"], "no column id"),
    ],
)
def test_names_that_cannot_become_silver_are_refused(names: list[str], told: str) -> None:
    bronze = pa.schema([(name, pa.int8()) for name in names])
    with pytest.raises(TerminalSourceError, match=told) as caught:
        plan(bronze, primary_keys=["id"])
    assert caught.value.code == "EXT003"


def test_contract_gives_nullability() -> None:
    contract = {
        "columns": {
            "a": {"type": "int8", "nullable": False},
            "b": {"type": "int8", "nullable": False, "on_fail": "warn"},
        }
    }
    planned = plan(schema(a="int8", b="int8"), contract=contract)
    assert [field.nullable for field in planned.schema] == [False, True]


def test_only_fail_refuses_drift() -> None:
    drift = Drift((SchemaChange("added", "b", None, "date"),))
    for policy in ("evolve", "warn", "discard", "quarantine"):
        drift.refuse(policy)  # type: ignore[arg-type]
    with pytest.raises(QualityError, match=r"added b \(date\)") as caught:
        drift.refuse("fail")
    assert caught.value.code == "QUAL002"
    Drift().refuse("fail")


@pytest.mark.parametrize("policy", ["evolve", "warn", "fail"])
def test_model_without_a_base_takes_what_its_date_has(policy: str) -> None:
    previous = pa.schema([("a", pa.int64()), ("gone", pa.string())])
    observed = pa.schema([("a", pa.int32()), ("b", pa.int8())])
    planned = plan(observed, previous, model="periodic_snapshot", schema_drift=policy)
    assert planned.schema == planned.baseline == observed
    assert [change.kind for change in planned.drift.changes] == ["narrowed", "added", "removed"]
