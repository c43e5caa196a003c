"""Publish a partition on a local disk: seal the stage, compare, switch, then delete the old.

Belongs here: the order of calls that makes a commit, and telling truthfully what came of it.
Lives elsewhere: the calls (`filesystem`), stages (`stage`), names and locks (`work_area`), disks
that cannot exchange directories (`fallback_publisher`), clearing up (`orphans`).

The commit is one rename. Whatever fails before it leaves the former generation; after an error
the disk is read back before anybody is told what happened.
"""

import errno
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from medallion.errors import CommitUnknownError, PartitionConflictError, StorageError
from medallion.manifest import CHECKSUMS_NAME, METADATA_NAME, Checksums
from tasks.fallback_publisher import move_in
from tasks.filesystem import LOCAL, Filesystem
from tasks.orphans import collect_orphans
from tasks.stage import Stage, correct_manifest, open_stage, seal_stage
from tasks.work_area import (
    LOCK_TIMEOUT_SECONDS,
    alive_path,
    partition_lock_path,
    read_commit,
    resolve_destination,
    storage_errors,
    sync_ancestors,
)

__all__ = [
    "Stage",
    "atomic_glob_supported",
    "collect_orphans",
    "open_stage",
    "publish_stage",
    "read_commit",
]

_log = logging.getLogger(__name__)

_CANNOT_EXCHANGE = frozenset({errno.EINVAL, errno.ENOSYS, errno.EXDEV, errno.EOPNOTSUPP})


def publish_stage(
    stage: Stage, partition_path: str, base_commit_id: str | None, fs: Filesystem = LOCAL
) -> bool:
    """Make the stage the current generation of a partition, in one step.

    Args:
        stage: Holds the data files and both manifests, and nothing that they do not list.
        partition_path: The partition's directory, relative to the stage's root.
        base_commit_id: The generation that this one replaces; None if there was none.
        fs: The disk.

    Returns:
        Whether tools that glob the directory see one generation at any time. A manifest that
        claimed otherwise was corrected before it was published.

    Raises:
        PartitionConflictError: STG003, if another run published since `base_commit_id`.
        CommitUnknownError: STG004, if nobody can tell whether this generation is current.
        StorageError: Not published. STG002, the stage is not what its manifest lists; STG005, the
            disk failed; STG006, the directory holds foreign files; STG007, it is outside the root.
    """
    atomic_glob = atomic_glob_supported(stage.root, fs)
    with storage_errors("publish", stage.root / partition_path):
        destination = resolve_destination(stage.root, partition_path)
        staged = seal_stage(stage, atomic_glob, fs)
        with fs.lock(partition_lock_path(stage.root, destination), LOCK_TIMEOUT_SECONDS):
            _compare_base(destination, base_commit_id, fs)
            fs.append_line(alive_path(stage.root, stage.commit_id), partition_path)
            return _commit(stage, staged, destination, fs)


def atomic_glob_supported(root: Path, fs: Filesystem = LOCAL) -> bool:
    """Say whether the root's disk can exchange directories; tried once per root.

    Raises:
        StorageError: STG005, if trying fails for another reason.
    """
    root = root.resolve()
    if root not in fs.exchange_support:
        fs.exchange_support[root] = _probe_exchange(root, fs)
    return fs.exchange_support[root]


def _probe_exchange(root: Path, fs: Filesystem) -> bool:
    is_supported = True
    with open_stage(root, fs) as stage, storage_errors("try renames below", root):
        first, second = stage.path / "first", stage.path / "second"
        fs.make_directory(first)
        fs.make_directory(second)
        try:
            fs.exchange(first, second)
        except OSError as error:
            if error.errno not in _CANNOT_EXCHANGE:
                raise
            is_supported = False
    return is_supported


def _compare_base(destination: Path, base_commit_id: str | None, fs: Filesystem) -> None:
    current = read_commit(destination, fs)
    if current is None and fs.exists(destination):
        raise StorageError(
            f"{destination} holds files that no manifest describes: move them away, then run again",
            code="STG006",
            path=str(destination),
        )
    current_id = current.commit_id if current else None
    if current_id != base_commit_id:
        raise _conflict(destination, base_commit_id, current_id, fs)


def _conflict(
    destination: Path, base_commit_id: str | None, winner_id: str | None, fs: Filesystem
) -> PartitionConflictError:
    run = _run_of(destination, fs)
    if winner_id is None:
        what = f"was removed while this run built on commit {base_commit_id}"
    else:
        what = f"was published first as commit {winner_id} by {_name_run(run)}"
    return PartitionConflictError(
        f"{destination} {what}; this run published nothing: run again to build on what is there",
        path=str(destination),
        base_commit_id=base_commit_id,
        winner_commit_id=winner_id,
        winner_run=run,
    )


def _name_run(run: Mapping[str, Any]) -> str:
    if flow_run_id := run.get("flow_run_id"):
        return f"flow run {flow_run_id}"
    return f"run {run.get('run_id', 'unknown')}"


def _run_of(destination: Path, fs: Filesystem) -> dict[str, Any]:
    """Return the `run` section of what is published, or nothing: it only adorns an error."""
    try:
        run = json.loads(fs.read_bytes(destination / METADATA_NAME))["run"]
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return run if isinstance(run, dict) else {}


def _commit(stage: Stage, staged: Checksums, destination: Path, fs: Filesystem) -> bool:
    try:
        atomic_glob = _switch(stage, staged, destination, fs)
        sync_ancestors(stage.root, destination, fs)
        fs.remove_tree(stage.path)
    except OSError as error:
        current = _read_back(stage, destination, fs, error)
        if current is None or current.commit_id != stage.commit_id:
            raise
        _log.warning("published_with_trouble commit_id=%s reason=%s", stage.commit_id, error)
        with suppress(OSError):  # where the answer to the rename was lost, this is still to do
            sync_ancestors(stage.root, destination, fs)
        return current.atomic_glob
    return atomic_glob


def _switch(stage: Stage, staged: Checksums, destination: Path, fs: Filesystem) -> bool:
    is_first = not fs.exists(destination)
    if is_first:
        fs.make_directories(destination.parent)
    if staged.atomic_glob:
        try:
            (fs.rename_noreplace if is_first else fs.exchange)(stage.path, destination)
        except OSError as error:
            if error.errno not in _CANNOT_EXCHANGE:
                raise
            staged = correct_manifest(stage, staged, False, fs)
        else:
            return True
    if is_first:
        fs.replace(stage.path, destination)
    else:
        move_in(stage.path, destination, staged, fs)
    return False


def _read_back(stage: Stage, destination: Path, fs: Filesystem, cause: OSError) -> Checksums | None:
    try:
        return read_commit(destination, fs)
    except StorageError as error:
        raise CommitUnknownError(
            f"nobody can tell whether commit {stage.commit_id} of {destination} happened: "
            f"{cause.strerror} ({cause.filename}), then {error}; nothing was deleted: look at "
            f"{CHECKSUMS_NAME} there before you run again",
            path=str(destination),
            commit_id=stage.commit_id,
        ) from cause
