"""What holds of every fold, whatever led to it: sound versions, and rows that are accounted for.

Belongs here: invariants as assertions over artifacts and counts.
Lives elsewhere: the examples they are put to (`folding_examples`, the tests).
"""

import itertools
from collections.abc import Iterator
from typing import Any

from medallion.folds import FoldSpec
from tests.folding import Silver
from tests.folding_examples import Row
from tests.oracles.values import comparable

SHAPE = ("k1", "k2", "text", "number", "valid_from", "valid_to", "is_current")
FATES = ("applied", "superseded", "unchanged", "deduplicated", "discarded")


def assert_sound(silver: Silver, spec: FoldSpec) -> None:
    """One open row at most, and last; no empty, overlapping or needless version."""
    for versions in _versions_by_key(silver, spec):
        assert [current for *_, current in versions[:-1]] == [False] * (len(versions) - 1)
        assert all(current == (end is None) for _, _, end, current in versions)
        assert all(end is None or start < end for _, start, end, _ in versions)
        for (state, _, end, _), (follower, start, _, _) in itertools.pairwise(versions):
            assert end <= start if spec.deletes == "hard" else end == start
            assert end < start or state != follower
    opened = [row for row in silver.rows("history", SHAPE) if row[-1]]
    assert repr(opened) == repr(silver.rows("current", SHAPE))


def assert_accounted(spec: FoldSpec, rows: list[Row], before: Silver | None, after: Silver) -> None:
    """Every row read has one fate, and every change of the state is counted."""
    counts = after.counts
    assert counts["read"] == len(rows) == sum(counts[fate] for fate in FATES)
    assert min(counts.values()) >= 0
    expected = _count_changes(before, after, spec)
    assert {name: counts[name] for name in expected} == expected


def live_keys(silver: Silver, spec: FoldSpec) -> set[Row]:
    """The keys that have a current row which is no delete's."""
    marks = ["_deleted"] if spec.marks_deleted else []
    rows = silver.rows("current", ["k1", "k2", *marks])
    return {row[:2] for row in rows if not any(row[2:])}


def _versions_by_key(silver: Silver, spec: FoldSpec) -> Iterator[list[tuple[Any, ...]]]:
    """Each key's versions: tracked state, from, to, current."""
    marks = ["_deleted"] if spec.marks_deleted else []
    rows = silver.rows("history", [*SHAPE, *marks])
    for _, versions in itertools.groupby(rows, key=lambda row: row[:2]):
        yield [((*map(comparable, v[2:4]), *v[7:]), *v[4:7]) for v in versions]


def _count_changes(before: Silver | None, after: Silver, spec: FoldSpec) -> dict[str, int]:
    """Count the differences between two states by looking at all of their rows."""
    old = _counted_rows(before, spec) if before else {}
    new = _counted_rows(after, spec)
    gone = (live_keys(before, spec) if before else set()) - live_keys(after, spec)
    both = old.keys() & new.keys()
    versioned = spec.model == "scd_type_2"
    closed = {key for key in both if versioned and old[key][-2] is None and new[key][-2]}
    updated = {key for key in both - closed if old[key] != new[key]}
    return {
        "inserted": len(new.keys() - old.keys()),
        "updated": len(updated if versioned else updated - gone),
        "closed": len(closed),
        "deleted": len(gone),
        "removed": len(old.keys() - new.keys()),
        "rows_before": len(old),
        "rows": len(new),
    }


def _counted_rows(silver: Silver, spec: FoldSpec) -> dict[Row, Row]:
    """What is counted: SCD2's versions by key and start, SCD1's rows, as tracked, by key."""
    versioned = spec.model == "scd_type_2"
    table = silver.artifacts["history" if versioned else "current"]
    places = ["k1", "k2", "valid_from"] if versioned else ["k1", "k2"]
    tracked = ["text", "number", *["_deleted"] * spec.marks_deleted]
    shown = table.column_names if versioned else tracked
    return {
        tuple(row[name] for name in places): tuple(comparable(row[name]) for name in shown)
        for row in table.to_pylist()
    }
