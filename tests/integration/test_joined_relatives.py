"""An object relationship is joined only where a key says that it finds one row at most, and shows
what the role may see of that row: no row of the parent is lost, none comes twice."""

import time
from collections.abc import Callable, Iterator
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
create function greeting(country) returns text language sql stable as
    $$ select coalesce($1.name, 'Z') $$;
create table person (id int primary key, name text not null);
create table errand (id int primary key, day int not null, person_id int references person);
insert into person select n, 'p' || n from generate_series(1, 5000) as n;
insert into errand select n, n % 7, 1 + n * 31 % 5000 from generate_series(1, 5000) as n;
analyze person, errand;
create function late_errands() returns setof errand language sql stable as
    $$ select * from errand order by day desc, id limit 1000 $$;
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
        {
            "table": "town",
            "object_relationships": relatives,
            "select_permissions": seen(allow_aggregations=True),
        },
        {"table": "mayor", "object_relationships": [above], "select_permissions": seen()},
        {
            "table": "country",
            "computed_fields": [
                {"name": "greeting", "definition": {"function": "greeting"}},
            ],
            "array_relationships": [
                {
                    "name": "towns",
                    "using": {"foreign_key_constraint_on": {"table": "town", "column": "code"}},
                }
            ],
            "select_permissions": seen(
                filter={"hidden": {"_eq": False}},
                computed_fields=["greeting"],
                allow_aggregations=True,
            ),
        },
        {"table": "person", "select_permissions": seen(filter={"id": {"_gt": 100}})},
        {
            "table": "errand",
            "object_relationships": [
                {"name": "person", "using": {"foreign_key_constraint_on": "person_id"}}
            ],
            "select_permissions": seen(limit=900),
        },
    ]
    functions = [{"function": "late_errands"}]
    with serving(
        module_database_url, SCRIPT, source(module_database_url, tables, functions)
    ) as served:
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
    joins = 1 if nested.startswith("a0: country { name } a1:") else 7
    _, outermost = text_of(towns, query).split('"town" as t0 ')
    assert outermost.count("left join ") == joins


def test_relatives_of_relatives_and_lists_below_them(towns: Served) -> None:
    query = "{ mayor { name of { name country { name } held_by { name } } } }"
    assert text_of(towns, query).count(" left join ") == 3
    of = {"name": "first", "country": {"name": "A"}, "held_by": {"name": "Ann"}}
    assert towns.data(query, who=USER)["mayor"] == [{"name": "Ann", "of": of}]
    row = towns.data("{ town_by_pk(id: 3) { id country { name } held_by { of { id } } } }")
    assert row["town_by_pk"] == {"id": 3, "country": None, "held_by": None}


def test_to_a_window_relatives_are_joined_for_its_rows_alone(towns: Served) -> None:
    query = "{ town(order_by: {id: asc}, limit: 2) { id country { name } } }"
    windowed, joined = text_of(towns, query).split(" left join ")
    assert " limit " in windowed
    assert " limit " not in joined
    assert towns.data(query)["town"] == [
        {"id": 1, "country": {"name": "A"}},
        {"id": 2, "country": {"name": "B"}},
    ]


def test_a_relative_to_sort_by_and_to_show_is_joined_once(towns: Served) -> None:
    query = """{ town(order_by: [{country: {name: desc_nulls_last}}, {id: desc}]) {
        id country { name }
    } }"""
    assert text_of(towns, query).count(" left join ") == 1
    assert [row["id"] for row in towns.data(query)["town"]] == [2, 1, 3]
    # What the role may not see is null to it in the order too.
    assert [row["id"] for row in towns.data(query, who=USER)["town"]] == [1, 3, 2]
    aggregated = """{ town_aggregate(order_by: {country: {name: asc_nulls_first}}, limit: 2) {
        nodes { id } aggregate { count }
    } }"""
    assert text_of(towns, aggregated).count(" left join ") == 1
    found = towns.data(aggregated)["town_aggregate"]
    assert found == {"nodes": [{"id": 3}, {"id": 1}], "aggregate": {"count": 2}}
    reached = "{ mayor(order_by: {of: {country: {name: asc}}}) { name of { country { name } } } }"
    assert text_of(towns, reached).count(" left join ") == 2
    windowed = """{ town(order_by: {country: {name: desc_nulls_last}}, limit: 2) {
        id country { name }
    } }"""
    assert text_of(towns, windowed).count(" left join ") == 2
    assert [row["id"] for row in towns.data(windowed)["town"]] == [2, 1]


@pytest.mark.parametrize(
    "key", ["greeting: desc_nulls_last", "towns_aggregate: {count: asc_nulls_last}"]
)
def test_of_a_relative_that_is_not_there_nothing_is_made_to_sort_by(
    key: str, towns: Served
) -> None:
    query = f"{{ town(order_by: [{{country: {{{key}}}}}, {{id: desc}}]) {{ id }} }}"
    assert " left join " in text_of(towns, query)
    assert [row["id"] for row in towns.data(query, who=USER)["town"]] == [1, 3, 2]


def test_what_no_key_bounds_is_not_joined_to_sort_by_either(towns: Served) -> None:
    query = "{ town(order_by: [{alias: {name: asc}}, {id: asc}]) { id } }"
    assert " left join " not in text_of(towns, query)
    assert sorted(row["id"] for row in towns.data(query)["town"]) == [1, 2, 3]


def errands(shown: Callable[[int], bool] = lambda _: True) -> list[tuple[int, Any]]:
    """Each errand's id and person as they are shown, the latest day first, then the least id."""
    ids = sorted(range(1, 5001), key=lambda n: (-(n % 7), n))
    people = {n: 1 + n * 31 % 5000 for n in ids}
    return [(n, {"name": f"p{people[n]}"} if shown(people[n]) else None) for n in ids]


@pytest.mark.parametrize(
    ("given", "start", "count"), [("limit: 1000", 0, 1000), ("offset: 10", 10, 4990)]
)
def test_relatives_that_are_hashed_do_not_disturb_the_order(
    given: str, start: int, count: int, towns: Served
) -> None:
    query = (
        f"{{ errand(order_by: [{{day: desc}}, {{id: asc}}], {given}) {{ id person {{ name }} }} }}"
    )
    found = [(row["id"], row["person"]) for row in towns.data(query)["errand"]]
    assert found == errands()[start : start + count]


def test_a_function_keeps_its_order(towns: Served) -> None:
    rows = towns.data("{ late_errands { id person { name } } }")["late_errands"]
    assert [(row["id"], row["person"]) for row in rows] == errands()[:1000]


def test_a_roles_limit_is_a_window_too(towns: Served) -> None:
    query = "{ errand(order_by: [{day: desc}, {id: asc}]) { id person { name } } }"
    found = [(row["id"], row["person"]) for row in towns.data(query, who=USER)["errand"]]
    assert found == errands(lambda person: person > 100)[:900]


def test_the_first_of_each_kind_with_its_relatives(towns: Served) -> None:
    query = """{ errand(distinct_on: day, order_by: [{day: asc}, {id: desc}]) {
        id day person { name }
    } }"""
    last = {n % 7: n for n in range(1, 5001)}
    assert towns.data(query)["errand"] == [
        {"id": last[day], "day": day, "person": {"name": f"p{1 + last[day] * 31 % 5000}"}}
        for day in range(7)
    ]
