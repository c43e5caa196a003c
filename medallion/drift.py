"""Schema drift: how a source's columns differ from those of before and from the declared ones.

Belongs here: comparing schemas, and what each policy takes of what is new.
Lives elsewhere: the lattice of types (`type_changes`), which rows go (`row_validation`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from medallion.contract_rules import ColumnRule
from medallion.errors import QualityError
from medallion.type_changes import holds_all
from medallion.types import canonical_schema, format_type, is_list

DriftPolicy = Literal["evolve", "warn", "fail", "discard", "quarantine"]
ChangeKind = Literal["added", "removed", "widened", "narrowed", "retyped", "nullability"]


@dataclass(frozen=True)
class SchemaChange:
    """One difference.

    Attributes:
        kind: What happened.
        column: The column, or a path into it: `addr.zip`, `items[].price`, `tags{}`.
        before: Its type before; None if it was added.
        after: Its type now; None if it was removed.
    """

    kind: ChangeKind
    column: str
    before: str | None
    after: str | None

    def describe(self) -> str:
        """Return one line for people."""
        types = [text for text in (self.before, self.after) if text is not None]
        return f"{self.kind} {self.column} ({' → '.join(types)})"


@dataclass(frozen=True)
class Drift:
    """All differences of one partition, in column order."""

    changes: tuple[SchemaChange, ...] = ()

    def columns(self, kind: ChangeKind) -> frozenset[str]:
        """Return the columns and paths that changed in this way."""
        return frozenset(change.column for change in self.changes if change.kind == kind)

    def refuse(self, policy: DriftPolicy) -> None:
        """Raise if the policy is `fail` and anything changed.

        Raises:
            QualityError: QUAL002, naming every change.
        """
        if policy == "fail" and self.changes:
            raise QualityError(
                "the schema drifted: "
                + "; ".join(change.describe() for change in self.changes)
                + "; correct the source or the contract, or choose another schema_drift",
                code="QUAL002",
                changes=[change.describe() for change in self.changes],
            )


def compare_schemas(
    previous: pa.Schema | None,
    observed: pa.Schema,
    contract: Mapping[str, ColumnRule],
    strict: bool,
) -> Drift:
    """Compare the observed columns, under their Silver names, with what is known of them.

    Declared columns are compared with the contract by name and by the fields inside structs: their
    types are a matter of casting. Types are compared with the previous partition. A type of null
    says nothing, neither before nor now.

    Args:
        previous: The columns as the previous partition took them from its source; None if there
            is no previous partition: then undeclared columns are only drift under `strict`.
        observed: The columns of this partition.
        contract: The declared columns.
        strict: Whether each column that is not declared is reported as added.
    """
    before = None if previous is None else canonical_schema(previous)
    now = canonical_schema(observed)
    return Drift(tuple(_changes(before, now, contract, strict)))


def _changes(
    before: pa.Schema | None, now: pa.Schema, contract: Mapping[str, ColumnRule], strict: bool
) -> Iterator[SchemaChange]:
    known = {} if before is None else {field.name: field for field in before}
    for field in now:
        rule = contract.get(field.name)
        if rule is not None and rule.type is not None:
            yield from _compare_structure(field.name, rule.type, field.type)
        is_declared = rule is not None
        if not is_declared and (strict or (before is not None and field.name not in known)):
            yield SchemaChange("added", field.name, None, format_type(field.type))
        elif field.name in known:
            yield from _compare_fields(field.name, known[field.name], field, is_declared)
    yield from _removed(known, now, contract)


def _removed(
    known: Mapping[str, pa.Field], now: pa.Schema, contract: Mapping[str, ColumnRule]
) -> Iterator[SchemaChange]:
    present = set(now.names)
    optional = {name for name, rule in contract.items() if not rule.required}
    declared = {
        name: rule.type
        for name, rule in contract.items()
        if rule.required and (rule.type is not None or name not in known)
    }
    wanted = {**declared, **{name: f.type for name, f in known.items() if name not in declared}}
    for name, kind in wanted.items():
        if name not in present and name not in optional:
            before = format_type(pa.null() if kind is None else kind)
            yield SchemaChange("removed", name, before, None)


def _compare_fields(
    path: str, before: pa.Field, after: pa.Field, is_declared: bool
) -> Iterator[SchemaChange]:
    yield from _compare_types(path, before.type, after.type, is_declared)
    if before.nullable != after.nullable:
        yield SchemaChange("nullability", path, _nulls(before), _nulls(after))


def _compare_types(
    path: str, before: pa.DataType, after: pa.DataType, is_declared: bool
) -> Iterator[SchemaChange]:
    if before == after or pa.types.is_null(before) or pa.types.is_null(after):
        return
    if pa.types.is_struct(before) and pa.types.is_struct(after):
        yield from _compare_structs(path, before, after, is_declared)
    elif is_list(before) and is_list(after):
        yield from _compare_fields(f"{path}[]", before.value_field, after.value_field, is_declared)
    elif pa.types.is_map(before) and pa.types.is_map(after):
        yield from _compare_types(f"{path}{{key}}", before.key_type, after.key_type, is_declared)
        yield from _compare_fields(f"{path}{{}}", before.item_field, after.item_field, is_declared)
    else:
        kind = _kind_of(before, after)
        yield SchemaChange(kind, path, format_type(before), format_type(after))


def _compare_structs(
    path: str, before: pa.DataType, after: pa.DataType, is_declared: bool
) -> Iterator[SchemaChange]:
    old = {field.name: field for field in before}
    new = {field.name: field for field in after}
    for name, field in new.items():
        if name in old:
            yield from _compare_fields(f"{path}.{name}", old[name], field, is_declared)
    if not is_declared:  # otherwise the contract says which fields there should be
        yield from _compare_names(path, old, new)


def _compare_structure(
    path: str, declared: pa.DataType, observed: pa.DataType
) -> Iterator[SchemaChange]:
    if pa.types.is_struct(declared) and pa.types.is_struct(observed):
        known = {field.name: field for field in declared}
        seen = {field.name: field for field in observed}
        for name in [name for name in known if name in seen]:
            yield from _compare_structure(f"{path}.{name}", known[name].type, seen[name].type)
        yield from _compare_names(path, known, seen)
    elif is_list(declared) and is_list(observed):
        yield from _compare_structure(f"{path}[]", declared.value_type, observed.value_type)
    elif pa.types.is_map(declared) and pa.types.is_map(observed):
        yield from _compare_structure(f"{path}{{}}", declared.item_type, observed.item_type)


def _compare_names(
    path: str, old: Mapping[str, pa.Field], new: Mapping[str, pa.Field]
) -> Iterator[SchemaChange]:
    for name, field in new.items():
        if name not in old:
            yield SchemaChange("added", f"{path}.{name}", None, format_type(field.type))
    for name, field in old.items():
        if name not in new:
            yield SchemaChange("removed", f"{path}.{name}", format_type(field.type), None)


def _kind_of(before: pa.DataType, after: pa.DataType) -> ChangeKind:
    if holds_all(after, before):
        return "widened"
    return "narrowed" if holds_all(before, after) else "retyped"


def _nulls(field: pa.Field) -> str:
    return "nullable" if field.nullable else "not null"
