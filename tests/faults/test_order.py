"""The order of calls that survives a power cut, read from the record of a real publish.

Belongs here: what must be durable before what. Lives elsewhere: failing calls (`test_every_call`).
A killed process leaves the page cache intact, so only the order shows what a power cut would do.
"""

from pathlib import Path

import pytest

from tasks.local_publisher import collect_orphans
from tests.faults.faulty_filesystem import CrashError, Fault, FaultyFilesystem
from tests.faults.publishing import PARTITION, contents_of, publish

OLD, NEW = [b"old 0", b"old 1"], [b"new 0", b"new 1"]

each_disk = pytest.mark.parametrize("can_exchange", [True, False], ids=["exchange", "fallback"])


@each_disk
def test_stage_is_durable_before_it_is_visible(tmp_path: Path, can_exchange: bool) -> None:
    fs = record_overwrite(tmp_path, can_exchange)
    before = fs.calls[: find_commit(fs)]
    written, synced = last_of(before, "write"), last_of(before, "fsync_closed")
    folders = last_of(before, "fsync_directory")

    assert len(written) == len(NEW) + 2
    assert all(number < synced[file] for file, number in written.items())
    assert {file.parent for file in written} <= folders.keys()
    assert all(written[file] < folders[file.parent] for file in written)


@each_disk
def test_commit_is_durable_before_anything_is_deleted(tmp_path: Path, can_exchange: bool) -> None:
    fs = record_overwrite(tmp_path, can_exchange)
    renamed_in = tmp_path / PARTITION if not can_exchange else (tmp_path / PARTITION).parent
    synced = fs.calls.index(("fsync_directory", renamed_in), find_commit(fs))
    deleted = [number for number, call in enumerate(fs.calls) if deletes_data(*call)]

    assert len(deleted) == len(OLD)
    assert synced < min(deleted)


def test_first_publish_makes_every_ancestor_durable(tmp_path: Path) -> None:
    fs = FaultyFilesystem()
    publish(tmp_path, NEW, fs)
    after = last_of(fs.calls[fs.number_of("rename_noreplace") :], "fsync_directory")
    assert {tmp_path / parent for parent in Path(PARTITION).parents} <= after.keys()


def test_rename_whose_answer_was_lost_is_made_durable(tmp_path: Path) -> None:
    healthy = FaultyFilesystem()
    publish(tmp_path / "same", NEW, healthy)
    fs = FaultyFilesystem(Fault.LOST_ANSWER, healthy.number_of("rename_noreplace"))
    publish(tmp_path, NEW, fs)
    after = last_of(fs.calls[fs.at :], "fsync_directory")
    assert (tmp_path / PARTITION).parent in after


def test_next_run_makes_a_dead_commit_durable_before_deleting(tmp_path: Path) -> None:
    publish(tmp_path, OLD, FaultyFilesystem())
    exchange = record_overwrite(tmp_path / "same", True).number_of("exchange")
    with pytest.raises(CrashError):
        publish(tmp_path, NEW, FaultyFilesystem(Fault.CRASH_AFTER, exchange))
    assert contents_of(tmp_path) == NEW

    fs = FaultyFilesystem()
    collect_orphans(tmp_path, fs)
    synced = fs.calls.index(("fsync_directory", (tmp_path / PARTITION).parent))
    deleted = [number for number, call in enumerate(fs.calls) if deletes_data(*call)]
    assert len(deleted) == len(OLD)
    assert synced < min(deleted)


def record_overwrite(root: Path, can_exchange: bool) -> FaultyFilesystem:
    publish(root, OLD, FaultyFilesystem(can_exchange=can_exchange))
    fs = FaultyFilesystem(can_exchange=can_exchange)
    publish(root, NEW, fs)
    return fs


def find_commit(fs: FaultyFilesystem) -> int:
    """Return how many calls lead to the commit, itself left out."""
    if fs.can_exchange:
        return fs.number_of("exchange") - 1
    return fs.number_of("replace", "_checksums.json") - 1


def deletes_data(name: str, path: Path) -> bool:
    return name == "unlink" and path.suffix == ".parquet"


def last_of(calls: list[tuple[str, Path]], *names: str) -> dict[Path, int]:
    """Return, for each path, the last of these calls on it."""
    return {path: number for number, (name, path) in enumerate(calls) if name in names}
