"""Names that would hide or be hidden: each of these breaks imports far from where it was made."""

import ast
import functools
import importlib.metadata
import sys
from pathlib import Path

import pytest

from tests.house.repository import PACKAGES, ROOT, name_module, parse_module

FLOW_MODULES = sorted((ROOT / "flows").rglob("*.py"))
DISTRIBUTION = "medallion-flows"


@functools.cache
def owners() -> dict[str, set[str]]:
    """Map each top-level name to the other distributions that install it."""
    found: dict[str, set[str]] = {}
    for distribution in importlib.metadata.distributions():
        if distribution.name != DISTRIBUTION:
            for file in distribution.files or []:
                top = file.parts[0].removesuffix(".py")
                found.setdefault(top, set()).add(distribution.name)
    return found


def test_flow_modules_shadow_nothing() -> None:
    taken = sys.stdlib_module_names | owners().keys() | set(PACKAGES)
    names = {path.relative_to(ROOT / "flows").parts[0].removesuffix(".py") for path in FLOW_MODULES}
    assert names & taken == set()


@pytest.mark.parametrize("path", FLOW_MODULES, ids=name_module)
def test_flow_modules_define_no_class(path: Path) -> None:
    classes = [node.name for node in ast.walk(parse_module(path)) if isinstance(node, ast.ClassDef)]
    assert classes == []


def test_no_test_folder_is_named_after_a_package() -> None:
    folders = [path for path in (ROOT / "tests").rglob("*") if path.is_dir()]
    assert [name_module(path) for path in folders if path.name in PACKAGES] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_owns(package: str) -> None:
    assert owners().get(package, set()) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_imported_from_this_repository(package: str) -> None:
    module = __import__(package)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().parents[1] == ROOT
