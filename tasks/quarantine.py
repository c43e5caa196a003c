"""Quarantine files: every rejected row as Bronze holds it, with the reasons.

Belongs here: reject log + Bronze → artifact `quarantine`. Lives elsewhere: finding bad rows
(`tasks.validation`), writing files (`tasks.staging`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from medallion.layout import WriteSettings
from medallion.manifest import DataFile
from tasks.bronze_rows import Rows, open_bronze
from tasks.spool import PositionCursor
from tasks.staging import Place, write_artifact

_COMMIT = re.compile(r"-[0-9a-f]{16}(?=\.)")

QUARANTINE_COLUMNS = pa.schema(
    [
        pa.field("_reason", pa.string(), nullable=False),
        pa.field("_check", pa.string()),
        pa.field("_column", pa.string()),
        pa.field("_reasons", pa.list_(pa.string()), nullable=False),
        pa.field("_source_file", pa.string(), nullable=False),
        pa.field("_source_row", pa.int64(), nullable=False),
    ]
)


def write_quarantine(
    bronze: Path,
    files: Sequence[DataFile],
    reject_log: Path | None,
    place: Place,
    settings: WriteSettings,
) -> list[DataFile]:
    """Write one row per rejected Bronze row; row groups without one are not read again.

    The columns are Bronze's, under Bronze's names, and then `_reason`, `_check` and `_column` of
    the worst fault, all of them in `_reasons` (`reason:column:check`), and the file and 1-based
    row that it came from. The file is named without its commit id, so that a Bronze partition that
    was healed gives the same bytes. A Bronze column of such a name appears with `_bronze` at its
    end.

    Args:
        bronze: The Bronze partition's directory.
        files: All files of its manifest.
        reject_log: The log of the validation; None writes nothing.
        place: The stage, and a folder `_errors` in it.
        settings: How files are written; always Parquet alone, since reasons are lists.
    """
    if reject_log is None:
        return []
    rows = open_bronze(bronze, files)
    taken = set(QUARANTINE_COLUMNS.names)
    fields = [f.with_name(f"{f.name}_bronze") if f.name in taken else f for f in rows.schema]
    schema = pa.schema([*fields, *QUARANTINE_COLUMNS])
    rejects = PositionCursor(reject_log)
    pieces = rows.read(lambda start, end: rejects.has_before(end))
    return write_artifact(
        _rejected_rows(pieces, rejects, schema),
        place,
        "quarantine",
        schema,
        replace(settings, write_parquet=True, write_csv=False),
    )


def _rejected_rows(
    pieces: Iterator[Rows], rejects: PositionCursor, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    for piece in pieces:
        log = rejects.take_before(piece.start + piece.batch.num_rows)
        if log is not None:
            yield from pa.Table.from_arrays(_describe(piece, log), schema=schema).to_batches()


def _describe(piece: Rows, log: pa.Table) -> list[pa.Array]:
    """Return the columns of the rejected rows of a piece."""
    positions = log.column("position").to_numpy()
    firsts = np.flatnonzero(np.diff(positions, prepend=-1))
    local = positions[firsts] - piece.start
    worst = log.take(pa.array(firsts))
    texts = pc.binary_join_element_wise(
        log.column("reason"), log.column("column"), log.column("check"), ":", null_handling="skip"
    )
    offsets = pa.array(np.append(firsts, len(positions)), pa.int32())
    reasons = pa.ListArray.from_arrays(offsets, texts.combine_chunks())
    return [
        *piece.batch.take(pa.array(local)).columns,
        *(worst.column(name).combine_chunks() for name in ("reason", "check", "column")),
        reasons,
        pa.repeat(pa.scalar(_COMMIT.sub("", piece.file)), len(local)),
        pa.array(local + piece.row_in_file + 1),
    ]
