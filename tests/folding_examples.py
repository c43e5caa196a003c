"""A small and mean world for folds: few keys, few times, every operation, values that look alike.

Belongs here: the columns, hypothesis strategies, and the bridge from rows to the oracles.
Lives elsewhere: running folds (`folding`), what must come out (`tests/oracles`).
"""

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from medallion.folds import FoldSpec
from tests.conftest import SCALE
from tests.folding import DAY, Silver
from tests.oracles.values import Event, Rules

Row = tuple[Any, ...]

thorough = settings(max_examples=200 * SCALE)

COLUMNS = ("k1", "k2", "text", "number", "note", "ts")
TYPES = ("VARCHAR", "VARCHAR", "VARCHAR", "DOUBLE", "BIGINT", "TIMESTAMP WITH TIME ZONE")
KEYS = [("a", "bc"), ("ab", "c"), ("", "NULL")]
DELETES = ("ignore", "hard", "tombstone", "erase")
MIDNIGHT = dt.datetime.combine(DAY, dt.time(), dt.UTC)
# Around the first three run dates: before, at midnight, in between, and in the future.
TIMES = [MIDNIGHT + dt.timedelta(hours=hours) for hours in (-30, 0, 5, 24, 31, 80)]

texts = st.sampled_from([None, "x"])
numbers = st.sampled_from([float("nan"), 0.0, -0.0])
payloads = st.tuples(texts, numbers, st.integers(0, 1))
places = st.tuples(st.sampled_from(KEYS), st.sampled_from(TIMES))
# Fewer, so that changes meet: in one batch, across batches, at one time.
crowded_places = st.tuples(st.sampled_from(KEYS[:2]), st.sampled_from(TIMES[:4]))
daily_places = st.tuples(st.sampled_from(KEYS[:2]), st.sampled_from(TIMES))
policies = st.sampled_from(DELETES)


def spec_of(model: str, deletes: str = "hard", pattern: str = "cdc", **facts: Any) -> FoldSpec:
    """A dataset of this world."""
    defaults: dict[str, Any] = {
        "run_date": DAY,
        "columns": COLUMNS,
        "types": TYPES,
        "keys": COLUMNS[:2],
        "order_column": "ts",
        "has_ops": pattern != "full",
        "tracked_columns": ("text", "number"),
        "erase_key": b"secret",
    }
    return FoldSpec(model, pattern, deletes=deletes, **(defaults | facts))  # type: ignore[arg-type]


def rules_of(spec: FoldSpec) -> Rules:
    """The same dataset as the oracles see it."""
    at = spec.columns.index
    order = None if spec.order_column is None else at(spec.order_column)
    return Rules(
        tuple(map(at, spec.keys)), order, tuple(map(at, spec.tracked_columns)), spec.deletes
    )


def events_of(batches: Iterable[Iterable[Row]], *, has_ops: bool = True) -> list[Event]:
    """All rows in the order in which they arrived."""
    return [
        Event(day, position, row[:-1] if has_ops else row, row[-1] if has_ops else "U")
        for day, batch in enumerate(batches)
        for position, row in enumerate(batch)
    ]


def _row(place: tuple[tuple[str, str], dt.datetime], payload: Row) -> Row:
    return (*place[0], *payload, place[1])


@st.composite
def changes(draw: st.DrawFn) -> list[Row]:
    """Changes with ties: rows of one key and time may say different things."""
    ops = st.sampled_from("IUD")
    drawn = draw(st.lists(st.tuples(crowded_places, payloads, ops), max_size=10))
    return [(*_row(place, payload), op) for place, payload, op in drawn]


@st.composite
def untied_changes(draw: st.DrawFn) -> list[Row]:
    """Changes without ties: rows of one key and time are copies."""
    said = draw(st.dictionaries(places, st.tuples(payloads, st.sampled_from("IUD")), max_size=9))
    rows = [(*_row(place, payload), op) for place, (payload, op) in said.items()]
    return draw(st.permutations([*rows, *rows[: draw(st.integers(0, 3))]]))


@st.composite
def batches_of(
    draw: st.DrawFn, rows: st.SearchStrategy[list[Row]], most: int = 3
) -> list[list[Row]]:
    """The same rows in one batch or more, some of them empty."""
    drawn = draw(rows)
    cuts = sorted(draw(st.lists(st.integers(0, len(drawn)), max_size=most - 1)))
    bounds = [0, *cuts, len(drawn)]
    return [drawn[a:b] for a, b in itertools.pairwise(bounds)]


@st.composite
def snapshots(draw: st.DrawFn) -> list[list[Row]]:
    """Up to three snapshots, one a day, with repeated and absent keys."""
    day = st.lists(st.tuples(daily_places, payloads), max_size=3)
    drawn = draw(st.lists(day, min_size=1, max_size=3))
    return [[_row(place, payload) for place, payload in rows] for rows in drawn]


def told(rows: Iterable[Sequence[Any]]) -> list[str]:
    """Rows in a form that tells -0.0 from 0.0 and makes NaN equal to itself."""
    return [repr([_told(value) for value in row]) for row in rows]


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value


def told_rows(silver: Silver, spec: FoldSpec) -> list[str]:
    """SCD1's artifact as the oracles tell it: row, deleted."""
    marks = ["_deleted"] if spec.marks_deleted else []
    rows = silver.rows("current", [*spec.columns, *marks])
    return told(rows if marks else [(*row, False) for row in rows])


def told_versions(silver: Silver, spec: FoldSpec, artifact: str = "history") -> list[str]:
    """SCD2's artifacts as the oracles tell them: row, deleted, valid from, valid to."""
    marks = ["_deleted"] if spec.marks_deleted else []
    rows = silver.rows(artifact, [*spec.columns, *marks, "valid_from", "valid_to"])
    return told(rows if marks else [(*row[:-2], False, *row[-2:]) for row in rows])
