"""References, env files and dates in paths."""

import datetime as dt

import pytest

from medallion.config.references import parse_env_file, resolve
from medallion.config.resolution import resolve_dataset
from medallion.config.templates import render_path
from medallion.errors import ConfigError
from tests.unit.config_examples import example, problems_of, read

ENVIRON = {"A": "one", "B_2": "${A}", "EMPTY": ""}
DAY = dt.date(2025, 3, 7)


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("plain", "plain"),
        ("${A}", "one"),
        ("x/${A}/${A}.csv", "x/one/one.csv"),
        ("${B_2}", "${A}"),
        ("${EMPTY}", ""),
        ("${EMPTY:-d}", "d"),
        ("${NONE:-}", ""),
        ("${NONE:-a b:-c}", "a b:-c"),
        ("${NONE:-in/{run_date}}", "in/{run_date}"),
        ("$${A}", "${A}"),
        ("$A", "$A"),
        ("^[A-Z]{2}$", "^[A-Z]{2}$"),
    ],
)
def test_reference_is_resolved_once(text: str, resolved: str) -> None:
    assert resolve(text, ENVIRON) == resolved


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${NONE}", "the variable NONE is not set"),
        ("${}", "malformed"),
        ("${A", "malformed"),
        ("${1}", "malformed"),
        ("${A:default}", "malformed"),
        ("${A:?}", "malformed"),
        ("${NONE:-${A}}", "malformed"),
        ("{{ prefect.blocks.secret.x }}", "works only in notifications"),
        ("{{prefect.blocks.secret.x}}", "works only in notifications"),
    ],
)
def test_reference_without_a_value_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        resolve(text, ENVIRON)
    assert caught.value.code == "CFG006"


def test_env_file_is_read() -> None:
    text = """\ufeff# comment

A=plain value # comment
export B='single "quoted" # $X'
C="double \\"quoted\\"\\nline"  # comment
D=
E = spaces around
F=a#b
G=#
A2=x=y\r
B=again
"""
    assert parse_env_file(text) == {
        "A": "plain value",
        "B": "again",
        "C": 'double "quoted"\nline',
        "D": "",
        "E": "spaces around",
        "F": "a#b",
        "G": "",
        "A2": "x=y",
    }


@pytest.mark.parametrize("line", ["hunter2", "1A=hunter2", "A='hunter2", 'A="hunter2" x', "=x"])
def test_broken_env_line_is_named_and_not_shown(line: str) -> None:
    with pytest.raises(ConfigError, match="line 2") as caught:
        parse_env_file(f"OK=1\n{line}\n")
    assert caught.value.code == "CFG001"
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("in/{run_date}.csv", "in/2025-03-07.csv"),
        ("in/{run_date:%Y/%m/%d}/*.csv", "in/2025/03/07/*.csv"),
        ("{run_date:%y%j-%%}", "25066-%"),
        ("{{run_date}}", "{run_date}"),
        ("a{{b}}/{run_date}", "a{b}/2025-03-07"),
        ("${DIR}/{run_date}", "${DIR}/2025-03-07"),
        ("${DIR:-{run_date}}/x", "${DIR:-{run_date}}/x"),
        ("[ab]?.csv", "[ab]?.csv"),
    ],
)
def test_run_date_is_filled_in(template: str, path: str) -> None:
    assert render_path(template, DAY) == path


@pytest.mark.parametrize(
    "template",
    [
        *("{date}", "{}", "{run_date", "run_date}", "{run_date:}", "{run_date:%}", "{run_date:%s}"),
        *("{run_date!r}", "{run_date.year}", "{run_date:{x}}", "{ run_date }", "{a,b}.csv"),
    ],
)
def test_unknown_placeholder_is_refused(template: str) -> None:
    with pytest.raises(ConfigError) as caught:
        render_path(template, DAY)
    assert caught.value.code == "CFG003"


def test_dataset_is_resolved_but_for_notifications() -> None:
    changes = {
        "platform.bronze.local_path": "${LAKE:-./lake}/bronze",
        "source.file.path": "${IN}/{run_date}.csv",
        "silver.contract.columns": {"a": {"type": "string", "checks": {"isin": ["${X}", 1]}}},
        "notifications.on_success": ["https://example.org/${TOKEN}"],
    }
    resolved = resolve_dataset(read(example(changes)), {"IN": "/in", "X": "x"})
    assert resolved.platform.bronze.local_path == "./lake/bronze"
    assert resolved.source.file.path == "/in/{run_date}.csv"
    assert resolved.silver is not None
    assert resolved.silver.contract.columns["a"].checks == {"isin": ["x", 1]}
    assert resolved.notifications.on_success == ("https://example.org/${TOKEN}",)


def test_dataset_without_silver_is_resolved() -> None:
    assert resolve_dataset(read(example({"silver": None})), {}).silver is None


def test_unresolved_references_of_a_dataset_are_reported_together() -> None:
    changes = {"source.file.path": "${IN}/a.csv", "silver.output_dir": "${OUT}"}
    dataset = read(example({**changes, "silver.primary_keys": ["${K}"]}))
    with pytest.raises(
        ConfigError, match=r"orders\.yaml: source\.file\.path: the variable IN"
    ) as e:
        resolve_dataset(dataset, {"K": "id"})
    assert problems_of(e.value) == [("CFG006", "source.file.path"), ("CFG006", "silver.output_dir")]


def test_resolved_value_is_checked_like_a_written_one() -> None:
    dataset = read(example({"source.file.path": "${IN}/a.csv"}))
    with pytest.raises(ConfigError) as caught:
        resolve_dataset(dataset, {"IN": "{day}"})
    assert problems_of(caught.value) == [("CFG003", "source.file.path")]
