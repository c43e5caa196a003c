"""Several writers of one partition at once: exactly one wins, and the others can name it.

Belongs here: what holds after each round. Lives elsewhere: a writer (`rival`).
"""

import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.faults.publishing import assert_cleared, assert_pure, contents_of
from tests.faults.rival import compete, join_line

WRITERS = 4
ROUNDS = {"exchange": 100, "fallback": 30}


@pytest.mark.parametrize("mode", ROUNDS)
def test_exactly_one_writer_wins_each_round(tmp_path: Path, scale: int, mode: str) -> None:
    context = mp.get_context("spawn")
    run = partial(compete, tmp_path, rounds=ROUNDS[mode] * scale, can_exchange=mode == "exchange")
    with ProcessPoolExecutor(
        WRITERS, context, initializer=join_line, initargs=(context.Barrier(WRITERS),)
    ) as pool:
        writers = list(pool.map(run, [f"run-{writer}" for writer in range(WRITERS)]))

    for turns in zip(*writers, strict=True):
        (winner,) = [turn for turn in turns if turn.has_won]
        assert {turn.named_winner for turn in turns} == {winner.commit_id}
        assert all(winner.message in turn.message for turn in turns)
    assert contents_of(tmp_path) == [winner.message.encode()]
    assert_pure(tmp_path)
    assert_cleared(tmp_path)
