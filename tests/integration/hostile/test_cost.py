"""Any document up to 100 KB costs at most 250 ms of CPU, however it is made."""

import time
from collections.abc import Callable

import pytest

from tests.integration.hostile.corpus import LARGEST, documents
from tests.integration.hostile.judging import judged, still_works
from tests.serving import Served

ALLOWED = 0.250
"""Seconds of this process's CPU for one document."""
SLACK = 2
"""For machines that are slower, or busy."""
ATTEMPTS = 3
EMPTY = "truncate author, article, tag, article_tag restart identity"
DOCUMENTS = dict(documents())


@pytest.fixture(scope="module", autouse=True)
def warm(library: Served) -> None:
    """Schemas are built once a role, not once a document; and what is asked here finds no rows,
    since how long Postgres may work has a limit of its own."""
    library.sql(EMPTY)
    library.ask("{ __schema { types { fields { name } inputFields { name } } } }")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_costs_more_than_it_may(
    name: str, library: Served, record_property: Callable[[str, object], None]
) -> None:
    body = DOCUMENTS[name]
    spent = []
    for _ in range(ATTEMPTS):
        spent.append(_cost(library, body))
        if spent[-1] <= ALLOWED:
            break
    figure = f"{min(spent) * 1000:.0f} ms of CPU for {len(body)} bytes"
    record_property("cost", figure)
    print(f"{name}: {figure}")
    assert min(spent) <= ALLOWED * SLACK, figure
    still_works(library)


def _cost(library: Served, body: bytes) -> float:
    """Seconds of CPU that a document costs which was never seen before."""
    library.engine.world.current.prepared = type(library.engine.world.current.prepared)(100)
    started = time.process_time()
    answer = library.send(body)
    spent = time.process_time() - started
    judged(answer)
    if b"mutation" in body[:40]:
        library.sql(EMPTY)
    return spent


def test_the_corpus_is_large() -> None:
    assert len(DOCUMENTS) > 80
    assert sum(len(body) > LARGEST * 3 / 4 for body in DOCUMENTS.values()) > 20
