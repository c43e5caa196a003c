"""Merge two ordered streams of rows into one, batch by batch.

Belongs here: `kept` rows of the base and `fresh` rows of a fold, both in the artifact's order, so
that a fold need not sort what has not changed. Lives elsewhere: the streams (`tasks.folding`).
Order is the engine's: texts and binaries by their bytes, nulls last.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from medallion.errors import StateError

Places = npt.NDArray[np.int64]


def can_merge(schema: pa.Schema, order_by: Sequence[str]) -> bool:
    """Tell whether the order of these columns is one that this module knows.

    Floats are left to the engine, which orders NaN and -0.0 in its own way; so are nested types.
    """
    return all(_is_ordered(schema.field(name).type) for name in order_by)


def merge_ordered(
    kept: Iterator[pa.RecordBatch], fresh: Iterator[pa.RecordBatch], order_by: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of both streams in order; no two rows have equal values in `order_by`.

    Memory is bounded by a batch of each stream, and by the fresh rows that fall into one batch.

    Args:
        kept: The long stream; batches into which no fresh row falls pass through untouched.
        fresh: The short stream.
        order_by: The columns of the order, all with types that `can_merge` accepts.

    Raises:
        StateError: STATE002, when `kept` is not in order: its base was not written by a fold.
    """
    waiting = _Waiting(fresh, order_by)
    last: pa.RecordBatch | None = None
    for batch in kept:
        if not batch.num_rows:
            continue
        _require_order(batch, last, order_by)
        last = batch.slice(batch.num_rows - 1)
        due = waiting.take_before(last)
        yield _insert(batch, due, order_by) if due.num_rows else batch
    yield from waiting.rest()


class _Waiting:
    """Fresh rows that have not found their place yet."""

    def __init__(self, fresh: Iterator[pa.RecordBatch], order_by: Sequence[str]) -> None:
        self._fresh, self._order_by = fresh, order_by
        self._rows: pa.RecordBatch | None = next(fresh, None)

    def take_before(self, row: pa.RecordBatch) -> pa.RecordBatch:
        """Return the waiting rows that come before a given one."""
        taken: list[pa.RecordBatch] = []
        while self._rows is not None:
            count = int(_places(self._rows, row, self._order_by)[0])
            taken.append(self._rows.slice(0, count))
            if count < self._rows.num_rows:
                self._rows = self._rows.slice(count)
                break
            self._rows = next(self._fresh, None)
        return pa.concat_batches(taken) if taken else row.slice(1)

    def rest(self) -> Iterator[pa.RecordBatch]:
        """Return all rows that still wait."""
        if self._rows is not None:
            yield self._rows
        yield from self._fresh


def _insert(batch: pa.RecordBatch, rows: pa.RecordBatch, order_by: Sequence[str]) -> pa.RecordBatch:
    """Put ordered rows into an ordered batch."""
    total = batch.num_rows + rows.num_rows
    inserted = _places(batch, rows, order_by) + np.arange(rows.num_rows)
    chosen = np.empty(total, dtype=np.int64)
    is_kept = np.ones(total, dtype=bool)
    is_kept[inserted] = False
    chosen[is_kept] = np.arange(batch.num_rows)
    chosen[inserted] = batch.num_rows + np.arange(rows.num_rows)
    return pa.concat_batches([batch, rows]).take(pa.array(chosen))


def _places(batch: pa.RecordBatch, rows: pa.RecordBatch, order_by: Sequence[str]) -> Places:
    """Return for each row how many rows of an ordered batch come before it, by bisection."""
    keys = batch.select(list(order_by))
    sought = rows.select(list(order_by))
    low = np.zeros(rows.num_rows, dtype=np.int64)
    high = np.full(rows.num_rows, batch.num_rows, dtype=np.int64)
    while (low < high).any():
        middle = (low + high) // 2
        probe = keys.take(pa.array(np.minimum(middle, batch.num_rows - 1)))
        before = _is_before(probe, sought) & (low < high)
        low = np.where(before, middle + 1, low)
        high = np.where(before, high, np.minimum(middle, high))
    return low


def _is_before(left: pa.RecordBatch, right: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """Compare rows pairwise, column after column."""
    before = np.zeros(left.num_rows, dtype=bool)
    equal = np.ones(left.num_rows, dtype=bool)
    for mine, other in zip(left.columns, right.columns, strict=True):
        less, same = _compare(mine, other)
        before |= equal & less
        equal &= same
    return before


def _compare(
    left: pa.Array, right: pa.Array
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell where `left` comes before `right`, and where both are the same; nulls are last."""
    left_null, right_null = _mask(pc.is_null(left)), _mask(pc.is_null(right))
    less = _mask(pc.fill_null(pc.less(left, right), False)) | (right_null & ~left_null)
    same = _mask(pc.fill_null(pc.equal(left, right), False)) | (right_null & left_null)
    return less, same


def _require_order(
    batch: pa.RecordBatch, last: pa.RecordBatch | None, order_by: Sequence[str]
) -> None:
    keys = batch.select(list(order_by))
    ordered = _is_before(keys.slice(0, batch.num_rows - 1), keys.slice(1)).all()
    if last is not None:
        ordered = ordered and _is_before(last.select(list(order_by)), keys.slice(0, 1)).all()
    if not ordered:
        raise StateError(
            f"the base is not ordered by {', '.join(order_by)}: promote its date again; nothing "
            "was published"
        )


def _mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = values.to_numpy(zero_copy_only=False)
    return mask


def _is_ordered(kind: pa.DataType) -> bool:
    known = (
        pa.types.is_integer,
        pa.types.is_temporal,
        pa.types.is_boolean,
        pa.types.is_string,
        pa.types.is_binary,
        pa.types.is_decimal,
    )
    return any(is_known(kind) for is_known in known) and not pa.types.is_interval(kind)
