"""The conservation law: every row read is accounted for, or nothing is published."""

from typing import Any

import pytest

from medallion.errors import QualityError
from medallion.manifest import Layer, build_checksums, compare_law
from tests.example_manifests import LOGIC, SCHEMA, bronze_generation, data_file

SILVER: dict[str, Any] = {
    "read": 21,
    "applied": 1,
    "superseded": 2,
    "unchanged": 3,
    "deduplicated": 4,
    "quarantined": 5,
    "discarded": 6,
}


@pytest.mark.parametrize(
    ("layer", "stats"),
    [
        ("bronze", {"row_count": 5, "law": {"read": 5, "written": 5}}),
        ("bronze", {"row_count": 0, "law": {"read": 0, "written": 0}}),
        ("silver", {"row_count": 9, "law": {"2026-01-01": SILVER}}),
        ("silver", {"row_count": 9, "law": {}}),
    ],
)
def test_law_holds(layer: Layer, stats: dict[str, Any]) -> None:
    compare_law(layer, stats)


@pytest.mark.parametrize("term", SILVER)
def test_law_of_silver_misses_one_row_in_any_term(term: str) -> None:
    law = {"2026-01-01": SILVER, "2026-01-02": {**SILVER, term: SILVER[term] + 1}}
    with pytest.raises(QualityError, match=r"Bronze 2026-01-02: read 2\d rows") as caught:
        compare_law("silver", {"law": law})
    assert caught.value.code == "QUAL004"


@pytest.mark.parametrize(
    ("stats", "reason"),
    [
        ({"row_count": 5, "law": {"read": 6, "written": 5}}, "accounts for written 5"),
        ({"row_count": 4, "law": {"read": 5, "written": 5}}, "the files hold 4 rows"),
        ({"row_count": 5, "law": {"read": 5}}, "must be counts"),
        ({"row_count": 5, "law": {"read": -5, "written": -5}}, "must be counts"),
        ({"row_count": 1, "law": {"read": True, "written": True}}, "must be counts"),
        ({"row_count": 5}, "no conservation law"),
    ],
)
def test_law_of_bronze_is_broken(stats: dict[str, Any], reason: str) -> None:
    with pytest.raises(QualityError, match=reason):
        compare_law("bronze", stats)


def test_manifest_is_not_built_against_the_law() -> None:
    with pytest.raises(QualityError, match="read 6 rows"):
        build_checksums(
            bronze_generation(),
            [data_file(rows=5)],
            SCHEMA,
            artifact="data",
            stats={"law": {"read": 6, "written": 5}},
            logic_digest=LOGIC,
        )
