"""What dead runs leave is cleared up; what live runs use is not, whatever the time.

Belongs here: liveness, and finishing what a dead run had committed. Lives elsewhere: the runs that
die at every call (`test_every_call`) or instant (`test_kills`).
"""

import os
from pathlib import Path

import pytest

from tasks.filesystem import LOCAL
from tasks.local_publisher import collect_orphans, open_stage
from tasks.work_area import partition_lock_path
from tests.faults.faulty_filesystem import CrashError, Fault, FaultyFilesystem
from tests.faults.publishing import PARTITION, assert_cleared, assert_pure, contents_of, publish

LONG_AGO = (0, 0)


def test_live_stage_is_kept_however_old(tmp_path: Path) -> None:
    with open_stage(tmp_path) as stage:
        (stage.path / "half-written").touch()
        for path in (tmp_path / ".medallion").rglob("*"):
            os.utime(path, LONG_AGO)
        assert collect_orphans(tmp_path) == []
        assert (stage.path / "half-written").exists()
    assert_cleared(tmp_path)


def test_dead_stage_is_collected_however_new(tmp_path: Path) -> None:
    fs = FaultyFilesystem(
        Fault.CRASH_BEFORE, at=record_first(tmp_path / "same").number_of("append_line")
    )
    with pytest.raises(CrashError):
        publish(tmp_path, [b"new"], fs)
    (stage,) = (tmp_path / ".medallion" / "work").iterdir()
    assert collect_orphans(tmp_path) == [stage.name]
    assert_cleared(tmp_path)
    assert contents_of(tmp_path) is None


def test_other_names_in_the_work_area_are_settled_too(tmp_path: Path) -> None:
    publish(tmp_path, [b"old"], LOCAL)
    (tmp_path / ".medallion" / "work" / "by-hand").mkdir()
    (tmp_path / ".medallion" / "locks" / "dead.lock").touch()
    collect_orphans(tmp_path)
    assert_cleared(tmp_path)
    assert contents_of(tmp_path) == [b"old"]


def test_nothing_is_made_where_nothing_was(tmp_path: Path) -> None:
    assert collect_orphans(tmp_path / "lake") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["_checksums.json", "_metadata.json"])
def test_dead_fallback_commit_is_completed(tmp_path: Path, name: str) -> None:
    publish(tmp_path, [b"old 0", b"old 1"], FaultyFilesystem(can_exchange=False))
    at = record_overwrite(tmp_path / "same", False).number_of("replace", name)
    with pytest.raises(CrashError):
        publish(tmp_path, [b"new"], FaultyFilesystem(Fault.CRASH_AFTER, at, can_exchange=False))
    assert contents_of(tmp_path) == [b"new"]

    collect_orphans(tmp_path)
    assert contents_of(tmp_path) == [b"new"]
    assert_pure(tmp_path)
    assert_cleared(tmp_path)


def test_dead_fallback_attempt_is_undone(tmp_path: Path) -> None:
    publish(tmp_path, [b"old 0", b"old 1"], FaultyFilesystem(can_exchange=False))
    at = record_overwrite(tmp_path / "same", False).number_of("replace", "_checksums.json")
    with pytest.raises(CrashError):
        publish(tmp_path, [b"new"], FaultyFilesystem(Fault.CRASH_BEFORE, at, can_exchange=False))
    assert len(list((tmp_path / PARTITION).rglob("*.parquet"))) == 3

    collect_orphans(tmp_path)
    assert contents_of(tmp_path) == [b"old 0", b"old 1"]
    assert_pure(tmp_path)
    assert_cleared(tmp_path)


def test_busy_partition_is_left_for_the_next_time(tmp_path: Path) -> None:
    publish(tmp_path, [b"old 0", b"old 1"], FaultyFilesystem())
    at = record_overwrite(tmp_path / "same").number_of("exchange")
    with pytest.raises(CrashError):
        publish(tmp_path, [b"new"], FaultyFilesystem(Fault.CRASH_AFTER, at))
    with LOCAL.lock(partition_lock_path(tmp_path, tmp_path / PARTITION), 0):
        assert collect_orphans(tmp_path) == []
    assert len(collect_orphans(tmp_path)) == 1
    assert_cleared(tmp_path)


def record_first(root: Path) -> FaultyFilesystem:
    fs = FaultyFilesystem()
    publish(root, [b"new"], fs)
    return fs


def record_overwrite(root: Path, can_exchange: bool = True) -> FaultyFilesystem:
    publish(root, [b"old 0", b"old 1"], FaultyFilesystem(can_exchange=can_exchange))
    fs = FaultyFilesystem(can_exchange=can_exchange)
    publish(root, [b"new"], fs)
    return fs
