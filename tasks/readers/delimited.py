"""CSV and TSV → Arrow batches, as text unless types are declared.

Belongs here: headers, encodings, quoting, malformed rows. Lives elsewhere: the choice of files
(`tasks.file_source`). An empty field is null and a quoted empty field is an empty text, so that
nothing the file says is lost.
"""

import csv
import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from medallion.errors import TerminalSourceError
from tasks.readers.stream import SourceStream, check_columns, conform, select_columns

_BLOCK_BYTES = 4 * 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DelimitedFormat:
    """How the text of a file is to be read.

    Attributes:
        delimiter: One character.
        quote_char: One character, or None where fields are never quoted.
        encoding: Any Python codec name.
        compression: `gzip`, `zstd` or None.
        fieldnames: Column names, where the files have no header.
        columns: The columns to take; all when empty.
        types: Declared types; every other column is text.
        null_values: Unquoted texts that mean null.
    """

    delimiter: str = ","
    quote_char: str | None = '"'
    encoding: str = "utf-8"
    compression: str | None = None
    fieldnames: Sequence[str] = ()
    columns: Sequence[str] = ()
    types: Mapping[str, pa.DataType] | None = None
    null_values: Sequence[str] = ("",)


def open_delimited(paths: Sequence[Path], form: DelimitedFormat) -> SourceStream:
    """Open delimited files as one stream whose columns are the union of their headers.

    Raises:
        TerminalSourceError: EXT002 for malformed content, EXT003 for unusable columns.
    """
    headers = {path: _read_header(path, form) for path in paths}
    names = list(dict.fromkeys(name for header in headers.values() for name in header))
    chosen = select_columns(names, form.columns, paths[0].name)
    types = form.types or {}
    select_columns(names, list(types), paths[0].name)
    schema = pa.schema([pa.field(name, types.get(name, pa.string())) for name in chosen])
    return SourceStream(schema, _read_all(headers, schema, form))


def _read_all(
    headers: Mapping[Path, list[str]], schema: pa.Schema, form: DelimitedFormat
) -> Iterator[pa.RecordBatch]:
    for path, header in headers.items():
        for batch in _read_file(path, header, schema, form):
            yield batch if batch.schema.equals(schema) else conform(batch, schema)


def _read_file(
    path: Path, header: list[str], schema: pa.Schema, form: DelimitedFormat
) -> Iterator[pa.RecordBatch]:
    present = [name for name in schema.names if name in header]
    problem: list[str] = []

    def refuse(row: pa_csv.InvalidRow) -> str:
        problem.append(
            f"row {row.number} has {row.actual_columns} of {row.expected_columns} columns"
        )
        return "error"

    options = _options(form, header, [schema.field(name) for name in present], refuse)
    try:
        with _open_bytes(path, form) as stream, pa_csv.open_csv(stream, **options) as reader:
            yield from reader
    except (pa.ArrowInvalid, pa.ArrowException, OSError, EOFError, UnicodeError) as error:
        raise _explain(error, path, present, problem) from None


def _options(
    form: DelimitedFormat,
    header: Sequence[str],
    fields: Sequence[pa.Field],
    refuse: Callable[[pa_csv.InvalidRow], str],
) -> dict[str, Any]:
    return {
        "read_options": pa_csv.ReadOptions(
            use_threads=False,
            block_size=_BLOCK_BYTES,
            encoding=form.encoding,
            column_names=list(form.fieldnames) or None,
        ),
        "parse_options": pa_csv.ParseOptions(
            delimiter=form.delimiter,
            quote_char=form.quote_char or False,
            newlines_in_values=True,
            # In one column an empty line is a null; elsewhere it is no row at all.
            ignore_empty_lines=len(header) > 1,
            invalid_row_handler=refuse,
        ),
        "convert_options": pa_csv.ConvertOptions(
            column_types={field.name: field.type for field in fields},
            include_columns=[field.name for field in fields],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=list(form.null_values),
            true_values=["true", "True", "TRUE", "1"],
            false_values=["false", "False", "FALSE", "0"],
        ),
    }


def _read_header(path: Path, form: DelimitedFormat) -> list[str]:
    if form.fieldnames:
        check_columns(list(form.fieldnames), "fieldnames")
        return list(form.fieldnames)
    encoding = "utf-8-sig" if form.encoding.lower() in ("utf-8", "utf8") else form.encoding
    try:
        with _open_bytes(path, form) as stream:
            text = io.TextIOWrapper(stream, encoding=encoding, newline="")
            rows = csv.reader(
                text,
                delimiter=form.delimiter,
                quotechar=form.quote_char,
                quoting=csv.QUOTE_MINIMAL if form.quote_char else csv.QUOTE_NONE,
            )
            header = next((row for row in rows if row), None)
    except (pa.ArrowException, OSError, EOFError, UnicodeError, csv.Error) as error:
        raise _explain(error, path, [], []) from None
    if header is None:
        raise TerminalSourceError(
            f"{path.name} is empty: not even a header; set fieldnames if that is right"
        )
    check_columns(header, path.name)
    return header


def _open_bytes(path: Path, form: DelimitedFormat) -> IO[Any]:
    source = pa.OSFile(str(path), "rb")
    if form.compression is None:
        return source  # type: ignore[no-any-return]
    return pa.CompressedInputStream(source, form.compression)  # type: ignore[no-any-return]


def _explain(
    error: Exception, path: Path, columns: Sequence[str], problem: Sequence[str]
) -> TerminalSourceError:
    """Say what is wrong with the file without repeating any of its values."""
    text = str(error)
    column = re.search(
        r"CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to ([^:]+):", text
    )
    if problem:
        cause = problem[0]
    elif "invalid UTF8" in text or isinstance(error, UnicodeError):
        cause = "bytes that are not valid in its encoding: set file.encoding"
    elif column and int(column[1]) < len(columns):
        cause = f"column {columns[int(column[1])]!r} holds a value that is not {column[3]}"
    elif "block" in text:
        cause = f"a row is longer than {_BLOCK_BYTES // 2**20} MiB, or a quote is never closed"
    elif isinstance(error, OSError | EOFError) or "truncated" in text.lower():
        cause = "it cannot be decompressed or is cut short"
    else:
        cause = "it is not a delimited text file of one width"
    _log.debug("csv_error file=%s type=%s", path.name, type(error).__name__)
    return TerminalSourceError(f"{path.name} is malformed: {cause}", file=path.name)
