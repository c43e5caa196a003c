"""A publish whose k-th call fails, for every k: the partition is the old one or the new one.

Belongs here: one fault at a time, at each call of a whole run, and the run after it.
Lives elsewhere: kills from outside (`test_kills`), runs that compete (`test_rivals`).
"""

from pathlib import Path

import pytest

from medallion.errors import CommitUnknownError, StorageError
from tests.faults.faulty_filesystem import CrashError, Fault, FaultyFilesystem
from tests.faults.publishing import assert_cleared, assert_pure, contents_of, publish

Contents = list[bytes] | None

SCENARIOS: dict[str, tuple[Contents, list[bytes]]] = {
    "first": (None, [b"new 0", b"new 1"]),
    "overwrite": ([b"old 0", b"old 1"], [b"new 0", b"new 1"]),
    "shrink": ([b"old 0", b"old 1", b"old 2"], [b"new 0"]),
    "grow": ([b"old 0"], [b"new 0", b"new 1", b"new 2"]),
    "empty": ([b"old 0", b"old 1"], [b""]),
}

each_scenario = pytest.mark.parametrize(("old", "new"), SCENARIOS.values(), ids=SCENARIOS)
each_fault = pytest.mark.parametrize("fault", [fault for fault in Fault if fault != Fault.NONE])
each_disk = pytest.mark.parametrize("can_exchange", [True, False], ids=["exchange", "fallback"])


@each_scenario
@each_fault
@each_disk
def test_fault_at_any_call_leaves_old_or_new(
    memory_path: Path, old: Contents, new: list[bytes], fault: Fault, can_exchange: bool
) -> None:
    for at in range(1, count_calls(memory_path / "healthy", old, new, can_exchange) + 1):
        root = memory_path / str(at)
        prepare(root, old, can_exchange)
        outcome = attempt(root, new, FaultyFilesystem(fault, at, can_exchange))

        assert outcome in told_truly(contents_of(root), old, new)
        if can_exchange:
            assert_pure(root)

        publish(root, new, healthy(root, can_exchange))
        assert contents_of(root) == new
        assert_pure(root)
        assert_cleared(root)


def healthy(root: Path, can_exchange: bool) -> FaultyFilesystem:
    fs = FaultyFilesystem(can_exchange=can_exchange)
    fs.exchange_support[root] = can_exchange
    return fs


def prepare(root: Path, old: Contents, can_exchange: bool) -> None:
    if old is not None:
        publish(root, old, healthy(root, can_exchange))


def count_calls(root: Path, old: Contents, new: list[bytes], can_exchange: bool) -> int:
    prepare(root, old, can_exchange)
    fs = FaultyFilesystem(can_exchange=can_exchange)
    assert attempt(root, new, fs) == "published"
    return len(fs.calls)


def attempt(root: Path, new: list[bytes], fs: FaultyFilesystem) -> str:
    try:
        publish(root, new, fs)
    except CrashError:
        return "crashed"
    except CommitUnknownError:
        return "unknown"
    except StorageError:
        return "refused"
    return "published"


def told_truly(found: Contents, old: Contents, new: list[bytes]) -> set[str]:
    """Return what a run may say, given what it left behind."""
    if found == new:
        return {"published", "unknown", "crashed"}
    assert found == old
    return {"refused", "unknown", "crashed"}
