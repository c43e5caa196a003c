"""What every reader returns, and what all of them share.

Belongs here: the stream value, its row limit, read-ahead, column checks. Lives elsewhere: formats.
"""

import queue
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from medallion.errors import TerminalSourceError

BATCH_ROWS = 65_536
_AHEAD = 4


@dataclass(frozen=True)
class SourceStream:
    """Rows of a source, as batches that share one schema.

    Attributes:
        schema: Column names and types, known before the first batch.
        batches: The rows in source order; consumed once.
        non_null_counts: Values per column as counted independently of the batches, where the
            format allows it; checked against what was written.
    """

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    non_null_counts: Mapping[str, int] = field(default_factory=dict)


def check_columns(names: Sequence[str], file_name: str) -> None:
    """Refuse empty and repeated column names, which no table can hold faithfully.

    Raises:
        TerminalSourceError: EXT003.
    """
    if any(not name.strip() for name in names):
        raise TerminalSourceError(
            f"{file_name} has a column without a name: name it, or set fieldnames", code="EXT003"
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise TerminalSourceError(
            f"{file_name} has more than one column named {repeated}: rename them in the source "
            "or set fieldnames",
            code="EXT003",
        )


def select_columns(available: Sequence[str], wanted: Sequence[str], where: str) -> list[str]:
    """Return the wanted columns, or all of them when none is named.

    Raises:
        TerminalSourceError: EXT003, for a column that the source lacks.
    """
    missing = [name for name in wanted if name not in available]
    if missing:
        raise TerminalSourceError(
            f"{where} has no column {missing}: it has {list(available)}", code="EXT003"
        )
    return list(wanted) or list(available)


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Give a batch the schema's columns in order: absent ones null, narrower types widened."""
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def limit_rows(batches: Iterable[pa.RecordBatch], limit: int | None) -> Iterator[pa.RecordBatch]:
    """End a stream after `limit` rows."""
    if limit is None:
        yield from batches
        return
    for batch in batches:
        yield batch.slice(0, limit)
        limit -= batch.num_rows
        if limit <= 0:
            return


def read_ahead(batches: Iterable[pa.RecordBatch]) -> Generator[pa.RecordBatch]:
    """Read on in a second thread while the consumer works; at most a few batches ahead."""
    ahead = _ReadAhead(batches)
    ahead.start()
    try:
        while (item := ahead.ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        ahead.stopped.set()
        ahead.join()


class _ReadAhead(threading.Thread):
    """Put batches, then None, into a bounded queue; an error takes the place of what follows."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        super().__init__(name="read-ahead", daemon=True)
        self.ready: queue.Queue[pa.RecordBatch | BaseException | None] = queue.Queue(_AHEAD)
        self.stopped = threading.Event()
        self._batches = batches

    def run(self) -> None:
        try:
            for batch in self._batches:
                if not self._put(batch):
                    return
            self._put(None)
        except BaseException as error:  # handed to the consumer, whatever it is
            self._put(error)

    def _put(self, item: pa.RecordBatch | BaseException | None) -> bool:
        while not self.stopped.is_set():
            try:
                self.ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False
