"""What every test shares: how hard it tries.

Belongs here: the scale of `make test-deep` and hypothesis' settings.
Lives elsewhere: fixtures of one kind of test (the `conftest.py` of its folder).
"""

import os

import hypothesis
import pytest

SCALE = int(os.environ.get("MEDALLION_TEST_SCALE", "1"))

hypothesis.settings.register_profile(
    "house", max_examples=100 * SCALE, deadline=None, derandomize=SCALE == 1, database=None
)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def scale() -> int:
    """Multiply examples, kills and rounds by this; `make test-deep` sets it to ten."""
    return SCALE
