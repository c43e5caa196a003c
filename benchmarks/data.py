"""Generated data: the same bytes on every machine, made once and kept.

Belongs here: files that variants read, and directories they write. Lives elsewhere: who reads them.
Everything lies in `benchmarks/.data`, which git ignores; delete it freely.
"""

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

DATA = Path(__file__).resolve().parent / ".data"

DAYS = (dt.date(2025, 1, 1), dt.date(2025, 1, 2))
CSV_ROWS = 8_000_000
JSON_ROWS = 1_370_000
LINEITEM_TYPES = {
    "l_orderkey": "BIGINT",
    "l_partkey": "BIGINT",
    "l_suppkey": "BIGINT",
    "l_linenumber": "BIGINT",
    "l_quantity": "DOUBLE",
    "l_extendedprice": "DOUBLE",
    "l_discount": "DOUBLE",
    "l_tax": "DOUBLE",
    "l_returnflag": "VARCHAR",
    "l_linestatus": "VARCHAR",
    "l_shipdate": "DATE",
    "l_commitdate": "DATE",
    "l_receiptdate": "DATE",
    "l_shipinstruct": "VARCHAR",
    "l_shipmode": "VARCHAR",
    "l_comment": "VARCHAR",
}

_LINEITEM = """
    SELECT i AS l_orderkey, (i * 7919) % 200000 AS l_partkey, (i * 31) % 10000 AS l_suppkey,
        i % 7 AS l_linenumber, (i % 50)::DOUBLE AS l_quantity,
        round(((i * 97) % 1000000) / 7.0, 2) AS l_extendedprice, (i % 11) / 100.0 AS l_discount,
        (i % 9) / 100.0 AS l_tax, ['A', 'N', 'R'][1 + i % 3] AS l_returnflag,
        ['O', 'F'][1 + i % 2] AS l_linestatus, DATE '1992-01-01' + (i % 2500)::INT AS l_shipdate,
        DATE '1992-01-01' + (i % 2400)::INT AS l_commitdate,
        DATE '1992-01-01' + (i % 2300)::INT AS l_receiptdate,
        ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'][1 + i % 4]
            AS l_shipinstruct,
        ['TRUCK', 'MAIL', 'AIR', 'SHIP', 'RAIL'][1 + i % 5] AS l_shipmode,
        'comment ' || md5(i::VARCHAR)[1:(10 + i % 20)::INT] AS l_comment
    FROM range({rows}) t(i)
"""


def lineitem(form: str, scale: float) -> Path:
    """Return a file like TPC-H's lineitem: `csv` (1 GB at scale 1) or `json` (500 MB of lines)."""
    rows = int((CSV_ROWS if form == "csv" else JSON_ROWS) * scale)
    suffix, options = ("csv", "HEADER") if form == "csv" else ("jsonl", "FORMAT json")
    return cached(
        f"lineitem-{rows}.{suffix}",
        lambda path: run_sql(f"COPY ({_LINEITEM.format(rows=rows)}) TO '{path}' ({options})"),
    )


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """Return a file of the cache, made first if it is not there yet."""
    path, part = DATA / name, DATA / f"{name}.part"
    if not path.exists():
        DATA.mkdir(exist_ok=True)
        make(part)
        part.rename(path)
    return path


def run_sql(statement: str) -> None:
    """Run one statement on a fresh engine with little memory."""
    import duckdb

    spill = str(DATA / "spill")
    with duckdb.connect(config={"memory_limit": "2GB", "temp_directory": spill}) as connection:
        connection.execute(statement)


def new_directory(name: str) -> Path:
    """Return an empty directory for what a variant writes."""
    path = DATA / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def parquet_rows(directory: Path) -> int:
    """Count the rows of the Parquet files below a directory."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in directory.rglob("*.parquet"))
