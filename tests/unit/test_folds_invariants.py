"""How folds of different models, loads and arrivals relate to each other.

That versions are sound and rows accounted for is checked for all examples of `test_folds_oracles`.
"""

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from medallion.folds import FoldSpec
from tests.folding import Silver, batch, fold_days
from tests.folding_checks import SHAPE
from tests.folding_examples import (
    KEYS,
    MIDNIGHT,
    TIMES,
    Row,
    batches_of,
    changes,
    payloads,
    places,
    policies,
    snapshots,
    spec_of,
    thorough,
)
from tests.oracles.values import comparable

HOUR = dt.timedelta(hours=1)


def fold_rows(spec: FoldSpec, days: list[list[Row]]) -> Silver:
    return fold_days(spec, [batch(spec, rows) for rows in days])[-1]


@thorough
@given(st.one_of(batches_of(changes()), snapshots()), policies)
def test_scd1_is_the_current_of_scd2(days: list[list[Row]], deletes: str) -> None:
    has_ops = any(len(row) == 7 for rows in days for row in rows)
    pattern = "cdc" if has_ops else "full"
    seen = []
    for model in ("scd_type_1", "scd_type_2"):
        spec = spec_of(model, deletes, pattern)
        marks = ["_deleted"] if spec.marks_deleted else []
        rows = fold_rows(spec, days[:2]).rows("current", [*SHAPE[:4], *marks])
        seen.append([tuple(map(comparable, row)) for row in rows])
    assert seen[0] == seen[1]


@thorough
@given(
    st.permutations(TIMES).map(lambda times: times[:3]),
    st.integers(0, 2),
    st.sampled_from(["scd_type_1", "scd_type_2"]),
    st.sampled_from(["hard", "tombstone", "erase"]),
)
def test_a_remembered_delete_lets_nothing_older_rise(
    times: list[dt.datetime], when: int, model: str, deletes: str
) -> None:
    spec = spec_of(model, deletes)
    delete = ("a", "b", None, None, 0, times[when], "D")
    upserts = [("a", "b", str(at), 1.0, 0, at, "U") for at in times if at != times[when]]
    silver = fold_rows(spec, [[delete], upserts])
    marks = ["_deleted"] if spec.marks_deleted else []
    live = [row for row in silver.rows("current", ["text", *marks]) if not any(row[1:])]
    assert [row[0] for row in live] == [str(max(times))] * (max(times) > times[when])


@thorough
@given(st.lists(st.tuples(places, payloads, st.sampled_from("UUD")), min_size=1, max_size=10))
def test_changes_and_snapshots_tell_the_same_story(said: list[tuple[Any, ...]]) -> None:
    """At each run date, both histories show the snapshot of that instant."""
    days = [MIDNIGHT + dt.timedelta(days=number) for number in range(2)]
    # An hour off, so that no change falls on the instant of a snapshot.
    told = {(key, at + HOUR): (payload, op) for (key, at), payload, op in said}
    rows = [(*key, *payload, at, op) for (key, at), (payload, op) in told.items()]
    taken = [latest_before(rows, day) for day in days]
    cdc, full = spec_of("scd_type_2"), spec_of("scd_type_2", pattern="full")
    changed, compared = fold_rows(cdc, [rows]), fold_rows(full, taken)
    for day, snapshot in zip(days, taken, strict=True):
        seen = [tuple(map(comparable, row[:4])) for row in snapshot]
        assert as_of(changed, day) == seen
        assert as_of(compared, day) == seen


def latest_before(rows: list[Row], instant: dt.datetime) -> list[Row]:
    """The table as it was at an instant, ordered by key."""
    table: dict[Row, Row] = {}
    for row in sorted((row for row in rows if row[5] < instant), key=lambda row: row[5]):
        table.pop(row[:2], None)
        if row[-1] != "D":
            table[row[:2]] = row[:-1]
    return [table[key] for key in sorted(KEYS) if key in table]


def as_of(silver: Silver, instant: dt.datetime) -> list[Row]:
    """The keys and tracked values that a history shows for an instant."""
    return [
        tuple(map(comparable, row[:4]))
        for row in silver.rows("history", SHAPE)
        if row[4] <= instant and (row[5] is None or instant < row[5])
    ]
