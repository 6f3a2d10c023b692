"""Golden cases: the plan, the SQL and the answer of a request, compared with what was reviewed.

`make golden` (`ROWGATE_REWRITE_GOLDEN=1`) rewrites the artefacts; the review reads the difference.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.recording import ARTEFACTS, CASES, read_request, record
from tests.library.opening import open_library
from tests.serving import Served

REWRITE = os.environ.get("ROWGATE_REWRITE_GOLDEN") == "1"


@pytest.fixture(scope="module")
def library(module_database_url: str) -> Iterator[Served]:
    with open_library(module_database_url) as served:
        yield served


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path, library: Served) -> None:
    made = record(library, case)
    if REWRITE:
        for name, text in made.items():
            (case / name).write_text(text)
    for name in ARTEFACTS:
        assert made[name] == (case / name).read_text(), f"{case.name}/{name} is not as reviewed"


def test_every_case_is_whole_and_distinct() -> None:
    assert len(CASES) >= 40
    wanted = {"request.yaml", *ARTEFACTS}
    assert {case.name: {one.name for one in case.iterdir()} ^ wanted for case in CASES} == {
        case.name: set() for case in CASES
    }
    asked = [(one.query, str(one.variables), one.session.role) for one in map(read_request, CASES)]
    assert len(set(asked)) == len(asked)
