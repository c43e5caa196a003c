"""Every command that a page shows is run, and prints what the page says it prints."""

import shutil
from pathlib import Path

import pytest

from tests.docs.pages import environment_of, mask, read_steps, run_step, shows
from tests.house.repository import ROOT

PAGES = (
    ("README.md",),
    ("docs/tutorial/first-partitions.md",),
    ("docs/operations/playbook.md",),
    ("docs/how-to/add-a-file-source.md",),
    ("docs/how-to/write-a-contract.md",),
    ("docs/how-to/choose-a-silver-model.md", "docs/reference/layout.md"),
)
TOOLS = ("jq", "sha256sum")


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Prefect for all pages: its database is made once."""
    return tmp_path_factory.mktemp("prefect")


@pytest.mark.parametrize("pages", PAGES, ids=" and ".join)
def test_pages_show_what_happens(
    pages: tuple[str, ...], tmp_path: Path, prefect_home: Path
) -> None:
    steps = [(page, step) for page in pages for step in read_steps(ROOT / page)]
    commands = "".join(step.command for _, step in steps)
    missing = [tool for tool in TOOLS if f"{tool} " in commands and not shutil.which(tool)]
    if missing:
        pytest.skip(f"{pages[0]} is not run: {', '.join(missing)} is not installed")
    copy_what_pages_use(tmp_path)
    for page, step in steps:
        printed = run_step(step, tmp_path, environment_of(prefect_home))
        if step.output is not None and not shows(step.output, printed):
            pytest.fail(f"{page}:{step.line} prints\n{mask(printed)}", pytrace=False)


def copy_what_pages_use(directory: Path) -> None:
    """Copy what a clone has: configurations, the tutorial's script, the verifier."""
    for folder in ("configs", "docs/tutorial"):
        shutil.copytree(ROOT / folder, directory / folder)
    (directory / "tasks").mkdir()
    shutil.copy(ROOT / "tasks/verifier.py", directory / "tasks")
