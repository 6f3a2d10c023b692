"""What the oracle is worth: every mistake of `mutants` is found within a few cases.

Once by default; as often as `ROWGATE_PROPERTY_CASES` has 20,000, in other worlds each time.
"""

import asyncio
import os
from collections.abc import Callable

import pytest

from rowgate.postgres import EmbeddedPostgres
from tests.conftest import fresh_database
from tests.properties.choices import Seeded
from tests.properties.differential import Round, case_of, check_write, judged_reads
from tests.properties.mutants import MUTANTS, Mutant
from tests.properties.worlds import INHERITED, ROLES

CASES = int(os.environ.get("ROWGATE_PROPERTY_CASES", "2000"))
ROUNDS = max(1, CASES // 20_000)
WITHIN = 2000
"""Cases in which a mistake must be found: sessions with three reads or one mutation each."""
WORLDS = 20
"""So many in the end, few at first: most mistakes show soon, and a world takes time to make."""


CONTROLLED = 50
"""Cases in which nothing is found where there is no mistake."""


def test_nothing_is_found_where_there_is_no_mistake(postgres_server: EmbeddedPostgres) -> None:
    for url in fresh_database(postgres_server):
        loop = asyncio.new_event_loop()
        for writes in (False, True):
            nothing = Mutant("", None, "", lambda right: right, writes)
            assert _found(Round(0, url, loop), CONTROLLED, nothing) is None
        loop.close()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.title)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_mistake_is_found(
    number: int,
    mutant: Mutant,
    postgres_server: EmbeddedPostgres,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    right = getattr(mutant.owner, mutant.name)
    monkeypatch.setattr(mutant.owner, mutant.name, mutant.mistaken(right))
    for url in fresh_database(postgres_server):
        loop = asyncio.new_event_loop()
        found = _found(Round(number, url, loop), WITHIN, mutant)
        loop.close()
    record_property("found after", found)
    assert found is not None


def _found(current: Round, cases: int, mutant: Mutant) -> int | None:
    """After how many cases the engine and the oracle disagreed; None where they never did."""
    roles = tuple(INHERITED) if mutant.inherited else ROLES
    try:
        for at in range(cases):
            choices = Seeded(current.number * WITHIN + at)
            case = case_of(current, choices, min(WORLDS, 3 + at // 10), roles)
            try:
                if mutant.writes:
                    check_write(case, choices)
                else:
                    judged_reads(case, choices)
            except pytest.fail.Exception:
                return at + 1
        return None
    finally:
        current.close()
