"""Every side effect that publishing makes on a local disk, one small method each.

Belongs here: single calls, and what makes each durable; a test can fail any of them.
Lives elsewhere: the order that turns calls into a commit (`local_publisher`).
Python repeats what a signal interrupts (PEP 475). A rename is never repeated blindly: after an
error nobody knows whether it happened, so the publisher reads back what is there.
"""

import ctypes
import errno
import fcntl
import io
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

FILE_MODE = 0o640
DIRECTORY_MODE = 0o750

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_LOCK_POLL_SECONDS = 0.005


class Filesystem:
    """Touch the disk; every error is an OSError that names the call and the path.

    Attributes:
        exchange_support: What probing found, per root: whether directories can be exchanged.
    """

    def __init__(self) -> None:
        """Start without knowing what the mounts can do."""
        self.exchange_support: dict[Path, bool] = {}

    # Files

    def open_new(self, path: Path) -> BinaryIO:
        """Open a file that must not exist yet, unbuffered, for writing."""
        with _named("open_new", path):
            return io.FileIO(path, "x", opener=_open_private)

    def write(self, file: BinaryIO, data: memoryview) -> int:
        """Write what fits into one system call and return how much that was."""
        with _named("write", Path(file.name)):
            return file.write(data)

    def fsync_file(self, file: BinaryIO) -> None:
        """Make an open file durable. After an error the file is worthless: never try again."""
        with _named("fsync_file", Path(file.name)):
            os.fsync(file.fileno())

    def write_bytes(self, path: Path, data: bytes) -> None:
        """Write a new file durably."""
        with self.open_new(path) as file:
            rest = memoryview(data)
            while rest:
                rest = rest[self.write(file, rest) :]
            self.fsync_file(file)

    def append_line(self, path: Path, line: str) -> None:
        """Add a line to an existing file; a note between processes, not durable."""
        with _named("append_line", path):
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            with os.fdopen(handle, "a", encoding="utf-8") as file:
                file.write(line + "\n")

    def read_bytes(self, path: Path) -> bytes:
        """Read a whole file; a symbolic link is an error."""
        with (
            _named("read_bytes", path),
            os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file,
        ):
            return file.read()

    def unlink(self, path: Path) -> None:
        """Remove a file; one that is gone already is as good."""
        with _named("unlink", path):
            path.unlink(missing_ok=True)

    # Directories

    def make_directory(self, path: Path) -> bool:
        """Make one directory and say whether it is new; anything else in its place is an error."""
        with _named("make_directory", path):
            try:
                path.mkdir(DIRECTORY_MODE)
            except FileExistsError:
                if stat.S_ISDIR(path.lstat().st_mode):
                    return False
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
            return True

    def make_directories(self, directory: Path) -> None:
        """Make a directory and what is missing above it, durably, the top first."""
        if not self.exists(directory):
            self.make_directories(directory.parent)
        if self.make_directory(directory):
            self.fsync_directory(directory.parent)

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory; one that is gone already is as good."""
        with _named("remove_directory", path):
            try:
                path.rmdir()
            except FileNotFoundError:
                return

    def remove_tree(self, directory: Path) -> None:
        """Remove a directory and everything below it, without following links."""
        if not self.exists(directory):
            return
        files, directories = self.list_tree(directory)
        for file in files:
            self.unlink(file)
        for below in reversed(directories):
            self.remove_directory(below)

    def list_names(self, directory: Path) -> list[str]:
        """Return the names in a directory, sorted."""
        with _named("list_names", directory):
            return sorted(entry.name for entry in directory.iterdir())

    def list_tree(self, directory: Path) -> tuple[list[Path], list[Path]]:
        """Return what is no directory, then the directories, parents first; links stay links."""
        with _named("list_tree", directory):
            files: list[Path] = []
            directories = [directory]
            for parent in directories:
                for entry in sorted(os.scandir(parent), key=lambda entry: entry.name):
                    is_directory = entry.is_dir(follow_symlinks=False)
                    (directories if is_directory else files).append(Path(entry.path))
            return files, directories

    def exists(self, path: Path) -> bool:
        """Say whether anything has that name, a dangling link included."""
        with _named("exists", path):
            try:
                path.lstat()
            except FileNotFoundError:
                return False
            return True

    def fsync_directory(self, path: Path) -> None:
        """Make a directory's entries durable."""
        with _named("fsync_directory", path):
            _fsync_path(path, os.O_DIRECTORY)

    def fsync_closed(self, path: Path) -> None:
        """Make a file durable that somebody else has written and closed."""
        with _named("fsync_closed", path):
            _fsync_path(path, 0)

    # Renames

    def replace(self, source: Path, target: Path) -> None:
        """Move a file over another, or a directory to where there is none or an empty one."""
        with _named("replace", target):
            source.replace(target)

    def rename_noreplace(self, source: Path, target: Path) -> None:
        """Move `source` to a name that nothing has."""
        with _named("rename_noreplace", target):
            _renameat2(source, target, _RENAME_NOREPLACE)

    def exchange(self, first: Path, second: Path) -> None:
        """Swap two names in one step."""
        with _named("exchange", second):
            _renameat2(first, second, _RENAME_EXCHANGE)

    # Locks

    @contextmanager
    def lock(self, path: Path, timeout_seconds: float) -> Iterator[None]:
        """Hold a lock file, and leave none behind. Ending it never fails: work done stays done.

        Raises:
            TimeoutError: Somebody else holds it.
        """
        handle = self.acquire(path, timeout_seconds)
        try:
            yield
        finally:
            try:
                with suppress(OSError):
                    self.unlink(path)
            finally:
                with suppress(OSError):
                    self.release(handle)

    def acquire(self, path: Path, timeout_seconds: float) -> int:
        """Take a lock file, which the kernel frees when the process dies, and return its handle.

        Holders may remove the file while they hold it, so a lock on a file that is no longer
        there is no lock, and is taken anew.

        Raises:
            TimeoutError: Somebody else holds it.
        """
        deadline = time.monotonic() + timeout_seconds
        with _named("acquire", path):
            while (handle := _try_lock(path)) is None:
                if time.monotonic() >= deadline:
                    raise TimeoutError(errno.ETIMEDOUT, "another process holds the lock")
                time.sleep(_LOCK_POLL_SECONDS)
            return handle

    def release(self, handle: int) -> None:
        """Free a lock, also for children that inherited the handle."""
        try:
            fcntl.flock(handle, fcntl.LOCK_UN)
        finally:
            os.close(handle)


LOCAL = Filesystem()


@contextmanager
def _named(operation: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"{operation}: {error.strerror}", str(path)) from error


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, FILE_MODE)


def _fsync_path(path: Path, flags: int) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _renameat2(source: Path, target: Path, flags: int) -> None:
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if call(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _try_lock(path: Path) -> int | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), path.lstat()):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None
