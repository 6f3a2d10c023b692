"""Values of types that have no JSON form but their text in Postgres' notation."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Served, serving, source

Json = Any

SCHEMA = """
create extension hstore;
create type mood as enum ('sad', 'ok');
create table thing (
    id int primary key, h hstore, hs hstore[], b bytea, c cidr, i interval, d date, u uuid, m mood,
    r int4range, t timestamptz, x inet
);
insert into thing (id) values (1);
"""
TEXTS: dict[str, tuple[str, Json]] = {
    "h": ("hstore", "a=>1"),
    "b": ("bytea", "\\xff"),
    "c": ("cidr", "10.0.0.0/8"),
    "i": ("interval", "1 day"),
    "d": ("date", "2020-01-01"),
    "u": ("uuid", "0e1d2e55-5e10-4e1d-9e5d-150e20000000"),
    "m": ("mood", "ok"),
    "r": ("int4range", "[1,5)"),
    "t": ("timestamptz", "2020-01-01T00:00:00Z"),
    "x": ("inet", "10.0.0.1"),
}


@pytest.fixture(scope="module")
def things(module_database_url: str) -> Iterator[Served]:
    document = source(module_database_url, [{"table": "thing"}])
    with serving(module_database_url, SCHEMA, document) as served:
        yield served


@pytest.mark.parametrize("column", TEXTS)
def test_texts_are_taken_and_nothing_else(column: str, things: Served) -> None:
    type_, text = TEXTS[column]
    change = f"update_thing(where: {{}}, _set: {{{column}: $v}}) {{ affected_rows }}"
    query = f"mutation ($v: {type_}) {{ {change} }}"
    assert things.data(query, {"v": text}) == {"update_thing": {"affected_rows": 1}}
    assert things.data(query, {"v": None}) == {"update_thing": {"affected_rows": 1}}
    for value in (5, 1.5, True, {"a": "1"}, ["a"]):
        refusal = things.refusal(query, {"v": value})
        assert refusal["code"] == "parse-failed", (value, refusal)
        assert refusal["message"] == f"A string is expected for type: {type_}"
    refusal = things.refusal(f"{{ thing(where: {{{column}: {{_eq: 20200101}}}}) {{ id }} }}")
    assert refusal["code"] == "parse-failed"


def test_the_same_within_arrays(things: Served) -> None:
    query = "mutation ($v: [hstore!]) { update_thing(where: {}, _set: {hs: $v}) { affected_rows } }"
    assert things.data(query, {"v": ["a=>1"]}) == {"update_thing": {"affected_rows": 1}}
    assert things.refusal(query, {"v": [{"a": "1"}]})["code"] == "parse-failed"
