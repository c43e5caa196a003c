"""What the house rules look at: the packages, their modules, and the files git would commit.

Belongs here: lists of files and parsed modules. Lives elsewhere: the rules (`test_*.py` beside it).
"""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("flows", "tasks", "blocks", "medallion")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
CONFIGS = sorted((ROOT / "configs").glob("*/*.yaml"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_module(path: Path) -> str:
    """Name a file as tests show it: relative to the repository."""
    return path.relative_to(ROOT).as_posix()


def parse_module(path: Path) -> ast.Module:
    """Parse a source file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def committed_files() -> list[Path]:
    """List the files that are tracked or would be added: ignored ones are left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file()]


def modules_after(statement: str) -> set[str]:
    """List the modules a fresh interpreter has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*sys.modules, sep='\\n')"
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return set(ran.stdout.split())
