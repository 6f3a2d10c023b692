"""The permission differential: the engine answers as an independent oracle does, and what a role
cannot see never changes what it is answered.

2,000 requests by default; `ROWGATE_PROPERTY_CASES` says how many, in rounds that may run side by
side. A failure names the seed of its world, so that `make_world(seed, …)` gives the tables, rows
and rules again.
"""

import asyncio
import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from rowgate.postgres import EmbeddedPostgres
from tests.conftest import fresh_database
from tests.properties.choices import Drawn
from tests.properties.differential import READS, WRITES, Round, case_of, check_reads, check_write

CASES = int(os.environ.get("ROWGATE_PROPERTY_CASES", "2000"))
ROUND = 2000


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.mark.parametrize("number", range(max(1, CASES // ROUND)))
def test_the_engine_answers_as_the_oracle(
    number: int,
    postgres_server: EmbeddedPostgres,
    loop: asyncio.AbstractEventLoop,
    record_property: Callable[[str, object], None],
) -> None:
    cases = min(CASES, ROUND)

    @seed(number)
    @settings(
        max_examples=cases // (READS + WRITES),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        choices = Drawn(data)
        case = case_of(current, choices)
        check_reads(case, choices)
        for _ in range(WRITES):
            check_write(case, choices)

    for url in fresh_database(postgres_server):
        current = Round(number, url, loop)
        try:
            check()
        finally:
            current.close()
    tried = current.tried
    record_property("tried", dict(tried))
    assert tried["answered"] > 0.5 * cases
    assert tried["asked together"] > 0.3 * cases
    assert tried["undisturbed"] > 0.2 * cases
    assert tried["changed"] > 0.04 * cases
