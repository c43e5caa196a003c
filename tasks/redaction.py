"""Keep the values of env files out of what people and machines read.

Belongs here: which values, and replacing them in texts, log records and errors. Lives elsewhere:
reading env files (`tasks.datasets`), what is printed (`flows.cli.output`), manifests
(`tasks.publication`).
"""

import functools
import json
import logging
import os.path
import re
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from medallion.errors import MedallionError

P = ParamSpec("P")
R = TypeVar("R")

MIN_CHARACTERS = 8
"""Shorter values are left alone: `true`, `5432` or `prod` would tear holes in every text."""

_MARK = "***"
_hidden: set[str] = set()
_pattern: re.Pattern[str] | None = None


def hide_values(values: Iterable[str]) -> None:
    """Have values redacted from now on, in the forms in which texts show them."""
    global _pattern
    _hidden.update(form for value in values for form in _forms(value))
    if not _hidden:
        return
    if _pattern is None:
        logging.setLogRecordFactory(_redacting(logging.getLogRecordFactory()))
    longest_first = sorted(_hidden, key=lambda form: (-len(form), form))
    _pattern = re.compile("|".join(map(re.escape, longest_first)))


def redact(text: str) -> str:
    """Return a text with every hidden value replaced by a mark."""
    return text if _pattern is None else _pattern.sub(_MARK, text)


def redact_values(value: Any) -> Any:
    """Redact every text inside mappings and sequences; keys stay."""
    if _pattern is None:
        return value
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: redact_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_values(item) for item in value]
    return value


def redacted_errors() -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate flows and tasks: an error is redacted before Prefect keeps its message.

    A plain function, not a context manager's decorator, since a cluster's workers unpickle it.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with _redacting_errors():
                return function(*args, **kwargs)

        return call

    return decorate


@contextmanager
def _redacting_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if _pattern is None or not _pattern.search(_tell(error)):
            raise
        _redact_chain(error)
        if _pattern.search(_tell(error)):  # it builds its text from what cannot be replaced
            raise MedallionError(redact(f"{type(error).__name__}: {error}")) from None
        raise


def _forms(value: str) -> Iterator[str]:
    """Yield a value, its lines, its path, and each as messages and JSON quote it."""
    plain = {value, *value.splitlines()}
    if os.path.sep in value:
        plain |= {os.path.normpath(value), os.path.realpath(value)}
    for text in plain:
        for form in (text, repr(text)[1:-1], json.dumps(text)[1:-1]):
            if len(form.strip()) >= MIN_CHARACTERS:
                yield form


def _redacting(
    make_record: Callable[..., logging.LogRecord],
) -> Callable[..., logging.LogRecord]:
    """Redact log records where they are made, so that no handler, Prefect's included, sees more."""

    def make(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = make_record(*arguments, **named)
        told = record.getMessage()
        if (redacted := redact(told)) != told:
            record.msg, record.args = redacted, ()
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = redact("".join(traceback.format_exception(record.exc_info[1])))
        return record

    return make


def _tell(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _redact_chain(error: BaseException | None) -> None:
    while error is not None:
        error.args = tuple(redact_values(list(error.args)))
        for name in ("filename", "filename2", "facts"):
            if (held := getattr(error, name, None)) is not None:
                setattr(error, name, redact_values(held))
        error = error.__cause__ or error.__context__
