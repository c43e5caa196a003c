"""Other ways from a text file to Parquet: DuckDB, pandas and pyarrow as people use them.

Belongs here: the shortest good program of each. Lives elsewhere: ours (`product`). None of them
hashes, cuts files, counts values or publishes.
"""

from pathlib import Path
from typing import Any

from benchmarks.comparison import Facts, Work
from benchmarks.data import DATA, parquet_rows
from benchmarks.measuring import CORES

_CHUNK_ROWS = 250_000
_PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"


def duckdb_copy(query: str, memory: str) -> Work:
    """Copy a query's rows to one Parquet file, in the order of the source."""
    import duckdb

    target = _target("duckdb")
    config: dict[str, Any] = {
        "memory_limit": memory,
        "threads": CORES,
        "temp_directory": str(DATA / "spill"),
    }

    def work() -> Facts:
        with duckdb.connect(config=config) as connection:
            connection.execute(f"COPY ({query}) TO '{target}' ({_PARQUET})")
        return {"rows": parquet_rows(target.parent)}

    return work


def pandas_csv(source: str) -> Work:
    """Read a CSV file in chunks of text columns and append each to one Parquet file."""
    import pandas as pd

    return _append(
        lambda: pd.read_csv(
            source, dtype=str, chunksize=_CHUNK_ROWS, keep_default_na=False, na_values=[""]
        )
    )


def pandas_jsonl(source: str) -> Work:
    """Read JSON Lines in chunks and append each to one Parquet file."""
    import pandas as pd

    return _append(lambda: pd.read_json(source, lines=True, chunksize=_CHUNK_ROWS))


def pyarrow_csv(source: str) -> Work:
    """Stream a CSV file of text columns to one Parquet file."""
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    target = _target("pyarrow")
    with Path(source).open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")

    def work() -> Facts:
        convert = pc.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True
        )
        with (
            pc.open_csv(source, convert_options=convert) as reader,
            pq.ParquetWriter(target, reader.schema, compression="zstd") as writer,
        ):
            for batch in reader:
                writer.write_batch(batch)
        return {"rows": parquet_rows(target.parent)}

    return work


def _append(read: Any) -> Work:
    import pyarrow as pa
    import pyarrow.parquet as pq

    target = _target("pandas")

    def work() -> Facts:
        writer = None
        for chunk in read():
            table = pa.Table.from_pandas(chunk, preserve_index=False)
            writer = writer or pq.ParquetWriter(target, table.schema, compression="zstd")
            writer.write_table(table)
        if writer is not None:
            writer.close()
        return {"rows": parquet_rows(target.parent)}

    return work


def _target(name: str) -> Path:
    folder = DATA / "out" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "all.parquet"
