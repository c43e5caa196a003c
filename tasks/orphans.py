"""Clear up stages: of the own run when it ends, of dead runs before the next one.

Belongs here: deciding by locks, never by clocks, what nobody needs any more.
Lives elsewhere: making stages and publishing them (`local_publisher`).

A run holds `locks/<commit_id>.alive` while it lives. The file names the partition from the moment
the run is about to change it: before its stage may go, what was committed there must be complete
and durable, or a power cut could bring back a directory whose files are deleted.
"""

import logging
from contextlib import suppress
from pathlib import Path

from medallion.errors import StorageError
from tasks.fallback_publisher import finish_move
from tasks.filesystem import LOCAL, Filesystem
from tasks.work_area import (
    alive_path,
    locks_directory,
    partition_lock_path,
    resolve_destination,
    storage_errors,
    sync_ancestors,
    work_directory,
)

_log = logging.getLogger(__name__)


def collect_orphans(root: Path, fs: Filesystem = LOCAL) -> list[str]:
    """Settle every stage whose run is dead, and return their commit ids.

    What cannot be settled now is logged and left for the next time.

    Raises:
        StorageError: STG005, if the work area cannot be listed.
    """
    root = root.resolve()
    with storage_errors("look for orphans in", root):
        if not fs.exists(locks_directory(root)):
            return []
        locks = [locks_directory(root) / name for name in fs.list_names(locks_directory(root))]
        stages = set(fs.list_names(work_directory(root)))
    stages |= {lock.stem for lock in locks if lock.suffix == ".alive"}
    for lock in locks:
        if lock.suffix == ".lock":
            _drop_lock(lock, fs)
    return [commit_id for commit_id in sorted(stages) if _collect(root, commit_id, fs)]


def settle(root: Path, commit_id: str, fs: Filesystem, timeout_seconds: float) -> bool:
    """Leave nothing of a stage behind; False, and a log line, if something had to stay.

    The caller holds the stage's liveness lock.
    """
    stage, alive = work_directory(root) / commit_id, alive_path(root, commit_id)
    try:
        if fs.exists(stage):
            for partition_path in fs.read_bytes(alive).decode().splitlines()[-1:]:
                _finish(root, stage, partition_path, fs, timeout_seconds)
            fs.remove_tree(stage)
        fs.unlink(alive)
    except (OSError, StorageError) as error:
        _log.warning("stage_left commit_id=%s reason=%s", commit_id, error)
        return False
    return True


def _collect(root: Path, commit_id: str, fs: Filesystem) -> bool:
    try:
        handle = fs.acquire(alive_path(root, commit_id), timeout_seconds=0)
    except OSError as error:
        if not isinstance(error, TimeoutError):
            _log.warning("stage_left commit_id=%s reason=%s", commit_id, error)
        return False
    try:
        return settle(root, commit_id, fs, timeout_seconds=0)
    finally:
        with suppress(OSError):
            fs.release(handle)


def _finish(
    root: Path, stage: Path, partition_path: str, fs: Filesystem, timeout_seconds: float
) -> None:
    destination = resolve_destination(root, partition_path)
    if not fs.exists(destination):
        return
    with fs.lock(partition_lock_path(root, destination), timeout_seconds):
        finish_move(stage, destination, fs)
        sync_ancestors(root, destination, fs)


def _drop_lock(path: Path, fs: Filesystem) -> None:
    try:
        with fs.lock(path, timeout_seconds=0):
            pass
    except OSError as error:
        _log.debug("lock_left path=%s reason=%s", path, error)
