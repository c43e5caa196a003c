"""A writer that competes with others for the same partition, round after round.

Belongs here: what one process does and reports. Lives elsewhere: the test that starts several
(`test_rivals`).
"""

from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

from medallion.errors import PartitionConflictError
from tasks.filesystem import Filesystem
from tasks.local_publisher import open_stage, publish_stage
from tests.faults.faulty_filesystem import FaultyFilesystem
from tests.faults.publishing import PARTITION, read_current, write_generation

TURN_SECONDS = 60


@dataclass(frozen=True)
class Turn:
    """What one writer did in one round; a loser says who it thinks has won, and why it lost."""

    commit_id: str
    has_won: bool
    named_winner: str
    message: str = ""


class Line:
    """The barrier at which writers wait for each other, as a process pool hands it over."""

    barrier: Barrier


def join_line(barrier: Barrier) -> None:
    """Take the barrier along into this process."""
    Line.barrier = barrier


def compete(root: Path, run_id: str, rounds: int, can_exchange: bool) -> list[Turn]:
    """Build on the same base as everybody else and publish at the same moment, every round."""
    fs = FaultyFilesystem(can_exchange=can_exchange)
    return [_take_turn(root, f"{run_id}-{number}", fs) for number in range(rounds)]


def _take_turn(root: Path, run_id: str, fs: Filesystem) -> Turn:
    Line.barrier.wait(TURN_SECONDS)
    current = read_current(root)
    base = current.commit_id if current else None
    with open_stage(root, fs) as stage:
        write_generation(stage, [run_id.encode()], base, fs, run_id)
        Line.barrier.wait(TURN_SECONDS)
        try:
            publish_stage(stage, PARTITION, base, fs)
        except PartitionConflictError as error:
            return Turn(stage.commit_id, False, str(error.facts["winner_commit_id"]), str(error))
    return Turn(stage.commit_id, True, stage.commit_id, run_id)
