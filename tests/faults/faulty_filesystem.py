"""A disk that fails, or dies, at one chosen call.

Belongs here: what can go wrong with a single call. Lives elsewhere: what must hold then.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from tasks.filesystem import LOCAL, Filesystem


class Fault(StrEnum):
    """What happens at the chosen call."""

    NONE = "none"
    ENOSPC = "ENOSPC"
    EIO = "EIO"
    EINTR = "EINTR"
    EACCES = "EACCES"
    LOST_ANSWER = "done but reported as EIO"
    DEAD_DISK = "EIO from then on"
    DEAD_LINE = "done but reported as EIO from then on"
    SHORT_WRITE = "short write"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"


CALLS = [
    *("open_new", "write", "fsync_file", "fsync_closed", "append_line", "read_bytes", "unlink"),
    *("make_directory", "remove_directory", "fsync_directory", "list_names", "list_tree", "exists"),
    *("replace", "rename_noreplace", "exchange"),
    *("acquire", "release"),
]


class CrashError(BaseException):
    """The process is dead: no call has an effect any more."""


class FaultyFilesystem(Filesystem):
    """Record every call, and fail the one numbered `at`; a lasting fault also fails later ones."""

    def __init__(self, fault: Fault = Fault.NONE, at: int = 0, can_exchange: bool = True) -> None:
        super().__init__()
        self.fault, self.at, self.can_exchange = fault, at, can_exchange
        self.calls: list[tuple[str, Path]] = []
        self.is_dead = False
        self.locks: set[int] = set()

    def number_of(self, name: str, file_name: str = "") -> int:
        """Return the number of the last call of that name, on a file of that name if given."""
        return max(
            number
            for number, (call, path) in enumerate(self.calls, 1)
            if call == name and file_name in {"", path.name}
        )

    def run(self, name: str, call: Callable[[], Any], arguments: tuple[Any, ...]) -> Any:
        """Make a call, unless it is one to fail or the process is dead."""
        if self.is_dead:
            raise CrashError
        self.calls.append((name, _path_of(name, arguments)))
        is_lasting = self.fault in {Fault.DEAD_DISK, Fault.DEAD_LINE}
        if len(self.calls) < self.at or (len(self.calls) > self.at and not is_lasting):
            return self._finish(name, call)
        match self.fault:
            case Fault.NONE | Fault.SHORT_WRITE:
                return self._finish(name, call)
            case Fault.CRASH_BEFORE:
                self._die()
            case Fault.CRASH_AFTER:
                self._abandon(name, self._finish(name, call))
                self._die()
            case Fault.LOST_ANSWER | Fault.DEAD_LINE:
                self._abandon(name, self._finish(name, call))
            case _ if name == "release":
                self._finish(name, call)
        code = getattr(errno, self.fault, errno.EIO)
        raise OSError(code, f"{name}: {os.strerror(code)}", str(self.calls[-1][1]))

    def _finish(self, name: str, call: Callable[[], Any]) -> Any:
        if name == "exchange" and not self.can_exchange:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        result = call()
        if name == "acquire":
            self.locks.add(result)
        return result

    def _abandon(self, name: str, result: Any) -> None:
        if name == "open_new":
            result.close()
        if name == "acquire":
            self.locks.discard(result)
            os.close(result)

    def _die(self) -> None:
        """Stop having effects; the kernel frees what locks a dead process held."""
        self.is_dead = True
        for handle in self.locks:
            os.close(handle)
        raise CrashError


def _path_of(name: str, arguments: tuple[Any, ...]) -> Path:
    if name in {"write", "fsync_file"}:
        return Path(arguments[0].name)
    if name == "release":
        return Path()
    path: Path = arguments[name in {"exchange", "replace", "rename_noreplace"}]
    return path


def _recorded(name: str) -> Callable[..., Any]:
    real = getattr(Filesystem, name)

    def call(self: FaultyFilesystem, *arguments: Any, **named: Any) -> Any:
        if name == "release" and not self.is_dead:
            self.locks.discard(arguments[0])
        if name == "write" and self.fault is Fault.SHORT_WRITE and len(self.calls) + 1 == self.at:
            arguments = (arguments[0], arguments[1][: len(arguments[1]) // 2])
        return self.run(name, lambda: real(self, *arguments, **named), arguments)

    return call


for _name in CALLS:
    setattr(FaultyFilesystem, _name, _recorded(_name))


@contextmanager
def faulty_disk(fault: Fault = Fault.NONE, at: int = 0) -> Iterator[FaultyFilesystem]:
    """Let the disk that everything uses by default fail, and mend it."""
    healthy, faulty = dict(vars(LOCAL)), FaultyFilesystem(fault, at)
    # Every module holds the one instance, so that this must become another.
    LOCAL.__dict__, LOCAL.__class__ = vars(faulty), FaultyFilesystem
    try:
        yield faulty
    finally:
        LOCAL.__dict__, LOCAL.__class__ = healthy, Filesystem
