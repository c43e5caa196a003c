"""Readers that loop while somebody republishes, each in a process of its own.

Belongs here: how tools read a partition, and the verdict on each read.
Lives elsewhere: the test that republishes (`test_readers`).

Every row says which generation it belongs to and how many rows that generation has.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

Rows = list[tuple[int, int]]


def generation_files(number: int) -> list[bytes]:
    """Return a generation as Parquet files; their number and sizes change every time."""
    sizes = [7 + number % 5 + position for position in range(3 + number % 3)]
    return [_parquet(number, sum(sizes), rows) for rows in sizes]


def _parquet(number: int, total: int, rows: int) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"generation": [number] * rows, "total": [total] * rows}), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def glob_with_duckdb(directory: Path) -> Rows:
    """Read whatever a recursive glob finds."""
    query = "SELECT generation, total FROM read_parquet(?, hive_partitioning = false)"
    return duckdb.execute(query, [f"{directory}/current/**/*.parquet"]).fetchall()


def scan_with_pyarrow(directory: Path) -> Rows:
    """Read whatever the directory holds."""
    return _rows(ds.dataset(directory / "current", format="parquet").to_table())


def follow_manifest(directory: Path) -> Rows:
    """Read what the manifest lists, and check it; start again when a file is gone."""
    while True:
        files = json.loads((directory / "_checksums.json").read_bytes())["files"]
        try:
            data = [(directory / file["path"]).read_bytes() for file in files]
        except FileNotFoundError:
            continue
        kept = [(f, one) for f, one in zip(files, data, strict=True) if f["artifact"] == "current"]
        assert all(hashlib.sha256(one).hexdigest() == file["sha256"] for file, one in kept)
        return _rows(pa.concat_tables(pq.read_table(pa.BufferReader(one)) for _, one in kept))


READERS: dict[str, Callable[[Path], Rows]] = {
    "duckdb": glob_with_duckdb,
    "pyarrow": scan_with_pyarrow,
    "manifest": follow_manifest,
}


def read_until(
    name: str, directory: Path, verdicts: "Queue[Counter[str]]", ready: Event, done: Event
) -> None:
    """Read again and again, and hand over how often each verdict was reached."""
    counts: Counter[str] = Counter()
    while not done.is_set():
        counts[verdict_on(READERS[name], directory)] += 1
        ready.set()
    verdicts.put(counts)


def verdict_on(read: Callable[[Path], Rows], directory: Path) -> str:
    """Say what a read found: one whole generation, or what else."""
    try:
        rows = read(directory)
    except (duckdb.Error, OSError, KeyError) as error:
        return f"loud: {type(error).__name__}"
    generations = {generation for generation, _ in rows}
    if len(generations) > 1:
        return "mixed"
    return "whole" if rows and len(rows) == rows[0][1] else "partial"


def _rows(table: pa.Table) -> Rows:
    return list(
        zip(table.column("generation").to_pylist(), table.column("total").to_pylist(), strict=True)
    )
