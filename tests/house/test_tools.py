"""The tools of `make check`, so that `make test` holds the same line."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.repository import ROOT

BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    ["ruff check", "ruff format --check", "mypy", "lint-imports"],
)
def test_tool_finds_nothing(command: str) -> None:
    tool, *arguments = command.split()
    ran = subprocess.run([BIN / tool, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
