"""Validate rows batch by batch: cast, keys, operations, nulls, checks.

Belongs here: a batch of Bronze → its good rows as Silver, and its bad rows with reasons.
Lives elsewhere: which columns there are (`column_plan`), single batches' tables (`valid_batch`),
checks over the whole partition and files (`tasks`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from medallion.casting import cast_column
from medallion.check_run import make_frame, needs_whole_partition, run_check
from medallion.checks import CheckRule
from medallion.column_plan import ColumnPlan, PlannedColumn
from medallion.config.silver import CdcOperations, Silver
from medallion.contract_rules import CompiledContract, UniqueRule
from medallion.normalize import normalize_text
from medallion.quality import RejectReason
from medallion.tally import Tally
from medallion.types import canonical_type
from medallion.valid_batch import Finding, Mask, ValidBatch, split_batch


@dataclass(frozen=True)
class _CastRows:
    """A batch after casting: Silver's columns, and what could not be cast."""

    columns: dict[str, pa.Array]
    wrong: dict[str, Mask]
    undeclared: dict[str, Mask]
    operations: pa.Array | None
    is_delete: Mask

    def nulls(self, name: str) -> Mask:
        """Mark nulls of the source; where a value may not be null, NaN is one too."""
        nulls = _mask(pc.is_null(self.columns[name], nan_is_null=True))
        return nulls & ~self.wrong[name] if name in self.wrong else nulls


