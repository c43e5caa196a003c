"""Buckets fold on a Dask cluster of two worker processes, through Prefect's task runner."""

from pathlib import Path

import pytest
from prefect_dask.task_runners import DaskTaskRunner

from flows.silver_extract import silver_extract
from tasks.lake import read_partition
from tasks.runners import choose_task_runner
from tests.integration.test_buckets import OPS, changes
from tests.lakes import Lake, day

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.usefixtures("prefect_server")]


@pytest.mark.filterwarnings("ignore")  # Dask's own, when its workers end
def test_a_cluster_of_two_workers_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDALLION_TASK_RUNNER", "dask")
    runner = choose_task_runner()
    assert isinstance(runner, DaskTaskRunner)
    whole = Lake(tmp_path / "whole", {"model": "scd_type_2", **OPS})
    parts = Lake(tmp_path / "parts", {"model": "scd_type_2", "buckets": 3, **OPS})
    for number in (1, 2):
        whole.run(day(number), changes(number))
        parts.deliver(day(number), changes(number))
        parts.land(day(number))
    promote = silver_extract.with_options(task_runner=runner)
    results = promote(str(parts.write_config()), day(2))
    assert [one.run_date for one in results] == [day(1), day(2)]
    for one in results:
        expected = read_partition(whole.partition(one.run_date)).checksums
        assert one.content_digest == expected.content_digest
