"""Contracts: what people write becomes rules, and what cannot become one is refused by its key."""

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pytest

from medallion.check_run import make_frame, run_check
from medallion.checks import CHECK_NAMES, CheckRule
from medallion.config.contract import Contract, ContractColumn
from medallion.contract import compile_contract
from medallion.contract_rules import CompiledContract, UniqueRule
from medallion.errors import ConfigError, QualityError

NAN = float("nan")
UTC = dt.UTC


def declare(kind: str = "int64", **checks: Any) -> CompiledContract:
    """Compile a contract of one column `c`."""
    return compile_contract(Contract(columns={"c": ContractColumn(type=kind, checks=checks)}))


def failing(contract: CompiledContract, values: list[Any]) -> list[int]:
    """Run the only check of a contract and return the places of failing values."""
    [rule] = contract.row_checks
    kind = contract.columns["c"].type
    answer = run_check(rule, make_frame([pa.array(values, kind)], ["c"]))
    assert answer.failed_rows is not None
    assert answer.passed == (len(answer.failed_rows) == 0)
    return list(answer.failed_rows)


def day(number: int) -> dt.date:
    return dt.date(2024, 1, number)


def noon(number: int) -> dt.datetime:
    return dt.datetime(2024, 1, number, 12, tzinfo=UTC)


CHECKS: list[tuple[str, str, Any, list[Any], list[int]]] = [
    ("int64", "ge", 2, [1, 2, None], [0]),
    ("int64", "gt", 2, [1, 2, 3], [0, 1]),
    ("int8", "le", 2, [1, 3], [1]),
    ("uint64", "lt", 2**63, [1, 2**63], [1]),
    ("uint64", "isin", [1, 2**63], [1, 2, 2**63], [1]),
    ("bool", "eq", True, [True, False], [1]),
    ("int64", "ne", 2, [1, 2, None], [1]),
    ("int64", "in_range", [1, 2], [0, 1, 2, 3], [0, 3]),
    ("int64", "in_range", {"min": 1, "max": 2}, [0, 1, 2, 3], [0, 3]),
    ("float64", "ge", 0, [0.5, NAN, -1.0, None], [1, 2]),
    ("float32", "isin", [0.1], [0.1, 0.2], [1]),
    ("decimal(9, 2)", "gt", 0.001, [Decimal("0.01"), Decimal("0")], [1]),
    ("decimal(9, 2)", "isin", ["1.5", 2], [Decimal("1.50"), Decimal("2"), Decimal("3")], [2]),
    ("decimal(50, 2)", "le", "1e40", [Decimal("1"), Decimal("1e41")], [1]),
    ("date", "ge", "2024-01-02", [day(1), day(2), None], [0]),
    ("date", "isin", ["2024-01-02"], [day(1), day(2)], [0]),
    ("timestamp", "lt", "2024-01-02T12:00:00+00:00", [noon(1), noon(2)], [1]),
    ("timestamp", "ge", "2024-01-02", [noon(1), noon(2)], [0]),
    ("timestamp[us, tz=Europe/Berlin]", "notin", ["2024-01-02T13:00:00+01:00"], [noon(2)], [0]),
    ("timestamp[ns]", "ge", "2024-01-02", [dt.datetime(2024, 1, 1)], [0]),
    ("time", "ge", "12:00", [dt.time(1), dt.time(13)], [0]),
    ("string", "notin", ["a"], ["a", "b", None], [0]),
    ("string", "str_matches", "a|b", ["xa", "ax", "b", None], [0]),
    ("string", "str_contains", "a$", ["xa", "ax"], [1]),
    ("string", "str_startswith", "a", ["xa", "ax"], [0]),
    ("string", "str_endswith", "a", ["xa", "ax"], [1]),
    ("string", "str_length", [1, 2], ["", "é", "abc", None], [0, 2]),
    ("string", "str_length", {"max": 2}, ["", "abc"], [1]),
]


@pytest.mark.parametrize(("kind", "name", "argument", "values", "bad"), CHECKS)
def test_check_marks_exactly_the_failing_values(
    kind: str, name: str, argument: Any, values: list[Any], bad: list[int]
) -> None:
    assert failing(declare(kind, **{name: argument}), values) == bad


