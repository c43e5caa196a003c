"""The conservation law: every row that was read is accounted for.

Belongs here: the terms of the account and the assertion.
Lives elsewhere: the counting (`tasks`), and the same check on published files (`tasks.verifier`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from medallion.errors import QualityError
from medallion.manifest_shapes import Layer

LAW_TERMS = ("applied", "superseded", "unchanged", "deduplicated", "quarantined", "discarded")


def compare_law(layer: Layer, stats: Mapping[str, Any]) -> None:
    """Assert that every row read is accounted for.

    Raises:
        QualityError: QUAL004, naming the account that does not add up.
    """
    law = stats.get("law")
    if not isinstance(law, Mapping):
        raise QualityError("stats hold no conservation law", code="QUAL004")
    if layer == "silver":
        for run_date, account in law.items():
            _balance(f"Bronze {run_date}", account, LAW_TERMS)
        return
    _balance("Bronze", law, ("written",))
    if law["written"] != stats.get("row_count"):
        raise QualityError(
            f"law.written is {law['written']} but the files hold {stats.get('row_count')} rows",
            code="QUAL004",
        )


def _balance(what: str, account: Mapping[str, Any], terms: Sequence[str]) -> None:
    counts = [account.get(term) for term in ("read", *terms)]
    if not all(type(count) is int and count >= 0 for count in counts):
        raise QualityError(f"{what}: read, {', '.join(terms)} must be counts", code="QUAL004")
    if account["read"] != sum(account[term] for term in terms):
        told = " + ".join(f"{term} {account[term]}" for term in terms)
        raise QualityError(
            f"{what}: read {account['read']} rows, but accounts for {told}; "
            "nothing was published, please report this bug",
            code="QUAL004",
        )
