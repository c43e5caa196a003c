"""The contract of a Silver dataset, compiled: target types, nullability and checks.

Belongs here: `silver.contract` → rules, and joining them with a pandera schema of the operator's
own. Lives elsewhere: single checks (`checks`), reading a pandera schema (`python_schema`), columns
that no contract knows (`drift`).
"""

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from medallion.checks import CheckRule, build_check, read_flag
from medallion.config.contract import Contract, ContractColumn
from medallion.contract_rules import ColumnRule, CompiledContract, UniqueRule
from medallion.datetime_format import compile_format
from medallion.errors import ConfigError
from medallion.types import canonical_type, format_type, parse_type


def compile_contract(contract: Contract, python_schema: Any = None) -> CompiledContract:
    """Compile the declared columns, and join the pandera schema if there is one.

    Args:
        contract: The section `silver.contract`.
        python_schema: The object that `contract.python` names.

    Raises:
        ConfigError: CFG003 and CFG004, naming the key that is wrong.
    """
    compiled = _compile_columns(contract)
    if python_schema is not None:
        from medallion.python_schema import compile_python_schema  # pandas is slow to load

        where = contract.python or "the schema"
        compiled = _join(compiled, compile_python_schema(python_schema, where))
    _need_comparable(compiled)
    return compiled


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


def _need_comparable(compiled: CompiledContract) -> None:
    """Refuse `unique` where the engine would compare rounded values."""
    for name in {name for unique in compiled.uniques for name in unique.columns}:
        kind = compiled.columns[name].type if name in compiled.columns else None
        if kind is not None and pa.types.is_decimal256(kind):
            raise ConfigError(
                f"silver.contract: {name} has more than 38 digits and cannot be unique: "
                "shorten it, or keep it as a string",
                code="CFG004",
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
