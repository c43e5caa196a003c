"""Count what fails, check by check, over a whole partition.

Belongs here: adding up and the verdict for the manifest. Lives elsewhere: running checks
(`check_run`), how many bad rows are too many (`quality`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from medallion.checks import OnFail
from medallion.errors import QualityError

Status = Literal["passed", "failed", "warned"]


@dataclass(frozen=True)
class CheckOutcome:
    """How a check went over a whole partition.

    Attributes:
        name: The check; `type` and `not_null` count values that could not be cast and nulls.
        column: Its column; None for a check of the whole frame.
        status: `warned` is a failure that a contract only warns of.
        failed_rows: Failing rows; a frame that fails as a whole counts as all its rows.
        on_fail: What the contract says of a failure.
    """

    name: str
    column: str | None
    status: Status
    failed_rows: int
    on_fail: OnFail


class Tally:
    """Failing rows by check and column."""

    def __init__(self) -> None:
        """Start without any check."""
        self._failed: dict[tuple[str, str | None, OnFail], int] = {}

    def count(self, name: str, column: str | None, on_fail: OnFail, rows: int = 0) -> None:
        """Add failing rows; no rows make the check known, so that it is listed as passed."""
        key = (name, column, on_fail)
        self._failed[key] = self._failed.get(key, 0) + rows

    def outcomes(self) -> tuple[CheckOutcome, ...]:
        """Return every check that was counted, in the order in which they came."""
        return tuple(
            CheckOutcome(name, column, _status(rows, on_fail), rows, on_fail)
            for (name, column, on_fail), rows in self._failed.items()
        )


def refuse_failures(outcomes: Iterable[CheckOutcome]) -> None:
    """Raise if a check with `on_fail: fail` failed.

    Raises:
        QualityError: QUAL003, naming checks, columns and counts.
    """
    failed = [one for one in outcomes if one.on_fail == "fail" and one.failed_rows]
    if failed:
        told = "; ".join(f"{one.name} on {one.column}: {one.failed_rows} rows" for one in failed)
        raise QualityError(
            f"checks with on_fail: fail failed ({told}); nothing was published: correct the source "
            "or the contract",
            code="QUAL003",
            checks=[f"{one.name}:{one.column}" for one in failed],
        )


def _status(rows: int, on_fail: OnFail) -> Status:
    if not rows:
        return "passed"
    return "warned" if on_fail == "warn" else "failed"
