"""Which columns a Silver partition takes from Bronze, and as what.

Belongs here: names, order, target types and what the drift policy takes, decided once per
partition. Lives elsewhere: doing it batch by batch (`row_validation`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from medallion.chain import STATEFUL_MODELS
from medallion.config.silver import Silver
from medallion.contract_rules import ColumnRule, CompiledContract
from medallion.drift import Drift, compare_schemas
from medallion.errors import TerminalSourceError
from medallion.normalize import absent_names, order_columns, rename_columns
from medallion.type_changes import join_types
from medallion.types import canonical_schema, find_wide_decimal, format_type


@dataclass(frozen=True)
class PlannedColumn:
    """One column of Silver.

    Attributes:
        name: Its name in Silver.
        place: Its place among Bronze's columns; None if it is filled with nulls.
        type: What it is cast to.
        rule: What the contract says of it, if anything.
        drops_fields: Whether Bronze has fields inside it that the drift policy does not take.
    """

    name: str
    place: int | None
    type: pa.DataType
    rule: ColumnRule | None
    drops_fields: bool = False


@dataclass(frozen=True)
class ColumnPlan:
    """The columns of one Silver partition.

    Attributes:
        columns: In Silver's order.
        undeclared: Places and Silver names of Bronze columns that are not taken.
        schema: What the columns become.
        baseline: What the source's columns are for the next partition's drift.
        drift: How they differ from the contract and the previous partition.
        warnings: What people should know, one line each.
    """

    columns: tuple[PlannedColumn, ...]
    undeclared: tuple[tuple[int, str], ...]
    schema: pa.Schema
    baseline: pa.Schema
    drift: Drift
    warnings: tuple[str, ...]


def plan_columns(
    bronze: pa.Schema,
    silver: Silver,
    contract: CompiledContract,
    previous: pa.Schema | None,
    is_empty: bool,
) -> ColumnPlan:
    """Decide the columns of a partition from its Bronze schema.

    New columns are taken under `evolve`, `warn` and `fail` (which refuses the drift elsewhere),
    and left out under `discard` and `quarantine`; there known types also stay as they were, and
    values that do not fit are bad. Columns that are known but absent are null. A partition without
    rows says nothing about drift: it has the known columns. Models that read their own date alone
    take what that date has, so that they do not depend on which dates were promoted before.

    Raises:
        TerminalSourceError: EXT003, for names that cannot be used, if a key, the order column or
            the operation column is absent, and for decimals of more than 38 digits.
    """
    names = rename_columns(bronze.names, silver.column_schema.rename_map)
    observed = pa.schema(
        [f.with_name(name) for f, name in zip(canonical_schema(bronze), names, strict=True)]
    )
    used = _used_columns(silver)
    if not is_empty:
        _need_columns(used, observed.names)
    rules = {**{name: ColumnRule(name, None, required=False) for name in used}, **contract.columns}
    drift = Drift()
    if not is_empty:
        drift = compare_schemas(previous, observed, rules, contract.strict)
    known = previous if _builds_on_previous(silver) else None
    left_out = _left_out(observed, silver, contract, set(rules), known, is_empty)
    resolver = _Resolver(observed, known, rules, silver.schema_drift)
    wanted = _wanted(observed, contract, known, left_out)
    ordered = order_columns(
        wanted, silver.column_schema.column_order or (), contract.columns, _names(known)
    )
    columns = tuple(resolver.resolve(name) for name in ordered)
    _refuse_wide_decimals(columns)
    return ColumnPlan(
        columns,
        tuple((names.index(name), name) for name in observed.names if name in left_out),
        pa.schema([_silver_field(column) for column in columns]),
        _baseline(columns, observed, previous, is_empty),
        drift,
        _warnings(silver, bronze, ordered, drift),
    )


@dataclass(frozen=True)
class _Resolver:
    """Decide the type of one column from all that is known of it."""

    observed: pa.Schema
    previous: pa.Schema | None
    rules: Mapping[str, ColumnRule]
    policy: str

    def resolve(self, name: str) -> PlannedColumn:
        rule, own = self.rules.get(name), _field(self.observed, name)
        declared = rule.type if rule is not None else None
        before = _field(self.previous, name)
        known = declared if declared is not None else before and before.type
        if own is None:
            return PlannedColumn(name, None, known if known is not None else pa.null(), rule)
        place = self.observed.get_field_index(name)
        if known is None:
            return PlannedColumn(name, place, own.type, rule)
        takes_new = self.policy not in ("discard", "quarantine")
        keep = declared is not None or not takes_new
        kind = join_types(known, own.type, take_new=takes_new, keep_known=keep)
        widest = join_types(known, own.type, take_new=True, keep_known=keep)
        return PlannedColumn(name, place, kind, rule, drops_fields=kind != widest)


def _builds_on_previous(silver: Silver) -> bool:
    """Tell whether the columns of before decide on those of now: where new ones are not taken, too.

    Otherwise a date's Silver would depend on which dates were promoted before it.
    """
    return silver.model in STATEFUL_MODELS or silver.schema_drift in ("discard", "quarantine")


def _baseline(
    columns: tuple[PlannedColumn, ...],
    observed: pa.Schema,
    previous: pa.Schema | None,
    is_empty: bool,
) -> pa.Schema:
    """Return what the next partition compares its columns with."""
    if is_empty and previous is not None:
        return previous
    fields = [_remember(column, observed, previous) for column in columns]
    return pa.schema([field for field in fields if field is not None])


def _remember(
    column: PlannedColumn, observed: pa.Schema, previous: pa.Schema | None
) -> pa.Field | None:
    own, before = _field(observed, column.name), _field(previous, column.name)
    if own is None or pa.types.is_null(own.type):
        return before if before is not None else own
    is_declared = column.rule is not None and column.rule.type is not None
    return own if is_declared else own.with_type(column.type)


def _used_columns(silver: Silver) -> tuple[str, ...]:
    optional = (silver.order_column, silver.cdc.op_column)
    names = [*silver.primary_keys, *(name for name in optional if name is not None)]
    return tuple(dict.fromkeys([*names, *silver.partitioning.columns]))


def _need_columns(used: tuple[str, ...], names: list[str]) -> None:
    absent = absent_names(used, names)
    if absent:
        raise TerminalSourceError(
            f"Bronze has no column {', '.join(absent)}, which the silver section uses; it has "
            f"{', '.join(names)}",
            code="EXT003",
            absent=absent,
        )


def _refuse_wide_decimals(columns: tuple[PlannedColumn, ...]) -> None:
    for column in columns:
        if (wide := find_wide_decimal(column.type)) is not None:
            raise TerminalSourceError(
                f"column {column.name} holds {format_type(wide)}, and Silver keeps 38 digits: "
                "declare it as decimal(38, …) or string in silver.contract",
                code="EXT003",
                column=column.name,
            )


def _left_out(
    observed: pa.Schema,
    silver: Silver,
    contract: CompiledContract,
    declared: set[str],
    previous: pa.Schema | None,
    is_empty: bool,
) -> frozenset[str]:
    known = declared | (set() if contract.strict else set(_names(previous)))
    if previous is None and not contract.strict:
        return frozenset()
    new = {name for name in observed.names if name not in known}
    if silver.schema_drift in ("discard", "quarantine"):
        return frozenset(new)
    return frozenset(new - set(_names(previous))) if is_empty else frozenset()


def _wanted(
    observed: pa.Schema,
    contract: CompiledContract,
    previous: pa.Schema | None,
    left_out: frozenset[str],
) -> list[str]:
    required = [name for name, rule in contract.columns.items() if rule.required]
    absent = [name for name in _names(previous) if name not in contract.columns]
    names = dict.fromkeys([*observed.names, *required, *absent])
    return [name for name in names if name not in left_out]


def _warnings(
    silver: Silver, bronze: pa.Schema, names: tuple[str, ...], drift: Drift
) -> tuple[str, ...]:
    lines = [
        f"silver.schema.column_order names {name}, which is not there"
        for name in absent_names(silver.column_schema.column_order or (), names)
    ]
    lines += [
        f"silver.schema.rename_map names {name}, which Bronze does not have"
        for name in absent_names(silver.column_schema.rename_map, bronze.names)
    ]
    if silver.schema_drift == "warn":
        lines += [f"schema drift: {change.describe()}" for change in drift.changes]
    return tuple(lines)


def _silver_field(column: PlannedColumn) -> pa.Field:
    rule = column.rule
    keeps_nulls = rule is None or rule.nullable or rule.on_fail == "warn"
    return pa.field(column.name, column.type, nullable=keeps_nulls)


def _field(schema: pa.Schema | None, name: str) -> pa.Field | None:
    if schema is None or name not in schema.names:
        return None
    return schema.field(name)


def _names(schema: pa.Schema | None) -> list[str]:
    return [] if schema is None else list(schema.names)
