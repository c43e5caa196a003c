"""A month in the life of a dataset: gaps, late days, days sent again, reruns in any order.

Belongs here: what must hold of Silver then, whatever the way it came about.
Lives elsewhere: single folds (`tests/unit/test_folds_*`), crashes (`tests/faults`).
"""

import datetime as dt
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from medallion.errors import ChecksumMismatchError, PartitionConflictError, StateError
from tasks.lake import list_silver, read_partition
from tasks.promotion_inputs import promotion_lock
from tasks.status import describe_dataset
from tests.lakes import Lake, day

SEED = 20250301
DAYS = range(1, 31)
GAPS = {4, 9, 17}
LATE = {3: 10, 11: 13, 12: 16, 21: 22}  # day → the day after which it arrives at last
SENT_AGAIN = {5: 7, 12: 18, 19: 19, 27: 30}  # day → the day after which it is sent again
NEW_COLUMN_FROM, WIDER_FROM = 13, 20

ERRORS = {"error_handling": {"enabled": True, "mode": "fail_open"}}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "changes": (
        "cdc",
        {
            "model": "scd_type_2",
            "primary_keys": ["id"],
            "order_column": "at",
            "cdc": {"op_column": "op"},
            "max_rows_per_file": 7,
        },
    ),
    "snapshots": (
        "full",
        {
            "model": "scd_type_1",
            "primary_keys": ["id"],
            "order_column": "at",
            "max_delete_percent": 100,
            "partitioning": {"columns": ["region"]},
        },
    ),
    "events": ("cdc", {"model": "event_log", "cdc": {"op_column": None}}),
}
each_model = pytest.mark.parametrize("name", MODELS)


@dataclass
class Month:
    """A lake and the random source that fills it."""

    lake: Lake
    rng: random.Random
    has_operations: bool

    def rows(self, number: int) -> pa.Table:
        """Return random rows of a day, in the schema that the source has on it."""
        rng, at = self.rng, dt.datetime.combine(day(number), dt.time(), dt.UTC)
        size = rng.randrange(0, 12)
        amount = pa.int64() if number >= WIDER_FROM else pa.int32()
        columns = {
            "id": pa.array([rng.choice([*range(9), None]) for _ in range(size)], pa.int64()),
            "region": pa.array([rng.choice(["EU", "US", None]) for _ in range(size)], pa.string()),
            "amount": pa.array([rng.choice([1, 2, None]) for _ in range(size)], amount),
            "at": pa.array(
                [at + dt.timedelta(hours=rng.randrange(-72, 24)) for _ in range(size)],
                pa.timestamp("us", tz="UTC"),
            ),
        }
        if self.has_operations:
            columns["op"] = pa.array(rng.choices("IUD?", [4, 4, 3, 1], k=size), pa.string())
        if number >= NEW_COLUMN_FROM:
            columns["note"] = pa.array(rng.choices(["", "x", None], k=size), pa.string())
        return pa.table(columns)

    def run(self, number: int) -> None:
        """Deliver a day and take it to Silver."""
        self.lake.run(day(number), self.rows(number))

    def pass_by(self) -> None:
        """Let the month happen."""
        for number in DAYS:
            if number not in GAPS and number not in LATE:
                self.run(number)
            for again in (LATE, SENT_AGAIN):
                for earlier, after in again.items():
                    if after == number:
                        self.run(earlier)
            if self.rng.random() < 0.2:
                self.lake.promote(self.rng.choice(list(list_silver(self.lake.dataset))))


def month_of(folder: Path, name: str) -> Month:
    pattern, silver = MODELS[name]
    lake = Lake(folder, {**ERRORS, **silver}, pattern)
    return Month(lake, random.Random(SEED), name == "changes")


@each_model
def test_silver_is_what_a_rebuild_in_order_gives(memory_path: Path, name: str) -> None:
    month = month_of(memory_path, name)
    month.pass_by()
    lake = month.lake
    before = {date: picture(Path(one.path)) for date, one in list_silver(lake.dataset).items()}

    (memory_path / "silver").rename(memory_path / "as-it-came")
    lake.configure(buckets=3)
    for date in sorted(before):
        lake.promote(date)

    assert len(before) == len(DAYS) - len(GAPS)
    for date, one in list_silver(lake.dataset).items():
        assert picture(Path(one.path)) == before[date], date
    assert lake.verify() == ()


def picture(partition: Path) -> dict[str, Any]:
    """Everything of a partition that does not depend on who made it, when, or in how many parts."""
    one = read_partition(partition)
    commit_id = one.checksums.commit_id
    metadata = {**one.metadata, "run": None, "commit_id": None, "config": None}
    files = {
        file.path.replace(commit_id, "<commit>"): (partition / file.path).read_bytes()
        for file in one.checksums.files
        if file.artifact != "_metadata"
    }
    checksums = {
        name: getattr(one.checksums, name)
        for name in ("partition", "schema", "stats", "content_digest", "logic_digest")
    }
    return {"files": files, "metadata": metadata, **checksums}


def short_lake(folder: Path, days: int = 6, name: str = "changes") -> Lake:
    """A lake after some uneventful days."""
    month = month_of(folder, name)
    for number in range(1, days + 1):
        month.run(number)
    return month.lake


def purge(lake: Lake, *numbers: int) -> None:
    """Remove Bronze partitions, as retention does."""
    for number in numbers:
        shutil.rmtree(lake.bronze(day(number)))


def commits(lake: Lake) -> dict[dt.date, str]:
    """The generation of every Silver partition."""
    return {date: one.checksums.commit_id for date, one in list_silver(lake.dataset).items()}


