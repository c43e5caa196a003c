"""Suite: what a contract of ten checks adds to the promotion of a large partition.

Belongs here: which variants run, and the goal. Lives elsewhere: the contract (`people`), the
promotion (`product`). Both sides cast and check types; one has ten checks besides.
"""

from collections.abc import Iterator

from benchmarks.comparison import Comparison, Goal, Options, Variant

_ROWS = 5_000_000
_LARGEST_SHARE = 0.3
_PLAIN = "types alone"


def comparisons(options: Options) -> Iterator[Comparison]:
    """Yield a snapshot, whose fold is the cheapest, and a first load of SCD1."""
    for model in ("periodic_snapshot", "scd_type_1"):
        yield _compare(model, int(_ROWS * options.scale))


def _compare(model: str, rows: int) -> Comparison:
    sides = {"ours": True, _PLAIN: False}
    tables = {
        name: {"rows": rows, "model": model, "checks": checks} for name, checks in sides.items()
    }
    folders = {name: f"lake-contract-{'checks' if sides[name] else 'types'}" for name in sides}
    return Comparison(
        f"contract, {model}",
        f"{rows:,} rows of 10 columns promoted, with ten checks and without; a ratio of "
        f"{1 / (1 - _LARGEST_SHARE):.2f} means that checks take {_LARGEST_SHARE:.0%}.",
        [Variant(name, "product:load_day", {"folder": folders[name]}) for name in sides],
        [Goal("wall_s", round(1 / (1 - _LARGEST_SHARE), 2), than=_PLAIN)],
        prepare=[
            Variant(
                f"Bronze, {name}",
                "product:build_base",
                {"folder": folders[name], "table": tables[name]},
            )
            for name in sides
        ],
    )
