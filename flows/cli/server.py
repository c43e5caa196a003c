"""How the command meets Prefect: against the configured server, or one of its own.

Belongs here: settings for the length of one command. Lives elsewhere: the server's process
(`tasks.embedded_server`), the flows.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.embedded_server import embedded_server, wait_until_ready

_DRAIN_SECONDS = 10


@contextmanager
def prefect_session() -> Iterator[None]:
    """Run flows against the configured server, or else start one and end it afterwards.

    With a server of our own nobody watches heartbeats, and waiting for their thread costs up to a
    second per flow run, so they are off there.
    """
    if _is_configured():
        yield
        return
    with embedded_server() as api_url:
        os.environ["PREFECT_API_URL"] = api_url
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        from flows import run_datasets  # noqa: F401 - imported while the server starts

        wait_until_ready(api_url)
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            try:
                yield
            finally:
                _hand_over()


def _hand_over() -> None:
    """Let Prefect's background threads send what they hold before the server ends."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all(timeout=_DRAIN_SECONDS)
    EventsWorker.drain_all(timeout=_DRAIN_SECONDS)


def _is_configured() -> bool:
    """Tell whether the environment or Prefect's profile names a server."""
    if os.environ.get("PREFECT_API_URL"):
        return True
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    if not (home / "profiles.toml").is_file():
        return False
    from prefect.settings import PREFECT_API_URL

    return bool(PREFECT_API_URL.value())
