"""Other ways to fold a day's changes into a state: bare DuckDB SQL and pandas.

Belongs here: the shortest good program of each, over the same files that ours reads. Lives
elsewhere: ours (`product`). None of them checks a row, counts what became of it, remembers deletes,
takes late events, hashes or publishes; without `ordered` even the order of rows is left open.
"""

from pathlib import Path
from typing import Any

from benchmarks.comparison import Facts, Work
from benchmarks.data import DATA, DAYS, new_directory, parquet_rows
from benchmarks.measuring import CORES
from benchmarks.people import COLUMNS

_PARQUET = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
_TRACKED = ", ".join(name for name in COLUMNS if name not in ("id", "updated_at"))
_LATEST = """
    CREATE TEMP TABLE latest AS FROM read_parquet('{changes}', hive_partitioning = false)
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC) = 1
"""
_UPSERT = """
    FROM read_parquet('{base}/current/*.parquet', hive_partitioning = false)
    ANTI JOIN latest USING (id) UNION ALL BY NAME FROM latest {alive}
"""
_VERSIONS = """
    CREATE TEMP TABLE versions AS
    SELECT *, lead(valid_from) OVER later AS valid_to, valid_to IS NULL AS is_current FROM (
        SELECT * FROM (
            SELECT {columns}, valid_from
            FROM read_parquet('{base}/history/*.parquet', hive_partitioning = false)
            SEMI JOIN latest USING (id)
            UNION ALL SELECT {columns}, updated_at FROM latest
        ) QUALIFY row({tracked}) IS DISTINCT FROM
            lag(row({tracked})) OVER (PARTITION BY id ORDER BY valid_from)
    ) WINDOW later AS (PARTITION BY id ORDER BY valid_from)
"""
_HISTORY = """
    FROM read_parquet('{base}/history/*.parquet', hive_partitioning = false)
    ANTI JOIN latest USING (id) UNION ALL BY NAME FROM versions
"""
_CURRENT = """
    FROM read_parquet('{base}/current/*.parquet', hive_partitioning = false)
    ANTI JOIN latest USING (id) UNION ALL BY NAME FROM versions WHERE is_current
"""


def duckdb_merge(folder: str, model: str, ordered: bool = False) -> Work:
    """Merge in SQL and copy to Parquet; with `ordered` by key, so that reruns are equal."""
    import duckdb

    out = new_directory(f"out/duckdb{'-ordered' if ordered else ''}")
    config: dict[str, Any] = {
        "memory_limit": "512MB",
        "threads": CORES,
        "temp_directory": str(DATA / "spill"),
        "preserve_insertion_order": ordered,
    }
    statements = _statements(folder, model, out, ordered)

    def work() -> Facts:
        with duckdb.connect(config=config) as connection:
            for statement in statements:
                connection.execute(statement)
        return {"rows": parquet_rows(out / _main(model))}

    return work


def pandas_merge(folder: str, model: str, arrow_types: bool = False) -> Work:
    """Merge with pandas, in numpy's types or in Arrow's, and write Parquet."""
    import pandas as pd

    out = new_directory(f"out/pandas{'-arrow' if arrow_types else ''}")
    for artifact in _artifacts(model):
        (out / artifact).mkdir()
    changes, base = _inputs(folder)
    options: dict[str, Any] = {"dtype_backend": "pyarrow"} if arrow_types else {}

    def read(path: Path) -> Any:
        files: Any = sorted(path.glob("*.parquet"))
        return pd.read_parquet(files, partitioning=None, **options)

    def work() -> Facts:
        latest = read(changes).sort_values("updated_at").drop_duplicates("id", keep="last")
        state = read(base / _main(model))
        merged = (_versions if model == "scd_type_2" else _upsert)(pd, state, latest)
        for artifact in _artifacts(model):
            rows = merged if artifact == _main(model) else merged[merged["is_current"]]
            path = out / artifact / "all.parquet"
            rows.to_parquet(path, compression="zstd", index=False)
        return {"rows": len(merged)}

    return work


def compare(folder: str, model: str, names: list[str]) -> Work:
    """Return which outputs differ from ours in any value, whatever the order of rows."""
    import duckdb

    ours = _day(folder, 1)

    def digest(path: Path) -> Any:
        validity = ["valid_from", "valid_to", "is_current"] if model == "scd_type_2" else []
        cells = ", ".join([*COLUMNS[:7], "born::DATE", "active", "updated_at", *validity])
        query = f"SELECT count(*), sum(hash({cells})::HUGEINT) FROM '{path}/*.parquet'"
        return duckdb.execute(query).fetchall()

    def work() -> Facts:
        return {
            f"{name}/{artifact}": "differs"
            for name in names
            for artifact in _artifacts(model)
            if digest(DATA / "out" / name / artifact) != digest(ours / artifact)
        }

    return work


def _statements(folder: str, model: str, out: Path, ordered: bool) -> list[str]:
    changes, base = _inputs(folder)
    known = {"changes": f"{changes}/*.parquet", "base": base, "columns": ", ".join(COLUMNS)}
    alive = "WHERE op <> 'D'" if "cdc" in folder else ""
    queries = {"history": _HISTORY, "current": _CURRENT if model == "scd_type_2" else _UPSERT}
    statements = [_LATEST, *([_VERSIONS] if model == "scd_type_2" else [])]
    for artifact in _artifacts(model):
        (out / artifact).mkdir()
        order = " ORDER BY " + ("id, valid_from" if artifact == "history" else "id")
        query = f"SELECT * FROM ({queries[artifact]}){order * ordered}"
        statements.append(f"COPY ({query}) TO '{out / artifact}/all.parquet' {_PARQUET}")
    return [text.format(**known, tracked=_TRACKED, alive=alive) for text in statements]


def _upsert(pd: Any, state: Any, latest: Any) -> Any:
    kept = state[~state["id"].isin(latest["id"])]
    alive = latest[latest["op"] != "D"] if "op" in latest else latest
    return pd.concat([kept, alive], ignore_index=True)


def _versions(pd: Any, state: Any, latest: Any) -> Any:
    """Rebuild the versions of the touched keys alone."""
    touched = state["id"].isin(latest["id"])
    events = pd.concat([state[touched], latest.assign(valid_from=latest["updated_at"])])
    events = events.sort_values(["id", "valid_from"])
    events["valid_to"] = events.groupby("id")["valid_from"].shift(-1)
    events["is_current"] = events["valid_to"].isna()
    return pd.concat([state[~touched], events], ignore_index=True)


def _main(model: str) -> str:
    return _artifacts(model)[0]


def _artifacts(model: str) -> tuple[str, ...]:
    return ("history", "current") if model == "scd_type_2" else ("current",)


def _inputs(folder: str) -> tuple[Path, Path]:
    bronze = f"bronze/system=bench/table=rows/pattern=cdc/dt={DAYS[1]}"
    return DATA / folder / bronze, _day(folder, 0)


def _day(folder: str, number: int) -> Path:
    day = f"silver/domain=bench/entity=rows/v1/load_date={DAYS[number]}"
    return DATA / folder / day
