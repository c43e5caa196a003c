"""The rules of Silver as window functions over the whole list of events, in SQLite.

Belongs here: one query per rule, on another engine than the folds run on.
Lives elsewhere: the same rules acted out (`naive`), comparing them with the folds (the tests).
"""

import functools
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from tests.oracles.values import Event, Rules, comparable

Row = tuple[Any, ...]

LATEST = """
    SELECT id, dead FROM (
        SELECT *, row_number() OVER (PARTITION BY key ORDER BY at DESC, id DESC) AS rank FROM event
    ) WHERE rank = 1 AND (dead = 0 OR :deletes = 'tombstone') ORDER BY key
"""
VERSIONS = """
    WITH surviving AS (
        SELECT * FROM event e WHERE :deletes <> 'erase' OR dead = 0 AND NOT EXISTS (
            SELECT 1 FROM event d
            WHERE d.key = e.key AND d.dead = 1 AND (d.at, d.id) > (e.at, e.id))
    ), canonical AS (
        SELECT * FROM surviving
        WHERE id IN (SELECT max(id) FROM surviving GROUP BY key, at)
    ), marked AS (
        SELECT *, dead = 1 AND :deletes = 'hard' AS gone,
            lag(state) OVER w AS state_before, lag(dead) OVER w AS dead_before
        FROM canonical WINDOW w AS (PARTITION BY key ORDER BY at)
    ), boundaries AS (
        SELECT *, lead(at) OVER (PARTITION BY key ORDER BY at) AS ends
        FROM marked WHERE gone OR state IS NOT state_before OR dead IS NOT dead_before
    )
    SELECT id, dead, at, ends FROM boundaries WHERE NOT gone ORDER BY key, at
"""
SNAPSHOTS = """
    WITH days AS (SELECT value AS day FROM json_each(:days)),
    keys AS (SELECT DISTINCT key FROM event),
    ranked AS (
        SELECT *, row_number() OVER (PARTITION BY key, day ORDER BY at DESC, id DESC) AS rank
        FROM event
    ), seen AS (
        SELECT k.key, d.day, r.id, r.state, r.id IS NOT NULL AS here
        FROM keys k CROSS JOIN days d
        LEFT JOIN ranked r ON r.key = k.key AND r.day = d.day AND r.rank = 1
    ), marked AS (
        SELECT *, lag(state) OVER w AS state_before, coalesce(lag(here) OVER w, 0) AS here_before
        FROM seen WINDOW w AS (PARTITION BY key ORDER BY day)
    ), boundaries AS (
        SELECT *, lead(day) OVER (PARTITION BY key ORDER BY day) AS ends
        FROM marked WHERE state IS NOT state_before OR here <> here_before
    )
    SELECT id, 0, day, ends FROM boundaries WHERE here ORDER BY key, day
"""


def latest_rows(rules: Rules, events: Sequence[Event]) -> list[tuple[Row, bool]]:
    """SCD1 from changes: the last row of each key."""
    rows = _ask(LATEST, rules, events)
    return [(events[number].row, bool(dead)) for number, dead in rows]


def versions(rules: Rules, events: Sequence[Event]) -> list[tuple[Row, bool, Any, Any]]:
    """SCD2 from changes: islands of equal state between boundaries."""
    times = _ranks(rules, events)
    rows = _ask(VERSIONS, rules, events)
    return [
        (events[number].row, bool(dead), times[at], None if ends is None else times[ends])
        for number, dead, at, ends in rows
    ]


def snapshot_versions(
    rules: Rules, snapshots: Sequence[Sequence[Event]], run_dates: Sequence[Any]
) -> list[tuple[Row, bool, Any, Any]]:
    """SCD2 from full loads under `hard`, valid from run dates: islands over all snapshots."""
    events = [event for snapshot in snapshots for event in snapshot]
    rows = _ask(SNAPSHOTS, rules, events, len(snapshots))
    return [
        (events[number].row, False, run_dates[day], None if ends is None else run_dates[ends])
        for number, _, day, ends in rows
    ]


@functools.cache
def _connection() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE event (id, day, key, at, state, dead)")
    return connection


def _ranks(rules: Rules, events: Iterable[Event]) -> list[Any]:
    return sorted({rules.order_value(event) for event in events})


def _ask(query: str, rules: Rules, events: Sequence[Event], days: int = 0) -> list[Row]:
    """Number what SQLite has no type for, by rank where it is ordered, and run the query."""

    def state(event: Event) -> str:
        return repr([comparable(event.row[i]) for i in rules.tracked])

    times = {value: number for number, value in enumerate(_ranks(rules, events))}
    keys = {key: number for number, key in enumerate(sorted({rules.key(e) for e in events}))}
    rows = [
        (number, e.day, keys[rules.key(e)], times[rules.order_value(e)], state(e), e.op == "D")
        for number, e in enumerate(events)
        if not (e.op == "D" and rules.deletes == "ignore")
    ]
    connection = _connection()
    connection.execute("DELETE FROM event")
    connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", rows)
    numbers = {"deletes": rules.deletes, "days": str(list(range(days)))}
    return connection.execute(query, numbers).fetchall()
