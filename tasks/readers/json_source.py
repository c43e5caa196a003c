"""JSON files as DuckDB sees them: one relation of records, and its malformed spots in words.

Belongs here: queries over the records of some files. Lives elsewhere: which types follow from them
(`json_types`), the stream (`json_records`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from medallion.errors import TerminalSourceError
from medallion.folds.sql import literal, quote
from tasks.readers.stream import BATCH_ROWS


@dataclass(frozen=True)
class JsonFormat:
    """How JSON files are to be read.

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


class JsonSource:
    """The records of some JSON files.

    Attributes:
        records: A relation in parentheses with one column, `json`.
        first_name: The first file, for messages.
        is_nested: Whether the records lie inside a document.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], form: JsonFormat
    ) -> None:
        """Describe the files to the engine; nothing is read but the first bytes."""
        self._connection = connection
        self._names = {str(path): path.name for path in paths}
        self.first_name = paths[0].name
        self.is_nested = form.json_path is not None
        files = "[" + ", ".join(literal(str(path)) for path in paths) + "]"
        shape = "newline_delimited" if form.lines else _shape_of(paths[0], form)
        compression = form.compression or "uncompressed"
        self._files = f"{files}, format = '{shape}', compression = '{compression}'"
        self.records = f"(SELECT json FROM read_json_objects({self._files}))"
        if form.json_path:
            path = "$" + "".join(f".{_json_name(part)}" for part in form.json_path.split("."))
            items = f"unnest(json_extract(json, {literal(path + '[*]')}))"
            self.records = f"(SELECT {items} AS json FROM {self.records})"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query to its end.

        Raises:
            TerminalSourceError: EXT002, when a file is malformed.
        """
        try:
            return self._connection.execute(query).fetchall()
        except duckdb.Error as error:
            raise self._explain(error) from None

    def sniff(self) -> dict[str, str]:
        """Return the engine's own idea of every key's type, from all records.

        Raises:
            TerminalSourceError: EXT002, also when a nested key has twins that differ in case.
        """
        options = "sample_size = -1, maximum_depth = -1, map_inference_threshold = -1"
        described = self.rows(f"DESCRIBE SELECT * FROM read_json({self._files}, {options})")
        return {str(row[0]): str(row[1]) for row in described}

    def read(self, types: Mapping[str, str]) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Read the named keys as the given engine types.

        Raises:
            TerminalSourceError: EXT002, here or from the batches.
        """
        if self.is_nested:
            # As JSON first: a strict transformation refuses records that lack a key.
            names = ", ".join(f'{_json_name(key)}: "JSON"' for key in types)
            record = f"json_transform(json, {literal('{' + names + '}')}) AS record"
            values = ", ".join(_typed(key, kind) for key, kind in types.items())
            query = f"SELECT {values} FROM (SELECT {record} FROM {self.records})"
        else:
            names = ", ".join(f"{literal(k)}: {literal(t)}" for k, t in types.items())
            query = f"SELECT * FROM read_json({self._files}, columns = {{{names}}})"
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

    def _explain(self, error: Exception) -> TerminalSourceError:
        """Say where a file is malformed without repeating any of its values."""
        text = str(error)
        named = (name for path, name in self._names.items() if path in text)
        name = next(named, self.first_name)
        record = re.search(r"in (?:line|record/value) (\d+)", text)
        cause = re.search(r"Malformed JSON .*?: ([a-z0-9 ,\-]+)", text)
        if cause:
            reason = cause[1].strip()
        else:
            reason = "a key is repeated" if "duplicate key" in text else type(error).__name__
        where = f" at record {record[1]}" if record else ""
        return TerminalSourceError(f"{name} is malformed{where}: {reason}", file=name)


def _shape_of(path: Path, form: JsonFormat) -> str:
    """Tell an array of records from records in a row by the first character."""
    head = b" "
    with pa.input_stream(str(path), compression=form.compression) as stream:
        while head and not head.strip():
            head = stream.read(4096)
    return "array" if head.lstrip().startswith(b"[") and not form.json_path else "unstructured"


def _typed(key: str, kind: str) -> str:
    """Turn a key's JSON value into its type; the text of a text, not its JSON."""
    value = f"record.{quote(key)}"
    text = f"json_extract_string({value}, '$')"
    return f"{text if kind == 'VARCHAR' else f'CAST({value} AS {kind})'} AS {quote(key)}"


def _json_name(value: str) -> str:
    return '"' + value.replace('"', '\\"') + '"'
