"""What every test shares: how hard it tries, and a fast place for lakes.

Belongs here: the scale of `make test-deep`, hypothesis' settings, directories.
Lives elsewhere: fixtures of one kind of test (the `conftest.py` of its folder).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

MEMORY = Path("/dev/shm")
SCALE = int(os.environ.get("MEDALLION_TEST_SCALE", "1"))

hypothesis.settings.register_profile(
    "house", max_examples=100 * SCALE, deadline=None, derandomize=SCALE == 1, database=None
)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def scale() -> int:
    """Multiply examples, kills and rounds by this; `make test-deep` sets it to ten."""
    return SCALE


@pytest.fixture
def memory_path(tmp_path: Path) -> Iterator[Path]:
    """Return a directory in memory where there is one: thousands of publishes need no real disk."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    path = Path(tempfile.mkdtemp(prefix="medallion-", dir=MEMORY))
    yield path
    shutil.rmtree(path)
