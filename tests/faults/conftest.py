"""What the fault tests share: a fast place for lakes.

Belongs here: fixtures of this folder. Lives elsewhere: what to publish (`publishing`), what breaks
(`faulty_filesystem`).
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture
def memory_path(tmp_path: Path) -> Iterator[Path]:
    """Return a directory in memory where there is one: thousands of publishes need no real disk."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    path = Path(tempfile.mkdtemp(prefix="medallion-", dir=MEMORY))
    yield path
    shutil.rmtree(path)
