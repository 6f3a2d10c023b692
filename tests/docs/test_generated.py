"""The generated parts of the documentation say what the source says."""

import os
from pathlib import Path

import pytest

from tests.docs.generated import PARTS, has_marks, made
from tests.docs.pages import ROOT, pages

GENERATED = [page for page in pages() if has_marks(page)]


def test_every_part_stands_on_some_page() -> None:
    text = "".join(page.read_text() for page in GENERATED)
    assert [name for name in PARTS if f"<!-- generated: {name} -->" not in text] == []


@pytest.mark.parametrize("page", GENERATED, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_up_to_date(page: Path) -> None:
    wanted = made(page)
    if os.environ.get("ROWGATE_REWRITE_DOCS"):
        page.write_text(wanted)
    assert page.read_text() == wanted, "out of date: run `make docs`, and review the difference"
