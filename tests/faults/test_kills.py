"""SIGKILL at random instants: no partition is lost, mixed or partial.

Belongs here: how often, and on which kind of disk. Lives elsewhere: the loop (`kill_loop`).
"""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = {"exchange": 700, "fallback": 300}


@pytest.mark.parametrize("mode", KILLS)
def test_kill_at_any_instant_leaves_old_or_new(
    memory_path: Path, scale: int, mode: str, pytestconfig: pytest.Config
) -> None:
    kills, seed = KILLS[mode] * scale, random.SystemRandom().randrange(2**32)
    loop = [sys.executable, "-m", "tests.faults.kill_loop", str(memory_path / "lake")]
    result = subprocess.run(
        [*loop, str(kills), str(seed), mode],
        cwd=pytestconfig.rootpath,
        capture_output=True,
        text=True,
    )
    print(f"seed={seed}", result.stdout, result.stderr)
    assert result.returncode == 0
    counts = json.loads(result.stdout)
    assert counts["interrupted"] > kills / 2
    assert counts["unacknowledged"] > 0
