"""When versions of full loads start and end: order values, run dates, and keys that come back."""

import datetime as dt

import pytest

from tests.folding import batch, fold_days
from tests.folding_examples import MIDNIGHT, spec_of

DAYS = [MIDNIGHT + dt.timedelta(days=day) for day in range(5)]
HOUR = dt.timedelta(hours=1)
Snapshot = tuple[str, dt.datetime] | None
Version = tuple[str, dt.datetime, dt.datetime | None]

CASES: list[tuple[str, list[Snapshot], list[Version]]] = [
    (
        "starts at its order value",
        [("x", DAYS[0] - HOUR)],
        [("x", DAYS[0] - HOUR, None)],
    ),
    (
        "changes at its order value",
        [("x", DAYS[0]), ("y", DAYS[0] + HOUR)],
        [("x", DAYS[0], DAYS[0] + HOUR), ("y", DAYS[0] + HOUR, None)],
    ),
    (
        "changes at the run date if its order value is no later than the last boundary",
        [("x", DAYS[0]), ("y", DAYS[0])],
        [("x", DAYS[0], DAYS[1]), ("y", DAYS[1], None)],
    ),
    (
        "ends at the run date that misses it",
        [("x", DAYS[0] - HOUR), None],
        [("x", DAYS[0] - HOUR, DAYS[1])],
    ),
    (
        "comes back at its order value if that is later than its end",
        [("x", DAYS[0]), None, ("x", DAYS[1] + HOUR)],
        [("x", DAYS[0], DAYS[1]), ("x", DAYS[1] + HOUR, None)],
    ),
    (
        "comes back at the run date if its order value is no later than its end",
        [("x", DAYS[0]), None, ("x", DAYS[1])],
        [("x", DAYS[0], DAYS[1]), ("x", DAYS[2], None)],
    ),
    (
        "comes and goes",
        [("x", DAYS[0]), None, ("x", DAYS[0]), None, ("y", DAYS[0])],
        [("x", DAYS[0], DAYS[1]), ("x", DAYS[2], DAYS[3]), ("y", DAYS[4], None)],
    ),
    (
        "never was if it is missed before it starts",
        [("x", DAYS[1] + HOUR), None],
        [],
    ),
    (
        "never was, and comes back after the run date that missed it",
        [("x", DAYS[1] + HOUR), None, ("x", DAYS[0])],
        [("x", DAYS[2], None)],
    ),
    (
        "is cut short by a later snapshot that tells of an earlier time",
        [("x", DAYS[0]), ("y", DAYS[3]), ("z", DAYS[1])],
        [("x", DAYS[0], DAYS[2]), ("z", DAYS[2], None)],
    ),
    (
        "goes on if a later snapshot takes back its end",
        [("x", DAYS[0]), ("y", DAYS[3]), ("x", DAYS[1])],
        [("x", DAYS[0], None)],
    ),
]


@pytest.mark.parametrize(
    ("snapshots", "versions"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_version_of_full_loads(snapshots: list[Snapshot], versions: list[Version]) -> None:
    spec = spec_of("scd_type_2", pattern="full")
    rows = [[] if seen is None else [("a", "b", seen[0], 0.0, 0, seen[1])] for seen in snapshots]
    silver = fold_days(spec, [batch(spec, day) for day in rows])[-1]
    assert silver.rows("history", ["text", "valid_from", "valid_to"]) == versions
    assert len(silver.rows("_deletes")) == (snapshots[-1] is None)


def test_a_tombstone_stays_open_until_its_key_comes_back() -> None:
    spec = spec_of("scd_type_2", "tombstone", "full")
    rows = [[("a", "b", "x", 0.0, 0, DAYS[0])], [], [], [("a", "b", "x", 0.0, 0, DAYS[0])]]
    states = fold_days(spec, [batch(spec, day) for day in rows])
    columns = ["_deleted", "valid_from", "valid_to", "is_current"]
    assert states[2].rows("current", columns) == [(True, DAYS[1], None, True)]
    assert states[3].rows("history", columns) == [
        (False, DAYS[0], DAYS[1], False),
        (True, DAYS[1], DAYS[3], False),
        (False, DAYS[3], None, True),
    ]
