"""A promotion that is killed, or whose disk fails: Silver is as before or as after, and heals.

Belongs here: how often, and where. Lives elsewhere: the lake and the judge (`promoting`), kills
(`promotion_kill_loop`), the calls of the publisher one by one (`test_every_call`).
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from medallion.errors import MedallionError
from tests.faults.faulty_filesystem import CrashError, Fault, faulty_disk
from tests.faults.promoting import judge, prepare, restore
from tests.lakes import day

KILLS = 60
STRIDE = 19
FAULTS = [Fault.ENOSPC, Fault.CRASH_BEFORE, Fault.EIO, Fault.CRASH_AFTER, Fault.DEAD_DISK]


def test_promotion_killed_at_any_instant_leaves_old_or_new(
    memory_path: Path, scale: int, pytestconfig: pytest.Config
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    (memory_path / "scratch").mkdir()
    loop = [sys.executable, "-m", "tests.faults.promotion_kill_loop", str(memory_path / "lake")]
    result = subprocess.run(
        [*loop, str(KILLS * scale), str(seed)],
        cwd=pytestconfig.rootpath,
        env=os.environ | {"TMPDIR": str(memory_path / "scratch")},
        capture_output=True,
        text=True,
    )
    print(f"seed={seed}", result.stdout, result.stderr)
    assert result.returncode == 0
    counts = json.loads(result.stdout)
    assert counts["old"] + counts["new"] == KILLS * scale
    assert counts["staged"] > 0


def test_disk_that_fails_at_any_call_leaves_old_or_new(memory_path: Path, scale: int) -> None:
    lake = prepare(memory_path)
    with faulty_disk() as fs:
        lake.promote(day(2))
    calls = len(fs.calls)
    outcomes: set[str] = set()
    for at in range(1, calls + 1, max(1, STRIDE // scale)):
        restore(memory_path)
        with faulty_disk(FAULTS[at % len(FAULTS)], at):
            try:
                lake.promote(day(2))
            except CrashError:
                outcomes.add("crashed")
            except MedallionError as error:
                outcomes.add(error.code)
        outcomes.add(judge(memory_path))
        lake.promote(day(2))
        assert judge(memory_path) == "new"
        assert list((memory_path / "silver" / ".medallion").glob("*/*")) == []
    assert outcomes - {"STG004"} == {"crashed", "STG005", "old", "new"}
