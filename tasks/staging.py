"""Write the data files of a staged partition: chunked, hashed while writing, durable.

Belongs here: rows → files in a stage directory, with their facts. Lives elsewhere: layout decisions
(`medallion.layout`), the commit (`tasks.local_publisher`), manifests (`medallion.manifest`).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from medallion.errors import StorageError, TerminalSourceError
from medallion.layout import SAMPLE_ROWS, Layout, WriteSettings, plan_layout
from medallion.manifest import DataFile
from tasks.filesystem import LOCAL, Filesystem
from tasks.work_area import storage_errors

_ZSTD_LEVEL = 1


@dataclass(frozen=True)
class Place:
    """Where an artifact's files go: a directory below a stage, `folder` relative to it."""

    stage: Path
    commit_id: str
    folder: str = ""

    def file(self, sequence: int, suffix: str, *, is_copy: bool = False) -> str:
        """Return the path of a numbered file, relative to the stage."""
        parts = [
            "_csv" if is_copy else "",
            self.folder,
            f"part-{sequence:05d}-{self.commit_id}.{suffix}",
        ]
        return "/".join(part for part in parts if part)


class HashingFile:
    """A file object that hashes and counts what it hands on."""

    def __init__(self, file: BinaryIO, fs: Filesystem = LOCAL) -> None:
        """Write through to `file`."""
        self._file, self._fs = file, fs
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0
        self.closed = False

    def write(self, data: Any) -> int:
        """Write all of `data`, whatever the number of system calls it takes."""
        view = memoryview(data).cast("B")
        self._sha256.update(view)
        size = view.nbytes
        while view.nbytes:
            view = view[self._fs.write(self._file, view) :]
        self.size_bytes += size
        return size

    def flush(self) -> None:
        """Do nothing: the file is unbuffered and made durable when it ends."""

    def close(self) -> None:
        """Mark the end of writing; the owner of the file closes it."""
        self.closed = True

    @property
    def sha256(self) -> str:
        """The hash of everything written so far, as hex."""
        return self._sha256.hexdigest()


