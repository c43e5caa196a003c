"""The verifier is one file that Gold teams copy: it may need nothing but Python."""

import ast
import subprocess
import sys

from tests.house.repository import ROOT, parse_module

VERIFIER = ROOT / "tasks" / "verifier.py"


def test_verifier_imports_the_standard_library_only() -> None:
    nodes = list(ast.walk(parse_module(VERIFIER)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)]
    assert "hashlib" in names
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_verifier_runs_isolated() -> None:
    command = [sys.executable, "-I", str(VERIFIER), "--help"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    assert "PATH" in ran.stdout
