"""The documents agree with the code and with each other: fresh pages, links that lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.repository import ROOT, committed_files, name_module

PAGES = [path for path in committed_files() if path.suffix == ".md" and "tests" not in path.parts]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)

each_page = pytest.mark.parametrize("page", PAGES, ids=name_module)


def read_prose(page: Path) -> str:
    """Read a page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """List the anchors that headings give: lower case, spaces to dashes, other marks left out."""
    titles = (title.strip().lower() for title in HEADING.findall(read_prose(page)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def links(page: Path) -> list[tuple[Path, str]]:
    """List the files and anchors that a page links to; the web is left out."""
    targets = [target for target in LINK.findall(read_prose(page)) if "://" not in target]
    parts = [target.partition("#") for target in targets]
    return [((page.parent / path).resolve() if path else page, anchor) for path, _, anchor in parts]


def test_reference_pages_are_fresh() -> None:
    command = [sys.executable, "docs/generate.py", "--check"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}run `make docs`"


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = [
        f"{target.name}#{anchor}"
        for target, anchor in links(page)
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]
    assert broken == []


def test_every_page_can_be_reached() -> None:
    reached = [ROOT / "README.md"]
    for page in reached:
        reached += [
            target for target, _ in links(page) if target.suffix == ".md" and target not in reached
        ]
    pages = {page for page in PAGES if page.is_relative_to(ROOT / "docs")}
    assert pages - set(reached) == set()
