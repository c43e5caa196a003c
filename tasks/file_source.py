"""Files of a dataset → one stream of Arrow batches.

Belongs here: finding the files of a run date and choosing their reader. Lives elsewhere: formats
(`tasks.readers`), configuration (`medallion.config`).
"""

import datetime as dt
import glob
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from medallion.config.source import FileSource
from medallion.config.templates import render_path
from medallion.errors import TerminalSourceError
from medallion.types import parse_type
from tasks.readers.stream import SourceStream, limit_rows

_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_WILDCARDS = "*?["


def find_files(source: FileSource, run_date: dt.date) -> list[Path]:
    """Return the files of a run date, in the order in which they are read: by path.

    Raises:
        TerminalSourceError: EXT001, when no file matches.
    """
    pattern = render_path(source.path, run_date)
    if not any(mark in pattern for mark in _WILDCARDS) or Path(pattern).is_file():
        matches = [pattern]
    else:
        # Not Path.glob: it takes no absolute patterns.
        matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
    files = [path for path in map(Path, matches) if path.is_file()]
    if not files:
        raise TerminalSourceError(
            f"no file matches {pattern!r}: has the source delivered {run_date}?", code="EXT001"
        )
    return files


def open_files(source: FileSource, paths: Sequence[Path], spill: Path) -> SourceStream:
    """Open files as one stream, ended by `limit_rows` where that is set.

    Args:
        source: How to read them.
        paths: The files, in order.
        spill: A directory that the JSON reader may use beyond its memory limit.

    Raises:
        TerminalSourceError: EXT002 or EXT003, when the content cannot land faithfully.
    """
    stream = _open(source, paths, spill)
    if source.limit_rows is None:
        return stream
    return SourceStream(stream.schema, limit_rows(stream.batches, source.limit_rows))


def describe_files(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Describe the files for the manifest: names and sizes, no directories of this machine."""
    return [{"name": path.name, "size_bytes": path.stat().st_size} for path in paths]


def _open(source: FileSource, paths: Sequence[Path], spill: Path) -> SourceStream:
    types = {name: parse_type(text) for name, text in source.types.items()}
    match source.format:
        case "parquet":
            from tasks.readers.parquet import open_parquet

            _refuse_types(types)
            return open_parquet(paths, source.columns)
        case "csv" | "tsv":
            return _open_delimited(source, paths, types)
        case "json" | "jsonl":
            return _open_json(source, paths, types, spill)


def _open_delimited(
    source: FileSource, paths: Sequence[Path], types: Mapping[str, pa.DataType]
) -> SourceStream:
    from tasks.readers.delimited import DelimitedFormat, open_delimited

    form = DelimitedFormat(
        delimiter=source.delimiter,
        quote_char=source.quote_char,
        encoding=source.encoding,
        compression=_compression(source, paths[0]),
        fieldnames=source.fieldnames,
        columns=source.columns,
        types=types,
        null_values=source.null_values,
    )
    return open_delimited(paths, form)


def _open_json(
    source: FileSource, paths: Sequence[Path], types: Mapping[str, pa.DataType], spill: Path
) -> SourceStream:
    from tasks.readers.json_records import open_json
    from tasks.readers.json_source import JsonFormat

    form = JsonFormat(
        lines=source.format == "jsonl",
        compression=_compression(source, paths[0]),
        json_path=source.json_path,
        columns=source.columns,
        types=types,
    )
    return open_json(paths, form, spill)


def _compression(source: FileSource, path: Path) -> str | None:
    if source.compression == "auto":
        return _COMPRESSIONS.get(path.suffix.lower())
    return None if source.compression == "none" else source.compression


def _refuse_types(types: Mapping[str, pa.DataType]) -> None:
    if types:
        raise TerminalSourceError(
            f"Parquet files carry their own types: drop types of {list(types)}, and cast in "
            "silver.contract",
            code="EXT003",
        )


def sample_rows(stream: SourceStream, count: int) -> pa.Table:
    """Read the first rows of a stream, for previews and dry runs."""
    batches = list(limit_rows(stream.batches, count))
    return pa.Table.from_batches(list(chain(batches)), schema=stream.schema)
