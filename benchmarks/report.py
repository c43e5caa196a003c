"""Rounds of measurements → medians, ratios and the verdict on the goals, as Markdown.

Belongs here: arithmetic and the table. Lives elsewhere: the measurements (`measuring`).
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.comparison import Comparison, Goal
from benchmarks.measuring import Measured

Rounds = Mapping[str, Sequence[Measured]]

_HEAD = ("variant", "time ratio", "CPU ratio", "s", "CPU s", "peak MB", "parts of the time, s")


def render(comparison: Comparison, rounds: Rounds, prepared: Rounds) -> str:
    """Write one comparison as a Markdown section; ratios are ours over the variant's."""
    ours = comparison.variants[0].name
    lines = [f"### {comparison.name}", "", comparison.about, "", _row(_HEAD), _row(["---"] * 7)]
    for name in rounds:
        wall, cpu = (ratio(rounds, ours, name, what) for what in ("wall_s", "cpu_s"))
        ratios = ["", ""] if name == ours else [f"{wall:.2f}", f"{cpu:.2f}"]
        lines.append(_row([name, *ratios, *_absolute(rounds[name])]))
    for name, runs in prepared.items():
        lines.append(_row([f"*before: {name}*", "", "", *_absolute(runs)]))
    return "\n".join([*lines, "", *_verdicts(comparison, rounds), ""])


def median(runs: Sequence[Measured], what: str) -> float:
    """Return the median of a quantity, or of a part of the time."""
    return statistics.median(_value(run, what) for run in runs)


def ratio(rounds: Rounds, ours: str, peer: str, what: str) -> float:
    """Return the median, over the rounds, of ours divided by the peer's in the same round."""
    pairs = zip(rounds[ours], rounds[peer], strict=True)
    return statistics.median(_value(one, what) / _value(other, what) for one, other in pairs)


def _value(run: Measured, what: str) -> float:
    return float(run.facts[what] if what in run.facts else getattr(run, what))


def _absolute(runs: Sequence[Measured]) -> list[str]:
    names = [name for name in runs[0].facts if name.endswith("_s")]
    parts = ", ".join(f"{name[:-2].replace('_', ' ')} {median(runs, name):.2f}" for name in names)
    seconds = [f"{median(runs, what):.2f}" for what in ("wall_s", "cpu_s")]
    return [*seconds, f"{median(runs, 'rss_mb'):.0f}", parts]


def _verdicts(comparison: Comparison, rounds: Rounds) -> Iterator[str]:
    for goal in comparison.goals:
        if goal.than is None or goal.than in rounds:
            found = _found(goal, comparison.variants[0].name, rounds)
            verdict = "met" if found <= goal.at_most else "**missed**"
            yield f"* {_told(goal)} ≤ {goal.at_most:g}: {found:.2f}, {verdict}"


def _found(goal: Goal, ours: str, rounds: Rounds) -> float:
    if goal.part is not None:
        return median(rounds[ours], goal.part) / median(rounds[ours], goal.quantity)
    if goal.than is not None:
        return ratio(rounds, ours, goal.than, goal.quantity)
    return median(rounds[ours], goal.quantity)


def _told(goal: Goal) -> str:
    names = {"wall_s": "seconds", "cpu_s": "CPU seconds", "rss_mb": "peak MB"}
    name = names[goal.quantity]
    if goal.part is not None:
        return f"share of {goal.part[:-2].replace('_', ' ')} in the {name}"
    return name if goal.than is None else f"{name} / those of {goal.than}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
