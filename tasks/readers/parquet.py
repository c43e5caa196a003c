"""Parquet → Arrow batches, with the file's own types.

Belongs here: footers, schema union, truncation. Lives elsewhere: the choice of files.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.errors import TerminalSourceError
from tasks.readers.stream import BATCH_ROWS, SourceStream, check_columns, conform, select_columns


def open_parquet(paths: Sequence[Path], columns: Sequence[str] = ()) -> SourceStream:
    """Open Parquet files as one stream; columns that a file lacks are null.

    Raises:
        TerminalSourceError: EXT002 for a damaged file, EXT003 for unusable or disagreeing columns.
    """
    schemas = [_read_schema(path) for path in paths]
    try:
        merged = pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TerminalSourceError(f"the files disagree on types: {error}", code="EXT003") from None
    chosen = select_columns(merged.names, columns, paths[0].name)
    schema = pa.schema([merged.field(name) for name in chosen])
    return SourceStream(schema, _read_all(paths, schema))


def _read_schema(path: Path) -> pa.Schema:
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from None
    check_columns(schema.names, path.name)
    # Field ids and pandas notes say how the file was made, not what it holds.
    return pa.schema([pa.field(field.name, field.type, field.nullable) for field in schema])


def _read_all(paths: Sequence[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for path in paths:
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                present = [name for name in schema.names if name in file.schema_arrow.names]
                for batch in file.iter_batches(BATCH_ROWS, columns=present, use_threads=False):
                    yield conform(batch, schema)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> TerminalSourceError:
    return TerminalSourceError(
        f"{path.name} is not a whole Parquet file ({type(error).__name__}): fetch it again",
        file=path.name,
    )
