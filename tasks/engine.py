"""DuckDB connections: the out-of-core engine, bound by a memory limit.

Belongs here: how a connection is opened. Lives elsewhere: the SQL (`medallion`), its use (callers).
"""

from pathlib import Path

import duckdb


def connect(
    memory_limit_mb: int, spill_directory: Path, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open an in-memory database that spills to `spill_directory` beyond its memory limit.

    Extensions are never fetched, so a run does not depend on a network; the session's zone is
    UTC, so a timestamp never depends on the machine.

    Args:
        memory_limit_mb: What DuckDB may hold; the process peaks 15 to 35 % above it.
        spill_directory: Where intermediate results go. Created by DuckDB when needed.
        threads: How many cores to use; all of them by default.
    """
    connection = duckdb.connect(
        config={
            "memory_limit": f"{memory_limit_mb}MiB",
            "temp_directory": str(spill_directory),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            **({"threads": threads} if threads else {}),
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection
