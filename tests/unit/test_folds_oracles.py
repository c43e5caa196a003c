"""Folds against two oracles that were written apart: acted out in Python, and as plain SQL.

Each of the histories on the way must also be sound, and its last fold's rows accounted for.
"""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.folds import FoldSpec
from tests.folding import Silver, batch, fold_days
from tests.folding_checks import assert_accounted, assert_sound
from tests.folding_examples import (
    MIDNIGHT,
    Row,
    batches_of,
    changes,
    events_of,
    policies,
    rules_of,
    snapshots,
    spec_of,
    thorough,
    told,
    told_rows,
    told_versions,
)
from tests.oracles import naive, plain_sql

RUN_DATES = [MIDNIGHT + dt.timedelta(days=day) for day in range(3)]


def fold_and_account(spec: FoldSpec, days: list[list[Row]]) -> Silver:
    """Fold the days one by one; the last day's rows must be accounted for."""
    states = fold_days(spec, [batch(spec, rows) for rows in days], counted=True)
    assert_accounted(spec, days[-1], states[-2] if len(states) > 1 else None, states[-1])
    return states[-1]


@thorough
@given(batches_of(changes()), policies)
def test_scd1_of_changes_is_what_both_oracles_say(batches: list[list[Row]], deletes: str) -> None:
    spec = spec_of("scd_type_1", deletes)
    events = events_of(batches)
    got = told_rows(fold_and_account(spec, batches), spec)
    assert got == told((*row, dead) for row, dead in naive.latest_rows(rules_of(spec), events))
    assert got == told((*row, dead) for row, dead in plain_sql.latest_rows(rules_of(spec), events))


@thorough
@given(batches_of(changes()), policies)
def test_scd2_of_changes_is_what_both_oracles_say(batches: list[list[Row]], deletes: str) -> None:
    spec = spec_of("scd_type_2", deletes)
    events = events_of(batches)
    silver = fold_and_account(spec, batches)
    assert_sound(silver, spec)
    got = told_versions(silver, spec)
    assert got == told((*v[0], *v[1:]) for v in naive.versions(rules_of(spec), events))
    assert got == told((*v[0], *v[1:]) for v in plain_sql.versions(rules_of(spec), events))


@thorough
@given(snapshots(), policies)
def test_scd1_of_snapshots_is_what_the_oracle_says(days: list[list[Row]], deletes: str) -> None:
    spec = spec_of("scd_type_1", deletes, "full")
    seen = [events_of([day], has_ops=False) for day in days]
    got = told_rows(fold_and_account(spec, days), spec)
    assert got == told((*row, dead) for row, dead in naive.snapshot_rows(rules_of(spec), seen))


@thorough
@given(snapshots(), policies, st.sampled_from(["ts", None]))
def test_scd2_of_snapshots_is_what_the_oracles_say(
    days: list[list[Row]], deletes: str, order: str | None
) -> None:
    spec = spec_of("scd_type_2", deletes, "full", order_column=order)
    events = events_of(days, has_ops=False)
    seen = [[event for event in events if event.day == day] for day in range(len(days))]
    silver = fold_and_account(spec, days)
    assert_sound(silver, spec)
    for oracle in [naive, plain_sql] if order is None and deletes == "hard" else [naive]:
        expected = oracle.snapshot_versions(rules_of(spec), seen, RUN_DATES[: len(days)])
        assert told_versions(silver, spec) == told((*v[0], *v[1:]) for v in expected)


@pytest.mark.parametrize("pattern", ["cdc", "current_history"])
def test_rows_without_operations_are_upserts(pattern: str) -> None:
    spec = spec_of("scd_type_1", pattern=pattern, has_ops=False)
    rows = [("a", "b", "x", 1.0, 0, MIDNIGHT), ("a", "b", "y", 1.0, 0, MIDNIGHT)]
    silver = fold_days(spec, [batch(spec, rows)])[-1]
    assert silver.rows("current", ["text"]) == [("y",)]
