"""An object relationship is joined only where a key says that it finds one row at most, and shows
what the role may see of that row: no row of the parent is lost, none comes twice."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from rowgate.base.session import Session
from tests.serving import Served, serving, source

SCRIPT = """
create extension citext;
create table letter (code text primary key, name text);
insert into letter values ('a', 'small'), ('A', 'large');
create table country (code text primary key, name text, hidden boolean not null default false);
create table alias (code text, name text);
create table late (code text, name text, unique (code) deferrable initially deferred);
create table place (code text primary key, name text);
create table place_below () inherits (place);
create table town (
    id int primary key, code text references country, name text, mayor int unique,
    initial citext
);
create table mayor (id int primary key, name text, town int unique references town);
insert into country values ('a', 'A', false), ('b', 'B', true);
insert into alias values ('a', 'one'), ('a', 'two');
insert into place values ('a', 'above');
insert into place_below values ('a', 'below');
insert into town values (1, 'a', 'first'), (2, 'b', 'second'), (3, null, 'third');
update town set initial = 'a' where id = 1;
insert into mayor values (10, 'Ann', 1);
"""


def by_code(name: str, table: str) -> Any:
    mapping = {"remote_table": table, "column_mapping": {"code": "code"}}
    return {"name": name, "using": {"manual_configuration": mapping}}


def seen(**permission: Any) -> Any:
    return [{"role": "user", "permission": {"columns": "*", "filter": {}, **permission}}]


@pytest.fixture(scope="module")
def towns(module_database_url: str) -> Iterator[Served]:
    relatives = [by_code(name, name) for name in ("alias", "late", "place")]
    initial = {"remote_table": "letter", "column_mapping": {"initial": "code"}}
    relatives.append({"name": "letter", "using": {"manual_configuration": initial}})
    relatives.append({"name": "country", "using": {"foreign_key_constraint_on": "code"}})
    back = {"foreign_key_constraint_on": {"table": "mayor", "column": "town"}}
    relatives.append({"name": "held_by", "using": back})
    above = {"name": "of", "using": {"foreign_key_constraint_on": "town"}}
    tables = [
        {"table": name, "select_permissions": seen()}
        for name in ("alias", "late", "letter", "place")
    ]
    tables += [
        {"table": "town", "object_relationships": relatives, "select_permissions": seen()},
        {"table": "mayor", "object_relationships": [above], "select_permissions": seen()},
        {"table": "country", "select_permissions": seen(filter={"hidden": {"_eq": False}})},
    ]
    with serving(module_database_url, SCRIPT, source(module_database_url, tables)) as served:
        yield served


USER = Session("user", {"x-hasura-role": "user"})


def text_of(served: Served, query: str) -> str:
    with served.watched() as ran:
        served.data(query)
    (statement,) = ran
    return str(statement.text)


def test_rows_that_the_role_may_not_see_are_null_and_their_parents_stay(towns: Served) -> None:
    query = "{ town(order_by: {id: asc}) { id country { name } } }"
    assert " left join " in text_of(towns, query)
    assert towns.data(query, who=USER)["town"] == [
        {"id": 1, "country": {"name": "A"}},
        {"id": 2, "country": None},
        {"id": 3, "country": None},
    ]


@pytest.mark.parametrize("name", ["alias", "late", "place"])
def test_what_no_key_bounds_is_not_joined(name: str, towns: Served) -> None:
    query = f"{{ town(order_by: {{id: asc}}) {{ id {name} {{ code }} }} }}"
    assert " left join " not in text_of(towns, query)
    assert [row["id"] for row in towns.data(query)["town"]] == [1, 2, 3]


def test_a_key_bounds_only_what_is_compared_as_it_compares(towns: Served) -> None:
    query = "{ town(order_by: {id: asc}) { id letter { code } } }"
    assert " left join " not in text_of(towns, query)
    assert [row["id"] for row in towns.data(query)["town"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("nested", "shown"),
    [
        (" ".join(f"a{n}: country {{ name }}" for n in range(400)), {"name": "A"}),
        ("a0: country { name } " + "held_by { of { " * 40 + "id" + " } }" * 40, {"name": "A"}),
    ],
)
def test_few_are_joined_at_once_since_planning_many_takes_for_ever(
    nested: str, shown: Any, towns: Served
) -> None:
    query = f"{{ town(order_by: {{id: asc}}) {{ {nested} }} }}"
    began = time.monotonic()
    assert towns.data(query)["town"][0]["a0"] == shown
    assert time.monotonic() - began < 10
    if nested.startswith("a0: country { name } a1:"):
        assert text_of(towns, query).count(" left join ") == 7


def test_relatives_of_relatives_and_lists_below_them(towns: Served) -> None:
    query = "{ mayor { name of { name country { name } held_by { name } } } }"
    assert text_of(towns, query).count(" left join ") == 3
    of = {"name": "first", "country": {"name": "A"}, "held_by": {"name": "Ann"}}
    assert towns.data(query, who=USER)["mayor"] == [{"name": "Ann", "of": of}]
    row = towns.data("{ town_by_pk(id: 3) { id country { name } held_by { of { id } } } }")
    assert row["town_by_pk"] == {"id": 3, "country": None, "held_by": None}


def test_within_a_window_relatives_are_looked_up_for_its_rows_alone(towns: Served) -> None:
    query = "{ town(order_by: {id: asc}, limit: 2) { id country { name } } }"
    assert " left join " not in text_of(towns, query)
    assert towns.data(query)["town"] == [
        {"id": 1, "country": {"name": "A"}},
        {"id": 2, "country": {"name": "B"}},
    ]
