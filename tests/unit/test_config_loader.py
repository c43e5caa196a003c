"""A file becomes datasets, or one error that says everything that is wrong with it."""

import pickle
from typing import Any

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import given

from medallion.config.loader import parse_config
from medallion.errors import ConfigError
from tests.unit.config_examples import example, problems_of, read

FULL = """\
platform:
  bronze: {storage_backend: local, local_path: ./lake/bronze, storage_block: aws-credentials/prod}
source:
  type: file
  system: crm
  table: orders
  owners: [sales, ops]
  schedule: "0 6 * * *"
  timezone: Europe/Paris
  file: {path: "in/{run_date:%Y/%m/%d}/*.csv.gz", null_values: ["", NA], types: {zip: string}}
  run: {load_pattern: cdc, max_file_size_mb: 0.5}
silver:
  domain: sales
  model: scd_type_2
  primary_keys: [order_id]
  order_column: updated_at
  cdc: {op_column: op}
  deletes: tombstone
  contract:
    columns: {order_id: {type: int64, nullable: false, checks: {ge: 0}, tags: [key]}}
    python: checks.orders:Orders
notifications: {on_failure: [webhook/oncall]}
"""

WRONG = """\
plattform: {}
source:
  type: file
  system: crm
  table: or/ders
  file:
    path: "{date}.csv"
    delimeter: ","
silver:
  primary_kyes: [id]
  version: "1"
  contract:
    columns:
      id: {type: int64, check: {}}
notifications:
  on_success: webhook/ops
"""


def test_full_file_is_read() -> None:
    (dataset,) = parse_config(FULL, "orders.yaml")
    assert dataset.name == "crm.orders"
    assert dataset.source.file.format == "csv"
    assert dataset.source.run.max_file_size_mb == 0.5
    assert dataset.silver is not None
    assert (dataset.silver.domain, dataset.silver.entity) == ("sales", "orders")
    assert dataset.silver.contract.columns["order_id"].on_fail == "quarantine"
    assert dataset.notifications.on_failure == ("webhook/oncall",)


def test_every_problem_is_reported_with_line_key_and_nearest_key() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(WRONG, "orders.yaml")
    message = str(caught.value).splitlines()
    assert caught.value.code == "CFG002"
    assert message[0] == "orders.yaml has 8 errors:"
    starts = [
        "orders.yaml:1: plattform: unknown key; did you mean platform?",
        "orders.yaml:5: source.table: table 'or/ders' cannot be part of a path",
        "orders.yaml:7: source.file.path: the placeholder {date} is unknown",
        "orders.yaml:8: source.file.delimeter: unknown key; did you mean delimiter?",
        "orders.yaml:10: silver.primary_kyes: unknown key; did you mean primary_keys?",
        "orders.yaml:11: silver.version: must be a whole number",
        "orders.yaml:14: silver.contract.columns.id.check: unknown key; did you mean checks?",
        "orders.yaml:16: notifications.on_success: must be a list: [a, b]",
    ]
    assert [
        line.strip()[: len(start)] for line, start in zip(message[1:], starts, strict=True)
    ] == (starts)


def test_error_survives_pickling() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(WRONG, "orders.yaml")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.code, copy.facts) == (
        str(caught.value),
        caught.value.code,
        caught.value.facts,
    )


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "CFG004", "f:1: the file must be a section with the keys platform, source and silver"),
        ("- a", "CFG003", "f:1: the file must be a section with the keys platform"),
        ("platform: {}", "CFG004", "f:1: source: is needed"),
        ("source:", "CFG004", "f:1: source: is needed"),
        ("source: 1", "CFG003", "f:1: source: must be a section with keys"),
        ("source: {}\nsources: []", "CFG004", "f:2: sources: excludes source"),
        ("sources: []", "CFG003", "f:1: sources: must be a list with at least one entry"),
        ("sources: {}", "CFG003", "f:1: sources: must be a list with at least one entry"),
        ("sources:\n- a", "CFG003", "f:2: sources[0]: must be a section"),
        ("sources:\n- {name: a}", "CFG004", "f:2: sources[0].source: is needed"),
        ("source: {}", "CFG004", "f:1: source.type: is needed"),
        ("x\ny: 1", "CFG001", "f:2: not valid YAML"),
    ],
)
def test_file_of_another_shape_is_refused(text: str, code: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "f")
    assert caught.value.code == code
    assert message in str(caught.value)


def test_unknown_key_without_a_near_one_lists_the_valid_ones() -> None:
    with pytest.raises(ConfigError, match="valid: catalog, on_failure, on_success"):
        read(example({"notifications.zzz": []}))


