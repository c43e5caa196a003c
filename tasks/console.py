"""How logs, progress and wrong usage look on a terminal.

Belongs here: formatters, the bar, the form of usage errors. Lives elsewhere: what is logged, which
format is wanted and which arguments there are (`flows.cli`).
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NoReturn

from tasks.progress import listening

LogFormat = Literal["human", "json", "simple"]


class CommandParser(argparse.ArgumentParser):
    """A parser that reports wrong usage as all other errors are: one line with a code."""

    def error(self, message: str) -> NoReturn:
        """Print the error and exit with 2."""
        self.exit(2, f"error CFG008: {message}; see `{self.prog} --help`\n")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON: time in UTC, level, logger, message."""
        facts = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            facts["exception"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(facts)


def make_handler(log_format: LogFormat) -> logging.Handler:
    """Return a handler that writes to stderr in the given format."""
    handler = logging.StreamHandler(sys.stderr)
    match log_format:
        case "json":
            formatter: logging.Formatter = JsonFormatter()
        case "simple":
            formatter = logging.Formatter("%(levelname)s %(message)s")
        case "human":
            formatter = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
    formatter.converter = _utc
    handler.setFormatter(formatter)
    return handler


def _utc(seconds: float | None) -> time.struct_time:
    return time.gmtime(seconds)


@contextmanager
def show_progress(total: int) -> Iterator[None]:
    """Show partitions done and rows read so far, until the context ends."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeElapsedColumn(),
    )
    rows = 0
    with Progress(*columns, transient=True) as bar:
        bar_task = bar.add_task("starting", total=total, rows=0)

        def listen(dataset: str, count: int) -> None:
            nonlocal rows
            rows += count
            bar.update(bar_task, description=dataset, rows=rows, advance=0 if count else 1)

        with listening(listen):
            yield
