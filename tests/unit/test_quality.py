"""Thresholds and verdicts: exactly what `error_handling` and `on_fail` say."""

from typing import Any

import pytest

from medallion.checks import CheckRule
from medallion.config.silver import ErrorHandling
from medallion.errors import QualityError
from medallion.quality import RejectReason, judge
from medallion.tally import Tally


@pytest.mark.parametrize(
    ("settings", "bad", "read", "tolerated"),
    [
        ({}, 0, 100, True),
        ({}, 1, 100, False),
        ({"max_bad_records": 10, "max_bad_percent": 50.0}, 1, 100, False),
        ({"enabled": True}, 1, 100, False),
        ({"enabled": True, "max_bad_percent": 50.0}, 1, 100, False),
        ({"enabled": True, "max_bad_records": 5}, 5, 5, True),
        ({"enabled": True, "max_bad_records": 5}, 6, 1000, False),
        ({"enabled": True, "max_bad_records": 5, "max_bad_percent": 1.0}, 10, 1000, True),
        ({"enabled": True, "max_bad_records": 5, "max_bad_percent": 1.0}, 11, 1000, False),
        ({"enabled": True, "max_bad_records": 5, "max_bad_percent": 1.0}, 4, 4, True),
        ({"mode": "fail_open"}, 100, 100, True),
        ({"enabled": True, "mode": "fail_open"}, 100, 100, True),
        ({"enabled": True}, 0, 0, True),
    ],
)
def test_bad_rows_are_judged_as_configured(
    settings: dict[str, Any], bad: int, read: int, tolerated: bool
) -> None:
    error = judge(bad, read, ErrorHandling(**settings))
    assert (error is None) == tolerated
    if error is not None:
        assert error.code == "QUAL001"
        assert f"{bad} of {read} rows" in str(error)


def test_reasons_are_ordered_by_severity() -> None:
    assert [reason.severity for reason in RejectReason] == list(range(8))
    assert RejectReason.NULL_KEY < RejectReason.WRONG_TYPE or RejectReason.NULL_KEY.severity == 0


def rule(on_fail: Any = "quarantine", column: str | None = "c") -> CheckRule:
    return CheckRule("ge", column, check=None, on_fail=on_fail)


@pytest.mark.parametrize(
    ("on_fail", "failed", "status"),
    [
        ("quarantine", 0, "passed"),
        ("quarantine", 2, "failed"),
        ("warn", 2, "warned"),
        ("fail", 2, "failed"),
    ],
)
def test_outcome_says_how_a_check_went(on_fail: Any, failed: int, status: str) -> None:
    tally, check = Tally(), rule(on_fail)
    tally.expect(check)
    tally.count_run(check, 0)
    tally.count_run(check, failed)
    [outcome] = tally.outcomes()
    assert (outcome.status, outcome.failed_rows, outcome.on_fail) == (status, failed, on_fail)


@pytest.mark.parametrize(
    ("on_fail", "as_a_whole", "refused"),
    [
        ("quarantine", False, False),
        ("quarantine", True, True),
        ("warn", True, False),
        ("fail", False, True),
    ],
)
def test_failure_that_cannot_be_set_aside_is_refused(
    on_fail: Any, as_a_whole: bool, refused: bool
) -> None:
    tally = Tally()
    tally.count_run(rule(on_fail), 3, as_a_whole=as_a_whole)
    if not refused:
        tally.refuse_failures()
        return
    with pytest.raises(QualityError, match="ge on c: 3 rows") as caught:
        tally.refuse_failures()
    assert caught.value.code == "QUAL003"


def test_check_that_did_not_run_is_an_error() -> None:
    tally, check = Tally(), rule()
    tally.expect(check)
    with pytest.raises(QualityError, match="1 checks of the contract did not run"):
        tally.need_all_run()
    tally.count_run(check, 0)
    tally.need_all_run()
