"""What the publisher refuses, and that a refusal changes nothing.

Belongs here: wrong destinations, wrong stages, foreign files, lost races, told in good words.
Lives elsewhere: failing disks (`test_every_call`), competing processes (`test_rivals`).
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from medallion.errors import (
    ChecksumMismatchError,
    CommitUnknownError,
    PartitionConflictError,
    StorageError,
)
from tasks.filesystem import LOCAL
from tasks.local_publisher import (
    atomic_glob_supported,
    open_stage,
    publish_stage,
    read_commit,
)
from tests.faults.faulty_filesystem import FaultyFilesystem
from tests.faults.publishing import (
    PARTITION,
    assert_cleared,
    assert_pure,
    contents_of,
    publish,
    read_current,
    write_generation,
)


def refuse(root: Path, destination: str, base: str | None = None) -> StorageError:
    """Try to publish, and return the error."""
    with open_stage(root) as stage:
        write_generation(stage, [b"new"], base, LOCAL)
        with pytest.raises(StorageError) as caught:
            publish_stage(stage, destination, base)
    return caught.value


@pytest.mark.parametrize(
    "destination",
    ["../outside", "/outside", "a/../../outside", "a//b", "a/./b", "", ".", ".medallion/work/x"],
)
def test_destination_outside_the_root_is_refused(tmp_path: Path, destination: str) -> None:
    assert refuse(tmp_path / "lake", destination).code == "STG007"
    assert {path.name for path in tmp_path.iterdir()} == {"lake"}
    assert {path.name for path in (tmp_path / "lake").iterdir()} == {".medallion"}


@pytest.mark.parametrize("linked", [PARTITION, "domain=sales", ".medallion"])
def test_symbolic_links_below_the_root_are_refused(tmp_path: Path, linked: str) -> None:
    lake, outside = tmp_path / "lake", tmp_path / "outside"
    outside.mkdir()
    (lake / linked).parent.mkdir(parents=True)
    (lake / linked).symlink_to(outside)
    with pytest.raises(StorageError) as caught:
        publish(lake, [b"new"], LOCAL)
    assert caught.value.code == "STG007"
    assert list(outside.iterdir()) == []


def test_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "lake").symlink_to(tmp_path / "disk")
    publish(tmp_path / "lake", [b"new"], LOCAL)
    assert contents_of(tmp_path / "disk") == [b"new"]


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / PARTITION / "kept-by-hand.csv"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("a,b")
    assert refuse(tmp_path, PARTITION).code == "STG006"
    assert list(foreign.parent.iterdir()) == [foreign]


def test_untrusted_manifest_is_left_alone(tmp_path: Path) -> None:
    publish(tmp_path, [b"old"], LOCAL)
    manifest = tmp_path / PARTITION / "_checksums.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"sales", b"sails"))
    damaged = manifest.read_bytes()
    assert refuse(tmp_path, PARTITION, "0" * 16).code == "STG002"
    assert manifest.read_bytes() == damaged


def test_conflict_names_the_winner(tmp_path: Path) -> None:
    winner = publish(tmp_path, [b"old"], LOCAL)
    error = refuse(tmp_path, PARTITION, base=None)
    assert isinstance(error, PartitionConflictError)
    assert error.facts["winner_commit_id"] == winner
    assert winner in str(error)
    assert "run run-1" in str(error)
    assert contents_of(tmp_path) == [b"old"]
    assert_cleared(tmp_path)


def test_vanished_base_is_a_conflict(tmp_path: Path) -> None:
    error = refuse(tmp_path, PARTITION, base="0123456789abcdef")
    assert isinstance(error, PartitionConflictError)
    assert "was removed" in str(error)
    assert not (tmp_path / PARTITION).exists()


def leave_out(data: Path) -> None:
    data.unlink()


def cut_short(data: Path) -> None:
    data.write_bytes(b"")


def add_another(data: Path) -> None:
    data.with_name("stray.parquet").write_bytes(b"")


def link_elsewhere(data: Path) -> None:
    data.rename(data.parents[4] / "elsewhere")
    data.symlink_to(data.parents[4] / "elsewhere")


@pytest.mark.parametrize("spoil", [leave_out, cut_short, add_another, link_elsewhere])
def test_stage_that_differs_from_its_manifest_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    with open_stage(tmp_path / "lake") as stage:
        write_generation(stage, [b"new"], None, LOCAL)
        spoil(next(stage.path.rglob("*.parquet")))
        with pytest.raises(ChecksumMismatchError, match="parquet"):
            publish_stage(stage, PARTITION, None)
    assert read_commit(tmp_path / "lake" / PARTITION) is None


def test_stage_without_manifest_is_refused(tmp_path: Path) -> None:
    with open_stage(tmp_path) as stage, pytest.raises(StorageError, match="no manifest"):
        publish_stage(stage, PARTITION, None)


def test_disk_error_names_call_and_path(tmp_path: Path) -> None:
    (tmp_path / "domain=sales").write_text("a file where a directory belongs")
    error = refuse(tmp_path, PARTITION)
    assert error.code == "STG005"
    assert "read_bytes: Not a directory" in str(error)
    assert f"{tmp_path}/{PARTITION}/_checksums.json" in str(error)


class UnreadableOnce(FaultyFilesystem):
    """Exchanges, loses the answer, and cannot read for a moment."""

    has_read = True

    def exchange(self, first: Path, second: Path) -> None:
        super().exchange(first, second)
        if ".medallion" not in second.parts:
            self.has_read = False
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def read_bytes(self, path: Path) -> bytes:
        if not self.has_read:
            self.has_read = True
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read_bytes(path)


def test_unreadable_outcome_is_unknown_and_deletes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, [b"old"], LOCAL)
    with pytest.raises(CommitUnknownError, match="nothing was deleted"):
        publish(tmp_path, [b"new"], UnreadableOnce())
    assert contents_of(tmp_path) == [b"new"]
    (former,) = (tmp_path / ".medallion" / "work").rglob("*.parquet")
    assert former.read_bytes() == b"old"

    publish(tmp_path, [b"newer"], LOCAL)
    assert_cleared(tmp_path)


class RefusingExchange(FaultyFilesystem):
    """Exchanges in the work area only, as an overlay does whose lower layer holds the lake."""

    def exchange(self, first: Path, second: Path) -> None:
        if ".medallion" not in second.parts:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        super().exchange(first, second)


def test_manifest_says_so_when_only_the_destination_cannot_exchange(tmp_path: Path) -> None:
    fs = RefusingExchange()
    publish(tmp_path, [b"old 0", b"old 1"], fs)
    base = read_current(tmp_path)
    assert base is not None
    assert base.atomic_glob
    with open_stage(tmp_path, fs) as stage:
        write_generation(stage, [b"new"], base.commit_id, fs)
        assert publish_stage(stage, PARTITION, base.commit_id, fs) is False

    current = read_current(tmp_path)
    assert current is not None
    assert not current.atomic_glob
    assert contents_of(tmp_path) == [b"new"]
    assert_pure(tmp_path)


@pytest.mark.parametrize("can_exchange", [True, False])
def test_disk_is_tried_once_per_root(tmp_path: Path, can_exchange: bool) -> None:
    fs = FaultyFilesystem(can_exchange=can_exchange)
    assert [atomic_glob_supported(tmp_path, fs) for _ in range(3)] == [can_exchange] * 3
    assert [name for name, _ in fs.calls].count("exchange") == 1
    assert_cleared(tmp_path)
