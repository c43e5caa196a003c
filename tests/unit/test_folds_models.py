"""The models that keep no keyed state, and the order in which every artifact is written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.folding import batch, fold, fold_days
from tests.folding_examples import (
    MIDNIGHT,
    Row,
    batches_of,
    changes,
    rules_of,
    snapshots,
    spec_of,
    thorough,
    told,
)
from tests.oracles import naive
from tests.oracles.values import Event, comparable


def distinct(rows: list[Row]) -> list[Row]:
    """The first of equal rows, in order."""
    kept: dict[Any, Row] = {}
    for row in rows:
        kept.setdefault(tuple(map(comparable, row)), row)
    return list(kept.values())


@thorough
@given(snapshots())
def test_periodic_snapshot_keeps_every_row_in_order(days: list[list[Row]]) -> None:
    spec = spec_of("periodic_snapshot", pattern="full")
    silver = fold_days(spec, [batch(spec, rows) for rows in days], counted=True)[-1]
    assert told(silver.rows("full_snapshot")) == told(days[-1])
    assert silver.counts["applied"] == silver.counts["rows"] == len(days[-1])


@thorough
@given(snapshots(), st.sampled_from(["ts", None]))
def test_full_merge_dedupe_keeps_the_latest_row_of_each_key(
    days: list[list[Row]], order: str | None
) -> None:
    spec = spec_of("full_merge_dedupe", pattern="full", order_column=order)
    events = [Event(0, at, row) for at, row in enumerate(days[-1])]
    expected = naive.winners(rules_of(spec), events)
    silver = fold_days(spec, [batch(spec, rows) for rows in days], counted=True)[-1]
    assert told(silver.rows("full_snapshot")) == told(expected.values())
    counts = silver.counts
    assert counts["applied"] == len(expected)
    assert counts["read"] == counts["applied"] + counts["superseded"] + counts["deduplicated"]


@pytest.mark.parametrize(("deletes", "left"), [("hard", []), ("ignore", [("x",)])])
def test_full_merge_dedupe_obeys_the_latest_delete(deletes: str, left: list[Row]) -> None:
    spec = spec_of("full_merge_dedupe", deletes)
    rows = [("a", "b", "x", None, 0, MIDNIGHT, "I"), ("a", "b", None, None, 0, MIDNIGHT, "D")]
    assert fold(spec, batch(spec, rows)).rows("full_snapshot", ["text"]) == left


@thorough
@given(batches_of(changes()))
def test_incremental_merge_keeps_each_change_of_its_date_once(batches: list[list[Row]]) -> None:
    spec = spec_of("incremental_merge")
    silver = fold_days(spec, [batch(spec, rows) for rows in batches], counted=True)[-1]
    expected = distinct(batches[-1])
    assert told(silver.rows("cdc_changes")) == told(row[:-1] for row in expected)
    counts = {name: number for name, number in silver.counts.items() if number}
    read, kept = len(batches[-1]), len(expected)
    facts = {"read": read, "applied": kept, "deduplicated": read - kept}
    facts |= {"inserted": kept, "rows": kept}
    assert counts == {name: number for name, number in facts.items() if number}


@thorough
@given(batches_of(changes()))
def test_event_log_delivers_each_event_on_its_first_date(batches: list[list[Row]]) -> None:
    spec = spec_of("event_log")
    states = fold_days(spec, [batch(spec, rows) for rows in batches], counted=True)
    everything = [row for rows in batches for row in rows]
    delivered = [row for state in states for row in state.rows("events")]
    assert told(delivered) == told(row[:-1] for row in distinct(everything))
    rebuilt = fold(spec, batch(spec, everything), counted=False)
    assert states[-1].rows("_seen") == rebuilt.rows("_seen")
    counts = states[-1].counts
    assert counts["read"] == counts["applied"] + counts["deduplicated"] == len(batches[-1])


PARTITIONED = [
    ("periodic_snapshot", "full_snapshot", ["x", "x", "y"]),
    ("full_merge_dedupe", "full_snapshot", ["x", "y"]),
    ("incremental_merge", "cdc_changes", ["x", "x", "y"]),
    ("event_log", "events", ["x", "x", "y"]),
    ("scd_type_1", "current", ["x", "y"]),
    ("scd_type_2", "current", ["x", "y"]),
    ("scd_type_2", "history", ["x", "x", "y"]),
]


@pytest.mark.parametrize(("model", "artifact", "order"), PARTITIONED)
def test_partition_columns_lead_the_order(model: str, artifact: str, order: list[str]) -> None:
    spec = spec_of(model, has_ops=False, partition_columns=("text",))
    rows = [
        ("b", "", "x", None, 0, MIDNIGHT.replace(hour=1)),
        ("a", "", "y", None, 0, MIDNIGHT.replace(hour=2)),
        ("b", "", "x", 1.0, 0, MIDNIGHT.replace(hour=3)),
    ]
    assert [row[0] for row in fold(spec, batch(spec, rows)).rows(artifact, ["text"])] == order
