"""The `.medallion` folder of a root, and what makes a path below the root safe.

Belongs here: where stages, locks and intermediate files lie, destinations, reading a commit, errors
at the edge.
Lives elsewhere: the commit (`local_publisher`, `fallback_publisher`), clearing up after dead runs
(`orphans`), the calls themselves (`filesystem`).
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from medallion.errors import StorageError
from medallion.manifest import CHECKSUMS_NAME, Checksums, parse_checksums
from tasks.filesystem import LOCAL, Filesystem

AREA_NAME = ".medallion"
LOCK_TIMEOUT_SECONDS = 60.0


def prepare_root(root: Path, fs: Filesystem) -> Path:
    """Make a root and its work area, and return the root without links."""
    root = root.resolve()
    with storage_errors("prepare", root):
        for directory in (work_directory(root), locks_directory(root)):
            _refuse_links(root, directory)
            fs.make_directories(directory)
    return root


def work_directory(root: Path) -> Path:
    """Name the directory of stages: on the root's mount, outside what readers glob."""
    return root / AREA_NAME / "work"


def locks_directory(root: Path) -> Path:
    """Name the directory of lock files; nothing here is ever renamed into place."""
    return root / AREA_NAME / "locks"


def alive_path(root: Path, commit_id: str) -> Path:
    """Name the lock that a stage's run holds for as long as it lives."""
    return locks_directory(root) / f"{commit_id}.alive"


def partition_lock_path(root: Path, destination: Path) -> Path:
    """Name the lock that every writer of a partition takes to change it."""
    relative = destination.relative_to(root).as_posix()
    return locks_directory(root) / f"{hashlib.sha256(relative.encode()).hexdigest()[:32]}.lock"


def resolve_destination(root: Path, partition_path: str) -> Path:
    """Return the directory of a partition, which lies below `root` by name and on disk.

    Raises:
        StorageError: STG007, for absolute paths, `.` and `..`, the work area, and links on the way.
    """
    parts = partition_path.split("/")
    if {"", ".", "..", AREA_NAME} & set(parts) or "\0" in partition_path:
        raise StorageError(
            f"{partition_path!r} does not name a partition below {root}: use a plain relative path",
            code="STG007",
            path=partition_path,
        )
    destination = root / PurePosixPath(partition_path)
    _refuse_links(root, destination)
    return destination


def read_commit(directory: Path, fs: Filesystem = LOCAL) -> Checksums | None:
    """Read the commit record of a partition directory; None if there is none.

    Raises:
        StorageError: STG005, if it cannot be read; STG002, if it cannot be trusted.
    """
    with storage_errors("read", directory):
        try:
            return parse_checksums(fs.read_bytes(directory / CHECKSUMS_NAME))
        except FileNotFoundError:
            return None


def sync_ancestors(root: Path, path: Path, fs: Filesystem) -> None:
    """Make the rename between a stage and `path` durable, and the way from the root to it."""
    fs.fsync_directory(path.parent)
    fs.fsync_directory(work_directory(root))
    for directory in path.parent.relative_to(root).parents:
        fs.fsync_directory(root / directory)


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Make a directory for intermediate files, below `TMPDIR`; it goes with the context.

    Raises:
        StorageError: STG005, if its disk fails or is full.
    """
    with tempfile.TemporaryDirectory(prefix="medallion-") as folder:
        path = Path(folder)
        with storage_errors("keep intermediate files in", path):
            yield path


@contextmanager
def storage_errors(action: str, subject: Path) -> Iterator[None]:
    """Turn an OSError into a StorageError, STG005, that names action, call and path."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise StorageError(
            f"cannot {action} {subject}: {error.strerror}{where}; what was published before "
            "stands: cure the cause and run again",
            path=str(error.filename),
            errno=error.errno,
        ) from error


def _refuse_links(root: Path, path: Path) -> None:
    for part in (path, *path.parents):
        if part == root:
            return
        if part.is_symlink():
            raise StorageError(
                f"{part} is a symbolic link and may lead out of {root}: replace it by a directory",
                code="STG007",
                path=str(part),
            )
