"""CSV and TSV land as the file says, or fail with a clear error and leave the lake alone."""

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from medallion.errors import TerminalSourceError
from tests.landing import land, read_landed

GOOD: list[tuple[str, bytes, dict[str, Any], dict[str, list[str | None]]]] = [
    ("texts keep leading zeros", b"id,n\n007,1.50\n", {}, {"id": ["007"], "n": ["1.50"]}),
    ("empty is null and quoted empty is text", b'a,b\n,""\n', {}, {"a": [None], "b": [""]}),
    ("null words stay text", b"a,b\nNULL,NaN\n", {}, {"a": ["NULL"], "b": ["NaN"]}),
    ("quoted line breaks stay in their row", b'a,b\n"x\ny",2\n', {}, {"a": ["x\ny"], "b": ["2"]}),
    ("doubled quotes", b'a,b\n"say ""hi""",2\n', {}, {"a": ['say "hi"'], "b": ["2"]}),
    ("an empty line is a null in one column", b"a\n1\n\n3\n", {}, {"a": ["1", None, "3"]}),
    (
        "a byte order mark is no part of a name",
        b"\xef\xbb\xbfa,b\n1,2\n",
        {},
        {"a": ["1"], "b": ["2"]},
    ),
    ("no line break at the end", b"a,b\n1,2", {}, {"a": ["1"], "b": ["2"]}),
    ("windows line breaks", b"a,b\r\n1,2\r\n", {}, {"a": ["1"], "b": ["2"]}),
    ("only a header", b"a,b\n", {}, {"a": [], "b": []}),
    ("names differ in case", b"a,A\n1,2\n", {}, {"a": ["1"], "A": ["2"]}),
    ("another delimiter", b"a;b\n1;2\n", {"delimiter": ";"}, {"a": ["1"], "b": ["2"]}),
    (
        "another encoding",
        "a,b\n\xe9,2\n".encode("latin-1"),
        {"encoding": "latin-1"},
        {"a": ["\xe9"], "b": ["2"]},
    ),
    (
        "utf-16",
        "a,b\n\u20ac,2\n".encode("utf-16"),
        {"encoding": "utf-16"},
        {"a": ["\u20ac"], "b": ["2"]},
    ),
    (
        "no header",
        b"1,2\n",
        {"has_header": False, "fieldnames": ["a", "b"]},
        {"a": ["1"], "b": ["2"]},
    ),
    ("no quoting", b'a,b\n"1,2\n', {"quote_char": None}, {"a": ['"1'], "b": ["2"]}),
    ("chosen columns", b"a,b,c\n1,2,3\n", {"columns": ["c", "a"]}, {"c": ["3"], "a": ["1"]}),
    ("limited rows", b"a,b\n1,2\n3,4\n", {"limit_rows": 1}, {"a": ["1"], "b": ["2"]}),
    ("declared nulls", b"a,b\nNA,2\n", {"null_values": ["", "NA"]}, {"a": [None], "b": ["2"]}),
]

BAD: list[tuple[str, bytes, dict[str, Any], str, str]] = [
    ("ragged row", b"a,b\n1,2\n3\n", {}, "EXT002", "row 3 has 1 of 2 columns"),
    ("bad utf-8", b"a,b\n1,\xff\n", {}, "EXT002", "encoding"),
    ("bad utf-8 in the header", b"a,\xff\n1,2\n", {}, "EXT002", "encoding"),
    ("nothing at all", b"", {}, "EXT002", "not even a header"),
    ("a name twice", b"a,a\n1,2\n", {}, "EXT003", "more than one column"),
    ("a name missing", b"a,\n1,2\n", {}, "EXT003", "without a name"),
    ("an unknown chosen column", b"a,b\n1,2\n", {"columns": ["c"]}, "EXT003", "has no column"),
    (
        "a value that is not its type",
        b"a,b\nsecret,2\n",
        {"types": {"a": "int64"}},
        "EXT002",
        "column 'a'",
    ),
    ("a quote that is never closed", b'a,b\n"1,2\n3,4\n', {}, "EXT002", "malformed"),
]


@pytest.mark.parametrize(
    ("content", "form", "rows"), [c[1:] for c in GOOD], ids=[c[0] for c in GOOD]
)
def test_lands_faithfully(
    tmp_path: Path, content: bytes, form: dict[str, Any], rows: dict[str, list[str | None]]
) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    assert read_landed(land(tmp_path, "in.csv", **form)).to_pydict() == rows


@pytest.mark.parametrize(
    ("content", "form", "code", "told"), [c[1:] for c in BAD], ids=[c[0] for c in BAD]
)
def test_malformed_input_leaves_the_old_partition(
    tmp_path: Path, content: bytes, form: dict[str, Any], code: str, told: str
) -> None:
    (tmp_path / "in.csv").write_bytes(b"a,b\nold,row\n")
    partition = land(tmp_path, "in.csv")
    (tmp_path / "in.csv").write_bytes(content)
    with pytest.raises(TerminalSourceError, match=told) as caught:
        land(tmp_path, "in.csv", **form)
    assert caught.value.code == code
    assert "secret" not in str(caught.value)
    assert read_landed(partition).to_pydict() == {"a": ["old"], "b": ["row"]}


@pytest.mark.parametrize("cut", [20, 1_000, 200_000])
def test_truncated_gzip_is_refused(tmp_path: Path, cut: int) -> None:
    rows = "".join(f"{n},{hash(str(n))}\n" for n in range(200_000))
    packed = gzip.compress(f"a,b\n{rows}".encode())
    (tmp_path / "in.csv.gz").write_bytes(packed[:-cut])
    with pytest.raises(TerminalSourceError, match="cut short"):
        land(tmp_path, "in.csv.gz")
    assert not list((tmp_path / "bronze").rglob("part-*"))


@pytest.mark.parametrize(("suffix", "codec"), [(".gz", "gzip"), (".zst", "zstd")])
def test_compressed_files_land_by_suffix(tmp_path: Path, suffix: str, codec: str) -> None:
    with pa.CompressedOutputStream(str(tmp_path / f"in.tsv{suffix}"), codec) as stream:
        stream.write(b"a\tb\n1\t2\n")
    assert read_landed(land(tmp_path, f"in.tsv{suffix}")).to_pydict() == {"a": ["1"], "b": ["2"]}


def test_a_column_that_appears_in_a_later_file_is_in_every_chunk(tmp_path: Path) -> None:
    (tmp_path / "in-1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "in-2.csv").write_text("b,c\n3,4\n")
    landed = read_landed(land(tmp_path, "in-*.csv", {"max_rows_per_file": 1}))
    assert landed.to_pydict() == {"a": ["1", None], "b": ["2", "3"], "c": [None, "4"]}


def test_declared_types_are_kept(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,price,day\n7,1.50,2025-01-10\n")
    types = {"id": "int64", "price": "decimal(9,2)", "day": "date"}
    schema = read_landed(land(tmp_path, "in.csv", types=types)).schema
    assert schema.types == [pa.int64(), pa.decimal128(9, 2), pa.date32()]