SHARED: dict[str, Any] = {
    "platform": {"bronze": {"local_path": "./lake"}},
    "silver": {"normalization": {"trim_strings": True}, "primary_keys": ["id"], "version": 2},
    "notifications": {"on_failure": ["webhook/oncall"]},
}


def entry(table: str, **more: Any) -> dict[str, Any]:
    return {"source": {**example()["source"], "table": table}, **more}


def read_sources(*entries: dict[str, Any]) -> Any:
    return parse_config(yaml.safe_dump({**SHARED, "sources": list(entries)}), "many.yaml")


def test_sources_share_sections_deeply() -> None:
    own = {"normalization": {"empty_strings_as_null": True}, "primary_keys": ["a", "b"]}
    first, second = read_sources(entry("one"), entry("two", name="second", silver=own))
    assert (first.name, second.name) == ("crm.one", "second")
    assert first.silver.primary_keys == ("id",)
    assert second.silver.primary_keys == ("a", "b")
    assert second.silver.normalization.model_dump() == {
        "trim_strings": True,
        "empty_strings_as_null": True,
    }
    assert (second.silver.version, second.silver.entity) == (2, "two")
    assert second.platform.bronze.local_path == "./lake"
    assert second.notifications.on_failure == ("webhook/oncall",)


def test_source_with_null_silver_ends_in_bronze() -> None:
    first, second = read_sources(entry("one"), entry("two", silver=None))
    assert first.silver is not None
    assert second.silver is None


def test_problem_of_a_shared_section_is_reported_once_and_where_it_stands() -> None:
    text = """\
silver:
  version: 0
sources:
- source: {type: file, system: crm, table: a, file: {path: a.csv}}
- source: {type: file, system: crm, table: b, file: {path: b.csv}, rum: {}}
  silver: {primary_keys: id}
"""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "many.yaml")
    assert str(caught.value).splitlines() == [
        "many.yaml has 3 errors:",
        "  many.yaml:2: silver.version: must be greater than or equal to 1",
        "  many.yaml:5: sources[1].source.rum: unknown key; did you mean run?",
        "  many.yaml:6: sources[1].silver.primary_keys: must be a list: [a, b]",
    ]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([entry("a", name="x"), entry("b", name="x")], "sources[1]: has the same name as x"),
        ([entry("a"), entry("a", name="x")], "has the same system, table and load pattern"),
        (
            [entry("a", silver={"entity": "e"}), entry("b", silver={"entity": "e"})],
            "has the same domain, entity and version as crm.a",
        ),
    ],
)
def test_sources_that_would_publish_into_each_other_are_refused(
    entries: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_sources(*entries)
    assert caught.value.code == "CFG004"
    assert message in str(caught.value)


def test_entry_with_two_names_is_refused() -> None:
    named = entry("a", name="x")
    named["source"]["config_name"] = "y"
    with pytest.raises(ConfigError, match=r"sources\[0\].name: is not source.config_name"):
        read_sources(named)


def test_overrides_lie_over_the_file_and_move_defaults() -> None:
    over = {"source.run.load_pattern": "current_history", "silver.primary_keys": ["id"]}
    dataset = read(example({"silver.order_column": "ts"}), overrides=over)
    assert dataset.silver is not None
    assert (dataset.silver.model, dataset.silver.primary_keys) == ("scd_type_2", ("id",))
    assert dataset.sha256 == read(example({"silver.order_column": "ts"})).sha256


def test_wrong_override_is_told_from_the_file() -> None:
    with pytest.raises(ConfigError, match=r"silver\.model \(from the command\): must be 'scd_type"):
        read(example(), overrides={"silver.model": "scd_type_3"})


def test_sha256_is_of_the_data_as_written() -> None:
    text = yaml.safe_dump(example({"platform.bronze.local_path": "${LAKE}"}))
    (first,), (same,) = parse_config(text, "a.yaml"), parse_config(f"# x\n\n{text}", "b.yaml")
    assert first.sha256 == same.sha256
    assert first.sha256 != read(example({"platform.bronze.local_path": "/lake"})).sha256


@given(st.data())
def test_any_value_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    value = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )
    document = yaml.safe_load(FULL)
    section = data.draw(st.sampled_from([document, *walk(document)]))
    section[data.draw(st.sampled_from(sorted(section)))] = data.draw(value)
    assert refusals_of(yaml.safe_dump(document, allow_unicode=True)) != []


def refusals_of(text: str) -> list[tuple[str, str]] | None:
    try:
        parse_config(text, "orders.yaml")
    except ConfigError as error:
        return problems_of(error)
    return None


def walk(section: dict[str, Any]) -> list[dict[str, Any]]:
    below = [value for value in section.values() if isinstance(value, dict)]
    return below + [found for value in below for found in walk(value)]
