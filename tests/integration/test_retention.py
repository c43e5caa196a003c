"""Old partitions may be purged: what they gave to Silver stays, and is never folded anew."""

import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pytest

from medallion.errors import StateError
from tests.lakes import Lake, day

MODEL = {"model": "scd_type_1", "primary_keys": ["id"]}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three days, each with a row of its own, all promoted."""
    lake = Lake(tmp_path, MODEL)
    for number in (1, 2, 3):
        lake.run(day(number), rows(number))
    return lake


def rows(*ids: int) -> pa.Table:
    return pa.table({"id": ids})


def purge(lake: Lake, bronze: Iterable[int], silver: Iterable[int]) -> None:
    for number in bronze:
        shutil.rmtree(lake.bronze(day(number)))
    for number in silver:
        shutil.rmtree(lake.partition(day(number)))


def held(lake: Lake, date: dt.date) -> list[int]:
    ids: list[int] = lake.rows(date, "current").column("id").to_pylist()
    return ids


@pytest.mark.parametrize(
    ("bronze", "silver"),
    [((1, 2), (1, 2)), ((1, 2, 3), (1, 2)), ((1,), (1, 2)), ((1, 2), ())],
    ids=["both layers", "more Bronze", "more Silver", "Bronze only"],
)
def test_the_next_date_builds_on_what_is_left(
    lake: Lake, bronze: tuple[int, ...], silver: tuple[int, ...]
) -> None:
    purge(lake, bronze, silver)
    promoted = lake.run(day(4), rows(4))
    assert [one.run_date for one in promoted] == [day(4)]
    assert held(lake, day(4)) == [1, 2, 3, 4]
    assert {finding.kind for finding in lake.verify()} <= {"purged"}


@pytest.mark.parametrize("number", [2, 3], ids=["late date", "oldest partition"])
def test_a_date_whose_past_was_purged_is_refused(lake: Lake, number: int) -> None:
    purge(lake, (1, 2), (1, 2))
    with pytest.raises(StateError, match=str(day(1))) as failure:
        lake.run(day(number), rows(9))
    assert failure.value.code == "STATE001"
    assert held(lake, day(3)) == [1, 2, 3]


def test_lost_silver_comes_back_while_bronze_is_there(lake: Lake) -> None:
    purge(lake, (), (1, 2))
    lake.promote(day(3))
    assert [held(lake, day(number)) for number in (1, 2, 3)] == [[1], [1, 2], [1, 2, 3]]
