"""What a repeated request may not do: parse, read against the schema, plan, render, or decode what
Postgres built. Counted in function calls, which do not depend on the machine."""

import gc
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from rowgate.base.session import Session
from tests.library.opening import ROWS, open_library
from tests.serving import Served

EDITOR = Session("editor", {"x-hasura-user-id": "u1"})
ADMIN = Session("admin")
OPERATIONS: dict[str, tuple[str, Any, Session]] = {
    "by primary key": (
        "query ($id: Int!) { article_by_pk(id: $id) { id title views } }",
        [{"id": 1}, {"id": 2}],
        ADMIN,
    ),
    "simple list": (
        "query ($n: Int!) { article(order_by: {id: asc}, limit: $n) { id title } }",
        [{"n": 1}, {"n": 3}],
        EDITOR,
    ),
    "nested two levels": (
        "query ($name: String) { author(where: {name: {_eq: $name}}) "
        "{ name articles(order_by: {id: asc}) { title article_tags { tag { name } } } } }",
        [{"name": "Ada"}, {"name": "Cleo"}],
        ADMIN,
    ),
    "aggregate": (
        "query ($least: bigint) { article_aggregate(where: {views: {_gte: $least}}) "
        "{ aggregate { count max { views } } nodes { id } } }",
        [{"least": 1}, {"least": 100}],
        EDITOR,
    ),
    "several fields": (
        "query ($ids: [Int!]) { tag { name } author(where: {id: {_in: $ids}}) { name } "
        'search_articles(args: {word: "e"}) { id } }',
        [{"ids": [1]}, {"ids": [1, 2, 3]}],
        ADMIN,
    ),
    "a condition in a variable": (
        "query ($w: article_bool_exp!) { article(where: $w) { id } }",
        [
            {"w": {"_or": [{"id": {"_eq": 1}}, {"title": {"_like": "a"}}]}},
            {"w": {"_or": [{"id": {"_eq": 7}}, {"title": {"_like": "bcd"}}]}},
        ],
        ADMIN,
    ),
    "mutation": (
        "mutation ($title: String!) { update_article(where: {}, _set: {title: $title}) "
        "{ affected_rows returning { title } } }",
        [{"title": "One"}, {"title": "Another"}],
        EDITOR,
    ),
}
FORBIDDEN = (
    "graphql.",
    "rowgate.metadata.",
    "rowgate.operation.inputs.InputReader",
    "rowgate.operation.select",
    "rowgate.plan.",
    "rowgate.schema.build",
    "rowgate.schema.roots",
    "rowgate.snapshot.",
    "rowgate.sql.",
    "json.",
    "dataclasses",
    "re.",
)
MOST_CALLS = {"several fields": 130, "a condition in a variable": 130}
"""Calls of this package's functions that one request may make, the HTTP layer left out: more where
there are three statements, or where a variable's shape is looked at key by key."""
MOST_CALLS_ELSEWHERE = 90


@pytest.fixture(scope="module")
def library(module_database_url: str) -> Iterator[Served]:
    with open_library(module_database_url) as served:
        yield served


def calls(work: Callable[[], object]) -> tuple[Counter[str], Counter[str]]:
    """How often each Python function (`module.name`) and each built-in of orjson ran."""
    python: Counter[str] = Counter()
    built_in: Counter[str] = Counter()

    def note(frame: FrameType, event: str, what: Any) -> None:
        if event == "call":
            python[f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}"] += 1
        elif event == "c_call" and getattr(what, "__module__", None) == "orjson":
            built_in[what.__name__] += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return python, built_in


def garbage(work: Callable[[], object]) -> int:
    """How many objects it leaves that hold each other and nobody else does."""
    gc.collect()
    gc.disable()
    try:
        work()
        return gc.collect()
    finally:
        gc.enable()


def body_of(query: str, variables: Any) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_repeated_request_is_free_of_parsing_and_planning(name: str, library: Served) -> None:
    query, variables, who = OPERATIONS[name]
    library.sql(ROWS)
    for _ in range(2):
        warm = library.send(body_of(query, variables[0]), who)
    assert b'"errors"' not in warm.body, warm.body
    again = body_of(query, variables[1])
    python, built_in = calls(lambda: library.send(again, who))
    forbidden = {one: n for one, n in python.items() if one.startswith(FORBIDDEN)}
    assert not forbidden
    assert built_in == {"loads": 1} or set(built_in) == {"loads", "dumps"}, built_in
    assert built_in["loads"] == 1
    own = sum(n for one, n in python.items() if one.startswith("rowgate."))
    print(f"{name}: {own} calls of rowgate's functions, {python.total()} of any")
    assert own <= MOST_CALLS.get(name, MOST_CALLS_ELSEWHERE)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_repeated_request_leaves_no_garbage_to_be_looked_for(name: str, library: Served) -> None:
    query, variables, who = OPERATIONS[name]
    library.sql(ROWS)
    body = body_of(query, variables[0])
    library.send(body, who)
    assert garbage(lambda: [library.send(body, who) for _ in range(20)]) < 20


def test_the_first_request_does_what_the_repeated_one_may_not(library: Served) -> None:
    fresh = body_of("query ($id: Int!) { fresh: article_by_pk(id: $id) { id } }", {"id": 1})
    python, _ = calls(lambda: library.send(fresh))
    assert {one.split(".")[1] for one in python if one.startswith("rowgate.")} >= {
        "operation",
        "plan",
        "sql",
        "database",
        "response",
    }
    assert [one for one in python if one.startswith("graphql.language.parser")]


def test_what_is_kept_does_not_grow_with_values(library: Served) -> None:
    kept = library.engine.world.current.prepared
    query = """query ($id: Int!, $ids: [Int!]) {
        kept: author(where: {id: {_in: $ids, _neq: $id}}) { id }
    }"""
    before = len(kept)
    for number in range(20):
        library.data(query, {"id": number, "ids": list(range(number))})
    assert len(kept) == before + 1
    (prepared,) = [kept.get(key) for key in kept._made if key[0] == query]
    assert prepared is not None
    assert len(prepared.programs) == 1