class RowValidator:
    """Validate the batches of one partition, in order.

    Attributes:
        tally: What failed so far.
        whole_checks: Checks that need the whole partition; a check that turns out to judge its
            column as a whole joins them when it is first run.
        checked_rows: Rows that the contract's checks apply to: all but deletes.
    """

    def __init__(self, plan: ColumnPlan, silver: Silver, contract: CompiledContract) -> None:
        """Prepare for the partition that `plan` is about."""
        self._plan, self._silver = plan, silver
        order = () if silver.order_column is None else (silver.order_column,)
        op = () if silver.cdc.op_column is None else (silver.cdc.op_column,)
        self._must_be_valid = {
            **dict.fromkeys(order, RejectReason.NULL_ORDER),
            **dict.fromkeys(silver.primary_keys, RejectReason.NULL_KEY),
        }
        self._needed = {*self._must_be_valid, *op}
        names = {column.name for column in plan.columns}
        rules = [*contract.row_checks, *contract.frame_checks]
        present = [rule for rule in rules if rule.column is None or rule.column in names]
        self.whole_checks = [rule for rule in present if needs_whole_partition(rule)]
        self._row_checks = [rule for rule in present if not needs_whole_partition(rule)]
        self.checked_rows = self._nulled_in_deletes = 0
        self.tally = Tally()
        self._list_checks(present, contract.uniques)

    def validate(self, batch: pa.RecordBatch, start: int) -> ValidBatch:
        """Validate a batch of Bronze rows whose first one has the position `start`.

        Raises:
            QualityError: QUAL003, if a check of the contract cannot be run.
        """
        rows, places = self._cast(batch), range(start, start + batch.num_rows)
        findings = [
            *self._find_bad_operations(rows),
            *self._find_wrong_types(rows),
            *self._find_nulls(rows),
            *self._find_undeclared(batch, rows),
            *self._find_failed_checks(rows),
        ]
        return split_batch(
            rows.columns, rows.operations, findings, places, self._silver.primary_keys
        )

    def warnings(self) -> tuple[str, ...]:
        """Say what was let pass so far, one line each."""
        if not self._nulled_in_deletes:
            return ()
        return (f"{self._nulled_in_deletes} values of delete rows could not be cast: now null",)

    def _list_checks(self, rules: list[CheckRule], uniques: Iterable[UniqueRule]) -> None:
        for column in self._plan.columns:
            if column.rule is not None and column.rule.type is not None:
                self.tally.count("type", column.name, column.rule.on_fail)
            if column.rule is not None and not column.rule.nullable:
                self.tally.count("not_null", column.name, column.rule.on_fail)
        for rule in rules:
            self.tally.expect(rule)
        for unique in uniques:
            self.tally.count("unique", unique.label, unique.on_fail)

    def _cast(self, batch: pa.RecordBatch) -> _CastRows:
        columns: dict[str, pa.Array] = {}
        wrong: dict[str, Mask] = {}
        undeclared: dict[str, Mask] = {}
        for column in self._plan.columns:
            if column.place is None:
                columns[column.name] = pa.nulls(batch.num_rows, column.type)
                continue
            values = self._normalize(batch.column(column.place))
            cast, bad = self._cast_values(values, column, drop_undeclared=True)
            columns[column.name], wrong[column.name] = cast, _mask(bad)
            if column.drops_fields and self._silver.schema_drift == "quarantine":
                _, strictly_bad = self._cast_values(values, column, drop_undeclared=False)
                undeclared[column.name] = _mask(strictly_bad) & ~wrong[column.name]
        operations = _read_operations(columns, self._silver.cdc)
        is_delete = np.zeros(batch.num_rows, dtype=bool)
        if operations is not None:
            is_delete = _mask(pc.fill_null(pc.equal(operations, "D"), False))
        return _CastRows(columns, wrong, undeclared, operations, is_delete)

    def _normalize(self, values: pa.Array) -> pa.Array:
        plain, _ = cast_column(values, canonical_type(values.type))
        cleaning = self._silver.normalization
        return normalize_text(
            plain,
            trim_strings=cleaning.trim_strings,
            empty_strings_as_null=cleaning.empty_strings_as_null,
        )

    def _cast_values(
        self, values: pa.Array, column: PlannedColumn, *, drop_undeclared: bool
    ) -> tuple[pa.Array, pa.Array]:
        form = None if column.rule is None else column.rule.format
        return cast_column(values, column.type, form, drop_undeclared=drop_undeclared)

    def _find_bad_operations(self, rows: _CastRows) -> Iterator[Finding]:
        name = self._silver.cdc.op_column
        if rows.operations is not None and name is not None:
            unknown = _mask(pc.is_null(rows.operations)) & ~rows.wrong[name]
            yield Finding(RejectReason.UNKNOWN_OP, unknown, None, name)

    def _find_wrong_types(self, rows: _CastRows) -> Iterator[Finding]:
        for column in self._plan.columns:
            if column.place is None:
                continue
            wrong = rows.wrong[column.name]
            bad = self._counted(wrong, column.name, rows)
            self._nulled_in_deletes += int(wrong.sum() - bad.sum())
            if column.rule is not None and column.rule.type is not None:
                self.tally.count("type", column.name, column.rule.on_fail, int(bad.sum()))
            yield Finding(RejectReason.WRONG_TYPE, bad, "type", column.name)

    def _find_nulls(self, rows: _CastRows) -> Iterator[Finding]:
        for column in self._plan.columns:
            reason = self._must_be_valid.get(column.name)
            forbidden = column.rule is not None and not column.rule.nullable
            if reason is None and not forbidden:
                continue
            nulls = self._counted(rows.nulls(column.name), column.name, rows)
            if column.rule is not None and forbidden:
                self.tally.count("not_null", column.name, column.rule.on_fail, int(nulls.sum()))
            if reason is not None:
                yield Finding(reason, nulls, None, column.name)
            elif column.rule is not None and column.rule.on_fail == "quarantine":
                yield Finding(RejectReason.NULL_NOT_ALLOWED, nulls, "not_null", column.name)

    def _find_undeclared(self, batch: pa.RecordBatch, rows: _CastRows) -> Iterator[Finding]:
        if self._silver.schema_drift != "quarantine":
            return
        for place, name in self._plan.undeclared:
            valued = _mask(pc.is_valid(self._normalize(batch.column(place)))) & ~rows.is_delete
            yield Finding(RejectReason.UNDECLARED_COLUMN, valued, None, name)
        for name, valued in rows.undeclared.items():
            undeclared = self._counted(valued, name, rows)
            yield Finding(RejectReason.UNDECLARED_COLUMN, undeclared, None, name)

    def _find_failed_checks(self, rows: _CastRows) -> Iterator[Finding]:
        checked = np.flatnonzero(~rows.is_delete)
        self.checked_rows += len(checked)
        yield from self._run_checks(self._row_checks, rows, checked)
        if rows.is_delete.any():
            needed = [rule for rule in self._row_checks if rule.column in self._needed]
            yield from self._run_checks(needed, rows, np.flatnonzero(rows.is_delete))

    def _run_checks(
        self,
        rules: list[CheckRule],
        rows: _CastRows,
        places: npt.NDArray[np.intp],
    ) -> Iterator[Finding]:
        names = list(dict.fromkeys(rule.column for rule in rules if rule.column is not None))
        if not names or not len(places):
            return
        chosen = [rows.columns[name] for name in names]
        if len(places) < len(rows.is_delete):
            chosen = [column.take(pa.array(places)) for column in chosen]
        frame = make_frame(chosen, names)
        for rule in list(rules):
            answer = run_check(rule, frame)
            if answer.failed_rows is None:
                self._row_checks.remove(rule)
                self.whole_checks.append(rule)
                continue
            failed = np.zeros(len(rows.is_delete), dtype=bool)
            failed[places[answer.failed_rows]] = True
            self.tally.count_run(rule, int(failed.sum()))
            if rule.on_fail == "quarantine":
                yield Finding(RejectReason.CHECK_FAILED, failed, rule.name, rule.column)

    def _counted(self, bad: Mask, column: str, rows: _CastRows) -> Mask:
        """Leave out what a delete row may have bad: all but key, order and operation."""
        return bad if column in self._needed else bad & ~rows.is_delete


def _read_operations(columns: dict[str, pa.Array], cdc: CdcOperations) -> pa.Array | None:
    if cdc.op_column is None:
        return None
    texts, _ = cast_column(columns[cdc.op_column], pa.string())
    words = [*cdc.insert, *cdc.update, *cdc.delete]
    letters = "I" * len(cdc.insert) + "U" * len(cdc.update) + "D" * len(cdc.delete)
    return pa.array(list(letters), pa.string()).take(
        pc.index_in(texts, pa.array(words, pa.string()))
    )


def _mask(values: pa.Array) -> Mask:
    mask: Mask = values.to_numpy(zero_copy_only=False)
    return mask
