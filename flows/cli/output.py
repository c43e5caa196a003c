"""What the command prints: logs and errors on stderr, results on stdout.

Belongs here: streams, formats, the progress bar. Lives elsewhere: what is said.
"""

import argparse
import json
import logging
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tasks.console import make_handler
from tasks.redaction import redact, redact_values

_LOGGERS = ("flows", "tasks", "medallion")


def configure_logging(options: argparse.Namespace) -> None:
    """Send our logs to stderr in the chosen format, and keep Prefect's own off the terminal."""
    level = logging.DEBUG if options.verbose else logging.ERROR if options.quiet else logging.INFO
    handler = make_handler(options.log_format)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "flows,tasks")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    if not options.verbose:
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO")


def print_error(
    options: argparse.Namespace, code: str, message: str, error: BaseException | None
) -> None:
    """Say in one line what happened and what to do; a traceback only when asked for."""
    facts = {"level": "error", "code": code, "message": redact(message)}
    if options.verbose and error is not None:
        facts["exception"] = redact("".join(traceback.format_exception(error))).rstrip()
    if options.log_format == "json":
        print(json.dumps(facts), file=sys.stderr)
        return
    print(f"error {code}: {facts['message']}", file=sys.stderr)
    if "exception" in facts:
        print(facts["exception"], file=sys.stderr)


def print_rows(
    options: argparse.Namespace, rows: Iterable[dict[str, Any]], lines: Iterable[str]
) -> None:
    """Print results: one JSON object a line, or the lines meant for people."""
    if options.log_format == "json":
        lines = (json.dumps(redact_values(row), default=str, sort_keys=True) for row in rows)
    for line in lines:
        print(redact(line))


@contextmanager
def progress_bar(options: argparse.Namespace, total: int) -> Iterator[None]:
    """Show a bar in place of the usual logs on a terminal; nothing elsewhere, or with `-v`."""
    plain = options.quiet or options.verbose or options.log_format == "json"
    if plain or not sys.stderr.isatty():
        yield
        return
    from tasks.console import show_progress

    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    with show_progress(total):
        yield
