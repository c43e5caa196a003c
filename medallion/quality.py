"""Bad rows: why a row is one, and how many are too many.

Belongs here: the closed set of reasons and the thresholds. Lives elsewhere: finding bad rows
(`row_validation`), keeping them (`tasks.quarantine`).
"""

from enum import StrEnum

from medallion.config.silver import ErrorHandling
from medallion.errors import QualityError


class RejectReason(StrEnum):
    """Why a row is bad, the most severe first: a row's first reason is the one it is listed by."""

    NULL_KEY = "null_key"
    NULL_ORDER = "null_order"
    UNKNOWN_OP = "unknown_op"
    WRONG_TYPE = "wrong_type"
    NULL_NOT_ALLOWED = "null_not_allowed"
    CHECK_FAILED = "check_failed"
    NOT_UNIQUE = "not_unique"
    UNDECLARED_COLUMN = "undeclared_column"

    @property
    def severity(self) -> int:
        """The place in the order of severity; 0 is the worst."""
        return list(RejectReason).index(self)


def judge(bad: int, read: int, error_handling: ErrorHandling) -> QualityError | None:
    """Return the error that ends the run, or None if so many bad rows are tolerated.

    Without `enabled` any bad row is too many. With it, `max_bad_records: 0` tolerates none; else
    the run fails only if both limits are exceeded. `mode: fail_open` tolerates everything.
    """
    if not bad or error_handling.mode == "fail_open":
        return None
    percent = 100 * bad / read
    if not error_handling.enabled:
        allowed = "none, since silver.error_handling.enabled is false"
    elif error_handling.max_bad_records == 0:
        allowed = "none, since silver.error_handling.max_bad_records is 0"
    elif bad > error_handling.max_bad_records and percent > error_handling.max_bad_percent:
        allowed = (
            f"{error_handling.max_bad_records} rows or {error_handling.max_bad_percent:g} % "
            "(silver.error_handling)"
        )
    else:
        return None
    return QualityError(
        f"{bad} of {read} rows are bad ({percent:.2f} %), allowed: {allowed}; nothing was "
        "published: correct the source or the contract, or raise the limits",
        code="QUAL001",
        bad=bad,
        read=read,
    )
