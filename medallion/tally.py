"""Count what fails, check by check, over a whole partition.

Belongs here: adding up and the verdict for the manifest. Lives elsewhere: running checks
(`check_run`), how many bad rows are too many (`quality`).
"""

from dataclasses import dataclass, replace
from typing import Literal

from medallion.checks import CheckRule, OnFail
from medallion.errors import QualityError

Status = Literal["passed", "failed", "warned"]
_Key = tuple[str, str | None, OnFail]


@dataclass(frozen=True)
class CheckOutcome:
    """How a check went over a whole partition.

    Attributes:
        name: The check; `type` and `not_null` count values that could not be cast and nulls.
        column: Its column, or several joined by commas; None for a check of the whole frame.
        status: `warned` is a failure that the contract only warns of.
        failed_rows: Failing rows; a frame that fails as a whole counts as all its rows.
        on_fail: What a failure does. Where no single row is at fault there is nothing to
            quarantine, so the run fails.
    """

    name: str
    column: str | None
    status: Status
    failed_rows: int
    on_fail: OnFail


class Tally:
    """Failing rows by check and column, and which checks of the contract have run."""

    def __init__(self) -> None:
        """Start without any check."""
        self._outcomes: dict[_Key, CheckOutcome] = {}
        self._expected: dict[int, CheckRule] = {}

    def expect(self, rule: CheckRule) -> None:
        """List a check of the contract; it has to run before the verdict."""
        self._expected[id(rule)] = rule
        self.count(rule.name, rule.column, rule.on_fail)

    def count_run(self, rule: CheckRule, failed_rows: int, *, as_a_whole: bool = False) -> None:
        """Note that a check ran, and the rows that failed it or, `as_a_whole`, all of them."""
        self._expected.pop(id(rule), None)
        self.count(rule.name, rule.column, rule.on_fail, failed_rows)
        if as_a_whole and failed_rows and rule.on_fail == "quarantine":
            key = (rule.name, rule.column, rule.on_fail)
            self._outcomes[key] = replace(self._outcomes[key], on_fail="fail")

    def count(self, name: str, column: str | None, on_fail: OnFail, failed_rows: int = 0) -> None:
        """Add failing rows; none make the check known, so that it is listed as passed."""
        key = (name, column, on_fail)
        known = self._outcomes.get(key, CheckOutcome(name, column, "passed", 0, on_fail))
        total = known.failed_rows + failed_rows
        self._outcomes[key] = replace(known, failed_rows=total, status=_status(total, on_fail))

    def outcomes(self) -> tuple[CheckOutcome, ...]:
        """Return every check, in the order in which they became known."""
        return tuple(self._outcomes.values())

    def need_all_run(self) -> None:
        """Raise unless every expected check has run.

        Raises:
            QualityError: QUAL003, naming the checks: data that were not checked are not good.
        """
        if self._expected:
            names = [f"{rule.name} on {rule.column}" for rule in self._expected.values()]
            raise QualityError(
                f"{len(names)} checks of the contract did not run ({', '.join(names)}); nothing "
                "was published: correct the contract",
                code="QUAL003",
            )

    def refuse_failures(self) -> None:
        """Raise if a check that fails the run has failed.

        Raises:
            QualityError: QUAL003, naming checks, columns and counts.
        """
        failed = [one for one in self.outcomes() if one.on_fail == "fail" and one.failed_rows]
        if failed:
            told = [f"{one.name} on {one.column}: {one.failed_rows} rows" for one in failed]
            raise QualityError(
                f"checks failed that the contract does not tolerate ({'; '.join(told)}); nothing "
                "was published: correct the source or the contract",
                code="QUAL003",
                checks=told,
            )


def _status(failed_rows: int, on_fail: OnFail) -> Status:
    if not failed_rows:
        return "passed"
    return "warned" if on_fail == "warn" else "failed"
