"""The law: incremental = full rebuild = any arrival order = any split = applied twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.folding import batch, fold, fold_days
from tests.folding_checks import live_keys
from tests.folding_examples import (
    MIDNIGHT,
    Row,
    batches_of,
    changes,
    policies,
    snapshots,
    spec_of,
    thorough,
    untied_changes,
)

models = st.sampled_from(["scd_type_1", "scd_type_2"])
TIME = -2


@thorough
@given(batches_of(untied_changes()), models, policies)
def test_any_arrival_order_and_split_give_the_same_bytes(
    batches: list[list[Row]], model: str, deletes: str
) -> None:
    spec = spec_of(model, deletes)
    in_order = sorted((row for rows in batches for row in rows), key=lambda row: row[TIME])
    rebuilt = fold(spec, batch(spec, in_order), counted=False)
    states = fold_days(spec, [batch(spec, rows) for rows in batches])
    assert states[-1].picture() == rebuilt.picture()


@thorough
@given(batches_of(changes(), most=2), models, policies)
def test_rows_with_ties_may_be_split_and_applied_again(
    batches: list[list[Row]], model: str, deletes: str
) -> None:
    spec = spec_of(model, deletes)
    everything = [row for rows in batches for row in rows]
    rebuilt = fold(spec, batch(spec, everything), counted=False)
    states = fold_days(spec, [batch(spec, rows) for rows in [*batches, everything]])
    assert states[-2].picture() == rebuilt.picture()
    assert states[-1].picture() == rebuilt.picture()


@thorough
@given(snapshots(), models, policies)
def test_a_snapshot_applied_again_changes_nothing(
    days: list[list[Row]], model: str, deletes: str
) -> None:
    spec = spec_of(model, deletes, "full")
    states = fold_days(spec, [batch(spec, rows) for rows in [*days, days[-1]]])
    assert states[-1].picture() == states[-2].picture()


@pytest.mark.parametrize("order", ["ts", None])
def test_without_an_order_column_the_later_batch_wins(order: str | None) -> None:
    spec = spec_of("scd_type_1", order_column=order)
    newer, older = MIDNIGHT, MIDNIGHT.replace(year=2024)
    days = [
        [("a", "b", "new", None, 0, newer, "I")],
        [("a", "b", "old", None, 0, older, "U")],
    ]
    silver = fold_days(spec, [batch(spec, rows) for rows in days])[-1]
    assert silver.rows("current", ["text"]) == [("new" if order else "old",)]


@pytest.mark.parametrize("model", ["scd_type_1", "scd_type_2"])
@pytest.mark.parametrize("deletes", ["hard", "tombstone", "erase"])
@pytest.mark.parametrize(("ops", "live"), [("DI", 1), ("ID", 0), ("IDI", 1), ("DID", 0)])
def test_of_equal_order_the_later_batch_wins(model: str, deletes: str, ops: str, live: int) -> None:
    spec = spec_of(model, deletes)
    days = [[("a", "b", "x", None, 0, MIDNIGHT, op)] for op in ops]
    silver = fold_days(spec, [batch(spec, rows) for rows in days])[-1]
    assert len(live_keys(silver, spec)) == live


def test_suppressed_events_bring_a_late_version_to_an_end() -> None:
    spec = spec_of("scd_type_2")
    at = [MIDNIGHT.replace(hour=hour) for hour in range(3)]
    days = [
        [("a", "b", "a", None, 0, at[0], "I"), ("a", "b", "a", None, 0, at[2], "U")],
        [("a", "b", "b", None, 0, at[1], "U")],
    ]
    silver = fold_days(spec, [batch(spec, rows) for rows in days])[-1]
    assert silver.rows("history", ["text", "valid_from", "valid_to"]) == [
        ("a", at[0], at[1]),
        ("b", at[1], at[2]),
        ("a", at[2], None),
    ]


def test_a_late_event_joins_versions_that_it_makes_equal() -> None:
    spec = spec_of("scd_type_2")
    at = [MIDNIGHT.replace(hour=hour) for hour in range(3)]
    days = [
        [("a", "b", text, None, 0, at[hour], "U") for hour, text in enumerate("xyx")],
        [("a", "b", "x", None, 0, at[1], "U")],
    ]
    silver = fold_days(spec, [batch(spec, rows) for rows in days])[-1]
    assert silver.rows("history", ["text", "valid_from", "valid_to"]) == [("x", at[0], None)]
