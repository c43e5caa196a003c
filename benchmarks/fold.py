"""Suite: a day of 50,000 changes folded into a state of millions of rows.

Belongs here: which models, sizes and variants run, and the goals. Lives elsewhere: the variants
(`product`, `fold_peers`), the table (`people`). Ours verifies its inputs' checksums, runs a
contract of ten checks, folds, writes and publishes; the peers merge and write.
"""

from collections.abc import Iterator

from benchmarks.comparison import Comparison, Goal, Options, Variant
from benchmarks.people import CHANGES

_MAIN_ROWS = 5_000_000
_MODELS = {
    "scd1 upserts": ("scd_type_1", False),
    "scd2 upserts": ("scd_type_2", False),
    "scd1 deletes": ("scd_type_1", True),
}


def comparisons(options: Options) -> Iterator[Comparison]:
    """Yield each model at 1 and 5 million rows, and with `--deep` at 20 million too."""
    for rows in (1_000_000, _MAIN_ROWS, *[20_000_000] * options.deep):
        for name in _MODELS:
            yield _compare(name, int(rows * options.scale))


def _compare(name: str, rows: int) -> Comparison:
    model, deletes = _MODELS[name]
    folder = f"lake-{model}-{'cdc' if deletes else 'upserts'}"
    peer = {"folder": folder, "model": model}
    arrow = {**peer, "arrow_types": True}
    names = ["duckdb", "duckdb-ordered", "pandas", "pandas-arrow"]
    return Comparison(
        f"fold, {name}, {rows / 1e6:g}M",
        f"{CHANGES:,} changes into {rows:,} rows of 10 columns, engines at 512 MB.",
        [
            Variant("ours", "product:fold_day", {"folder": folder}),
            Variant("DuckDB", "fold_peers:duckdb_merge", peer),
            Variant("DuckDB, ordered", "fold_peers:duckdb_merge", {**peer, "ordered": True}),
            Variant("pandas", "fold_peers:pandas_merge", peer),
            Variant("pandas, Arrow types", "fold_peers:pandas_merge", arrow),
        ],
        [
            Goal("wall_s", 1.6, than="DuckDB"),
            *([] if name == "scd1 upserts" else [Goal("wall_s", 0.5, than="pandas")]),
            Goal("rss_mb", 700),
        ],
        prepare=[
            Variant(
                "first load, from the source",
                "product:build_base",
                {"folder": folder, "table": {"rows": rows, "model": model, "deletes": deletes}},
            )
        ],
        repeats=None if rows <= _MAIN_ROWS else 1,
        agree=Variant("agree", "fold_peers:compare", {**peer, "names": names}),
    )
