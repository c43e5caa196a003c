"""Kill a publishing process at random instants, and judge each time what it left.

Belongs here: the loop, as a program of its own without threads, so that it may fork.
Lives elsewhere: the test that starts it (`test_kills`).
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from tasks.filesystem import Filesystem
from tasks.local_publisher import atomic_glob_supported, collect_orphans
from tests.faults.faulty_filesystem import FaultyFilesystem
from tests.faults.publishing import (
    assert_cleared,
    assert_pure,
    contents_of,
    publish,
    read_current,
)

PARTITIONS = [f"system=crm/table=t{number % 3}/dt=2025-01-{number:02d}" for number in range(1, 29)]
LONGEST_LIFE_SECONDS = 0.01


def main(root: Path, kills: int, seed: int, can_exchange: bool) -> dict[str, int]:
    """Kill so many times; an AssertionError means that a generation was lost or mixed."""
    rng = random.Random(seed)
    fs = FaultyFilesystem(can_exchange=can_exchange)
    known: dict[str, str] = {}
    counts = {"kills": kills, "partitions_advanced": 0, "interrupted": 0, "unacknowledged": 0}
    assert atomic_glob_supported(root, fs) is can_exchange
    for number in range(kills):
        partitions = PARTITIONS[: 2 + number * (len(PARTITIONS) - 2) // kills]
        acknowledged = run_and_kill(root, fs, rng, partitions)
        counts["partitions_advanced"] += len(acknowledged)
        counts["interrupted"] += any((root / ".medallion" / "work").glob("*"))
        known |= acknowledged
        found = judge(root, known, partitions, can_exchange)
        counts["unacknowledged"] += found != known
        known = found
        if rng.random() < 0.2:
            collect_orphans(root, fs)
            assert_cleared(root)
            for partition in partitions:
                assert_pure(root, partition)
    return counts


def run_and_kill(
    root: Path, fs: Filesystem, rng: random.Random, partitions: list[str]
) -> dict[str, str]:
    """Let a child publish for some milliseconds, and return the last commits it was told of."""
    reading, writing = os.pipe()
    seed, life_seconds = rng.random(), rng.uniform(0, LONGEST_LIFE_SECONDS)
    child = os.fork()
    if child == 0:
        publish_forever(root, fs, random.Random(seed), partitions, writing)
    os.close(writing)
    time.sleep(life_seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL, f"the child ended by itself: {status}"
    with os.fdopen(reading) as lines:
        return dict(line.split() for line in lines)


def publish_forever(
    root: Path, fs: Filesystem, rng: random.Random, partitions: list[str], writing: int
) -> NoReturn:
    """Publish until killed; tell the parent of each commit once it is acknowledged."""
    try:
        while True:
            partition = rng.choice(partitions)
            contents = [rng.randbytes(rng.randrange(200)) for _ in range(rng.randrange(6))]
            commit_id = publish(root, contents, fs, partition)
            os.write(writing, f"{partition} {commit_id}\n".encode())
    finally:
        os._exit(1)


def judge(
    root: Path, known: dict[str, str], partitions: list[str], can_exchange: bool
) -> dict[str, str]:
    """Assert that each partition is the acknowledged generation or the very next one, and whole."""
    found: dict[str, str] = {}
    for partition in partitions:
        contents_of(root, partition)
        if can_exchange:
            assert_pure(root, partition)
        current = read_current(root, partition)
        acknowledged = known.get(partition)
        if current is None:
            assert acknowledged is None
        else:
            assert acknowledged in {current.commit_id, current.parent_commit_id}
            found[partition] = current.commit_id
    return found


if __name__ == "__main__":
    where, how_often, which_seed, mode = sys.argv[1:]
    print(json.dumps(main(Path(where), int(how_often), int(which_seed), mode == "exchange")))
