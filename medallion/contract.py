"""The contract of a Silver dataset, compiled: target types, nullability and checks.

Belongs here: `silver.contract` → rules, and joining them with a pandera schema of the operator's
own. Lives elsewhere: single checks (`checks`), reading a pandera schema (`python_schema`), columns
that no contract knows (`drift`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from medallion.checks import CheckRule, OnFail, build_check, read_flag
from medallion.config.contract import Contract, ContractColumn
from medallion.datetime_format import compile_format
from medallion.errors import ConfigError
from medallion.types import canonical_type, format_type, parse_type


@dataclass(frozen=True)
class ColumnRule:
    """What one column promises.

    Attributes:
        name: The Silver column.
        type: Type to cast to; None keeps Bronze's type.
        nullable: Whether null is a good value.
        on_fail: What a failing check or a forbidden null does. A value of a wrong type cannot be
            kept, so there `warn` means quarantine.
        format: strptime form of texts that become dates or timestamps.
        required: Whether an absent column is filled with nulls and reported.
    """

    name: str
    type: pa.DataType | None
    nullable: bool = True
    on_fail: OnFail = "quarantine"
    format: str | None = None
    required: bool = True


@dataclass(frozen=True)
class UniqueRule:
    """Columns whose values, taken together, no two rows share; nulls never equal each other."""

    columns: tuple[str, ...]
    on_fail: OnFail = "quarantine"


@dataclass(frozen=True)
class CompiledContract:
    """Everything that is checked, ready to run.

    Attributes:
        columns: Rules by column name, in declared order.
        strict: Whether undeclared columns are drift.
        row_checks: Checks of one column.
        frame_checks: Checks that look at several columns of the whole partition.
        uniques: What is unique over the whole partition.
    """

    columns: Mapping[str, ColumnRule] = field(default_factory=dict)
    strict: bool = False
    row_checks: tuple[CheckRule, ...] = ()
    frame_checks: tuple[CheckRule, ...] = ()
    uniques: tuple[UniqueRule, ...] = ()


def compile_contract(contract: Contract, python_schema: Any = None) -> CompiledContract:
    """Compile the declared columns, and join the pandera schema if there is one.

    Args:
        contract: The section `silver.contract`.
        python_schema: The object that `contract.python` names.

    Raises:
        ConfigError: CFG003 and CFG004, naming the key that is wrong.
    """
    declared = _compile_columns(contract)
    if python_schema is None:
        return declared
    from medallion.python_schema import compile_python_schema

    return _join(declared, compile_python_schema(python_schema, contract.python or "the schema"))


def _compile_columns(contract: Contract) -> CompiledContract:
    rules: dict[str, ColumnRule] = {}
    checks: list[CheckRule] = []
    uniques: list[UniqueRule] = []
    for name, column in contract.columns.items():
        where = f"silver.contract.columns.{name}"
        kind = _target_type(column, where)
        flags = {
            flag: read_flag(column.checks.get(flag, False), f"{where}.checks.{flag}")
            for flag in ("unique", "not_null")
        }
        nullable = column.nullable and not flags["not_null"]
        rules[name] = ColumnRule(name, kind, nullable, column.on_fail, column.format)
        uniques += [UniqueRule((name,), column.on_fail)] if flags["unique"] else []
        checks += [
            CheckRule(key, name, build_check(key, value, kind, f"{where}.checks"), column.on_fail)
            for key, value in column.checks.items()
            if key not in flags
        ]
    return CompiledContract(rules, contract.strict, tuple(checks), (), tuple(uniques))


def _target_type(column: ContractColumn, where: str) -> pa.DataType:
    try:
        kind = canonical_type(parse_type(column.type))
        _need_known_zone(kind)
        if column.format is not None:
            _need_moment(kind)
            compile_format(column.format)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}", code=error.code) from None
    return kind


def _need_known_zone(kind: pa.DataType) -> None:
    if not pa.types.is_timestamp(kind) or kind.tz is None:
        return
    try:
        pc.local_timestamp(pa.scalar(0, kind))
    except pa.ArrowInvalid:
        raise ConfigError(f"time zone {kind.tz!r:.60} is unknown", code="CFG003") from None


def _need_moment(kind: pa.DataType) -> None:
    if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
        raise ConfigError(
            f"format is for dates and timestamps, not for {format_type(kind)}", code="CFG004"
        )


def _join(declared: CompiledContract, other: CompiledContract) -> CompiledContract:
    rules = dict(declared.columns)
    for name, rule in other.columns.items():
        rules[name] = _join_rules(rules[name], rule) if name in rules else rule
    on_fail = {name: rule.on_fail for name, rule in declared.columns.items()}
    checks = [
        replace(check, on_fail=on_fail.get(check.column or "", check.on_fail))
        for check in other.row_checks
    ]
    return CompiledContract(
        rules,
        declared.strict or other.strict,
        (*declared.row_checks, *checks),
        other.frame_checks,
        tuple(dict.fromkeys((*declared.uniques, *other.uniques))),
    )


def _join_rules(rule: ColumnRule, other: ColumnRule) -> ColumnRule:
    if other.type is not None and other.type != rule.type:
        raise ConfigError(
            f"silver.contract.columns.{rule.name}.type is {format_type(rule.type)}, but the "
            f"pandera schema says {format_type(other.type)}: make them equal",
            code="CFG004",
        )
    return replace(rule, nullable=rule.nullable and other.nullable)
