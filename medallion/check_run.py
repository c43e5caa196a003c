"""Run checks on a frame and say which rows fail.

Belongs here: calling pandera, without its errors: they quote data. Lives elsewhere: what a check
is (`checks`), what a failing row means (`row_validation`).

The checks of a schema are called one by one rather than through `schema.validate`: so each one is
known to have run, whatever pandera's global switches say, and its mask is complete.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from medallion.checks import CheckRule
from medallion.errors import QualityError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class CheckAnswer:
    """What a check says of a frame.

    Attributes:
        passed: Whether nothing failed.
        failed_rows: Places of the failing rows; None if the check judges the frame as a whole.
    """

    passed: bool
    failed_rows: npt.NDArray[np.int64] | None


def make_frame(
    columns: Sequence[pa.Array | pa.ChunkedArray], names: Sequence[str]
) -> "pd.DataFrame":
    """Show Arrow columns as pandas sees them, without conversion, under a fresh RangeIndex."""
    import pandas as pd

    table = pa.Table.from_arrays(list(columns), names=list(names))
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
    return frame


def run_check(rule: CheckRule, frame: "pd.DataFrame") -> CheckAnswer:
    """Run the check on a frame with a fresh RangeIndex.

    Raises:
        QualityError: QUAL003, if the check raises an exception or answers with something that does
            not line up with the rows: then the contract is at fault, not the data.
    """
    try:
        if rule.column is None:
            return _read_answer(rule.check(frame).check_output, len(frame))
        if rule.check.groupby is not None:
            return CheckAnswer(bool(rule.check(frame, rule.column).check_passed), None)
        return _read_answer(rule.check(frame[rule.column]).check_output, len(frame))
    except Exception as error:
        place = "the whole frame" if rule.column is None else f"column {rule.column!r:.60}"
        raise QualityError(
            f"check {rule.name} on {place} raised {type(error).__name__}: correct the contract; "
            "nothing was published",
            code="QUAL003",
            check=rule.name,
            column=rule.column,
        ) from None


def needs_whole_partition(rule: CheckRule) -> bool:
    """Tell whether the check is known to look at more than one row at a time.

    A column's check that answers with one value for all rows does too, but shows it only when run.
    """
    return rule.column is None or rule.check.groupby is not None


def _read_answer(output: Any, row_count: int) -> CheckAnswer:
    if isinstance(output, bool | np.bool_):
        return CheckAnswer(bool(output), None)
    if output.ndim == 2:
        output = output.all(axis="columns")
    passed = output.fillna(False).to_numpy(dtype=bool)
    rows = output.index.to_numpy()
    _need_places(rows, row_count)
    return CheckAnswer(bool(passed.all()), rows[~passed].astype(np.int64))


def _need_places(rows: npt.NDArray[Any], row_count: int) -> None:
    """Raise unless an answer's index names rows of the frame, each at most once."""
    if not len(rows):
        return
    if rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= row_count:
        raise ValueError("the answer does not line up with the rows")
    is_ascending = bool((np.diff(rows) > 0).all())
    if not is_ascending and len(np.unique(rows)) != len(rows):
        raise ValueError("the answer names a row twice")
