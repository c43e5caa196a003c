"""Kill a promoting process at random instants, and judge each time what it left.

Belongs here: the loop, as a program of its own without threads, so that it may fork.
Lives elsewhere: the test that starts it (`test_promotion_kills`), the lake (`promoting`).
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd  # noqa: F401 - imported once here, and not by every child

from tests.faults.promoting import SILVER, judge, prepare, restore
from tests.lakes import Lake, day

LONGEST_LIFE_SECONDS = 0.1


def main(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill so many times; an AssertionError means that a generation was lost or mixed."""
    rng, counts = random.Random(seed), Counter({"old": 0, "new": 0, "staged": 0})
    wait_for(begin(lambda: prepare(folder)))
    for number in range(kills):
        restore(folder)
        child = begin(lambda: promote(folder))
        if number % 3:  # two of three die while they write, publish or clear up
            while not is_writing(folder) and not has_ended(child):
                time.sleep(0.001)
        time.sleep(rng.uniform(0, LONGEST_LIFE_SECONDS))
        kill(child)
        counts[judge(folder)] += 1
        counts["staged"] += is_writing(folder)
        wait_for(begin(lambda: promote(folder)))
        assert judge(folder) == "new"
        assert list((folder / "silver" / ".medallion").glob("*/*")) == []
    return dict(counts)


def promote(folder: Path) -> None:
    """Promote the second day, and what earlier days need."""
    Lake(folder, SILVER).promote(day(2))


def is_writing(folder: Path) -> bool:
    """Tell whether there is a stage with files in it."""
    return any((folder / "silver" / ".medallion" / "work").glob("*/*"))


def begin(work: Callable[[], object]) -> int:
    """Start some work in a child and return its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return child


def has_ended(child: int) -> bool:
    """Tell whether a child is done, and leave it to be waited for."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def kill(child: int) -> None:
    """Kill a child, which may have ended well before."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0


def wait_for(child: int) -> None:
    """Wait for a child to end well."""
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


if __name__ == "__main__":
    where, how_often, which_seed = sys.argv[1:]
    print(json.dumps(main(Path(where), int(how_often), int(which_seed))))
