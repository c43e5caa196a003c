"""What both oracles agree on: an event, and when two values are the same.

Belongs here: plain values. Lives elsewhere: the two readings of the rules (`naive`, `plain_sql`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """One row of one batch, with where it lies."""

    day: int
    position: int
    row: tuple[Any, ...]
    op: str = "U"


@dataclass(frozen=True)
class Rules:
    """What of a dataset's configuration the rules depend on; columns by their index."""

    keys: tuple[int, ...]
    order: int | None
    tracked: tuple[int, ...]
    deletes: str = "hard"

    def key(self, event: Event) -> tuple[Any, ...]:
        """The entity that an event is about."""
        return tuple(event.row[i] for i in self.keys)

    def order_value(self, event: Event) -> Any:
        """What decides which of two events is later; the same for all without a column."""
        return 0 if self.order is None else event.row[self.order]

    def state(self, row: Sequence[Any], *, deleted: bool = False) -> tuple[Any, ...]:
        """What makes a version, in a comparable form."""
        return (deleted, *(comparable(row[i]) for i in self.tracked))


def comparable(value: Any) -> Any:
    """Give equal values equal forms: NaN equals NaN, and zero has no sign."""
    if isinstance(value, float):
        return "nan" if value != value else value + 0.0
    return value
