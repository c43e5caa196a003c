"""Run the suites asked for, interleaved, and print their tables.

Belongs here: arguments, the order of runs, what is kept. Lives elsewhere: the suites, measuring
(`measuring`), the table (`report`).
"""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Iterable

from benchmarks import bronze_csv, bronze_jsonl, contract, fold, startup
from benchmarks.comparison import Comparison, Options, Variant
from benchmarks.data import DATA, new_directory
from benchmarks.measuring import Measured, measure
from benchmarks.report import Rounds, render

SUITES = {
    "startup": startup.comparisons,
    "bronze_csv": bronze_csv.comparisons,
    "bronze_jsonl": bronze_jsonl.comparisons,
    "contract": contract.comparisons,
    "fold": fold.comparisons,
}


def main() -> int:
    """Run the command; results are also added to `benchmarks/.data/results.jsonl`."""
    options = _parse()
    asked = Options(scale=options.scale, deep=options.deep)
    chosen = [one for name in options.names or SUITES for one in SUITES[name](asked)]
    chosen = [one for one in chosen if options.only in one.name]
    for comparison in chosen:
        wanted = [one for one in comparison.variants if not options.ours or one.name == "ours"]
        _tell(f"{comparison.name}: load {os.getloadavg()[0]:.1f}")
        new_directory("out")
        rounds, prepared = _run(comparison, wanted, options.repeats)
        print(render(comparison, rounds, prepared), flush=True)
        _keep(comparison, rounds)
    return 0


def _run(
    comparison: Comparison, wanted: list[Variant], repeats: int
) -> tuple[Rounds, dict[str, list[Measured]]]:
    prepared = {one.name: [_measure(one)] for one in comparison.prepare}
    rounds: dict[str, list[Measured]] = {one.name: [] for one in wanted}
    for _ in range(min(repeats, comparison.repeats or repeats)):
        for variant in wanted:
            rounds[variant.name].append(_measure(variant))
    _need_equal_rows(comparison.name, (run for runs in rounds.values() for run in runs))
    if comparison.agree is not None and len(wanted) > 1:
        differing = measure(comparison.agree).facts
        _tell(f"  differences: {differing or 'none'}")
    return rounds, prepared


def _measure(variant: Variant) -> Measured:
    measured = measure(variant)
    _tell(f"  {variant.name}: {measured.wall_s:.2f} s, {measured.cpu_s:.2f} CPU s")
    return measured


def _need_equal_rows(name: str, runs: Iterable[Measured]) -> None:
    found = {run.facts["rows"] for run in runs if "rows" in run.facts}
    if len(found) > 1:
        raise SystemExit(f"{name}: the variants wrote different numbers of rows: {sorted(found)}")


def _keep(comparison: Comparison, rounds: Rounds) -> None:
    runs = {name: [dataclasses.asdict(run) for run in runs] for name, runs in rounds.items()}
    with (DATA / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"name": comparison.name, "runs": runs}) + "\n")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"suites: {', '.join(SUITES)}")
    parser.add_argument("--repeats", type=int, default=3, help="rounds; medians are shown")
    parser.add_argument("--scale", type=float, default=1.0, help="factor for the amount of data")
    parser.add_argument("--deep", action="store_true", help="also the very large runs")
    parser.add_argument("--only", default="", metavar="TEXT", help="comparisons with TEXT in them")
    parser.add_argument("--ours", action="store_true", help="leave the peers out")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(SUITES)):
        parser.error(f"unknown suites {', '.join(unknown)}: there are {', '.join(SUITES)}")
    return options
