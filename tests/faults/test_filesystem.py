"""Single calls: what they do to the disk, and how they fail.

Belongs here: calls whose care the publisher relies on. Lives elsewhere: their order (`test_order`).
"""

import fcntl
import threading
from pathlib import Path

import pytest

from tasks.filesystem import LOCAL
from tests.faults.faulty_filesystem import Fault, FaultyFilesystem


def test_new_file_never_replaces_or_follows(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    LOCAL.write_bytes(tmp_path / "file", b"first")
    for name in ("file", "link"):
        with pytest.raises(FileExistsError, match="open_new"):
            LOCAL.write_bytes(tmp_path / name, b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert not (tmp_path / "target").exists()


def test_short_writes_are_completed(tmp_path: Path) -> None:
    fs = FaultyFilesystem(Fault.SHORT_WRITE, at=2)
    fs.write_bytes(tmp_path / "file", b"all of it")
    assert [name for name, _ in fs.calls] == ["open_new", "write", "write", "fsync_file"]
    assert (tmp_path / "file").read_bytes() == b"all of it"


def test_modes_keep_others_out(tmp_path: Path) -> None:
    LOCAL.make_directories(tmp_path / "a" / "b")
    LOCAL.write_bytes(tmp_path / "a" / "file", b"")
    paths = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "file"]
    assert [path.stat().st_mode & 0o027 for path in paths] == [0, 0, 0]


def test_reading_refuses_links(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="read_bytes"):
        LOCAL.read_bytes(tmp_path / "link")


def test_making_directories_refuses_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(NotADirectoryError, match="make_directory"):
        LOCAL.make_directories(tmp_path / "link" / "below")
    assert list((tmp_path / "real").iterdir()) == []


def test_removing_a_tree_spares_what_links_point_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "tree" / "below").mkdir(parents=True)
    (tmp_path / "tree" / "below" / "link").symlink_to(tmp_path / "kept")
    LOCAL.remove_tree(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()
    assert (tmp_path / "kept" / "file").exists()


def test_exchange_swaps_in_one_step(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    LOCAL.exchange(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "one" / "two").exists()
    assert (tmp_path / "two" / "one").exists()


def test_exchange_leaves_no_instant_without_the_name(tmp_path: Path) -> None:
    one, two, done = tmp_path / "one", tmp_path / "two", threading.Event()
    one.mkdir()
    two.mkdir()

    def swap() -> None:
        for _ in range(20_000):
            LOCAL.exchange(one, two)
        done.set()

    swapping = threading.Thread(target=swap)
    swapping.start()
    while not done.is_set():
        one.stat()
    swapping.join()


def test_rename_noreplace_spares_even_an_empty_directory(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "target").mkdir()
    with pytest.raises(FileExistsError, match="rename_noreplace"):
        LOCAL.rename_noreplace(tmp_path / "source", tmp_path / "target")


def test_lock_times_out_while_held(tmp_path: Path) -> None:
    with LOCAL.lock(tmp_path / "lock", 0), pytest.raises(TimeoutError, match="another process"):
        LOCAL.acquire(tmp_path / "lock", 0.02)
    assert not (tmp_path / "lock").exists()


def test_lock_on_a_removed_file_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, real = tmp_path / "lock", fcntl.flock

    def remove_first(handle: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", real)
        lock.unlink()
        real(handle, operation)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    with LOCAL.lock(lock, 1), pytest.raises(TimeoutError):
        LOCAL.acquire(lock, 0)


def test_lock_excludes_threads_too(tmp_path: Path) -> None:
    counts = {"value": 0}

    def add() -> None:
        for _ in range(50):
            with LOCAL.lock(tmp_path / "lock", 30):
                value = counts["value"]
                tmp_path.stat()
                counts["value"] = value + 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts["value"] == 200
