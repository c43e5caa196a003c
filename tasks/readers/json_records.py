"""JSON and JSON Lines → Arrow batches, with JSON's own types.

Belongs here: columns, declared types, the stream. Lives elsewhere: parsing (`json_source`, by
DuckDB), types that are not declared (`json_types`).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from medallion.casting import cast_column
from medallion.errors import TerminalSourceError
from tasks.engine import connect
from tasks.readers.json_source import JsonFormat, JsonSource
from tasks.readers.json_types import JsonColumns, infer_columns
from tasks.readers.stream import SourceStream, select_columns

_MEMORY_LIMIT_MB = 256


def open_json(paths: Sequence[Path], form: JsonFormat, spill: Path) -> SourceStream:
    """Open JSON files as one stream.

    Raises:
        TerminalSourceError: EXT002 for malformed content, EXT003 for unusable columns.
    """
    source = JsonSource(connect(_MEMORY_LIMIT_MB, spill), paths, form)
    declared = dict(form.types or {})
    found = _declared(form) or infer_columns(source)
    if not found.types:
        raise TerminalSourceError(
            f"{paths[0].name} holds no record, so its columns are unknown: declare columns and "
            "types",
            code="EXT003",
        )
    chosen = select_columns(list(found.types), form.columns, paths[0].name)
    # A declared column is read as text and cast by us: the engine would round 1.5 to an integer.
    types = {name: "VARCHAR" if name in declared else found.types[name] for name in chosen}
    read, batches = source.read(types)
    schema = pa.schema([pa.field(f.name, declared.get(f.name, f.type)) for f in read])
    counts = {name: found.counts[name] for name in chosen if name in found.counts}
    return SourceStream(schema, _cast(batches, schema, declared), counts)


def _declared(form: JsonFormat) -> JsonColumns | None:
    """Return the columns as declared, where the declaration covers them all."""
    if not form.columns or not set(form.columns) <= set(form.types or {}):
        return None
    return JsonColumns(dict.fromkeys(form.columns, "VARCHAR"), {})


def _cast(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, declared: Mapping[str, pa.DataType]
) -> Iterator[pa.RecordBatch]:
    """Turn the texts of declared columns into their types, or fail on the first that is not."""
    for batch in batches:
        columns = [
            _cast_declared(column, field) if field.name in declared else column
            for field, column in zip(schema, batch.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _cast_declared(column: pa.Array, field: pa.Field) -> pa.Array:
    cast, bad = cast_column(column, field.type, None)
    if bad.true_count:
        raise TerminalSourceError(f"column {field.name!r} holds a value that is not {field.type}")
    return cast
