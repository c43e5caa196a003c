"""YAML that surprises is refused, and what is read is what was written."""

import time

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from medallion.config.strict_yaml import MAX_BYTES, Position, load_yaml
from medallion.errors import ConfigError

BILLION_LAUGHS = "a: &a [lol]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        pytest.param(BILLION_LAUGHS, "CFG005", 1, id="billion laughs"),
        pytest.param("a: 1\nb: &x 2", "CFG005", 2, id="anchor on a scalar"),
        pytest.param("&x a: 1", "CFG005", 1, id="anchor on a key"),
        pytest.param("a: *x", "CFG005", 1, id="alias of nothing"),
        pytest.param("a: &x [*x]", "CFG005", 1, id="list that holds itself"),
        pytest.param("a: !!python/object/apply:os.system [ls]", "CFG005", 1, id="python tag"),
        pytest.param("a: !!str 1", "CFG005", 1, id="core tag"),
        pytest.param("a: ! 1", "CFG005", 1, id="non-specific tag"),
        pytest.param("!!map {a: 1}", "CFG005", 1, id="tag on the document"),
        pytest.param("a: !!binary aGk=", "CFG005", 1, id="binary"),
        pytest.param("a: !!set {x, y}", "CFG005", 1, id="set"),
        pytest.param("%TAG ! tag:x,2000:\n---\na: 1", "CFG005", 1, id="tag directive"),
        pytest.param("%YAML 1.1\n---\na: yes", "CFG005", 1, id="version directive"),
        pytest.param("a: 1\nb: 2\na: 3", "CFG005", 3, id="duplicate key"),
        pytest.param("a: 1\n'a': 2", "CFG005", 2, id="duplicate key in other quotes"),
        pytest.param("a:\n  b: {c: 1, c: 2}", "CFG005", 2, id="nested duplicate key"),
        pytest.param("a:\n  <<: {b: 1}", "CFG005", 2, id="merge key"),
        pytest.param("? [a, b]\n: 1", "CFG005", 1, id="list as key"),
        pytest.param("a: {{ prefect.blocks.secret.x }}", "CFG005", 1, id="unquoted block"),
        pytest.param("? \n: 1", "CFG005", 1, id="empty key"),
        pytest.param("a: 1\n---\nb: 2", "CFG005", 2, id="two documents"),
        pytest.param('a: "\\0"', "CFG005", 1, id="escaped NUL"),
        pytest.param('a: "\\ud800"', "CFG005", 1, id="lone surrogate"),
        pytest.param("# " + "x" * MAX_BYTES, "CFG005", 1, id="too many bytes"),
        pytest.param("# " + "é" * (MAX_BYTES // 2), "CFG005", 1, id="too many UTF-8 bytes"),
        pytest.param("[" * 33 + "]" * 33, "CFG005", 1, id="one list too deep"),
        pytest.param("[" * 100_000, "CFG005", 1, id="very deep list"),
        pytest.param("- " * 100_000, "CFG005", 1, id="very deep block list"),
        pytest.param('{"a":' * 100_000, "CFG005", 1, id="very deep mapping"),
        pytest.param("a: 1\nb: \x00", "CFG001", 2, id="NUL"),
        pytest.param("a: 1\nb: [1", "CFG001", 2, id="open list"),
        pytest.param("a: 1\n\tb: 2", "CFG001", 2, id="tab as indent"),
        pytest.param("a: b: c", "CFG001", 1, id="two colons"),
        pytest.param('a: "\\UFFFFFFFF"', "CFG001", 1, id="no such character"),
        pytest.param("%YAML " + "9" * 5000 + ".1\n---\n", "CFG001", 1, id="endless version"),
    ],
)
def test_hostile_yaml_is_refused_with_its_line(text: str, code: str, line: int) -> None:
    with pytest.raises(ConfigError, match=rf"^f\.yaml:{line}: ") as caught:
        load_yaml(text, "f.yaml")
    assert (caught.value.code, caught.value.facts["line"]) == (code, line)


@pytest.mark.parametrize("text", ["[" + "a," * 100_000 + "]", "x" * MAX_BYTES, "\n" * MAX_BYTES])
def test_large_documents_are_read_in_bounded_time(text: str) -> None:
    started = time.monotonic()
    load_yaml(text, "f.yaml")
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        *((text, text) for text in ("yes", "no", "on", "off", "y", "True", "FALSE", "NULL")),
        *((text, text) for text in ("010", "0x1f", "0o17", "0b1", "1_000", "12:30:45", "190:20")),
        *((text, text) for text in ("2025-01-10", "2025-01-10T00:00:00Z", "1.2.3", ".inf", ".nan")),
        *((text, text) for text in ("1e999", "9" * 40, "=", "<<", "１２")),  # noqa: RUF001
        ('"true"', "true"),
        ("'1'", "1"),
        ('""', ""),
        ("|\n  1", "1"),
    ],
)
def test_scalar_is_read_as_written(scalar: str, value: object) -> None:
    read = load_yaml(f"key: {scalar}", "f.yaml").data
    assert read == {"key": value}
    assert isinstance(read, dict)
    assert type(read["key"]) is type(value)


def test_keys_are_always_text() -> None:
    assert load_yaml("1: a\nno: b\nnull: c\ntrue: d", "f").data == {
        "1": "a",
        "no": "b",
        "null": "c",
        "true": "d",
    }


def test_thirty_two_levels_are_not_too_deep() -> None:
    load_yaml("[" * 32 + "1" + "]" * 32, "f.yaml")


def test_positions_name_the_lines_of_keys_and_values() -> None:
    document = load_yaml("\ufeff# comment\r\na:\r\n  - x\r\n  - {b: 1,\r\n     c: 2}\r\n", "f")
    assert document.positions == {
        ("a",): Position(2, 3),
        ("a", 0): Position(3, 3),
        ("a", 1): Position(4, 4),
        ("a", 1, "b"): Position(4, 4),
        ("a", 1, "c"): Position(5, 5),
    }


def test_empty_file_holds_nothing() -> None:
    assert load_yaml("# only a comment\n", "f.yaml").data is None


def test_errors_do_not_repeat_content() -> None:
    with pytest.raises(ConfigError) as caught:
        load_yaml("password: hunter2: x", "f.yaml")
    assert "hunter2" not in str(caught.value)


@given(st.text(st.sampled_from("ab01 \n\t:-?,[]{}&*!|>'\"%#<~\\u\x85\ufeff"), max_size=40))
@example("'")
@example("%")
def test_any_text_is_read_or_refused(text: str) -> None:
    assert refusal_of(text) in (None, "CFG001", "CFG005")


def refusal_of(text: str) -> str | None:
    try:
        load_yaml(text, "f.yaml")
    except ConfigError as error:
        return error.code
    return None
