"""A validated batch: good rows, rejects with reasons, keys of bad rows.

Belongs here: the shapes of these tables and how a batch is split. Lives elsewhere: finding what is
bad (`row_validation`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from medallion.normalize import OPERATION, POSITION
from medallion.quality import RejectReason

Mask = npt.NDArray[np.bool_]

REJECT_SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("severity", pa.int8(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("check", pa.string()),
        pa.field("column", pa.string()),
    ]
)
REJECT_ORDER = ("position", "severity", "column", "check")


@dataclass(frozen=True)
class Finding:
    """Rows of a batch that share one fault."""

    reason: RejectReason
    rows: Mask
    check: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class ValidBatch:
    """What a batch of Bronze became.

    Attributes:
        good: Its good rows: the business columns, `__position`, and `__op` if there are operations.
        rejects: A row per bad row and reason (`REJECT_SCHEMA`), ordered by position and severity.
        bad_count: Its bad rows.
        bad_keys: The keys of its bad rows where the key itself is good.
    """

    good: pa.Table
    rejects: pa.Table
    bad_count: int
    bad_keys: pa.Table


def spool_schema(business: pa.Schema, *, has_operations: bool) -> pa.Schema:
    """Return the schema of good rows; every column may be null: those of delete rows are."""
    fields = [field.with_nullable(True) for field in business]
    fields.append(pa.field(POSITION, pa.int64(), nullable=False))
    if has_operations:
        fields.append(pa.field(OPERATION, pa.string(), nullable=False))
    return pa.schema(fields)


def split_batch(
    columns: Mapping[str, pa.Array],
    operations: pa.Array | None,
    findings: Iterable[Finding],
    places: range,
    keys: Sequence[str],
) -> ValidBatch:
    """Part the good rows of a batch from the bad ones.

    Args:
        columns: Silver's columns by name, in order, null where a value was bad.
        operations: `I`, `U` or `D` per row, if there are operations.
        findings: What is bad, and why.
        places: The positions of the rows.
        keys: The primary keys.
    """
    found = [finding for finding in findings if finding.rows.any()]
    bad = np.zeros(len(places), dtype=bool)
    for finding in found:
        bad |= finding.rows
    extra = {POSITION: pa.array(np.arange(places.start, places.stop, dtype=np.int64))}
    if operations is not None:
        extra[OPERATION] = operations
    table = pa.table({**columns, **extra})
    good = table if not found else table.filter(pa.array(~bad))
    bad_keys = good_keys(table.filter(pa.array(bad)), keys)
    return ValidBatch(good, _reject_rows(found, places.start), int(bad.sum()), bad_keys)


def good_keys(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Return the keys of rows where no part of the key is null or NaN."""
    chosen = rows.select(list(keys))
    for key in keys if chosen.num_rows else ():
        chosen = chosen.filter(pc.invert(pc.is_null(chosen.column(key), nan_is_null=True)))
    return chosen


def _reject_rows(findings: Sequence[Finding], start: int) -> pa.Table:
    tables = [_rejects_of(finding, start) for finding in findings]
    if not tables:
        return REJECT_SCHEMA.empty_table()
    return pa.concat_tables(tables).sort_by([(name, "ascending") for name in REJECT_ORDER])


def rejects_at(
    positions: pa.Array, reason: RejectReason, check: str | None, column: str | None
) -> pa.Table:
    """List rows, by position, that share one reason."""
    count = len(positions)
    columns = [
        positions.cast(pa.int64()),
        pa.repeat(pa.scalar(reason.severity, pa.int8()), count),
        pa.repeat(pa.scalar(str(reason)), count),
        pa.repeat(pa.scalar(check, pa.string()), count),
        pa.repeat(pa.scalar(column, pa.string()), count),
    ]
    return pa.Table.from_arrays(columns, schema=REJECT_SCHEMA)


def _rejects_of(finding: Finding, start: int) -> pa.Table:
    positions = pa.array(np.flatnonzero(finding.rows).astype(np.int64) + start)
    return rejects_at(positions, finding.reason, finding.check, finding.column)
