"""How a module reads: charter first, small files, small functions, public names explained."""

import ast
from pathlib import Path

import pytest

from tests.house.repository import MODULES, Function, name_module, parse_module

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 35

each_module = pytest.mark.parametrize("path", MODULES, ids=name_module)


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.stem != "__main__"], ids=name_module
)
def test_module_opens_with_a_charter(path: Path) -> None:
    charter = ast.get_docstring(parse_module(path)) or ""
    assert len(charter.splitlines()) >= 2
    assert "belongs here" in charter.lower()
    assert "elsewhere" in charter.lower()


@each_module
def test_file_stays_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES


@each_module
def test_functions_stay_short(path: Path) -> None:
    functions = [node for node in ast.walk(parse_module(path)) if isinstance(node, Function)]
    long = {f.name: lines for f in functions if (lines := count_lines(f)) > MAX_FUNCTION_LINES}
    assert long == {}


@each_module
def test_public_names_are_explained(path: Path) -> None:
    assert [name for name, node in public_names(parse_module(path)) if not explained(node)] == []


def test_no_module_is_called_utils() -> None:
    vague = {"utils", "util", "helpers", "common", "misc"}
    assert [name_module(path) for path in MODULES if path.stem in vague] == []


def count_lines(function: Function) -> int:
    """Count a function's lines, signature included, docstring left out."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    text = function.body[0]
    return lines - ((text.end_lineno or text.lineno) - text.lineno + 1)


def public_names(tree: ast.Module) -> list[tuple[str, Function | ast.ClassDef]]:
    """List a module's public functions, classes, and the public methods of these."""
    found: list[tuple[str, Function | ast.ClassDef]] = []
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            found.append((node.name, node))
            members = node.body if isinstance(node, ast.ClassDef) else []
            found += [
                (f"{node.name}.{member.name}", member)
                for member in members
                if isinstance(member, Function) and not member.name.startswith("_")
            ]
    return found


def explained(node: Function | ast.ClassDef) -> bool:
    """Tell whether a name has a docstring, or needs none as an overload or override has one."""
    marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
    return ast.get_docstring(node) is not None or bool(marks & {"overload", "override", "setter"})
