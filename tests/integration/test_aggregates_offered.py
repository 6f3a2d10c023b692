"""Aggregates over computed fields, and of rows of which a role sees no column."""

from collections.abc import Iterator
from typing import Any

import pytest

from rowgate.base.session import Session
from tests.serving import Served, serving, source

Json = Any

SCHEMA = """
create table owner (id int primary key, name text not null);
create table item (id int primary key, owner int references owner (id), price numeric);
insert into owner values (1, 'ann'), (2, 'bob'), (3, 'cid');
insert into item values (1, 1, 1.5), (2, 1, 2.5), (3, 2, 10);
create function label(i item) returns text language sql stable as $$ select 'i' || i.id $$;
create function times(i item, factor int) returns numeric language sql stable as
    $$ select i.price * factor $$;
create function asked(i item, session json) returns text language sql stable as
    $$ select session ->> 'x-hasura-role' || i.id $$;
create function data(i item) returns jsonb language sql stable as $$ select to_jsonb(i) $$;
create function cheap(o owner) returns setof item language sql stable as
    $$ select * from item where owner = o.id and price < 5 $$;
"""
COMPUTED = ["label", "times", "asked", "data"]


def _select(role: str, columns: Json, **more: Json) -> Json:
    permission = {"columns": columns, "filter": {}, "allow_aggregations": True, **more}
    return {"role": role, "permission": permission}


@pytest.fixture(scope="module")
def shop(module_database_url: str) -> Iterator[Served]:
    functions: dict[str, Json] = {name: {"function": name} for name in COMPUTED}
    functions["asked"]["session_argument"] = "session"
    item = {
        "table": "item",
        "computed_fields": [{"name": name, "definition": functions[name]} for name in COMPUTED],
        "select_permissions": [
            _select("user", ["id", "price"], computed_fields=COMPUTED),
            _select("counter", [], filter={"owner": {"_eq": 1}}),
            _select("blind", [], allow_aggregations=False),
            _select("some", [], query_root_fields=["select"]),
        ],
    }
    between = {"foreign_key_constraint_on": {"table": "item", "column": "owner"}}
    owner = {
        "table": "owner",
        "array_relationships": [{"name": "items", "using": between}],
        "computed_fields": [{"name": "cheap", "definition": {"function": "cheap"}}],
        "select_permissions": [
            _select(role, ["id", "name"]) for role in ("user", "counter", "blind")
        ],
    }
    with serving(module_database_url, SCHEMA, source(module_database_url, [item, owner])) as one:
        yield one


USER, COUNTER = Session("user", {}), Session("counter", {})


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("max { label }", {"label": "i3"}),
        ("min { label id }", {"label": "i1", "id": 1}),
        ("max { times(args: {factor: 2}) }", {"times": 20.0}),
        ("sum { times(args: {factor: 2}) price }", {"times": 28.0, "price": 14.0}),
        ("avg { a: times(args: {factor: 3}) b: times(args: {factor: 6}) }", {"a": 14, "b": 28}),
        ("max { asked }", {"asked": "user3"}),
    ],
)
def test_computed_fields_are_aggregated(asked: str, value: Json, shop: Served) -> None:
    query = f"{{ item_aggregate {{ aggregate {{ {asked} }} }} }}"
    (found,) = shop.data(query, who=USER)["item_aggregate"]["aggregate"].values()
    assert found == value


def test_through_relationships_and_functions_too(shop: Served) -> None:
    query = """{ owner(order_by: {id: asc}, limit: 1) {
        items_aggregate { aggregate { max { label times(args: {factor: 2}) } } }
        cheap_aggregate { aggregate { min { label } } } } }"""
    assert shop.data(query, who=USER)["owner"] == [
        {
            "items_aggregate": {"aggregate": {"max": {"label": "i2", "times": 5.0}}},
            "cheap_aggregate": {"aggregate": {"min": {"label": "i1"}}},
        }
    ]


def test_what_has_no_order_has_no_maximum(shop: Served) -> None:
    query = "{ item_aggregate { aggregate { max { data } } } }"
    assert shop.refusal(query, who=USER)["code"] == "validation-failed"


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("cheap_aggregate: {count: desc}, id: asc", [1, 2, 3]),
        ("cheap_aggregate: {count: asc}, id: desc", [3, 2, 1]),
        ("cheap_aggregate: {max: {price: asc_nulls_first}}, id: desc", [3, 2, 1]),
        ("cheap_aggregate: {sum: {price: desc_nulls_last}}, id: desc", [1, 3, 2]),
    ],
)
def test_rows_are_ordered_by_aggregates_of_a_function(
    order: str, ids: list[int], shop: Served
) -> None:
    order = ", ".join(f"{{{one}}}" for one in order.rsplit(", ", 1))
    query = f"{{ owner(order_by: [{order}]) {{ id }} }}"
    assert [row["id"] for row in shop.data(query, who=USER)["owner"]] == ids


def test_the_functions_rows_stand_under_the_roles_filter(shop: Served) -> None:
    query = "{ owner(order_by: [{cheap_aggregate: {count: desc}}, {id: asc}]) { id } }"
    assert [row["id"] for row in shop.data(query, who=COUNTER)["owner"]] == [1, 2, 3]
    blind = Session("blind", {})
    assert shop.refusal(query, who=blind)["code"] == "validation-failed"


def test_who_sees_no_column_may_yet_count(shop: Served) -> None:
    query = """{ item_aggregate(where: {}, limit: 5) { aggregate { count } __typename }
        owner(order_by: [{items_aggregate: {count: desc}}, {id: asc}],
            where: {items_aggregate: {count: {predicate: {_gte: 0}}}}) {
            id items_aggregate { aggregate { count } } } }"""
    answer = shop.data(query, who=COUNTER)
    counted = {"aggregate": {"count": 2}, "__typename": "item_aggregate"}
    assert answer["item_aggregate"] == counted
    counts = [one["items_aggregate"]["aggregate"]["count"] for one in answer["owner"]]
    assert counts == [2, 0, 0]


@pytest.mark.parametrize(
    "query",
    [
        "{ item { __typename } }",
        "{ item_by_pk(id: 1) { __typename } }",
        "{ item_aggregate { nodes { id } } }",
        "{ item_aggregate { aggregate { max { id } } } }",
        "{ item_aggregate { aggregate { count(columns: [id]) } } }",
        "{ item_aggregate(where: {id: {_eq: 1}}) { aggregate { count } } }",
        "{ owner { items { __typename } } }",
    ],
)
def test_but_sees_nothing_else(query: str, shop: Served) -> None:
    assert shop.refusal(query, who=COUNTER)["code"] == "validation-failed"


@pytest.mark.parametrize("role", ["blind", "some"])
def test_who_may_not_aggregate_does_not(role: str, shop: Served) -> None:
    query = "{ item_aggregate { aggregate { count } } }"
    assert shop.refusal(query, who=Session(role, {}))["code"] == "validation-failed"


def test_the_schema_is_valid_for_everybody(shop: Served) -> None:
    query = "{ __schema { types { name fields { name } inputFields { name } } } }"
    for role in ("user", "counter", "blind", "some", "admin"):
        types = shop.data(query, who=Session(role, {}))["__schema"]["types"]
        empty = [one["name"] for one in types if [] in (one["fields"], one["inputFields"])]
        assert not empty, (role, empty)
