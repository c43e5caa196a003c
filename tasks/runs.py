"""Facts of the run that is under way: ids, attempt, times, versions.

Belongs here: the clock and Prefect's run context. Lives elsewhere: what is made of them
(`medallion.manifest`).
"""

import datetime as dt
import platform
import uuid
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import PurePath
from zoneinfo import ZoneInfo

from prefect.runtime import deployment, flow_run

import medallion

_LIBRARIES = ("pyarrow", "duckdb", "pandas", "pandera")


@dataclass(frozen=True)
class RunFacts:
    """Who produced a generation, and when it began."""

    run_id: str
    flow_run_id: str | None
    attempt: int
    started_at: dt.datetime
    trigger: str

    def to_dict(self, finished_at: dt.datetime) -> dict[str, str | int | None]:
        """Return the manifest's `run` section."""
        return {
            "run_id": self.run_id,
            "flow_run_id": self.flow_run_id,
            "attempt": self.attempt,
            "started_at": self.started_at.isoformat(),
            "finished_at": finished_at.isoformat(),
            "trigger": self.trigger,
        }


def begin_run() -> RunFacts:
    """Collect the facts of the flow run under way; outside a flow the run gets an id of its own."""
    flow_run_id = flow_run.id
    return RunFacts(
        run_id=flow_run_id or str(uuid.uuid4()),
        flow_run_id=flow_run_id,
        attempt=flow_run.run_count or 1,
        started_at=now(),
        trigger="deployment" if deployment.id else "ad-hoc",
    )


def name_run() -> str:
    """Name the flow run under way: dataset, date and, where it applies, that it is dry."""
    parameters = flow_run.parameters
    dataset = parameters.get("source_name") or ".".join(PurePath(parameters["config"]).parts[-2:])
    dates = parameters.get("run_dates") or [parameters.get("run_date")]
    shown = ", ".join(str(date) for date in dates if date) or str(_scheduled_at().date())
    name = f"{dataset.removesuffix('.yaml')} {shown}"
    return f"{name} dry-run" if parameters.get("dry_run") else name


def name_fan_out() -> str:
    """Name a run over many datasets: how many files, and the dates."""
    parameters = flow_run.parameters
    dates = ", ".join(str(date) for date in parameters["run_dates"])
    return f"{len(parameters['configs'])} configurations {dates}"


def resolve_run_date(run_date: dt.date | None, timezone: str) -> dt.date:
    """Return the given date, or the day for which the run was scheduled, in the dataset's zone.

    A late or retried run keeps its date, since the scheduled time never moves.
    """
    return run_date or _scheduled_at().astimezone(ZoneInfo(timezone)).date()


def _scheduled_at() -> dt.datetime:
    return flow_run.scheduled_start_time or now()


def now() -> dt.datetime:
    """Return the present instant, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def producer_versions() -> dict[str, str]:
    """Return the versions on which the bytes of data files may depend."""
    return {
        "medallion": medallion.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
    }
