"""Progress of the work under way, for whoever listens: a bar on a terminal, a log, nobody.

Belongs here: handing facts on. Lives elsewhere: how they are shown (`tasks.console`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from medallion.results import PartitionResult

Listener = Callable[[str, int], None]
_listeners: list[Listener] = []
_collectors: list[list[PartitionResult]] = []


def report_rows(dataset: str, rows: int) -> None:
    """Tell the listeners that a dataset got on by so many rows."""
    for listener in _listeners:
        listener(dataset, rows)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener` with dataset and rows while the context is open; from any thread."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def report_result(result: PartitionResult) -> None:
    """Tell the collectors that a partition is done."""
    for collector in _collectors:
        collector.append(result)


@contextmanager
def collecting(results: list[PartitionResult]) -> Iterator[None]:
    """Append every result to `results` while the context is open, also of a run that fails."""
    _collectors.append(results)
    try:
        yield
    finally:
        _collectors.remove(results)