def test_every_check_is_tested() -> None:
    assert {name for _, name, *_ in CHECKS} | {"unique", "not_null"} == set(CHECK_NAMES)


@pytest.mark.parametrize(
    ("kind", "checks", "told"),
    [
        ("int64", {"gee": 1}, "did you mean ge?"),
        ("int64", {"ge": "one"}, "'one' is not a int64"),
        ("int64", {"ge": 1.5}, "1.5 is not a int64"),
        ("int64", {"ge": True}, "True is not a int64"),
        ("int64", {"ge": None}, "None is not a int64"),
        ("int8", {"ge": 300}, "300 is not a int8"),
        ("date", {"ge": "2024-02-30"}, "not a date"),
        ("decimal(9, 2)", {"ge": "NaN"}, "not a number"),
        ("string", {"isin": [1]}, "put the text in quotes"),
        ("string", {"isin": []}, "list of values"),
        ("int64", {"in_range": [2, 1]}, "min is greater than max"),
        ("int64", {"in_range": {"min": 1}}, "[min, max]"),
        ("int64", {"in_range": 3}, "[min, max]"),
        ("int64", {"str_matches": "x"}, "needs a string column"),
        ("string", {"str_matches": "(?=x)"}, "no regular expression"),
        ("string", {"str_length": [-1, 2]}, "whole numbers"),
        ("string", {"str_startswith": 1}, "write a text"),
        ("list<int64>", {"eq": 1}, "cannot be compared"),
        ("int64", {"unique": "yes"}, "true or false"),
        ("decimal(50, 2)", {"unique": True}, "more than 38 digits"),
        ("timestamp[us, tz=Mars/Base]", {}, "time zone 'Mars/Base' is unknown"),
        ("intger", {}, "did you mean int64?"),
    ],
)
def test_contract_that_cannot_be_meant_is_refused(
    kind: str, checks: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        declare(kind, **checks)
    assert told in str(caught.value)
    assert "silver.contract" in str(caught.value)


@pytest.mark.parametrize(("kind", "form"), [("int64", "%Y-%m-%d"), ("date", "%Y")])
def test_format_that_gives_no_date_is_refused(kind: str, form: str) -> None:
    column = ContractColumn(type=kind, format=form)
    with pytest.raises(ConfigError, match=r"silver\.contract\.columns\.c: format"):
        compile_contract(Contract(columns={"c": column}))


def test_flags_become_rules_not_checks() -> None:
    contract = declare(unique=True, not_null=True)
    assert contract.uniques == (UniqueRule(("c",)),)
    assert not contract.columns["c"].nullable
    assert contract.row_checks == ()


class Orders(pandera.DataFrameModel):
    """A schema as people write it."""

    amount: float = pandera.Field(ge=0, nullable=True)
    country: str = pandera.Field(unique=True)

    @pandera.dataframe_check
    def is_paid(cls, frame: pd.DataFrame) -> "pd.Series[bool]":  # noqa: N805
        return frame["amount"] > 0

    class Config:
        """Extra columns are drift."""

        strict = True


def test_model_becomes_rules() -> None:
    contract = compile_contract(Contract(), Orders)
    types = {name: rule.type for name, rule in contract.columns.items()}
    assert types == {"amount": pa.float64(), "country": pa.string()}
    assert (contract.columns["amount"].nullable, contract.columns["country"].nullable) == (
        True,
        False,
    )
    assert [rule.name for rule in contract.frame_checks] == ["is_paid"]
    assert contract.uniques == (UniqueRule(("country",)),)
    assert contract.strict


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (pd.ArrowDtype(pa.decimal128(9, 2)), pa.decimal128(9, 2)),
        (pd.ArrowDtype(pa.large_string()), pa.string()),
        (pd.Int32Dtype(), pa.int32()),
        ("datetime64[ns, UTC]", pa.timestamp("ns", "UTC")),
        ("datetime64[ns]", pa.timestamp("ns")),
        (pandera.Decimal(9, 2), pa.decimal128(9, 2)),
        (pandera.Date, pa.date32()),
        (bool, pa.bool_()),
        ("category", None),
        (object, None),
        (None, None),
    ],
    ids=str,
)
def test_pandera_type_becomes_an_arrow_type(dtype: Any, kind: pa.DataType | None) -> None:
    schema = pandera.DataFrameSchema({"c": pandera.Column(dtype)})
    assert compile_contract(Contract(), schema).columns["c"].type == kind


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ("not a schema", "neither"),
        (pandera.DataFrameSchema(index=pandera.Index(int)), "index"),
        (pandera.DataFrameSchema(strict="filter"), "drops or adds"),
        (pandera.DataFrameSchema({"c": pandera.Column(int, default=0)}), "default"),
        (pandera.DataFrameSchema({"c_.*": pandera.Column(int, regex=True)}), "pattern"),
        (pandera.DataFrameSchema(parsers=pandera.Parser(lambda frame: frame)), "parsers"),
        (pandera.DataFrameSchema({"c": pandera.Column("complex128")}), "no Arrow type"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_schema_that_would_change_data_is_refused(schema: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        compile_contract(Contract(), schema)


def test_columns_and_schema_both_apply() -> None:
    column = ContractColumn(type="float64", checks={"le": 9}, nullable=False, on_fail="warn")
    contract = compile_contract(Contract(columns={"amount": column}), Orders)
    assert not contract.columns["amount"].nullable
    on_amount = [rule for rule in contract.row_checks if rule.column == "amount"]
    assert [(rule.name, rule.on_fail) for rule in on_amount] == [
        ("le", "warn"),
        ("greater_than_or_equal_to", "warn"),
    ]


def test_columns_and_schema_must_agree_on_types() -> None:
    contract = Contract(columns={"amount": ContractColumn(type="int64")})
    with pytest.raises(ConfigError, match=r"int64, but the pandera schema says float64"):
        compile_contract(contract, Orders)


def run(check: pandera.Check, values: list[Any], column: str | None = "c") -> Any:
    return run_check(CheckRule("own", column, check), make_frame([pa.array(values)], ["c"]))


@pytest.mark.parametrize(
    ("check", "column", "bad"),
    [
        (pandera.Check(lambda s: s > 1), "c", [0]),
        (pandera.Check(lambda x: x > 1, element_wise=True), "c", [0]),
        (pandera.Check(lambda frame: frame["c"] > 1), None, [0]),
        (pandera.Check(lambda frame: frame[["c"]] > 1), None, [0]),
        (pandera.Check(lambda s: s.mean() > 1), "c", None),
        (pandera.Check(lambda groups: len(groups) == 3, groupby="c"), "c", None),
    ],
)
def test_answer_names_rows_where_it_can(
    check: pandera.Check, column: str | None, bad: list[int] | None
) -> None:
    answer = run(check, [1, 2, 3], column)
    assert (None if answer.failed_rows is None else list(answer.failed_rows)) == bad


@pytest.mark.parametrize(
    "check",
    [
        pandera.Check(lambda s: 1 / 0),
        pandera.Check(lambda s: pd.Series([True, False], index=["x", "y"])),
        pandera.Check(lambda s: pd.Series([True, False], index=[0, 0])),
        pandera.Check(lambda s: pd.Series([True, False], index=[1, 2])),
        pandera.Check(lambda s: "yes"),
    ],
)
def test_check_that_cannot_judge_is_an_error_without_data(check: pandera.Check) -> None:
    with pytest.raises(QualityError) as caught:
        run(check, ["secret-1", "secret-2"])
    assert caught.value.code == "QUAL003"
    assert "secret" not in f"{caught.value} {caught.value.facts}"
    assert caught.value.__cause__ is None


def test_global_switch_does_not_turn_checks_off() -> None:
    code = (
        "import pyarrow as pa, pandera.pandas as p\n"
        "from medallion.check_run import make_frame, run_check\n"
        "from medallion.checks import CheckRule\n"
        "frame = make_frame([pa.array([1])], ['c'])\n"
        "print(p.DataFrameSchema({'c': p.Column(str)}).validate(frame) is not None)\n"
        "print(run_check(CheckRule('ge', 'c', p.Check.ge(2)), frame).passed)"
    )
    switched_off = {"PANDERA_VALIDATION_ENABLED": "False", "PYTHONPATH": ":".join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=switched_off, check=True, capture_output=True, text=True
    )
    assert ran.stdout.split() == ["True", "False"]
