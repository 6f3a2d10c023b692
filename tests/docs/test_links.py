"""Every link inside the repository leads somewhere, and every page is led to."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, links, pages, text_of

NAMES = [str(page.relative_to(ROOT)) for page in pages()]


@pytest.mark.parametrize("name", NAMES)
def test_links_resolve(name: str) -> None:
    page = ROOT / name
    broken = [target for target in links(page) if not _resolves(page, target)]
    assert broken == []


def _resolves(page: Path, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return target.startswith("https://")
    path, _, fragment = target.partition("#")
    found = (page.parent / path).resolve() if path else page
    if not found.exists() or not found.is_relative_to(ROOT):
        return False
    return not fragment or (found.suffix == ".md" and fragment in anchors(found))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_one_title_and_closed_fences(name: str) -> None:
    text = text_of(ROOT / name)
    assert text.startswith("# ")
    assert len(re.findall(r"^ *```", text, re.M)) % 2 == 0


def test_every_page_of_docs_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for target in links(page):
            path = (page.parent / target.partition("#")[0]).resolve()
            if path.suffix == ".md" and path.exists():
                waiting.append(path)
    guides = {page for page in pages() if page.parent.name == "docs"}
    assert {str(page.relative_to(ROOT)) for page in guides - reached} == set()
