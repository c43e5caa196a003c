"""The verifier is a file that runs alone, and the documented line agrees with it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tasks.verifier
from tasks.verifier import main
from tests.integration.partitions import (
    FIRST_FILE,
    SILVER,
    write_bronze,
    write_silver,
)


@pytest.fixture
def partition(tmp_path: Path) -> Path:
    """A Bronze partition of 12 rows in two files."""
    return write_bronze(tmp_path / "bronze", [10, 2])


def run_alone(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the file, far from the project, in an isolated interpreter."""
    copy = shutil.copy(tasks.verifier.__file__, directory / "verifier.py")
    command = [sys.executable, "-I", copy, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=directory)


def test_verifier_runs_alone(partition: Path, tmp_path: Path) -> None:
    ran = run_alone(tmp_path, str(tmp_path / "bronze"))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "partitions=1 findings=0\n", "")
    (partition / "x").touch()
    ran = run_alone(tmp_path, str(partition))
    assert ran.returncode == 1
    assert ran.stdout == f"STG006 {partition}/x: is not listed\npartitions=1 findings=1\n"


@pytest.mark.parametrize("arguments", [[], ["nowhere"], ["verifier.py"], ["--what", "."]])
def test_verifier_refuses_wrong_usage(tmp_path: Path, arguments: list[str]) -> None:
    ran = run_alone(tmp_path, *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "usage:" in ran.stderr


def test_verifier_fails_where_there_is_nothing_to_verify(tmp_path: Path, capsys: Any) -> None:
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith(f"STG001 {tmp_path}/_checksums.json")


def sha256sum(partition: Path) -> subprocess.CompletedProcess[str]:
    """Run the documented line."""
    line = """jq -r '.files[]|"\\(.sha256)  \\(.path)"' _checksums.json | sha256sum -c -"""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=partition,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed: the line cannot be run")
def test_documented_line_agrees(tmp_path: Path) -> None:
    path = write_silver(tmp_path, SILVER)
    assert sha256sum(path).returncode == 0
    (path / f"history/{FIRST_FILE}").write_bytes(b"x")
    assert f"history/{FIRST_FILE}: FAILED" in sha256sum(path).stdout


def test_sha256sum_agrees_with_the_files_listed(partition: Path) -> None:
    files = json.loads((partition / "_checksums.json").read_bytes())["files"]
    lines = "".join(f"{file['sha256']}  {file['path']}\n" for file in files)
    command = ["sha256sum", "--strict", "-c", "-"]
    ran = subprocess.run(
        command, cwd=partition, input=lines, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines() == [f"{file['path']}: OK" for file in files]
