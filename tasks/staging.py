"""Write the data files of a staged partition: chunked, hashed while writing, durable.

Belongs here: rows → files in a stage directory, with their facts. Lives elsewhere: a single file
(`tasks.data_files`), layout decisions (`medallion.layout`), the commit (`tasks.local_publisher`),
manifests (`medallion.manifest`).
"""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

import pyarrow as pa

from medallion.layout import SAMPLE_ROWS, Layout, WriteSettings, plan_layout
from medallion.manifest import DataFile
from tasks.data_files import OpenFile, Place
from tasks.filesystem import LOCAL, Filesystem
from tasks.work_area import storage_errors

__all__ = ["PartitionWriter", "Place", "write_artifact"]


class PartitionWriter:
    """Write one artifact's rows, in order, as numbered data files.

    Equal rows give equal files whatever the batches they arrive in: row groups and file ends are
    counted in rows and written bytes. Call `write` for each batch, then `close`, within a `with`
    block, which ends the open file if that does not come about; a disk that fails is a
    StorageError, STG005. A CSV copy lies below `_csv/`, where readers of the artifact's own
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
        self._open: OpenFile | None = None
        self._sequence = 0
        self.row_count = 0
        self.non_null_counts = dict.fromkeys(schema.names, 0)

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give up the open file, if there is one: an error came before `close`."""
        if self._open is not None:
            self._open.abandon()

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
        self._open = OpenFile(
            self.place, self._sequence, self.schema, self._settings, self._layout, self._filesystem
        )
        self._sequence += 1

    def _end_file(self) -> None:
        if self._open is not None:
            self._files += self._open.close(self._artifact)
            self._open = None


def write_artifact(
    batches: Iterable[pa.RecordBatch],
    place: Place,
    artifact: str,
    schema: pa.Schema,
    settings: WriteSettings,
) -> list[DataFile]:
    """Write a whole stream as one artifact."""
    with PartitionWriter(place, artifact, schema, settings) as writer:
        for batch in batches:
            writer.write(batch)
        return writer.close()
