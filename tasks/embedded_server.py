"""A Prefect server for the length of one command, where no other is configured.

Belongs here: the process and its port. Lives elsewhere: when one is wanted (`flows.cli.server`).
Prefect would start the same process itself, but only after the client has imported the whole
server too, and it outlives a killed client. Imports nothing of Prefect, so that the server's start
overlaps the client's imports.
"""

import ctypes
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medallion.errors import MedallionError

_START_SECONDS = 120.0
_STOP_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1


@contextmanager
def embedded_server() -> Iterator[str]:
    """Start Prefect's server on a free loopback port, and yield its API's URL at once.

    Ask `wait_until_ready` before the first call. The server keeps its database in `PREFECT_HOME`
    and ends with the context, or with this process if that is killed.
    """
    port = _free_port()
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and fixed arguments
        _command(port),
        env=os.environ | {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_die_with_parent,
    )
    try:
        yield f"http://127.0.0.1:{port}/api"
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(api_url: str) -> None:
    """Return when the server answers.

    Raises:
        MedallionError: It does not within two minutes.
    """
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{api_url}/health", timeout=5) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise MedallionError(
        f"Prefect's embedded server did not start within {_START_SECONDS:.0f} s: run "
        "`prefect server start` to see why, or set PREFECT_API_URL"
    )


def _command(port: int) -> list[str]:
    spec = importlib.util.find_spec("prefect")
    if spec is None or spec.origin is None:
        raise MedallionError("Prefect is not installed: run `make install`")
    uvicorn = [sys.executable, "-m", "uvicorn", "--app-dir", str(Path(spec.origin).parent.parent)]
    address = ["--host", "127.0.0.1", "--port", str(port)]
    options = ["--log-level", "error", "--lifespan", "on"]
    return [*uvicorn, "--factory", "prefect.server.api.server:create_app", *address, *options]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
