"""What integration tests share: a real Prefect server, started when the first test asks for it.

Belongs here: parts that are slow to start. Lives elsewhere: lakes (`tests.lakes`).
"""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run Prefect's own test server; tests that use it belong to the xdist group `prefect`.

    Nobody watches heartbeats here, and each would make a flow run wait for up to a second.
    """
    from prefect.settings import (
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_HOME,
        temporary_settings,
    )
    from prefect.testing.utilities import prefect_test_harness

    home = {PREFECT_HOME: tmp_path_factory.mktemp("prefect")}
    with (
        temporary_settings(home),
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield
