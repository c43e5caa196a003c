"""What is compared: variants of one piece of work, side by side, and the goals set for ours.

Belongs here: the values that suites are made of. Lives elsewhere: the suites (`bronze_csv`, …),
running variants (`measuring`), the table (`report`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Facts = dict[str, Any]
Work = Callable[[], Facts]
Quantity = Literal["wall_s", "cpu_s", "rss_mb"]


@dataclass(frozen=True)
class Variant:
    """One way to do the work, run in a process of its own.

    Attributes:
        name: As the table shows it.
        function: `module:function` below `benchmarks`. It imports what it needs and returns the
            work; only the work is timed. What the work returns is kept: `rows` must agree between
            variants, and names ending in `_s` are shown as parts of the time.
        arguments: What the function is called with; plain values.
    """

    name: str
    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Goal:
    """A promise about the first variant: a quantity, alone or as a ratio to a peer's.

    Attributes:
        quantity: What is compared.
        at_most: The largest value that keeps the promise.
        than: The peer; without one the quantity itself is compared.
        part: A part of the time that is compared instead, as a share of the wall time.
    """

    quantity: Quantity
    at_most: float
    than: str | None = None
    part: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Variants of one piece of work; the first one is ours.

    Attributes:
        name: As it is asked for and shown.
        about: One line on the work.
        variants: What runs, interleaved.
        goals: What is promised.
        prepare: Run once before, each in a process of its own, and shown beside the table.
        repeats: The number of rounds where more than that would take too long.
        agree: A function of `benchmarks` that returns what differs between the variants' results,
            run once at the end; nothing if they say the same.
    """

    name: str
    about: str
    variants: Sequence[Variant]
    goals: Sequence[Goal] = ()
    prepare: Sequence[Variant] = ()
    repeats: int | None = None
    agree: Variant | None = None


@dataclass(frozen=True)
class Options:
    """What the command asks of every suite."""

    scale: float = 1.0
    deep: bool = False
