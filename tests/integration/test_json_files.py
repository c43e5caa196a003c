"""JSON lands with its own types and every value, or fails with a clear error."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from medallion.errors import TerminalSourceError
from tests.landing import land, read_landed

GOOD: list[tuple[str, str, dict[str, Any], list[dict[str, Any]]]] = [
    (
        "types are JSON's own",
        '{"i":1,"f":1.5,"s":"007","b":true,"n":null}',
        {},
        [{"i": 1, "f": 1.5, "s": "007", "b": True, "n": None}],
    ),
    (
        "text that looks like a date stays text",
        '{"d":"2025-01-10","t":"12:00:00"}',
        {},
        [{"d": "2025-01-10", "t": "12:00:00"}],
    ),
    (
        "a late column is in every row",
        '{"a":1}\n{"a":2,"z":"x"}',
        {},
        [{"a": 1, "z": None}, {"a": 2, "z": "x"}],
    ),
    (
        "mixed types become JSON text",
        '{"a":1}\n{"a":"x"}\n{"a":[1]}',
        {},
        [{"a": "1"}, {"a": '"x"'}, {"a": "[1]"}],
    ),
    ("integers and fractions become doubles", '{"a":1}\n{"a":2.5}', {}, [{"a": 1.0}, {"a": 2.5}]),
    ("integers beyond 2^53 stay exact", '{"a":9007199254740993}', {}, [{"a": 9007199254740993}]),
    ("nested objects become structs", '{"a":{"b":1,"c":["x"]}}', {}, [{"a": {"b": 1, "c": ["x"]}}]),
    (
        "nested names that differ in case become JSON text",
        '{"a":{"b":1,"B":2}}',
        {},
        [{"a": '{"b":1,"B":2}'}],
    ),
    (
        "odd names",
        '{"a.b":1,"q\\"x":2,"sp ace":3,"\u00e9":4,"x/y~z":5}',
        {},
        [{"a.b": 1, 'q"x': 2, "sp ace": 3, "\u00e9": 4, "x/y~z": 5}],
    ),
    (
        "declared types",
        '{"id":7,"price":1.5}',
        {"types": {"id": "string", "price": "decimal(9,2)"}},
        None,
    ),
    ("chosen columns", '{"a":1,"b":2}', {"columns": ["b"]}, [{"b": 2}]),
    ("limited rows", '{"a":1}\n{"a":2}', {"limit_rows": 1}, [{"a": 1}]),
]

BAD = [
    ("cut off", '{"a":1}\n{"a":', "EXT002", "malformed"),
    ("a key twice", '{"a":1,"a":2}', "EXT002", "a key is repeated"),
    ("not objects", "[1,2]", "EXT003", "not JSON objects"),
    ("nothing at all", "", "EXT003", "declare columns and types"),
    ("names that differ in case", '{"a":1,"A":2}', "EXT003", "differ only in case"),
    ("a name missing", '{"":1}', "EXT003", "without a name"),
    (
        "integers that no double holds",
        '{"a":9007199254740993}\n{"a":1.5}',
        "EXT003",
        "declare its type",
    ),
    ("a lone surrogate", '{"a":"\\ud800"}', "EXT002", "surrogate"),
]


@pytest.mark.parametrize(("text", "form", "rows"), [c[1:] for c in GOOD], ids=[c[0] for c in GOOD])
def test_lands_faithfully(tmp_path: Path, text: str, form: dict[str, Any], rows: Any) -> None:
    (tmp_path / "in.jsonl").write_text(text)
    landed = read_landed(land(tmp_path, "in.jsonl", **form))
    if rows is None:
        assert landed.schema.types == [pa.string(), pa.decimal128(9, 2)]
    else:
        assert landed.to_pylist() == rows


@pytest.mark.parametrize(("text", "code", "told"), [c[1:] for c in BAD], ids=[c[0] for c in BAD])
def test_malformed_input_is_refused(tmp_path: Path, text: str, code: str, told: str) -> None:
    (tmp_path / "in.jsonl").write_text(text)
    with pytest.raises(TerminalSourceError, match=told) as caught:
        land(tmp_path, "in.jsonl")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('[{"a":1},{"a":2}]', {}),
        ('[\n  {"a": 1},\n  {"a": 2}\n]\n', {}),
        ('{"a":1}{"a":2}', {}),
        ('{"data":{"items":[{"a":1},{"a":2}]},"more":0}', {"json_path": "data.items"}),
    ],
    ids=["array", "pretty array", "objects in a row", "list inside a document"],
)
def test_documents_land_record_by_record(tmp_path: Path, text: str, form: dict[str, Any]) -> None:
    (tmp_path / "in.json").write_text(text)
    assert read_landed(land(tmp_path, "in.json", **form)).to_pylist() == [{"a": 1}, {"a": 2}]


def test_records_of_a_document_may_lack_keys(tmp_path: Path) -> None:
    items = [{"a": 1, "b": "x", "c": [1]}, {"b": None, "d": True}, {"a": 2**53 + 1, "d": False}]
    (tmp_path / "in.json").write_text(json.dumps({"items": items}))
    landed = read_landed(land(tmp_path, "in.json", json_path="items"))
    assert landed.select(["a", "b", "d"]).to_pydict() == {
        "a": [1, None, 2**53 + 1],
        "b": ["x", None, None],
        "d": [None, True, False],
    }
    assert landed.column("c").to_pylist() == ["[1]", None, None]


def test_a_late_column_is_in_every_chunk(tmp_path: Path) -> None:
    lines = [json.dumps({"n": n}) for n in range(20_000)] + [json.dumps({"n": 20_000, "late": "x"})]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    partition = land(tmp_path, "in.jsonl", {"max_rows_per_file": 5_000})
    landed = read_landed(partition)
    assert len(list(partition.glob("part-*"))) == 5
    assert landed.num_rows == 20_001
    assert landed.column("late").null_count == 20_000


def test_declared_integers_are_never_rounded(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"a":1.5}')
    with pytest.raises(TerminalSourceError, match="column 'a'"):
        land(tmp_path, "in.jsonl", columns=["a"], types={"a": "int64"})


def test_a_late_record_of_another_shape_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"a":1}\n' * 20_000 + "[1]")
    with pytest.raises(TerminalSourceError, match="not JSON objects"):
        land(tmp_path, "in.jsonl")
