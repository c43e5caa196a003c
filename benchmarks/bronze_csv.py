"""Suite: a CSV file of 1 GB to Bronze.

Belongs here: which variants run, and the goals. Lives elsewhere: the variants (`product`,
`bronze_peers`), the file (`data`). All columns are text on all sides but one: types that an engine
guesses lose what text keeps (`007`), and are shown for their speed.
"""

from collections.abc import Iterator

from benchmarks.comparison import Comparison, Goal, Options, Variant
from benchmarks.data import CSV_ROWS, lineitem

_DEEP = 10


def comparisons(options: Options) -> Iterator[Comparison]:
    """Yield the comparison at the scale asked for; `--deep` adds our memory at ten times that."""
    yield _compare(options.scale)
    if options.deep:
        yield _alone(options.scale * _DEEP)


def _compare(scale: float) -> Comparison:
    source = str(lineitem("csv", scale))
    engine = "bronze_peers:duckdb_copy"
    text = f"SELECT * FROM read_csv('{source}', all_varchar = true)"
    sniffed = f"SELECT * FROM read_csv('{source}')"
    return Comparison(
        "bronze_csv",
        f"{int(CSV_ROWS * scale):,} rows of 16 text columns → Parquet, zstd 1.",
        [
            Variant("ours", "product:land", _ours(source)),
            Variant("DuckDB, 1 GB", engine, {"query": text, "memory": "1GB"}),
            Variant("DuckDB, 512 MB", engine, {"query": text, "memory": "512MB"}),
            Variant("DuckDB, sniffed types", engine, {"query": sniffed, "memory": "1GB"}),
            Variant("pyarrow stream", "bronze_peers:pyarrow_csv", {"source": source}),
            Variant("pandas chunks", "bronze_peers:pandas_csv", {"source": source}),
        ],
        [Goal("wall_s", 1.3, than="DuckDB, 1 GB"), Goal("rss_mb", 500)],
    )


def _alone(scale: float) -> Comparison:
    source = str(lineitem("csv", scale))
    return Comparison(
        "bronze_csv, large",
        f"{int(CSV_ROWS * scale):,} rows, ours alone: memory does not grow with the file.",
        [Variant("ours", "product:land", _ours(source))],
        [Goal("rss_mb", 500)],
        repeats=1,
    )


def _ours(source: str) -> dict[str, object]:
    return {"folder": "out/ours", "source": {"file": {"path": source}}}
