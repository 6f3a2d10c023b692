"""docs/errors.md has every code that the source can answer, with its statuses, and no other."""

from collections.abc import Callable, Iterable
from enum import IntEnum

import pytest

from rowgate.http.websocket.types import Close
from tests.docs.pages import ROOT, codes_in, rows, section
from tests.docs.sources import ENGINE, SERVICES, Coded, engine_codes, service_codes, source_files

PAGE = ROOT / "docs" / "errors.md"
UNSEEN: set[IntEnum] = {Close.PROTOCOL_ERROR}
"""What the server below the engine says by itself, for frames that break RFC 6455."""


def documented(heading: str) -> dict[str, str]:
    """Code → its statuses as written."""
    return {codes_in(row[0])[0]: row[1] for row in rows(section(PAGE, heading))}


@pytest.mark.parametrize(
    ("heading", "codes"),
    [("Codes of the engine", engine_codes), ("Codes of the services", service_codes)],
    ids=["engine", "services"],
)
def test_every_code_is_documented_with_its_statuses(
    heading: str, codes: Callable[[], list[Coded]]
) -> None:
    coded = codes()
    known = documented(heading)
    assert coded
    missing = {f"{one.code} ({one.place})" for one in coded if one.code not in known}
    assert missing == set()
    wrong = {
        f"{one.code}: {one.status} ({one.place})"
        for one in coded
        if one.status is not None and str(one.status) not in known[one.code]
    }
    assert wrong == set()


@pytest.mark.parametrize(
    ("heading", "packages"),
    [("Codes of the engine", ENGINE), ("Codes of the services", SERVICES)],
    ids=["engine", "services"],
)
def test_no_code_is_documented_that_the_source_does_not_have(
    heading: str, packages: Iterable[str]
) -> None:
    text = "".join(file.read_text() for file in source_files(*packages))
    assert [code for code in documented(heading) if f'"{code}"' not in text] == []


def test_every_row_says_when_and_what_to_do() -> None:
    for heading in ("Codes of the engine", "Codes of the services"):
        for row in rows(section(PAGE, heading)):
            assert len(row) == 4, row
            assert all(row), row


def test_close_codes_of_websockets() -> None:
    listed = {int(row[0]) for row in rows(section(PAGE, "Close codes of websockets"))}
    assert listed == {one.value for one in Close if one not in UNSEEN}
