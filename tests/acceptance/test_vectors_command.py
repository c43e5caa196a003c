"""Every acceptance vector through the `medallion` command, as an operator runs it.

Belongs here: starting the runner. Lives elsewhere: the runner (`run_vectors`), the same vectors
without processes (`test_vectors_in_process`).
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.run_vectors import HERE

COMMAND = Path(sys.executable).parent / "medallion"


@pytest.mark.xdist_group("vectors")
def test_every_vector_passes_through_the_command() -> None:
    runner = [sys.executable, str(HERE / "run_vectors.py"), "--command", str(COMMAND)]
    ran = subprocess.run([*runner, "--jobs", "2"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "18 passed, 0 failed" in ran.stdout