def states(lake: Lake) -> dict[str, str]:
    """What status says of every Silver partition, by date."""
    rows = describe_dataset(lake.dataset)
    return {row["date"]: row["state"] for row in rows if row["dataset"].startswith("silver")}


@each_model
def test_rerun_of_an_old_date_changes_nothing(memory_path: Path, name: str) -> None:
    lake = short_lake(memory_path, name=name)
    before = commits(lake)
    assert [result.status for result in lake.promote(day(2))] == ["unchanged"]
    assert commits(lake) == before


def test_rerun_of_an_old_date_sees_only_its_past(memory_path: Path) -> None:
    lake = short_lake(memory_path)
    before = lake.rows(day(2), "history")
    shutil.rmtree(lake.partition(day(2)))
    lake.promote(day(2), cascade=False)
    assert lake.rows(day(2), "history").equals(before)
    assert lake.verify() == ()


def test_purged_bronze_does_not_stop_later_promotions(memory_path: Path) -> None:
    lake = short_lake(memory_path)
    purge(lake, 1, 2, 3)
    lake.run(day(7), Month(lake, random.Random(1), True).rows(7))
    assert {finding.kind for finding in lake.verify()} == {"purged"}
    assert set(states(lake).values()) == {"fresh"}


@pytest.mark.parametrize("purged", [1, 3, 6], ids=["first", "middle", "last"])
def test_changed_logic_with_purged_bronze_publishes_nothing(memory_path: Path, purged: int) -> None:
    lake = short_lake(memory_path)
    before = commits(lake)
    purge(lake, purged)
    lake.configure(tracked_columns=["amount"])
    with pytest.raises(StateError, match=str(day(purged))) as failure:
        lake.promote(day(6))
    assert failure.value.code == "STATE001"
    assert commits(lake) == before


@pytest.mark.parametrize("purged", [3, 5])
def test_late_day_before_purged_bronze_publishes_nothing(memory_path: Path, purged: int) -> None:
    lake = short_lake(memory_path)
    before = commits(lake)
    purge(lake, purged)
    lake.deliver(day(2), Month(lake, random.Random(2), True).rows(2))
    lake.land(day(2))
    with pytest.raises(StateError, match=str(day(purged))):
        lake.promote(day(2))
    assert commits(lake) == before
    assert [one.status for one in lake.promote(day(2), cascade=False)] == ["published"]


def test_equal_rows_sent_again_before_purged_bronze_are_no_trouble(memory_path: Path) -> None:
    lake = short_lake(memory_path)
    rows = Month(lake, random.Random(4), True).rows(2).filter(pc.field("op") == "I").slice(0, 1)
    other = rows.set_column(0, "id", pa.array([99], pa.int64()))
    lake.run(day(2), pa.concat_tables([rows, other]))
    purge(lake, 3)
    lake.deliver(day(2), pa.concat_tables([other, rows]))
    lake.land(day(2))
    assert [one.status for one in lake.promote(day(6))] == ["published", "unchanged"]


def test_without_cascade_later_dates_are_stale_and_status_says_why(memory_path: Path) -> None:
    lake = short_lake(memory_path)
    lake.deliver(day(3), Month(lake, random.Random(3), True).rows(3))
    lake.land(day(3))
    lake.promote(day(3), cascade=False)
    assert list(states(lake).values()) == [
        *["fresh"] * 3,
        f"stale: {day(3)} changed since",
        f"stale: it builds on {day(4)}, which is stale",
        f"stale: it builds on {day(5)}, which is stale",
    ]
    assert {finding.kind for finding in lake.verify()} == {"stale"}
    lake.promote(day(3))
    assert set(states(lake).values()) == {"fresh"}
    assert lake.verify() == ()


@each_model
def test_changed_logic_rebuilds_every_date(memory_path: Path, name: str) -> None:
    lake = short_lake(memory_path, name=name)
    lake.configure(normalization={"empty_strings_as_null": True}, parquet_compression="snappy")
    results = lake.promote(day(1))
    assert [result.run_date for result in results] == [day(number) for number in range(1, 7)]
    before = {date: picture(Path(one.path)) for date, one in list_silver(lake.dataset).items()}
    shutil.rmtree(memory_path / "silver")
    lake.promote(day(6))
    assert before == {
        date: picture(Path(one.path)) for date, one in list_silver(lake.dataset).items()
    }


@pytest.mark.parametrize("layer", ["bronze", "partition"])
def test_damaged_input_is_refused_and_its_rerun_heals_it(memory_path: Path, layer: str) -> None:
    lake = short_lake(memory_path)
    damaged: Path = getattr(lake, layer)(day(3))
    digest = read_partition(damaged).checksums.content_digest
    file = max(damaged.rglob("*.parquet"), key=lambda path: path.stat().st_size)
    file.write_bytes(file.read_bytes()[:-9] + b"corrupted")
    dependent = day(3) if layer == "bronze" else day(4)
    with pytest.raises(ChecksumMismatchError, match="does not match its manifest") as failure:
        lake.promote(dependent)
    assert failure.value.code == "STG002"
    (result, *_) = [lake.land(day(3))] if layer == "bronze" else lake.promote(day(3))
    assert (result.status, result.content_digest) == ("published", digest)
    assert lake.promote(dependent)[0].status == "unchanged"
    assert lake.verify() == ()


def test_one_run_at_a_time_promotes_a_dataset(
    memory_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = short_lake(memory_path, days=1)
    monkeypatch.setattr("tasks.promotion_inputs.LOCK_TIMEOUT_SECONDS", 0.1)
    with promotion_lock(lake.dataset):
        with pytest.raises(PartitionConflictError, match="another run") as failure:
            lake.promote(day(1))
        assert failure.value.code == "STG003"
    assert lake.promote(day(1))[0].status == "unchanged"
