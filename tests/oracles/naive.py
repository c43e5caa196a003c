"""The rules of Silver as a reader would act them out: row after row, snapshot after snapshot.

Belongs here: slow and plain Python over all that ever arrived.
Lives elsewhere: the same rules in SQL (`plain_sql`), comparing them with the folds (the tests).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tests.oracles.values import Event, Rules

Row = tuple[Any, ...]
Version = tuple[Row, bool, Any, Any]
"""Row, whether it is a delete's, valid from, valid to."""


def latest_rows(rules: Rules, events: Iterable[Event]) -> list[tuple[Row, bool]]:
    """SCD1 from changes: each key's last word, and whether that is a delete's."""
    last: dict[Row, Event] = {}
    for event in events:
        if event.op == "D" and rules.deletes == "ignore":
            continue
        held = last.get(rules.key(event))
        if held is None or rules.order_value(event) >= rules.order_value(held):
            last[rules.key(event)] = event
    marks = rules.deletes == "tombstone"
    words = [last[key] for key in sorted(last)]
    return [(e.row, e.op == "D") for e in words if marks or e.op != "D"]


def versions(rules: Rules, events: Iterable[Event]) -> list[Version]:
    """SCD2 from changes: put every event on its key's timeline, then read the timelines."""
    timelines: dict[Row, dict[Any, Event]] = {}
    erased: dict[Row, Any] = {}
    for event in events:
        key, order = rules.key(event), rules.order_value(event)
        timeline = timelines.setdefault(key, {})
        if event.op == "D" and rules.deletes == "erase":
            timelines[key] = {at: e for at, e in timeline.items() if at > order}
            erased[key] = max(order, erased.get(key, order))
        elif event.op == "D" and rules.deletes == "ignore":
            continue
        elif key not in erased or order >= erased[key]:
            timeline[order] = event
    return [v for key in sorted(timelines) for v in _read(rules, timelines[key])]


def _read(rules: Rules, timeline: dict[Any, Event]) -> list[Version]:
    found: list[Version] = []
    state: Row | None = None
    for at in sorted(timeline):
        event = timeline[at]
        gone = event.op == "D" and rules.deletes == "hard"
        now = None if gone else rules.state(event.row, deleted=event.op == "D")
        if now != state:
            found = _end(found, at)
            if now is not None:
                found.append((event.row, event.op == "D", at, None))
        state = now
    return found


def _end(found: list[Version], at: Any) -> list[Version]:
    """End the open version; whatever would start later never was."""
    ended = [v for v in found if v[2] < at]
    return [(row, dead, a, at if b is None or b > at else b) for row, dead, a, b in ended]


def winners(rules: Rules, snapshot: Iterable[Event]) -> dict[Row, Row]:
    """The row of each key of one snapshot: the greatest order, then the last."""
    best: dict[Row, Event] = {}
    for event in snapshot:
        held = best.get(rules.key(event))
        if held is None or rules.order_value(event) >= rules.order_value(held):
            best[rules.key(event)] = event
    return {key: best[key].row for key in sorted(best)}


def snapshot_rows(rules: Rules, snapshots: Sequence[Sequence[Event]]) -> list[tuple[Row, bool]]:
    """SCD1 from full loads: the last snapshot, and what is left of the keys it lacks."""
    rows: dict[Row, tuple[Row, bool]] = {}
    for snapshot in snapshots:
        best = winners(rules, snapshot)
        if rules.deletes in ("hard", "erase"):
            rows = {}
        elif rules.deletes == "tombstone":
            rows = {key: (row, True) for key, (row, _) in rows.items()}
        rows |= {key: (row, False) for key, row in best.items()}
    return [rows[key] for key in sorted(rows)]


def snapshot_versions(
    rules: Rules, snapshots: Sequence[Sequence[Event]], run_dates: Sequence[Any]
) -> list[Version]:
    """SCD2 from full loads: walk through the snapshots and change what changed."""
    found: dict[Row, list[Version]] = {}
    deleted: dict[Row, Any] = {}
    for snapshot, run_date in zip(snapshots, run_dates, strict=True):
        best = winners(rules, snapshot)
        for key, row in best.items():
            held = [v for v in found.get(key, []) if v[3] is None]
            if held and rules.state(held[0][0], deleted=held[0][1]) == rules.state(row):
                continue
            at = run_date if rules.order is None else row[rules.order]
            times = [t for v in found.get(key, []) for t in v[2:] if t is not None]
            times += [deleted.pop(key)] if key in deleted else []
            if times and at <= max(times):
                at = run_date
            found[key] = _change(rules, found.get(key, []), (row, False, at, None))
        for key in [k for k in found if k not in best]:
            if _take_absent(rules, found, key, run_date):
                deleted[key] = run_date
    return [version for key in sorted(found) for version in found[key]]


def _change(rules: Rules, found: list[Version], new: Version) -> list[Version]:
    ended = _end(found, new[2])
    before = ended[-1] if ended and ended[-1][3] == new[2] else None
    if before and rules.state(before[0], deleted=before[1]) == rules.state(new[0], deleted=new[1]):
        return [*ended[:-1], (*before[:3], None)]
    return [*ended, new]


def _take_absent(rules: Rules, found: dict[Row, list[Version]], key: Row, at: Any) -> bool:
    live = [v for v in found[key] if v[3] is None and not v[1]]
    if not live or rules.deletes == "ignore":
        return False
    if rules.deletes == "erase":
        found[key] = []
    elif rules.deletes == "tombstone":
        found[key] = _change(rules, found[key], (live[0][0], True, at, None))
    else:
        found[key] = _end(found[key], at)
    return True
