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
    connection: duckdb.DuckDBPyConnection, name: str, files: Iterable[Path], where: str = ""
) -> tuple[str, ...]:
    """Show Parquet files as a view, in the order given, and return its columns.

    Directories like `region=EU` name values that the files hold themselves, so they are not read.

    Args:
        connection: The engine.
        name: The view.
        files: The files; at least one.
        where: The condition of the rows to show; all when empty.
    """
    listed = ", ".join(literal(str(file)) for file in files)
    source = f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"
    chosen = f" WHERE {where}" if where else ""
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {quote(name)} AS SELECT * FROM {source}{chosen}"
    )
    return tuple(column for column, _ in describe(connection, name))


def artifact_files(partition: PublishedPartition) -> dict[str, tuple[Path, ...]]:
    """Return the Parquet files of a partition's artifacts by name, quarantine left out."""
    files: dict[str, tuple[Path, ...]] = {}
    for file in partition.checksums.files:
        if file.path.endswith(".parquet") and file.artifact != "quarantine":
            path = Path(partition.path) / file.path
            files[file.artifact] = (*files.get(file.artifact, ()), path)
    return files


def describe(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str]]:
    """Return the columns of a relation and the engine's names of their types."""
    rows = connection.execute(f"DESCRIBE {quote(name)}").fetchall()
    return [(str(row[0]), str(row[1])) for row in rows]
