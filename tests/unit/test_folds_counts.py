"""The account of a fold: which fate each row has, and what the guard of full loads sees.

That the account adds up is checked for all examples of `test_folds_oracles`.
"""

from typing import Any

import pytest

from tests.folding import batch, fold, fold_days
from tests.folding_checks import FATES, live_keys
from tests.folding_examples import MIDNIGHT, Row, spec_of

AT = [MIDNIGHT.replace(hour=hour) for hour in range(6)]


def change(text: str, hour: int, op: str = "U", key: str = "a") -> Row:
    return (key, "", text, None, 0, AT[hour], op)


CASES: list[tuple[str, str, list[list[Row]], dict[str, int]]] = [
    ("scd_type_1", "hard", [[change("x", 1)]], {"applied": 1}),
    ("scd_type_1", "hard", [[change("x", 1)], [change("x", 2)]], {"unchanged": 1}),
    ("scd_type_1", "hard", [[change("x", 2)], [change("y", 1)]], {"superseded": 1}),
    ("scd_type_1", "hard", [[change("x", 1)] * 2], {"deduplicated": 1, "applied": 1}),
    ("scd_type_1", "hard", [[change("x", 1), change("y", 1)]], {"superseded": 1, "applied": 1}),
    ("scd_type_1", "hard", [[change("x", 1), change("y", 2)]], {"superseded": 1, "applied": 1}),
    ("scd_type_1", "hard", [[change("x", 1), change("x", 1, "D")]], {"superseded": 1}),
    ("scd_type_1", "hard", [[change("x", 1, "D")]], {"unchanged": 1}),
    ("scd_type_1", "hard", [[change("x", 1)], [change("", 2, "D")]], {"applied": 1}),
    ("scd_type_1", "ignore", [[change("x", 1)], [change("", 2, "D")]], {"discarded": 1}),
    ("scd_type_1", "tombstone", [[change("x", 1, "D")]], {"applied": 1}),
    ("scd_type_1", "tombstone", [[change("x", 1, "D")], [change("x", 2)]], {"applied": 1}),
    ("scd_type_1", "tombstone", [[change("x", 1, "D")], [change("x", 2, "D")]], {"unchanged": 1}),
    ("scd_type_2", "hard", [[change("x", 1)], [change("x", 2)]], {"unchanged": 1}),
    ("scd_type_2", "hard", [[change("x", 1)], [change("x", 1)]], {"unchanged": 1}),
    ("scd_type_2", "hard", [[change("x", 2)], [change("y", 1)]], {"applied": 1}),
    ("scd_type_2", "hard", [[change("x", 1)], [change("y", 1)]], {"applied": 1}),
    ("scd_type_2", "hard", [[change("x", 1), change("y", 2)]], {"applied": 2}),
    ("scd_type_2", "hard", [[change("x", 1)] * 2], {"deduplicated": 1, "applied": 1}),
    ("scd_type_2", "hard", [[change("x", 1), change("", 2, "D")]], {"applied": 2}),
    ("scd_type_2", "hard", [[change("", 2, "D")]], {"unchanged": 1}),
    ("scd_type_2", "hard", [[change("", 1, "D"), change("", 2, "D")]], {"unchanged": 2}),
    ("scd_type_2", "hard", [[change("x", 1)], *[[change("", 2, "D")]] * 2], {"unchanged": 1}),
    ("scd_type_2", "ignore", [[change("x", 1)], [change("", 2, "D")]], {"discarded": 1}),
    ("scd_type_2", "tombstone", [[change("x", 1, "D")], [change("x", 2)]], {"applied": 1}),
    ("scd_type_2", "erase", [[change("x", 1)], [change("", 2, "D")]], {"applied": 1}),
    ("scd_type_2", "erase", [[change("x", 2)], [change("", 2, "D")]], {"applied": 1}),
    ("scd_type_2", "erase", [[change("x", 3)], [change("", 2, "D")]], {"unchanged": 1}),
    ("scd_type_2", "erase", [[change("", 2, "D")], [change("x", 1)]], {"superseded": 1}),
    ("scd_type_2", "erase", [[change("x", 1), change("", 2, "D")]], {"superseded": 1}),
]


@pytest.mark.parametrize(("model", "deletes", "days", "expected"), CASES)
def test_each_row_has_the_fate_that_is_promised(
    model: str, deletes: str, days: list[list[Row]], expected: dict[str, int]
) -> None:
    spec = spec_of(model, deletes)
    counts = fold_days(spec, [batch(spec, rows) for rows in days], counted=True)[-1].counts
    fates: dict[str, Any] = {fate: counts[fate] for fate in FATES if counts[fate]}
    assert fates | expected == fates


@pytest.mark.parametrize("model", ["scd_type_1", "scd_type_2"])
@pytest.mark.parametrize("deletes", ["hard", "tombstone", "erase"])
def test_a_row_that_comes_back_takes_effect(model: str, deletes: str) -> None:
    spec = spec_of(model, deletes, "full")
    rows = [change("x", 1)[:-1], change("x", 1, key="b")[:-1]]
    days = [batch(spec, there) for there in (rows, rows[:1], rows)]
    counts = fold_days(spec, days, counted=True)[-1].counts
    assert (counts["applied"], counts["unchanged"]) == (1, 1)


GUARDS = [
    ("hard", ["abc", "ab"], (3, 1)),
    ("hard", ["abc", "ab", "a"], (2, 1)),
    ("tombstone", ["abc", "ab"], (3, 1)),
    ("tombstone", ["abc", "ab", "ab"], (2, 0)),
    ("erase", ["abc", "ab", "ab"], (2, 0)),
    ("ignore", ["abc", "ab"], (3, 0)),
]


@pytest.mark.parametrize("model", ["scd_type_1", "scd_type_2"])
@pytest.mark.parametrize(("deletes", "keys", "guard"), GUARDS)
def test_guard_sees_how_many_live_keys_are_absent(
    model: str, deletes: str, keys: list[str], guard: tuple[int, int]
) -> None:
    spec = spec_of(model, deletes, "full")
    days = [batch(spec, [change("x", 1, key=key)[:-1] for key in there]) for there in keys]
    counts = fold_days(spec, days, counted=True)[-1].counts
    assert (counts["guard_base"], counts["guard_absent"]) == guard


@pytest.mark.parametrize("model", ["scd_type_1", "scd_type_2"])
@pytest.mark.parametrize("deletes", ["hard", "tombstone", "erase"])
def test_a_quarantined_row_is_no_absent_key(model: str, deletes: str) -> None:
    spec = spec_of(model, deletes, "full", has_rejected=True)
    rows = [change("x", 1, key=key)[:-1] for key in "ab"]
    none, some = (batch(spec, rejected).select(["k1", "k2"]) for rejected in ([], rows[1:]))
    base = fold(spec, batch(spec, rows), rejected=none)
    silver = fold(spec, batch(spec, rows[:1]), base, rejected=some)
    assert silver.counts["guard_absent"] == 0
    assert live_keys(silver, spec) == {("a", ""), ("b", "")}
