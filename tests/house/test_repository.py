"""What is committed holds on every machine: no paths of one, no hosts of registries."""

import re
from pathlib import Path

import pytest

from tests.house.repository import ROOT, committed_files, name_module

# Brackets keep this file from matching itself.
MACHINE_PATH = re.compile(r"(?<![\w.>}*-])/(?:[w]ork|[r]oot|[f]arm|[h]ome/\w+|[U]sers)/")
REGISTRY_HOST = re.compile(r"[p]ypi\.org|[p]ythonhosted\.org|[n]pmjs\.org|[d]eb\.debian\.org")
LOCKS = sorted(ROOT.glob("*.lock"))
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\")


def read_text(path: Path) -> str:
    """Read a text file; a binary one reads as empty."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def pins(lock: Path) -> set[tuple[str, str]]:
    """List the names and versions of a lock file."""
    found = (PIN.fullmatch(line) for line in lock.read_text("utf-8").splitlines())
    return {(pin["name"], pin["version"]) for pin in found if pin}


@pytest.mark.parametrize("rule", [MACHINE_PATH, REGISTRY_HOST], ids=["paths", "hosts"])
def test_committed_text_names_no_machine(rule: re.Pattern[str]) -> None:
    found = {name_module(path): rule.findall(read_text(path)) for path in committed_files()}
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize("lock", LOCKS, ids=name_module)
def test_lock_names_no_host_and_no_path(lock: Path) -> None:
    assert [
        line for line in lock.read_text("utf-8").splitlines() if re.search("://|@ |--[ief]", line)
    ] == []


@pytest.mark.parametrize("lock", LOCKS, ids=name_module)
def test_every_pin_of_a_lock_has_hashes(lock: Path) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", lock.read_text("utf-8"))
    assert [block.split(" ")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_locks_agree() -> None:
    runtime, everything = pins(ROOT / "requirements.lock"), pins(ROOT / "requirements-dev.lock")
    assert len(runtime) > 50
    assert runtime - everything == set()
