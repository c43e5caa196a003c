"""JSON and JSON Lines → Arrow batches, with JSON's own types.

Belongs here: finding every key and type before the first row leaves, so that a column that appears
late is in every chunk. Lives elsewhere: the choice of files. DuckDB parses; text that looks like a
date stays text, and a column that mixes types is kept as JSON text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from medallion.casting import cast_column
from medallion.errors import TerminalSourceError
from tasks.engine import connect
from tasks.readers.stream import BATCH_ROWS, SourceStream, select_columns

_MEMORY_LIMIT_MB = 256
_EXACT_DOUBLE = 2**53
_SCALARS = {
    frozenset({"VARCHAR"}): "VARCHAR",
    frozenset({"BOOLEAN"}): "BOOLEAN",
    frozenset({"DOUBLE"}): "DOUBLE",
    frozenset({"BIGINT"}): "BIGINT",
    frozenset({"UBIGINT"}): "BIGINT",
    frozenset({"BIGINT", "UBIGINT"}): "BIGINT",
    frozenset({"DOUBLE", "UBIGINT"}): "DOUBLE",
    frozenset({"BIGINT", "DOUBLE"}): "DOUBLE",
    frozenset({"BIGINT", "DOUBLE", "UBIGINT"}): "DOUBLE",
    frozenset(): "VARCHAR",
}


@dataclass(frozen=True)
class JsonFormat:
    """How a JSON file is to be read.

    Attributes:
        lines: One record a line (`jsonl`), else an array of records or a document.
        compression: `gzip`, `zstd` or None.
        json_path: Dotted path to the list of records inside a document.
        columns: The keys to take; all when empty.
        types: Declared types. Where they cover every column, the files are read once only.
    """

    lines: bool = True
    compression: str | None = None
    json_path: str | None = None
    columns: Sequence[str] = ()
    types: Mapping[str, pa.DataType] | None = None


def open_json(paths: Sequence[Path], form: JsonFormat, spill: Path) -> SourceStream:
    """Open JSON files as one stream.

    Raises:
        TerminalSourceError: EXT002 for malformed content, EXT003 for unusable columns.
    """
    records = _Records(connect(_MEMORY_LIMIT_MB, spill), paths, form)
    declared = dict(form.types or {})
    if form.columns and set(form.columns) <= set(declared):
        kinds = {name: "VARCHAR" for name in form.columns}
        counts: dict[str, int] = {}
    else:
        kinds, counts = records.infer()
        if not kinds:
            raise TerminalSourceError(
                f"{paths[0].name} holds no record, so its columns are unknown: declare columns and types",
                code="EXT003",
            )
    chosen = select_columns(list(kinds), form.columns, paths[0].name)
    engine_types = {name: "VARCHAR" if name in declared else kinds[name] for name in chosen}
    schema, batches = records.read(engine_types)
    typed = pa.schema([pa.field(f.name, declared.get(f.name, f.type)) for f in schema])
    return SourceStream(
        typed, _cast(batches, typed, declared), {k: counts[k] for k in chosen if k in counts}
    )


class _Records:
    """The records of some JSON files, as DuckDB sees them."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], form: JsonFormat
    ) -> None:
        self._connection, self._form = connection, form
        self._names = {str(path): path.name for path in paths}
        files = "[" + ", ".join(_text(str(path)) for path in paths) + "]"
        shape = "newline_delimited" if form.lines else _shape_of(paths[0], form)
        compression = form.compression or "uncompressed"
        self._source = f"{files}, format = '{shape}', compression = '{compression}'"
        self._objects = f"(SELECT json FROM read_json_objects({self._source}))"
        if form.json_path:
            path = "$" + "".join(f".{_quoted(part)}" for part in form.json_path.split("."))
            self._objects = f"(SELECT unnest(json_extract(json, {_text(path + '[*]')})) AS json FROM {self._objects})"

    def infer(self) -> tuple[dict[str, str], dict[str, int]]:
        """Return the engine type and the number of values of every key, in order of appearance."""
        shapes = dict(
            self._rows(f"SELECT json_type(json), count(*) FROM {self._objects} GROUP BY ALL")
        )
        if set(shapes) - {"OBJECT"}:
            raise TerminalSourceError(
                f"{self._first_name()} holds records that are not JSON objects", code="EXT003"
            )
        keys = [
            row[0]
            for row in self._rows(
                "SELECT key, min(place) AS place FROM (SELECT unnest(json_keys(json)) AS key, "
                f"unnest(range(len(json_keys(json)))) AS place FROM {self._objects}) GROUP BY key ORDER BY place, key"
            )
        ]
        _check_keys(keys, self._first_name())
        seen: dict[str, dict[str, int]] = {key: {} for key in keys}
        pointers = "[" + ", ".join(_text(_pointer(key)) for key in keys) + "]::VARCHAR[]"
        for place, kind, count in self._rows(
            f"SELECT place, kind, count(*) FROM (SELECT unnest(json_type(json, {pointers})) AS kind, "
            f"unnest(range({len(keys)})) AS place FROM {self._objects}) GROUP BY ALL"
        ):
            if kind not in (None, "NULL"):
                seen[keys[place]][kind] = count
        return {key: self._type_of(key, seen[key]) for key in keys}, {
            k: sum(s.values()) for k, s in seen.items()
        }

    def read(self, types: Mapping[str, str]) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Read the named keys as the given engine types."""
        if self._form.json_path:
            shape = "{" + ", ".join(f"{_quoted(k)}: {_quoted(t)}" for k, t in types.items()) + "}"
            query = (
                f"SELECT unnest(json_transform_strict(json, {_text(shape)})) FROM {self._objects}"
            )
        else:
            columns = "{" + ", ".join(f"{_text(k)}: {_text(t)}" for k, t in types.items()) + "}"
            query = f"SELECT * FROM read_json({self._source}, columns = {columns})"
        try:
            reader = self._connection.sql(query).to_arrow_reader(BATCH_ROWS)
        except duckdb.Error as error:
            raise self._explain(error) from None
        return reader.schema, self._batches(reader)

    def _batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise self._explain(error) from None

    def _type_of(self, key: str, counts: Mapping[str, int]) -> str:
        kinds = frozenset(counts)
        if kinds in ({"OBJECT"}, {"ARRAY"}):
            return self._nested_type(key)
        kind = _SCALARS.get(kinds, "JSON")
        if kind == "DOUBLE" and len(kinds) > 1 and self._has_large_integer(key):
            raise TerminalSourceError(
                f"column {key!r} mixes fractions with integers beyond 2^53, which no double holds: declare its type",
                code="EXT003",
            )
        return kind

    def _has_large_integer(self, key: str) -> bool:
        value = f"json_extract_string(json, {_text(_pointer(key))})"
        return bool(
            self._rows(
                f"SELECT 1 FROM {self._objects} WHERE json_type(json, {_text(_pointer(key))}) IN ('BIGINT', 'UBIGINT') "
                f"AND abs({value}::HUGEINT) > {_EXACT_DOUBLE} LIMIT 1"
            )
        )

    def _nested_type(self, key: str) -> str:
        """Return the struct or list type of a nested key; JSON text where no such type is exact."""
        if self._form.json_path:
            return "JSON"
        try:
            described = self._rows(
                f"DESCRIBE SELECT * FROM read_json({self._source}, sample_size = -1, "
                "maximum_depth = -1, map_inference_threshold = -1)"
            )
        except TerminalSourceError:
            return "JSON"
        kind = next((str(row[1]) for row in described if row[0] == key), "JSON")
        return (
            "JSON"
            if _is_inexact(kind)
            else re.sub(r"\b(DATE|TIME|TIMESTAMP( WITH TIME ZONE)?|UUID)\b(?!\")", "VARCHAR", kind)
        )

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query).fetchall()
        except duckdb.Error as error:
            raise self._explain(error) from None

    def _first_name(self) -> str:
        return next(iter(self._names.values()))

    def _explain(self, error: Exception) -> TerminalSourceError:
        """Say where the file is malformed without repeating any of its values."""
        text = str(error)
        name = next(
            (name for path, name in self._names.items() if path in text), self._first_name()
        )
        line = re.search(r"in (?:line|record/value) (\d+)", text)
        cause = re.search(r"Malformed JSON .*?: ([a-z0-9 ,\-]+)", text)
        reason = (
            cause[1].strip()
            if cause
            else "an object repeats a key"
            if "duplicate key" in text
            else type(error).__name__
        )
        where = f" at record {line[1]}" if line else ""
        return TerminalSourceError(f"{name} is malformed{where}: {reason}", file=name)


def _cast(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, declared: Mapping[str, pa.DataType]
) -> Iterator[pa.RecordBatch]:
    """Turn the texts of declared columns into their types, or fail on the first that is not."""
    for batch in batches:
        columns = []
        for field, column in zip(schema, batch.columns, strict=True):
            if field.name not in declared:
                columns.append(column)
                continue
            cast, bad = cast_column(column, field.type, None)
            if bad.true_count:
                raise TerminalSourceError(
                    f"column {field.name!r} holds a value that is not {field.type}"
                )
            columns.append(cast)
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _is_inexact(kind: str) -> bool:
    """Tell whether DuckDB renamed a key or met numbers that its nested type cannot hold."""
    names = {name.casefold() for name in re.findall(r'[(,]\s*"?([^",()]+?)"?\s+[A-Z"]', kind)}
    twins = any((twin := re.fullmatch(r"(.+)_\d+", name)) and twin[1] in names for name in names)
    return twins or '"NULL"' in kind or "HUGEINT" in kind


def _check_keys(keys: Sequence[str], file_name: str) -> None:
    folded: dict[str, str] = {}
    for key in keys:
        if not key:
            raise TerminalSourceError(f"{file_name} has a key without a name", code="EXT003")
        twin = folded.setdefault(key.casefold(), key)
        if twin != key:
            raise TerminalSourceError(
                f"{file_name} has keys {twin!r} and {key!r} that differ only in case: rename one",
                code="EXT003",
            )


def _shape_of(path: Path, form: JsonFormat) -> str:
    with _open_text(path, form) as stream:
        while (head := stream.read(4096)) and not head.strip():
            continue
    return "array" if head.lstrip().startswith(b"[") and not form.json_path else "unstructured"


def _open_text(path: Path, form: JsonFormat) -> Any:
    return pa.input_stream(str(path), compression=form.compression)


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '\\"') + '"'
