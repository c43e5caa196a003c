"""The measured table: people, a first state of many rows and a second day of 50,000 changes.

Belongs here: its generated rows, its contract with ten checks, its datasets. Lives elsewhere: the
suites that fold it (`fold`, `contract`).
"""

from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.data import DATA, DAYS, cached, run_sql

CHANGES = 50_000
COLUMNS = (
    "id",
    "name",
    "email",
    "city",
    "balance",
    "score",
    "visits",
    "born",
    "active",
    "updated_at",
)
CITIES = [f"city {number}" for number in range(40)]

_ROW = """
    SELECT {key} AS id, 'name ' || md5(({key} + {salt})::VARCHAR)[1:12] AS name,
        md5(({key} * 3 + {salt})::VARCHAR)[1:10] || '@example.com' AS email,
        'city ' || (({key} * 31 + {salt}) % 40) AS city,
        round((({key} * 7919 + {salt}) % 1000003) / 7.0, 2) AS balance,
        (({key} * 104729 + {salt}) % 10007) / 10007.0 AS score,
        ({key} * 17 + {salt}) % 500 AS visits, DATE '1950-01-01' + (({key} % 20000)::INT) AS born,
        ({key} + {salt}) % 3 = 0 AS active,
        TIMESTAMPTZ '2024-06-01 00:00:00+00' + to_seconds({key} % 1000000 + {salt}) AS updated_at,
        {op} AS op
    FROM range({count}) t(i)
"""
_A_YEAR = 31_536_000
# Bronze rows come in no order; a prime as the step meets every key once.
_EXISTING = "(i * 15485863) % {rows}"


def dataset(rows: int, model: str, *, deletes: bool = False, checks: bool = True) -> dict[str, Any]:
    """Return the configuration of the table with `rows` rows; made files are kept.

    Args:
        rows: Rows of the first day.
        model: What Silver holds.
        deletes: Whether changes carry an operation; a fifth of them are then deletes.
        checks: Whether the contract has its ten checks, or types alone.
    """
    pattern = "full" if model == "periodic_snapshot" else "cdc"
    silver = {
        "model": model,
        "primary_keys": ["id"],
        "order_column": "updated_at",
        "contract": _contract(deletes=deletes, checks=checks),
        **({"cdc": {"op_column": "op"}, "deletes": "hard"} if deletes else {}),
    }
    file = {"path": _source(rows, deletes=deletes), "format": "parquet"}
    return {"source": {"file": file, "run": {"load_pattern": pattern}}, "silver": silver}


def _source(rows: int, *, deletes: bool) -> str:
    """Make both days' files and return their path with a place for the date."""
    stem = f"people-{rows}-{'cdc' if deletes else 'upserts'}"
    key = _EXISTING.format(rows=rows)
    change = f"CASE WHEN i % 5 = 0 THEN {rows} + i ELSE {key} END"
    op = "CASE WHEN i % 5 = 0 THEN 'I' WHEN i % 5 = 1 THEN 'D' ELSE 'U' END"
    first = _ROW.format(key=f"({key})", salt=0, op="'I'", count=rows)
    second = _ROW.format(key=f"({change})", salt=_A_YEAR, op=op, count=CHANGES)
    columns = ", ".join([*COLUMNS, *["op"] * deletes])
    for day, query in zip(DAYS, (first, second), strict=True):
        cached(f"{stem}-{day}.parquet", partial(_copy, f"SELECT {columns} FROM ({query})"))
    return f"{DATA / stem}-{{run_date}}.parquet"


def _copy(query: str, path: Path) -> None:
    run_sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def _contract(*, deletes: bool, checks: bool) -> dict[str, Any]:
    columns: dict[str, dict[str, Any]] = {
        "id": {"type": "int64", "checks": {"ge": 0}},
        "name": {"type": "string", "checks": {"str_length": [1, 40]}},
        "email": {"type": "string", "checks": {"str_matches": r"^[a-z0-9.]+@[a-z]+\.(com|org)$"}},
        "city": {"type": "string", "checks": {"isin": CITIES, "notin": ["nowhere"]}},
        "balance": {"type": "float64", "checks": {"in_range": [0, 200000]}},
        "score": {"type": "float64", "checks": {"ge": 0, "le": 1}},
        "visits": {"type": "int64", "checks": {"in_range": [0, 500]}},
        "born": {"type": "date32", "checks": {"in_range": ["1900-01-01", "2020-01-01"]}},
        "active": {"type": "bool"},
        "updated_at": {"type": "timestamp[us, tz=UTC]"},
    }
    if deletes:
        columns["op"] = {"type": "string"}
    if not checks:
        columns = {name: {"type": column["type"]} for name, column in columns.items()}
    return {"columns": columns, "strict": True}
