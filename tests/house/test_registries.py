"""What is written twice agrees: drawings, codes, schema, configurations, versions."""

import importlib
import json
import re
import tomllib
from pathlib import Path

import pytest

import medallion
from medallion import errors
from tests.house.repository import CONFIGS, MODULES, ROOT, name_module

CODE = re.compile(rf"\b(?:{'|'.join(sorted({re.sub('[0-9]+$', '', c) for c in errors.CODES}))})\d+")


def draw(cls: type, prefix: str = "") -> list[str]:
    """Draw the classes below a class, in the order they are defined."""
    below = [kind for kind in cls.__subclasses__() if kind.__module__ == errors.__name__]
    lines = []
    for kind in below:
        last = kind is below[-1]
        lines.append(f"{prefix}{'└── ' if last else '├── '}{kind.__name__}")
        lines += draw(kind, prefix + ("    " if last else "│   "))
    return lines


def codes_in(path: Path) -> set[str]:
    return set(CODE.findall(path.read_text(encoding="utf-8")))


def test_drawn_error_tree_is_the_real_one() -> None:
    tree = "\n".join(["MedallionError", *draw(errors.MedallionError)])
    assert tree in (errors.__doc__ or "")


def test_error_classes_live_in_one_module() -> None:
    for path in MODULES:
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    kinds = [errors.MedallionError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {kind.__module__ for kind in kinds} == {errors.__name__}


@pytest.mark.parametrize("path", MODULES, ids=name_module)
def test_error_codes_are_registered(path: Path) -> None:
    assert codes_in(path) - errors.CODES.keys() == set()


def test_registered_codes_are_raised() -> None:
    registry = Path(errors.__file__)
    raised = {kind.default_code for kind in vars(errors).values() if hasattr(kind, "default_code")}
    raised |= set().union(*(codes_in(path) for path in MODULES if path != registry))
    assert errors.CODES.keys() - raised == set()


@pytest.mark.parametrize("path", CONFIGS, ids=name_module)
def test_config_is_named_after_its_path(path: Path) -> None:
    loader = importlib.import_module("medallion.config.loader")
    datasets = loader.parse_config(path.read_text(encoding="utf-8"), path.name)
    named = {(dataset.source.system, dataset.source.table) for dataset in datasets}
    assert named == {(path.parent.name, path.stem)}


def test_config_schema_file_is_fresh() -> None:
    generator = importlib.import_module("medallion.config.json_schema")
    written = json.loads((ROOT / "configs/dataset.schema.json").read_text(encoding="utf-8"))
    assert written == generator.config_schema(), "run `make docs`"


def test_changelog_mentions_the_version() -> None:
    headings = re.findall(
        r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    assert headings[0] == "Unreleased"
    assert medallion.__version__ in headings


def test_dependencies_have_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    stated = project["dependencies"] + project["optional-dependencies"]["dev"]
    lines = text.splitlines()
    bare = [d for d in stated if not any(f'"{d}"' in line and "# " in line for line in lines)]
    assert bare == []
