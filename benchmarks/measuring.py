"""Run a variant in a process of its own and read its clock, its processor time and its memory.

Belongs here: both ends of that process. Lives elsewhere: what runs (`comparison`), medians and
ratios (`report`). The process and its children are kept to two processors, so that ratios mean the
same on larger machines.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.comparison import Facts, Variant

ROOT = Path(__file__).resolve().parents[1]
CORES = 2
_MARK = "measured: "


@dataclass(frozen=True)
class Measured:
    """One run of a variant.

    Attributes:
        wall_s: Seconds of the work; imports are excluded.
        cpu_s: Processor seconds of the work in all threads and ended children.
        rss_mb: Peak resident memory of the process since it began, or of its largest child.
        facts: What the work returned.
    """

    wall_s: float
    cpu_s: float
    rss_mb: float
    facts: Facts = field(default_factory=dict)


class VariantFailedError(Exception):
    """A variant ended with an error; the message holds the end of its output."""


def measure(variant: Variant) -> Measured:
    """Run a variant once.

    Raises:
        VariantFailedError: It could not be run.
    """
    request = json.dumps({"function": variant.function, "arguments": dict(variant.arguments)})
    command = [sys.executable, "-m", "benchmarks.measuring", request]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line for line in ran.stdout.splitlines() if line.startswith(_MARK)]
    if ran.returncode or not lines:
        raise VariantFailedError(f"{variant.name}: {(ran.stderr or ran.stdout)[-2000:]}")
    return Measured(**json.loads(lines[-1].removeprefix(_MARK)))


def _work(request: dict[str, Any]) -> dict[str, Any]:
    module, _, name = request["function"].partition(":")
    work = getattr(importlib.import_module(f"benchmarks.{module}"), name)(**request["arguments"])
    cpu, wall = _cpu_seconds(), time.perf_counter()
    facts = work()
    seconds = time.perf_counter() - wall
    return {
        "wall_s": seconds,
        "cpu_s": _cpu_seconds() - cpu,
        "rss_mb": max(_own_peak_mb(), _peak_mb(resource.RUSAGE_CHILDREN)),
        "facts": facts,
    }


def _cpu_seconds() -> float:
    own, ended = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def _own_peak_mb() -> float:
    """Read the peak of this program; what `getrusage` tells includes the parent it was forked from.

    Only Linux tells it apart.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return _peak_mb(resource.RUSAGE_SELF)
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _peak_mb(who: int) -> float:
    peak = resource.getrusage(who).ru_maxrss
    return peak / 1024 / 1024 if sys.platform == "darwin" else peak / 1024


def _keep_to_two_processors() -> None:
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:CORES])


if __name__ == "__main__":
    _keep_to_two_processors()
    print(_MARK + json.dumps(_work(json.loads(sys.argv[1]))))
