"""Variables that may be null and are not given: null by default, taken out of the operation with
the experimental feature `no_null_unbound_variable_default`."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Served, serving, source

Json = Any

SCHEMA = """
create table thing (
    id int primary key, name text default 'unnamed', tags text[], data jsonb
);
insert into thing values (1, 'one', '{a}', '{"a": 1}'), (2, 'two', '{b}', '{"b": 2}');
"""
FEATURE = {"HASURA_GRAPHQL_EXPERIMENTAL_FEATURES": "no_null_unbound_variable_default"}


def _served(url: str, options: dict[str, str]) -> Any:
    return serving(url, SCHEMA, source(url, [{"table": "thing"}]), options=options)


@pytest.fixture
def removing(database_url: str) -> Iterator[Served]:
    with _served(database_url, FEATURE) as one:
        yield one


@pytest.fixture
def nulling(database_url: str) -> Iterator[Served]:
    with _served(database_url, {}) as one:
        yield one


INSERT = """mutation ($id: Int!, $name: String, $data: jsonb) {
    insert_thing_one(object: {id: $id, name: $name, data: $data}) { name data } }"""
UPDATE = """mutation ($name: String, $tags: [String!]) {
    update_thing(where: {id: {_eq: 1}}, _set: {name: $name, tags: $tags}) {
        returning { name tags } } }"""


def test_they_are_null_by_default(nulling: Served) -> None:
    assert nulling.data(INSERT, {"id": 3})["insert_thing_one"] == {"name": None, "data": None}
    assert nulling.data(UPDATE, {})["update_thing"] == {"returning": [{"name": None, "tags": None}]}


def test_they_are_taken_out_with_the_feature(removing: Served) -> None:
    for given, name in (({}, "unnamed"), ({"name": None}, None), ({"name": "x"}, "x")):
        removing.sql("delete from thing where id = 3")
        answer = removing.data(INSERT, {"id": 3, **given})["insert_thing_one"]
        assert answer == {"name": name, "data": None}
    changes: tuple[tuple[dict[str, object], dict[str, object]], ...] = (
        ({"name": "new"}, {"name": "new", "tags": ["a"]}),
        ({"tags": ["c"]}, {"name": "new", "tags": ["c"]}),
        ({"tags": None}, {"name": "new", "tags": None}),
    )
    for change, row in changes:
        assert removing.data(UPDATE, change)["update_thing"]["returning"] == [row]
    assert removing.data(UPDATE, {})["update_thing"] == {"returning": []}, "nothing to set"


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("query ($l: Int) { thing(limit: $l) { id } }", 2),
        ("query ($w: thing_bool_exp) { thing(where: $w) { id } }", 2),
        ("query ($i: Int) { thing(where: {id: {_eq: $i}}) { id } }", 2),
        ("query ($i: Int) { thing(where: {id: {_in: [1, $i]}}) { id } }", 1),
        ("query ($w: thing_bool_exp) { thing(where: {_and: [{id: {_eq: 1}}, $w]}) { id } }", 1),
        ("query ($n: Int) { thing(where: {data: {_contains: {a: 1, b: $n}}}) { id } }", 1),
        ("query ($i: Int = 2) { thing(where: {id: {_eq: $i}}) { id } }", 1),
    ],
)
def test_everywhere_in_an_operation(query: str, rows: int, removing: Served) -> None:
    assert len(removing.data(query, {})["thing"]) == rows
    assert len(removing.data(query, {})["thing"]) == rows, "the same again, from memory"


def test_one_that_is_needed_is_missed(removing: Served) -> None:
    for query in (
        "query ($i: Int!) { thing(where: {id: {_eq: $i}}) { id } }",
        "query ($i: Int) { thing_by_pk(id: $i) { id } }",
    ):
        assert removing.refusal(query, {})["code"] == "validation-failed"
