"""What takes long gives way: introspection, batches, large requests."""

import asyncio
import gc
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from graphql import get_introspection_query

from rowgate.base.session import Session
from rowgate.features import introspection
from rowgate.operation.select import Reader
from rowgate.pipeline import Endpoint, GraphQLRequest, graphql, preparing, run_operation
from tests.library.opening import open_library
from tests.serving import Served

EDITOR = Session("editor", {"x-hasura-user-id": "u1"})
GUEST = Session("guest")
WHOLE = get_introspection_query()
TOO_MUCH = "the introspection asks for more than 30 fields for each part of the schema"


@pytest.fixture
def library(database_url: str) -> Iterator[Served]:
    with open_library(database_url) as served:
        yield served


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads in which introspection has been answered."""
    threads: list[str] = []
    work = introspection.answer

    def noted(*given: Any) -> bytes:
        threads.append(threading.current_thread().name)
        return work(*given)

    monkeypatch.setattr(introspection, "answer", noted)
    return threads


def test_introspection_is_kept_by_role_document_and_variables(
    library: Served, answered: list[str]
) -> None:
    first = library.data(WHOLE)
    assert library.data(WHOLE) == first
    assert len(answered) == 1
    assert answered[0].startswith("introspecting")
    assert library.data(WHOLE, who=EDITOR) != first
    assert len(answered) == 2
    query = "query ($n: String!) { __type(name: $n) { name } }"
    for name in ("author", "article", "author"):
        assert library.data(query, {"n": name}) == {"__type": {"name": name}}
    assert len(answered) == 4


def test_several_that_ask_at_once_are_answered_once(library: Served, answered: list[str]) -> None:
    async def ask() -> bytes:
        body = json.dumps({"query": WHOLE}).encode()
        return (await graphql(library.engine, body, GUEST, {}, Endpoint.GRAPHQL)).body

    async def all_of_them() -> set[bytes]:
        return set(await asyncio.gather(*(ask() for _ in range(5))))

    assert len(library.loop.run_until_complete(all_of_them())) == 1
    assert len(answered) == 1


def test_what_is_kept_is_bounded(library: Served) -> None:
    kept = library.engine.world.current.introspected
    kept._limit = 400_000
    for number in range(4):
        library.data(WHOLE.replace("__schema", f"a{number}: __schema", 1))
    assert len(kept) == 1
    assert kept._weight <= 400_000


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { " + " ".join(f"a{n}: types {{ ...t }}" for n in range(40)) + " } }"
        " fragment t on __Type { name kind description fields { name args { name type { name } }"
        " type { name kind ofType { name } } } inputFields { name type { name } } }",
        "{ " + " ".join(f"a{n}: __schema {{ types {{ ...t }} }}" for n in range(40)) + " }"
        " fragment t on __Type { name kind description fields { name args { name type { name } }"
        " type { name kind ofType { name } } } inputFields { name type { name } } }",
        "{ __schema { types { possibleTypes { fields { name } } fields { type { inputFields {"
        " name } fields { type { fields { name } } } } } } } }",
    ],
)
def test_an_introspection_answer_has_a_limit(library: Served, query: str) -> None:
    error = library.refusal(query)
    assert error["code"] == "validation-failed"
    assert error["message"].startswith((TOO_MUCH, "Maximum introspection depth exceeded"))


def test_the_whole_schema_twice_is_within_it_and_zero_is_no_limit(library: Served) -> None:
    inner = WHOLE[WHOLE.index("{") + 1 :]
    library.data("query { other: __schema { types { name } } " + inner)
    many = "{ " + " ".join(f"a{n}: __schema {{ types {{ fields {{ name }} }} }}" for n in range(99))
    library.engine.settings = replace(library.engine.settings, introspection_limit=1)
    assert "more than 1 fields" in library.refusal(many + " }")["message"]
    library.engine.settings = replace(library.engine.settings, introspection_limit=0)
    library.data(many + " }")


def test_a_batch_gives_way_between_its_operations(library: Served) -> None:
    body = json.dumps([{"query": "{ __typename }"}] * 50).encode()
    turns = 0

    async def ask() -> None:
        await graphql(library.engine, body, GUEST, {}, Endpoint.GRAPHQL)

    async def both() -> None:
        nonlocal turns
        asked = asyncio.create_task(ask())
        while not asked.done():
            await asyncio.sleep(0)
            turns += 1

    library.loop.run_until_complete(both())
    assert turns >= 50


LARGE = "{ author { id " + "name " * 2_000 + "} }"


@pytest.fixture
def read_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads in which operations have been read."""
    threads: list[str] = []
    work = Reader.read

    def noted(self: Reader) -> Any:
        threads.append(threading.current_thread().name)
        return work(self)

    monkeypatch.setattr(Reader, "read", noted)
    return threads


def test_large_requests_are_read_apart_and_once(library: Served, read_in: list[str]) -> None:
    where = "query ($w: author_bool_exp!) { author(where: $w) { id } }"
    library.data("{ tag { name } }")
    assert read_in == [threading.current_thread().name]
    read_in.clear()
    asked: list[tuple[str, Any]] = [
        (LARGE, None),
        (where, {"w": {"_or": [{"id": {"_eq": 1}}] * 1_000}}),
    ]
    for query, variables in asked:
        for _ in range(2):
            library.data(query, variables)
    assert len(read_in) == 2
    assert all(one.startswith("reading") for one in read_in)


def test_operations_of_sockets_and_batches_are_read_apart(
    library: Served, read_in: list[str]
) -> None:
    async def over_socket() -> None:
        request = GraphQLRequest("{ tag { id } }", over_socket=True)
        await run_operation(library.engine, request, GUEST, {}, Endpoint.GRAPHQL)

    library.loop.run_until_complete(over_socket())
    library.send(json.dumps([{"query": "{ tag { id name } }"}]).encode())
    assert len(read_in) == 2
    assert all(one.startswith("reading") for one in read_in)


def test_reading_has_a_limit_of_time(library: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(preparing, "parse", lambda *_: goes_on.wait())
    library.engine.settings = replace(library.engine.settings, preparation_timeout=0.05)
    try:
        assert library.refusal(LARGE) == {
            "message": "the request was not read within ROWGATE_PREPARATION_TIMEOUT",
            "path": "$",
            "code": "timeout",
        }
    finally:
        goes_on.set()


@pytest.mark.parametrize("body", [b"{" * 9_000, b"[" + b"7," * 9_000 + b"7]", b'"' + b"a" * 9_000])
def test_a_large_body_that_is_no_request_is_told_so(library: Served, body: bytes) -> None:
    (error,) = json.loads(library.send(body).body)["errors"]
    assert error["extensions"]["code"] in ("invalid-json", "validation-failed", "parse-failed")


def test_garbage_is_looked_for_again_after_a_large_body(library: Served) -> None:
    for collects in (True, False):
        (gc.enable if collects else gc.disable)()
        try:
            library.data(LARGE)
            library.send(b"{" * 9_000)
            assert gc.isenabled() is collects
        finally:
            gc.enable()
