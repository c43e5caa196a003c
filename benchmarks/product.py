"""Our side of every comparison: land and promote as the flows do, without Prefect around it.

Belongs here: configurations of the measured datasets and calls of the product's own steps. Lives
elsewhere: what competes with them (`bronze_peers`, `fold_peers`).
"""

import datetime as dt
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.comparison import Facts, Work
from benchmarks.data import DATA, DAYS, new_directory
from benchmarks.people import dataset as people


def write_config(folder: str, config: Mapping[str, Any]) -> Path:
    """Write a dataset's configuration; its lake lies below `folder`."""
    import yaml

    root = new_directory(folder)
    silver = config.get("silver")
    laid = {
        "platform": {"bronze": {"local_path": str(root / "bronze")}},
        "source": {"type": "file", "system": "bench", "table": "rows"} | config["source"],
    }
    if silver is not None:
        laid["silver"] = {"output_dir": str(root / "silver")} | silver
    path = root / "dataset.yaml"
    path.write_text(yaml.safe_dump(laid), encoding="utf-8")
    return path


def land(folder: str, source: Mapping[str, Any]) -> Work:
    """Land a file in Bronze: read, written in chunks, hashed, described and published."""
    from tasks.datasets import load_dataset

    dataset = load_dataset(str(write_config(folder, {"source": source})))
    land_day = _landing(dataset)
    return lambda: {"rows": land_day(DAYS[0])}


def _landing(dataset: Any) -> Callable[[dt.date], int]:
    """Return the landing of one day, as `flows.bronze_extract` does it."""
    import tasks.readers.delimited
    import tasks.readers.json_records
    import tasks.readers.parquet  # noqa: F401 - a reader is loaded when first used
    from tasks.extraction import extract_partition
    from tasks.lake import bronze_partition, bronze_root
    from tasks.local_publisher import open_stage
    from tasks.publication import publish_draft, read_base
    from tasks.runs import begin_run

    def land_day(day: dt.date) -> int:
        root, path = bronze_root(dataset), bronze_partition(dataset, day).path
        base = read_base(root, path)
        with open_stage(root) as stage:
            draft = extract_partition.fn(dataset, day, stage)
            published = publish_draft(stage, draft, begin_run(), base)
        return int(published.checksums.stats["row_count"])

    return land_day


def build_base(folder: str, table: Mapping[str, Any]) -> Work:
    """Land both days of people and promote the first: the state that folds start from."""
    from tasks.datasets import load_dataset

    dataset = load_dataset(str(write_config(folder, people(**table))))
    land_day, promote = _landing(dataset), _promotion(dataset)

    def work() -> Facts:
        for day in DAYS:
            land_day(day)
        return promote(DAYS[0], None)

    return work


def fold_day(folder: str) -> Work:
    """Promote the second day onto the first, and leave the result for the comparison."""
    promote = _promotion(_unpromoted(folder, DAYS[1]))
    return lambda: promote(DAYS[1], DAYS[0])


def load_day(folder: str) -> Work:
    """Promote the first day again, without a base."""
    promote = _promotion(_unpromoted(folder, DAYS[0]))
    return lambda: promote(DAYS[0], None)


def _unpromoted(folder: str, day: dt.date) -> Any:
    """Return a dataset that was built before, with nothing promoted for the day."""
    from tasks.datasets import load_dataset
    from tasks.lake import silver_partition, silver_root

    dataset = load_dataset(str(DATA / folder / "dataset.yaml"))
    path = silver_root(dataset) / silver_partition(dataset, day).path
    shutil.rmtree(path, ignore_errors=True)
    return dataset


def _promotion(dataset: Any) -> Callable[[dt.date, dt.date | None], Facts]:
    """Return the promotion of one day, as `flows.silver_extract` does it, with its parts timed."""
    import pandera.pandas  # noqa: F401 - loaded when a contract is first compiled

    from tasks import promotion
    from tasks.lake import silver_root
    from tasks.local_publisher import open_stage
    from tasks.promotion_inputs import read_inputs
    from tasks.publication import publish_draft
    from tasks.runs import begin_run

    def promote(day: dt.date, base: dt.date | None) -> Facts:
        facts: Facts = {}
        with _timed(facts, "verify_s"):
            inputs = read_inputs.fn(dataset, day, base, base)
        with open_stage(silver_root(dataset)) as stage:
            with (
                _timed(facts, "promote_s"),
                _clocked(facts, promotion, "validate_partition", "of_it_validate_s"),
                _clocked(facts, promotion, "write_artifacts", "of_it_write_s"),
            ):
                made = promotion.promote_partition.fn(dataset, day, inputs, stage)
            with _timed(facts, "publish_s"):
                published = publish_draft(stage, made.draft, begin_run(), None)
        return facts | {"rows": published.checksums.stats["row_count"]}

    return promote


@contextmanager
def _timed(facts: Facts, name: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        facts[name] = time.perf_counter() - started


@contextmanager
def _clocked(facts: Facts, module: Any, function: str, name: str) -> Iterator[None]:
    """Time the calls of a module's function."""
    own = getattr(module, function)

    def call(*arguments: Any, **options: Any) -> Any:
        with _timed(facts, name):
            return own(*arguments, **options)

    setattr(module, function, call)
    try:
        yield
    finally:
        setattr(module, function, own)
