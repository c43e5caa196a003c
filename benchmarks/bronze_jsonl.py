"""Suite: JSON Lines of 500 MB to Bronze, with types found out and with types declared.

Belongs here: which variants run, and the goals. Lives elsewhere: the variants (`product`,
`bronze_peers`), the file (`data`).
"""

from collections.abc import Iterator

from benchmarks.comparison import Comparison, Goal, Options, Variant
from benchmarks.data import JSON_ROWS, LINEITEM_TYPES, lineitem

_DECLARED = {"BIGINT": "int64", "DOUBLE": "float64", "DATE": "date32", "VARCHAR": "string"}


def comparisons(options: Options) -> Iterator[Comparison]:
    """Yield both comparisons at the scale asked for."""
    source = str(lineitem("json", options.scale))
    rows = f"{int(JSON_ROWS * options.scale):,} records of 16 keys → Parquet, zstd 1"
    types = {name: _DECLARED[kind] for name, kind in LINEITEM_TYPES.items()}
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in LINEITEM_TYPES.items())
    yield _compare(
        "bronze_jsonl, undeclared",
        f"{rows}; all records are looked at before the types are settled.",
        Variant("ours", "product:land", _ours(source)),
        f"SELECT * FROM read_json('{source}', format = 'newline_delimited', sample_size = -1)",
        source,
    )
    declared = _ours(source, columns=list(types), types=types)
    yield _compare(
        "bronze_jsonl, declared",
        f"{rows}; columns and types are given.",
        Variant("ours", "product:land", declared),
        f"SELECT * FROM read_json('{source}', format = 'newline_delimited', "
        f"columns = {{{columns}}})",
        source,
    )


def _compare(name: str, about: str, ours: Variant, query: str, source: str) -> Comparison:
    engine = "bronze_peers:duckdb_copy"
    return Comparison(
        name,
        about,
        [
            ours,
            Variant("DuckDB, 1 GB", engine, {"query": query, "memory": "1GB"}),
            Variant("DuckDB, 512 MB", engine, {"query": query, "memory": "512MB"}),
            Variant("pandas chunks", "bronze_peers:pandas_jsonl", {"source": source}),
        ],
        [Goal("wall_s", 1.5, than="DuckDB, 1 GB"), Goal("rss_mb", 500)],
    )


def _ours(source: str, **file: object) -> dict[str, object]:
    return {"folder": "out/ours", "source": {"file": {"path": source, "format": "jsonl", **file}}}
