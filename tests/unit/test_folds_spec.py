"""What a fold refuses before it starts, and the digests that its state keeps for years."""

import hashlib
import hmac
from typing import Any

import pytest

from medallion.errors import ConfigError
from medallion.folds import COUNTS, plan_fold
from medallion.folds.digests import key_hash, row_text
from medallion.folds.plan import counts_query
from tests.folding import batch, connection, fold
from tests.folding_examples import COLUMNS, MIDNIGHT, TYPES, spec_of

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("scd_type_1", {"keys": ()}, "at least one key"),
    ("scd_type_1", {"keys": ("nope",)}, "do not exist: nope"),
    ("scd_type_2", {"order_column": None}, "a timestamp or a date"),
    ("scd_type_2", {"order_column": "note"}, "a timestamp or a date"),
    ("scd_type_1", {"pattern": "full", "has_ops": True}, "no operations"),
    ("event_log", {"deletes": "erase"}, "scd_type_1 and scd_type_2 only"),
    ("event_log", {"columns": (*COLUMNS[:-1], "TEXT")}, "differ only in case"),
    ("event_log", {"columns": (*COLUMNS[:-1], "__position")}, "reserved, rename them: __position"),
    ("scd_type_2", {"columns": (*COLUMNS[1:], "VALID_TO")}, "reserved, rename them: valid_to"),
    ("scd_type_1", {"columns": (*COLUMNS[1:], "_deleted"), "deletes": "tombstone"}, "_deleted"),
]


@pytest.mark.parametrize(("model", "facts", "message"), REFUSED)
def test_spec_refuses_what_contradicts_itself(
    model: str, facts: dict[str, Any], message: str
) -> None:
    if "columns" in facts:
        facts = {"keys": ("text",), "order_column": None, "tracked_columns": ()} | facts
        facts |= {"pattern": "full", "types": TYPES}
    with pytest.raises(ConfigError, match=message) as caught:
        spec_of(model, **facts)
    assert caught.value.code == "CFG004"


def test_spec_does_not_show_its_secret() -> None:
    assert "secret" not in repr(spec_of("scd_type_2", "erase"))


@pytest.mark.parametrize("secret", [b"", b"short", b"x" * 64, b"longer than a block" * 9])
def test_key_hash_is_hmac_sha256_of_the_keys_text(secret: bytes) -> None:
    columns = [("b", "VARCHAR"), ("a", "BIGINT")]
    query = f"SELECT {key_hash(columns, secret)} FROM (SELECT 7 AS a, 'x:y' AS b)"
    text = b'"a"1:7"b"3:x:y'
    expected = hmac.new(secret, text, hashlib.sha256).hexdigest()
    assert connection().sql(query).fetchall() == [(expected,)]


TEXTS = [
    ("BIGINT", "12", '"c"2:12'),
    ("DOUBLE", "-0.0", '"c"1:0'),
    ("DOUBLE", "12", '"c"2:12'),
    ("DOUBLE", "'nan'", '"c"3:nan'),
    ("FLOAT", "0.5", '"c"3:0.5'),
    ("DECIMAL(9,3)", "1.500", '"c"3:1.5'),
    ("DECIMAL(9,0)", "100", '"c"3:100'),
    ("VARCHAR", "'é'", '"c"2:é'),
    ("VARCHAR", "''", '"c"0:'),
    ("VARCHAR", "NULL", ""),
    ("BLOB", "'\\xFFa'::BLOB", '"c"4:FF61'),
    ("BOOLEAN", "true", '"c"4:true'),
    ("DATE", "'2025-01-01'", '"c"10:2025-01-01'),
    ("TIMESTAMP_NS", "'2025-01-01 00:00:00.5'", '"c"21:2025-01-01 00:00:00.5'),
    ("TIMESTAMP WITH TIME ZONE", "'2025-01-01 01:00:00+01'", '"c"19:2025-01-01 00:00:00'),
    ("TIMESTAMPTZ_NS", "'2025-01-01 01:00:00+01'", '"c"19:2025-01-01 00:00:00'),
    ("INTEGER[]", "[1, NULL]", '"c"8:[1,null]'),
    ("STRUCT(a INTEGER)", "{'a': 1}", '"c"7:{"a":1}'),
]


@pytest.mark.parametrize(("kind", "value", "text"), TEXTS)
def test_text_of_a_value_never_changes(kind: str, value: str, text: str) -> None:
    """Raise FOLDS_VERSION if this has to change: remembered digests would be lost."""
    query = f"SELECT {row_text([('c', kind)])} FROM (SELECT CAST({value} AS {kind}) AS c)"
    assert connection().sql(query).fetchall() == [(text,)]


def test_erase_leaves_nothing_of_the_key_but_a_hash_and_a_time() -> None:
    spec = spec_of("scd_type_2", "erase")
    at = [MIDNIGHT.replace(hour=hour) for hour in range(3)]
    rows = [("Ada", "Lovelace", text, None, 0, at[hour], "U") for hour, text in enumerate("xx")]
    base = fold(spec, batch(spec, rows))
    silver = fold(spec, batch(spec, [("Ada", "Lovelace", None, None, 0, at[2], "D")]), base)
    assert "Ada" in str(base.picture())
    assert "Ada" not in str(silver.picture())
    assert [row[1] for row in silver.rows("_erased")] == [at[2]]


@pytest.mark.parametrize("model", ["scd_type_1", "scd_type_2"])
def test_plan_names_internal_state_and_leaves_no_relation_behind(model: str) -> None:
    plan = plan_fold(spec_of(model))
    assert {a.name for a in plan.artifacts if a.is_internal} >= {"_deletes"}
    fold(spec_of(model), batch(spec_of(model), []))
    assert connection().sql("FROM duckdb_tables() WHERE table_name LIKE 'fold%'").fetchall() == []
    assert connection().sql("FROM duckdb_views() WHERE view_name LIKE 'fold%'").fetchall() == []


def test_counts_have_known_names_only() -> None:
    assert connection().sql(counts_query({"read": "3"})).columns == list(COUNTS)
    with pytest.raises(ValueError, match="unknown counts"):
        counts_query({"rowz": "3"})
