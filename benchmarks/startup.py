"""Suite: how long the command takes to answer, and where a first small run spends its time.

Belongs here: commands in fresh processes, and the same run in parts. Lives elsewhere: the command
itself (`flows.cli`). Here the whole process counts: imports, Prefect's server, everything.
"""

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.comparison import Comparison, Facts, Goal, Options, Variant, Work
from benchmarks.data import DATA, new_directory
from benchmarks.measuring import ROOT

_DAY = "2025-01-01"
_HOME = "prefect-home"


def comparisons(options: Options) -> Iterator[Comparison]:
    """Yield help and a run of three rows; neither depends on the scale."""
    yield Comparison(
        "startup, help",
        "`medallion --help`, beside an interpreter that does nothing and `prefect --help`.",
        [
            Variant("ours", "startup:run_module", {"arguments": ["flows.cli", "--help"]}),
            Variant("python alone", "startup:run_module", {"arguments": ["timeit", "-n1", "-r1"]}),
            Variant("prefect --help", "startup:run_module", {"arguments": ["prefect", "--help"]}),
        ],
        [Goal("wall_s", 0.5)],
    )
    yield Comparison(
        "startup, run",
        "`medallion run` of three rows to Bronze and Silver. An empty PREFECT_HOME is a first run "
        "on a machine: the server creates its database.",
        [
            Variant("ours", "startup:run_tiny", {"is_first": True}),
            Variant("ours, second run", "startup:run_tiny", {"is_first": False}),
            Variant("in parts, second run", "startup:run_in_parts"),
        ],
        [Goal("wall_s", 15)],
    )


def run_module(arguments: list[str]) -> Work:
    """Run a Python module as a process."""
    return lambda: _run([sys.executable, "-m", *arguments], dict(os.environ))


def run_tiny(is_first: bool) -> Work:
    """Run the whole command on a source of three rows."""
    home = new_directory(_HOME) if is_first else DATA / _HOME
    command = [sys.executable, "-m", "flows.cli", "run", "--quiet"]
    command += ["--config", str(_write_tiny()), "--date", _DAY]
    environment = _environment(home)
    return lambda: _run(command, environment)


def run_in_parts() -> Work:
    """Do the same step after step in this process; the command overlaps the first two."""
    os.environ |= _environment(DATA / _HOME)
    config = _write_tiny()

    def work() -> Facts:
        from tasks.embedded_server import embedded_server, wait_until_ready

        facts: Facts = {}
        started = time.perf_counter()
        from flows.run_datasets import run_datasets

        facts["imports_s"] = time.perf_counter() - started
        with embedded_server() as url:
            started = time.perf_counter()
            wait_until_ready(url)
            facts["server_start_s"] = time.perf_counter() - started
            facts["flows_s"] = _run_flows(run_datasets, config, url)
            started = time.perf_counter()
        facts["server_end_s"] = time.perf_counter() - started
        return facts

    return work


def _run_flows(run_datasets: object, config: Path, url: str) -> float:
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_LOGGING_LEVEL,
        temporary_settings,
    )

    started = time.perf_counter()
    quiet = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_LOGGING_LEVEL: "ERROR"}
    with temporary_settings({PREFECT_API_URL: url, **quiet}):
        run_datasets([str(config)], [dt.date.fromisoformat(_DAY)])  # type: ignore[operator]
    return time.perf_counter() - started


def _run(command: list[str], environment: dict[str, str]) -> Facts:
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr[-2000:])
    return {}


def _environment(home: Path) -> dict[str, str]:
    """Return the environment without a configured server, and with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return kept | {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}


def _write_tiny() -> Path:
    from benchmarks.product import write_config

    source = DATA / "tiny.csv"
    source.write_text("id,name,at\n1,a,2025-01-01\n2,b,2025-01-02\n3,c,2025-01-03\n")
    silver = {"model": "scd_type_1", "primary_keys": ["id"], "order_column": "at"}
    file = {"path": str(source)}
    config = {"source": {"file": file, "run": {"load_pattern": "cdc"}}, "silver": silver}
    return write_config("out/tiny", config)
