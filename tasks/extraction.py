"""Land a source in a stage, and describe what landed.

Belongs here: source → staged Bronze files, counted in and out. Lives elsewhere: formats
(`tasks.readers`), files (`tasks.staging`), the commit (`tasks.publication`).
"""

import datetime as dt
import logging
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff

from medallion.config.models import DatasetConfig
from medallion.errors import TerminalSourceError, TransientSourceError
from medallion.layout import WriteSettings
from medallion.manifest import DataFile, digest
from medallion.types import schema_columns
from tasks.file_source import describe_files, find_files, open_files, sample_rows
from tasks.filesystem import LOCAL
from tasks.lake import bronze_partition
from tasks.local_publisher import Stage
from tasks.progress import report_rows
from tasks.publication import Draft
from tasks.readers.stream import SourceStream, read_ahead
from tasks.redaction import redacted_errors
from tasks.staging import PartitionWriter, Place
from tasks.work_area import scratch_directory

SAMPLE_ROWS = 100
_log = logging.getLogger(__name__)


def is_transient(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Tell Prefect to retry an attempt only when its error says that a retry may help."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TransientSourceError)


@dataclass(frozen=True)
class Sample:
    """The first rows of a source, and what it would land as."""

    rows: pa.Table
    files: list[str]


@task(
    name="extract-partition",
    task_run_name="extract-{dataset.name}-{run_date}",
    retries=3,
    retry_delay_seconds=exponential_backoff(backoff_factor=2),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_transient,
    cache_policy=NO_CACHE,
    persist_result=False,
)
@redacted_errors()
def extract_partition(dataset: DatasetConfig, run_date: dt.date, stage: Stage) -> Draft:
    """Read a dataset's source into the stage.

    Every attempt starts with an empty stage. The number of values per column is counted on the
    way in and compared with the footers of what was written.

    Args:
        dataset: What to read; references are resolved.
        run_date: The day that the partition is about.
        stage: Where the files go.

    Raises:
        TransientSourceError: A retry may help.
        TerminalSourceError: EXT001 to EXT004, when it does not.
    """
    _empty(stage.path)
    paths = find_files(dataset.source.file, run_date)
    settings = write_settings(dataset)
    with scratch_directory() as spill:
        stream = open_files(dataset.source.file, paths, spill)
        place = Place(stage.path, stage.commit_id)
        with (
            closing(read_ahead(stream.batches)) as batches,
            PartitionWriter(place, "data", stream.schema, settings) as writer,
        ):
            for batch in batches:
                writer.write(batch)
                report_rows(dataset.name, batch.num_rows)
            files = writer.close()
    _check_counts(stream, writer, stage.path, files)
    _log.info("extracted dataset=%s rows=%s files=%s", dataset.name, writer.row_count, len(files))
    return _draft(dataset, run_date, paths, writer, files)


def read_sample(dataset: DatasetConfig, run_date: dt.date, rows: int = SAMPLE_ROWS) -> Sample:
    """Read the first rows of a source and write nothing.

    Raises:
        SourceError: As `extract_partition`.
    """
    paths = find_files(dataset.source.file, run_date)
    with scratch_directory() as spill:
        table = sample_rows(open_files(dataset.source.file, paths, spill), rows)
    return Sample(table, [str(path) for path in paths])


def write_settings(dataset: DatasetConfig) -> WriteSettings:
    """Return how Bronze files are written: what the source asks for and the platform allows."""
    run, allowed = dataset.source.run, dataset.platform.bronze.output_defaults
    return WriteSettings(
        compression=run.parquet_compression,
        max_rows_per_file=run.max_rows_per_file,
        max_file_size_bytes=int(run.max_file_size_mb * 1024 * 1024),
        write_parquet=run.write_parquet and allowed.allow_parquet,
        write_csv=run.write_csv and allowed.allow_csv,
    )


def _draft(
    dataset: DatasetConfig,
    run_date: dt.date,
    paths: list[Path],
    writer: PartitionWriter,
    files: list[DataFile],
) -> Draft:
    partition = bronze_partition(dataset, run_date)
    columns = schema_columns(writer.schema)
    return Draft(
        layer="bronze",
        dataset=partition.dataset,
        keys=partition.keys(),
        path=partition.path,
        files=tuple(files),
        schema=columns,
        artifact="data",
        stats={
            "law": {"read": writer.row_count, "written": writer.row_count},
            "non_null": dict(writer.non_null_counts),
        },
        logic_digest=_logic_digest(dataset),
        config={"name": dataset.name, "sha256": dataset.sha256},
        about={
            "source": {
                "kind": "file",
                "uri": dataset.template.file.path,
                "files": describe_files(paths),
            },
            "write": {"compression": write_settings(dataset).compression},
        },
    )


def _logic_digest(dataset: DatasetConfig) -> str:
    """Digest the configuration that decides what Bronze files hold, but not where sources are."""
    source = dataset.source.file.model_dump(mode="json", exclude={"path"})
    settings = write_settings(dataset)
    return digest({"file": source, "write": vars(settings)})


def _empty(directory: Path) -> None:
    for entry in directory.iterdir():
        LOCAL.remove_tree(entry) if entry.is_dir() else LOCAL.unlink(entry)


def _check_counts(
    stream: SourceStream, writer: PartitionWriter, directory: Path, files: list[DataFile]
) -> None:
    """Compare the values read with the values in the files.

    Raises:
        TerminalSourceError: EXT004, naming the column.
    """
    for name, count in stream.non_null_counts.items():
        _compare_counts(name, count, writer.non_null_counts[name])
    written = _count_values([directory / file.path for file in files if file.artifact == "data"])
    for name, count in written.items():
        _compare_counts(name, writer.non_null_counts[name], count)


def _compare_counts(column: str, read: int, written: int) -> None:
    if read != written:
        raise TerminalSourceError(
            f"column {column!r}: the source holds {read} values but {written} were written; "
            "nothing was published, please report this bug",
            code="EXT004",
        )


def _count_values(paths: list[Path]) -> dict[str, int]:
    """Count the values of every flat column from Parquet footers; nested ones tell no count."""
    counts: dict[str, int] = {}
    for path in paths:
        if path.suffix == ".parquet":
            _add_values(counts, pq.read_metadata(path))
    return counts


def _add_values(counts: dict[str, int], footer: pq.FileMetaData) -> None:
    for place in range(footer.num_columns):
        column = footer.schema.column(place)
        if column.path != column.name or column.max_repetition_level:
            continue
        for group in range(footer.num_row_groups):
            chunk = footer.row_group(group).column(place)
            if chunk.statistics is not None and chunk.statistics.has_null_count:
                values = chunk.num_values - chunk.statistics.null_count
                counts[column.name] = counts.get(column.name, 0) + values
