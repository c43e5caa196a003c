"""One data file in the making: its bytes, their hash, and its CSV copy.

Belongs here: rows → one physical file, with its facts. Lives elsewhere: cutting rows into files
(`tasks.staging`), layout decisions (`medallion.layout`), single calls (`tasks.filesystem`).
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from medallion.errors import StorageError, TerminalSourceError
from medallion.layout import Layout, WriteSettings
from medallion.manifest import DataFile
from tasks.filesystem import LOCAL, Filesystem

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


class OpenFile:
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
        """Open the file numbered `sequence`."""
        if settings.write_csv:
            _require_text(schema)
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
        """Write a row group."""
        before = self._parts[0].sink.size_bytes
        for part in self._parts:
            part.write(group)
        self.row_count += group.num_rows
        after = self._parts[0].sink.size_bytes
        self.next_group_end_bytes = after + (after - before)

    def abandon(self) -> None:
        """Close what is open, and write nothing more."""
        for part in self._parts:
            part.abandon()

    def close(self, artifact: str) -> list[DataFile]:
        """Make the file durable, check it, and return its facts and those of its copy."""
        main, *copies = self._parts
        suffixed = [(main, artifact)] + [(copy, f"{artifact}_csv") for copy in copies]
        return [part.close(name, self.row_count) for part, name in suffixed]


def _require_text(schema: pa.Schema) -> None:
    """Refuse columns that CSV cannot hold, before any file is opened.

    Raises:
        TerminalSourceError: EXT003, naming the columns.
    """
    unfit = [f.name for f in schema if pa.types.is_nested(f.type) or _is_bytes(f.type)]
    if unfit:
        raise TerminalSourceError(
            f"columns {unfit} hold nested values or bytes, which cannot become CSV: turn write_csv "
            "off",
            code="EXT003",
        )


def _is_bytes(kind: pa.DataType) -> bool:
    types = pa.types
    plain = types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)
    return bool(plain or types.is_fixed_size_binary(kind))


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

    def abandon(self) -> None:
        self.sink.discard()
        with suppress(Exception):  # it has failed before
            self._writer.close()
        with suppress(OSError):
            self._file.close()

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
        super().__init__(stage, relative, fs)
        self._writer = pa_csv.CSVWriter(pa.PythonFile(self.sink, "w"), schema)

    def write(self, group: pa.Table) -> None:
        self._writer.write_table(group)


class HashingFile:
    """A file object that hashes and counts what it hands on."""

    def __init__(self, file: BinaryIO, fs: Filesystem = LOCAL) -> None:
        """Write through to `file`."""
        self._file, self._fs = file, fs
        self._sha256 = hashlib.sha256()
        self._is_discarded = False
        self.size_bytes = 0
        self.closed = False

    def write(self, data: Any) -> int:
        """Write all of `data`, whatever the number of system calls it takes."""
        view = memoryview(data).cast("B")
        if self._is_discarded:
            return view.nbytes
        self._sha256.update(view)
        size = view.nbytes
        while view.nbytes:
            view = view[self._fs.write(self._file, view) :]
        self.size_bytes += size
        return size

    def discard(self) -> None:
        """Write nothing more: the writer above flushes when it ends."""
        self._is_discarded = True

    def flush(self) -> None:
        """Do nothing: the file is unbuffered and made durable when it ends."""

    def close(self) -> None:
        """Mark the end of writing; the owner of the file closes it."""
        self.closed = True

    @property
    def sha256(self) -> str:
        """The hash of everything written so far, as hex."""
        return self._sha256.hexdigest()
