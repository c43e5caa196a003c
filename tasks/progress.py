"""Progress of the work under way, for whoever listens: a bar on a terminal, a log, nobody.

Belongs here: handing facts on. Lives elsewhere: how they are shown (`tasks.console`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, int], None]
_listeners: list[Listener] = []


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
