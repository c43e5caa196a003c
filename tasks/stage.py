"""Stages: where a generation is made before anybody can see it.

Belongs here: opening a stage, sealing it (complete, truthful, durable), clearing it up at the end.
Lives elsewhere: writing data files (`staging`), the commit (`local_publisher`).
"""

import dataclasses
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from medallion.errors import ChecksumMismatchError, CommitUnknownError, StorageError
from medallion.manifest import CHECKSUMS_NAME, Checksums
from tasks.filesystem import LOCAL, Filesystem
from tasks.orphans import collect_orphans, settle
from tasks.work_area import (
    LOCK_TIMEOUT_SECONDS,
    alive_path,
    prepare_root,
    read_commit,
    storage_errors,
    work_directory,
)


@dataclasses.dataclass(frozen=True)
class Stage:
    """A generation in the making; `path` is what becomes the partition's directory."""

    root: Path
    commit_id: str
    path: Path


@contextmanager
def open_stage(root: Path, fs: Filesystem = LOCAL) -> Iterator[Stage]:
    """Open an empty stage below `root`, and clear up what is left of it at the end.

    Clears up after dead runs first. After an unknown outcome nothing is deleted.

    Raises:
        StorageError: STG005, if the disk fails; STG007, if the work area is a link.
    """
    root = prepare_root(root, fs)
    collect_orphans(root, fs)
    commit_id = secrets.token_hex(8)
    stage = Stage(root, commit_id, work_directory(root) / commit_id)
    with storage_errors("open a stage below", root):
        handle = fs.acquire(alive_path(root, commit_id), LOCK_TIMEOUT_SECONDS)
    is_settled = True
    try:
        with storage_errors("open a stage below", root):
            fs.make_directory(stage.path)
        yield stage
    except CommitUnknownError:
        is_settled = False
        raise
    finally:
        try:
            if is_settled:
                settle(root, commit_id, fs, LOCK_TIMEOUT_SECONDS)
        finally:
            with suppress(OSError):
                fs.release(handle)


def seal_stage(stage: Stage, atomic_glob: bool, fs: Filesystem) -> Checksums:
    """Make the stage fit to be seen, whoever wrote it: complete, truthful, durable.

    The manifest says `atomic_glob` as given here, whatever it said.

    Raises:
        ChecksumMismatchError: STG002, if files and manifest differ in names or sizes.
        StorageError: STG001, if there is no manifest of this commit.
    """
    staged = correct_manifest(stage, _check_files(stage, fs), atomic_glob, fs)
    files, directories = fs.list_tree(stage.path)
    for file in files:
        fs.fsync_closed(file)
    for directory in reversed(directories):
        fs.fsync_directory(directory)
    return staged


def correct_manifest(
    stage: Stage, staged: Checksums, atomic_glob: bool, fs: Filesystem
) -> Checksums:
    """Rewrite the staged manifest if it does not say `atomic_glob` as it is."""
    if staged.atomic_glob == atomic_glob:
        return staged
    corrected = dataclasses.replace(staged, atomic_glob=atomic_glob)
    fs.unlink(stage.path / CHECKSUMS_NAME)
    fs.write_bytes(stage.path / CHECKSUMS_NAME, corrected.to_bytes())
    fs.fsync_directory(stage.path)
    return corrected


def _check_files(stage: Stage, fs: Filesystem) -> Checksums:
    staged = read_commit(stage.path, fs)
    if staged is None or staged.commit_id != stage.commit_id:
        raise StorageError(
            f"the stage {stage.commit_id} holds no manifest of its own: nothing was published, "
            "please report this bug",
            code="STG001",
        )
    files, _ = fs.list_tree(stage.path)
    found = {file.relative_to(stage.path).as_posix(): _size_bytes(file) for file in files}
    del found[CHECKSUMS_NAME]
    listed = {file.path: file.size_bytes for file in staged.files}
    if found != listed:
        names = sorted({path for path, _ in found.items() ^ listed.items()})
        raise ChecksumMismatchError(
            f"staged files are not what the manifest lists: {', '.join(names[:3])}; nothing was "
            "published, run again",
            paths=names,
        )
    return staged


def _size_bytes(path: Path) -> int | None:
    status = path.lstat()
    return status.st_size if stat.S_ISREG(status.st_mode) else None