class PartitionWriter:
    """Write one artifact's rows, in order, as numbered data files.

    Equal rows give equal files whatever the batches they arrive in: row groups and file ends are
    counted in rows and written bytes. Call `write` for each batch, then `close`; a disk that fails
    is a StorageError, STG005. A CSV copy lies below `_csv/`, where readers of the artifact's own
    directory do not see it.
    """

    def __init__(
        self,
        place: Place,
        artifact: str,
        schema: pa.Schema,
        settings: WriteSettings,
        filesystem: Filesystem = LOCAL,
    ) -> None:
        """Prepare to write the files of `artifact` into `place`."""
        self.place, self._artifact = place, artifact
        self.schema, self._settings = schema, settings
        self._filesystem = filesystem
        self._pending: list[pa.Table] = []
        self._pending_rows = 0
        self._layout: Layout | None = None
        self._files: list[DataFile] = []
        self._open: _OpenFile | None = None
        self._sequence = 0
        self.row_count = 0
        self.non_null_counts = dict.fromkeys(schema.names, 0)

    def write(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Take a batch; full row groups leave for the file at once."""
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_batches([rows])
        if table.num_rows:
            self._count(table)
            self._pending.append(table)
            self._pending_rows += table.num_rows
            with storage_errors("write a file in", self.place.stage):
                self._drain(final=False)

    def close(self) -> list[DataFile]:
        """Write what is left and return the files; no rows give one typed, empty file."""
        with storage_errors("write a file in", self.place.stage):
            self._drain(final=True)
            if self._open is None and not self._files:
                self._begin_file()
            self._end_file()
        return self._files

    def _count(self, table: pa.Table) -> None:
        self.row_count += table.num_rows
        for name, column in zip(table.column_names, table.columns, strict=True):
            self.non_null_counts[name] += len(column) - column.null_count

    def _drain(self, *, final: bool) -> None:
        if self._layout is None:
            if self._pending_rows < SAMPLE_ROWS and not final:
                return
            sample = pa.concat_tables(self._pending) if self._pending else self.schema.empty_table()
            self._layout = plan_layout(sample.slice(0, SAMPLE_ROWS), self._settings)
        while self._pending_rows and (final or self._pending_rows >= self._next_rows()):
            self._write_group(self._take(min(self._next_rows(), self._pending_rows)))

    def _next_rows(self) -> int:
        assert self._layout is not None  # noqa: S101 - planned before the first group
        limit = self._settings.max_rows_per_file
        if not limit or self._open is None:
            return self._layout.group_rows
        return min(self._layout.group_rows, limit - self._open.row_count)

    def _take(self, rows: int) -> pa.Table:
        table = pa.concat_tables(self._pending)
        rest = table.slice(rows)
        self._pending = [rest] if rest.num_rows else []
        self._pending_rows = rest.num_rows
        return table.slice(0, rows)

    def _write_group(self, group: pa.Table) -> None:
        if self._open is None:
            self._begin_file()
        assert self._open is not None  # noqa: S101 - begun above
        self._open.write(group)
        limit = self._settings.max_rows_per_file
        if (limit and self._open.row_count >= limit) or self._open.next_group_end_bytes > (
            self._settings.max_file_size_bytes
        ):
            self._end_file()

    def _begin_file(self) -> None:
        assert self._layout is not None  # noqa: S101 - planned before the first file
        self._open = _OpenFile(
            self.place, self._sequence, self.schema, self._settings, self._layout, self._filesystem
        )
        self._sequence += 1

    def _end_file(self) -> None:
        if self._open is not None:
            self._files += self._open.close(self._artifact)
            self._open = None


class _OpenFile:
    """The file being written and, on request, its CSV copy."""

    def __init__(
        self,
        place: Place,
        sequence: int,
        schema: pa.Schema,
        settings: WriteSettings,
        layout: Layout,
        fs: Filesystem,
    ) -> None:
        self.row_count = 0
        self.next_group_end_bytes = 0
        copies = settings.write_parquet and settings.write_csv
        self._parts: list[_Part] = []
        if settings.write_parquet:
            path = place.file(sequence, "parquet")
            self._parts.append(_ParquetPart(place.stage, path, schema, settings, layout, fs))
        if settings.write_csv:
            path = place.file(sequence, "csv", is_copy=copies)
            self._parts.append(_CsvPart(place.stage, path, schema, fs))

    def write(self, group: pa.Table) -> None:
        before = self._parts[0].sink.size_bytes
        for part in self._parts:
            part.write(group)
        self.row_count += group.num_rows
        after = self._parts[0].sink.size_bytes
        self.next_group_end_bytes = after + (after - before)

    def close(self, artifact: str) -> list[DataFile]:
        main, *copies = self._parts
        suffixed = [(main, artifact)] + [(copy, f"{artifact}_csv") for copy in copies]
        return [part.close(name, self.row_count) for part, name in suffixed]


class _Part:
    """One physical file and its hash."""

    def __init__(self, stage: Path, relative: str, fs: Filesystem) -> None:
        self._relative, self._fs = relative, fs
        self._path = stage / relative
        fs.make_directories(self._path.parent)
        self._file = fs.open_new(self._path)
        self.sink = HashingFile(self._file, fs)
        self._writer: Any = None

    def write(self, group: pa.Table) -> None:
        self._writer.write_table(group, row_group_size=group.num_rows)

    def close(self, artifact: str, row_count: int) -> DataFile:
        self._writer.close()
        self._fs.fsync_file(self._file)
        self._file.close()
        self._check(row_count)
        sink = self.sink
        return DataFile(self._relative, sink.size_bytes, sink.sha256, row_count, artifact)

    def _check(self, row_count: int) -> None:
        """Compare the file on disk with what was meant to be written."""
        if self._path.stat().st_size != self.sink.size_bytes:
            raise StorageError(f"{self._relative} is shorter than what was written: check the disk")


class _ParquetPart(_Part):
    def __init__(
        self,
        stage: Path,
        relative: str,
        schema: pa.Schema,
        settings: WriteSettings,
        layout: Layout,
        fs: Filesystem,
    ) -> None:
        super().__init__(stage, relative, fs)
        self._writer = pq.ParquetWriter(
            pa.PythonFile(self.sink, "w"),
            schema,
            compression=settings.compression,
            compression_level=_ZSTD_LEVEL if settings.compression == "zstd" else None,
            use_dictionary=list(layout.dictionary_columns) or False,
            write_page_index=True,
            write_page_checksum=True,
        )

    def _check(self, row_count: int) -> None:
        super()._check(row_count)
        found = pq.read_metadata(self._path).num_rows
        if found != row_count:
            raise StorageError(
                f"{self._relative} holds {found} of {row_count} rows: check the disk"
            )


class _CsvPart(_Part):
    def __init__(self, stage: Path, relative: str, schema: pa.Schema, fs: Filesystem) -> None:
        nested = [field.name for field in schema if pa.types.is_nested(field.type)]
        if nested:
            raise TerminalSourceError(
                f"columns {nested} are nested and cannot become CSV: turn write_csv off",
                code="EXT003",
            )
        super().__init__(stage, relative, fs)
        self._writer = pa_csv.CSVWriter(pa.PythonFile(self.sink, "w"), schema)

    def write(self, group: pa.Table) -> None:
        self._writer.write_table(group)


def write_artifact(
    batches: Iterable[pa.RecordBatch],
    place: Place,
    artifact: str,
    schema: pa.Schema,
    settings: WriteSettings,
) -> list[DataFile]:
    """Write a whole stream as one artifact."""
    writer = PartitionWriter(place, artifact, schema, settings)
    for batch in batches:
        writer.write(batch)
    return writer.close()
