"""An env file serves every verb that reads configurations."""

from pathlib import Path

import pytest

from flows.cli import main
from tests.landing import write_config


@pytest.mark.parametrize(
    "arguments", [["status"], ["preview", "--date", "2025-01-10"]], ids=lambda words: words[0]
)
def test_verb_reads_the_env_file(
    tmp_path: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_FILE", "set so that it is unset after the test")
    (tmp_path / "orders.csv").write_text("id\n1\n")
    config = write_config(tmp_path, "${ORDERS_FILE}", format="csv")
    env_file = tmp_path / "names.env"
    env_file.write_text("ORDERS_FILE=orders.csv\n")
    assert main([*arguments, "--config", str(config), "--env-file", str(env_file)]) == 0
