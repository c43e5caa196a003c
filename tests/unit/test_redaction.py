"""Redaction: hidden values leave texts, records and errors, in every form they are quoted in."""

import json
import logging
from collections.abc import Iterator

import pytest

from medallion.errors import MedallionError, TerminalSourceError
from tasks import redaction
from tasks.redaction import hide_values, redact, redact_values, redacted_errors

SECRET = 'pa"ss\\wörd\nsecond line of it'


@pytest.fixture(autouse=True)
def hidden(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hide a secret for the length of a test."""
    monkeypatch.setattr(redaction, "_hidden", set())
    monkeypatch.setattr(redaction, "_pattern", None)
    factory = logging.getLogRecordFactory()
    hide_values([SECRET, "./data/inner", "true", ""])
    yield
    logging.setLogRecordFactory(factory)


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        repr(SECRET),
        json.dumps({"key": SECRET}),
        "only the second line of it",
        "/lake/data/inner/file.csv",
        "./data/inner/file.csv",
    ],
)
def test_hidden_value_is_marked_in_every_form(text: str) -> None:
    told = redact(f"before {text} after")
    assert "***" in told
    assert told.startswith("before ")
    assert told.endswith(" after")
    assert not {"wörd", "second", "inner"} & set(told.replace("/", " ").split())


def test_short_values_and_other_texts_stay() -> None:
    assert redact("it is true, 5432") == "it is true, 5432"
    assert redact_values({"data/inner": [1, True, None, "x"]}) == {
        "data/inner": [1, True, None, "x"]
    }


def test_values_are_redacted_inside_of_mappings() -> None:
    assert redact_values({"a": [{"b": "x ./data/inner y"}], "c": 1}) == {
        "a": [{"b": "x *** y"}],
        "c": 1,
    }


class StubbornError(Exception):
    """An error whose text cannot be changed."""

    def __str__(self) -> str:
        return "it is ./data/inner"


@redacted_errors()
def fail(error: Exception) -> None:
    """Fail as a task does."""
    raise error


def test_error_keeps_class_code_and_facts() -> None:
    error = TerminalSourceError("in ./data/inner", code="EXT001", path="data/inner")
    error.__cause__ = OSError(2, "not found", "/lake/data/inner/x")
    with pytest.raises(TerminalSourceError) as failure:
        fail(error)
    assert failure.value is error
    assert (str(error), error.code, error.facts) == ("in ***", "EXT001", {"path": "***"})
    assert str(error.__cause__) == "[Errno 2] not found: '/lake/***/x'"


def test_error_that_cannot_be_changed_is_replaced() -> None:
    with pytest.raises(MedallionError, match=r"^StubbornError: it is \*\*\*$") as failure:
        fail(StubbornError())
    assert failure.value.__suppress_context__


def test_error_without_a_hidden_value_is_left_alone() -> None:
    with pytest.raises(ValueError, match=r"^plain$"):
        fail(ValueError("plain"))


def test_log_records_are_redacted_where_they_are_made(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("tasks.any").info("read path=%s rows=%d", "./data/inner", 3)
        try:
            raise ValueError("./data/inner")
        except ValueError:
            logging.getLogger("anything").exception("failed")
    assert caplog.records[0].getMessage() == "read path=*** rows=3"
    assert "inner" not in caplog.text
    assert "ValueError: ***" in caplog.text
