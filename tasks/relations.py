"""Bind the relations of a fold's plan to files.

Belongs here: views over Parquet files, by the names that plans use. Lives elsewhere: the plans
(`medallion.folds`), connections (`tasks.engine`).
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from medallion.folds.sql import literal, quote
from medallion.provenance import PublishedPartition


def bind_files(
    connection: duckdb.DuckDBPyConnection, name: str, files: Iterable[Path]
) -> tuple[str, ...]:
    """Show Parquet files as a view, in the order given, and return its columns.

    Directories like `region=EU` name values that the files hold themselves, so they are not read.
    """
    listed = ", ".join(literal(str(file)) for file in files)
    source = f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {quote(name)} AS SELECT * FROM {source}")
    return tuple(column for column, _ in describe(connection, name))


def bind_base(
    connection: duckdb.DuckDBPyConnection, base: PublishedPartition | None
) -> dict[str, tuple[str, ...]]:
    """Show the artifacts of the previous partition as `base_<artifact>`; return their columns."""
    if base is None:
        return {}
    files: dict[str, list[Path]] = {}
    for file in base.checksums.files:
        if file.path.endswith(".parquet") and file.artifact != "quarantine":
            files.setdefault(file.artifact, []).append(Path(base.path) / file.path)
    return {
        artifact: bind_files(connection, f"base_{artifact}", paths)
        for artifact, paths in files.items()
    }


def describe(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str]]:
    """Return the columns of a relation and the engine's names of their types."""
    rows = connection.execute(f"DESCRIBE {quote(name)}").fetchall()
    return [(str(row[0]), str(row[1])) for row in rows]
