"""Where a flow's submitted tasks run: threads of this process, or a Dask cluster.

Belongs here: the choice, by environment, since a flow's runner is fixed when it is loaded. Lives
elsewhere: which tasks are submitted (`tasks.fold_buckets`).
"""

import os
from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from medallion.errors import ConfigError

THREADS = os.cpu_count() or 1


def choose_task_runner() -> TaskRunner[Any]:
    """Return the runner that `MEDALLION_TASK_RUNNER` names: `threads` (the default) or `dask`.

    With `dask`, `MEDALLION_DASK_ADDRESS` is the scheduler of a running cluster; without one, a
    cluster of local processes lives as long as the flow run. The cluster shares the file system.

    Raises:
        ConfigError: CFG008, for another name, or when prefect-dask is not installed.
    """
    name = os.environ.get("MEDALLION_TASK_RUNNER", "threads")
    if name == "threads":
        return ThreadPoolTaskRunner(max_workers=THREADS)
    if name != "dask":
        raise ConfigError(f"MEDALLION_TASK_RUNNER is {name!r}: use threads or dask", code="CFG008")
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError:
        raise ConfigError(
            "MEDALLION_TASK_RUNNER is dask, but prefect-dask is not installed: install the extra "
            "`dask`",
            code="CFG008",
        ) from None
    address = os.environ.get("MEDALLION_DASK_ADDRESS")
    runner: TaskRunner[Any] = (
        DaskTaskRunner(address=address)
        if address
        else DaskTaskRunner(cluster_kwargs={"n_workers": THREADS, "threads_per_worker": 1})
    )
    return runner
