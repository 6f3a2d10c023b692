"""The bench's operations: the engine, its role and the ideal statements answer the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.operations import OPERATIONS, ROLE, TENANT, Operation, metadata, plain
from rowgate.base.session import Session
from tests.serving import Served, serving

DATA = Path(__file__).parents[2] / "bench" / "data.sql"
LISTENER = Session(ROLE, {"x-hasura-tenant-id": str(TENANT)})
STRANGER = Session(ROLE, {"x-hasura-tenant-id": str(TENANT + 1)})
LARGE = 100_000


@pytest.fixture(scope="module")
def shop(module_database_url: str) -> Iterator[Served]:
    document = metadata(module_database_url)
    with serving(module_database_url, DATA.read_text(), document) as served:
        yield served


def ideal(url: str, operation: Operation, number: int, *, filtered: bool) -> Any:
    statement = operation.sql(filtered=filtered)
    for name, value in operation.variables(number).items():
        statement = statement.replace(f":{name}", repr(value))
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
@pytest.mark.parametrize("number", [0, 5])
def test_the_engine_answers_as_the_ideal_statement(
    shop: Served, operation: Operation, number: int
) -> None:
    given = operation.variables(number)
    for who, filtered in ((None, False), (LISTENER, True)):
        (answer,) = shop.data(operation.engine, given, who).values()
        expected = ideal(shop.url, operation, number, filtered=filtered)
        assert plain(answer) == plain(expected)
        assert plain(answer)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_the_role_sees_no_other_tenant(shop: Served, operation: Operation) -> None:
    (answer,) = shop.data(operation.engine, operation.variables(5), STRANGER).values()
    assert plain(answer) in (None, [], {"count": 0})


def test_the_large_answer_is_large(shop: Served) -> None:
    (large,) = (one for one in OPERATIONS if one.name == "large nested answer")
    assert len(shop.ask(large.engine)["data"]["artist"]) == 40
    body = shop.send(b'{"query":"%s"}' % large.engine.encode()).body
    assert len(body) >= LARGE
