"""Write ordered rows as the files of Silver artifacts, cut into directories by column values.

Belongs here: `<artifact>/[<column>=<value>/…]part-….parquet`. Lives elsewhere: single files
(`tasks.staging`), the order of the rows (`medallion.folds`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

import pyarrow as pa
import pyarrow.compute as pc

from medallion.layout import WriteSettings
from medallion.manifest import DataFile
from medallion.partition import directory_of
from tasks.folding import OrderedArtifact
from tasks.local_publisher import Stage
from tasks.readers.stream import read_ahead
from tasks.staging import PartitionWriter, Place, write_artifact

MAIN_ARTIFACTS = ("history", "current", "full_snapshot", "cdc_changes", "events")


@dataclass(frozen=True)
class WrittenArtifacts:
    """The files of all artifacts, and the columns of the main one."""

    files: list[DataFile]
    main: str
    schema: pa.Schema


def write_artifacts(
    artifacts: Iterable[OrderedArtifact], stage: Stage, settings: WriteSettings
) -> WrittenArtifacts:
    """Write every artifact; internal state is always Parquet, without copies."""
    files: list[DataFile] = []
    schemas: dict[str, pa.Schema] = {}
    for artifact in artifacts:
        name, schema = artifact.plan.name, artifact.schema
        own = WriteSettings(settings.compression) if artifact.plan.is_internal else settings
        # Closed even if a write fails: nobody may use the engine any more when it ends.
        with closing(read_ahead(artifact.rows)) as rows:
            files += write_artifact_files(
                rows, schema, stage, name, own, artifact.plan.partition_columns
            )
        schemas[name] = schema
    main = next(name for name in MAIN_ARTIFACTS if name in schemas)
    return WrittenArtifacts(files, main, schemas[main])


def write_artifact_files(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    stage: Stage,
    artifact: str,
    settings: WriteSettings,
    partition_columns: Sequence[str] = (),
) -> list[DataFile]:
    """Write an artifact below a stage and return its files, with paths relative to the stage.

    Rows must be ordered by the partition columns. A null value has a directory of its own, so that
    its rows are kept; the columns stay in the files too. Without rows there is one empty file.

    Args:
        batches: The rows; they are cast to `schema`, which may only restate their types.
        schema: The artifact's columns.
        stage: The staged partition.
        artifact: Internal state (a leading `_`) goes below `_state/`.
        settings: How files are written.
        partition_columns: Columns whose values become directories.
    """
    base = f"_state/{artifact.removeprefix('_')}" if artifact.startswith("_") else artifact
    pieces = _runs(batches, schema, base, partition_columns)
    files: list[DataFile] = []
    for folder, runs in groupby(pieces, key=itemgetter(0)):
        place = Place(stage.path, stage.commit_id, folder)
        with PartitionWriter(place, artifact, schema, settings) as writer:
            for _, rows in runs:
                writer.write(rows)
            files += writer.close()
    if not files:
        files = write_artifact(
            (), Place(stage.path, stage.commit_id, base), artifact, schema, settings
        )
    return files


def _runs(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, base: str, columns: Sequence[str]
) -> Iterator[tuple[str, pa.Table]]:
    """Cut the stream where the values of the partition columns change; name each piece's folder."""
    for batch in batches:
        table = pa.Table.from_batches([batch])
        edges = [0, *_changes(table, columns), table.num_rows]
        for start, end in pairwise(edges):
            if end > start:
                values = {name: table.column(name)[start].as_py() for name in columns}
                yield _folder(base, values), table.slice(start, end - start)


def _folder(base: str, values: Mapping[str, object]) -> str:
    parts = [
        directory_of(name, None if value is None else str(value)) for name, value in values.items()
    ]
    return "/".join([base, *parts])


def _changes(table: pa.Table, columns: Sequence[str]) -> list[int]:
    """Return the rows at which a value differs from the one before."""
    changed: set[int] = set()
    for name in columns if table.num_rows else ():
        encoded = pc.run_end_encode(table.column(name).combine_chunks())
        changed.update(encoded.run_ends.to_pylist()[:-1])
    return sorted(changed)
