"""Columns named like what generated SQL names itself: `t0`, `c`, …; and those that may not be."""

from collections.abc import Iterator

import pytest

from rowgate.base.session import Session
from rowgate.pipeline import Endpoint
from tests.serving import Served, serving, source

INTERNAL = ("t0", "t1", "t0_1", "c", "o", "b", "r", "g", "u", "x", "n", "written", "held", "row")
SCRIPT = f"""
create table event (
    id int primary key, up int references event (id),
    {", ".join(f'"{name}" int not null default {number}' for number, name in enumerate(INTERNAL))}
);
create function label (event) returns text language sql stable as $$
    select $1.id || ':' || $1.t0 || ':' || $1.c
$$;
create function below (event) returns setof event language sql stable as $$
    select * from event where up = $1.id
$$;
insert into event (id, up) values (1, null), (2, 1), (3, 1);
"""
LABEL = {"name": "label", "definition": {"function": "label"}}
BELOW = {"name": "below", "definition": {"function": "below"}}
TABLE = {
    "table": "event",
    "computed_fields": [LABEL, BELOW],
    "object_relationships": [
        {"name": "above", "using": {"foreign_key_constraint_on": "up"}},
    ],
    "array_relationships": [
        {
            "name": "parts",
            "using": {"foreign_key_constraint_on": {"table": "event", "column": "up"}},
        }
    ],
    "select_permissions": [
        {
            "role": "user",
            "permission": {
                "columns": "*",
                "computed_fields": ["label"],
                "filter": {"label": {"_like": "%:0:3"}},
                "limit": 2,
                "allow_aggregations": True,
            },
        }
    ],
    "insert_permissions": [
        {"role": "user", "permission": {"columns": "*", "check": {"label": {"_like": "%:3"}}}}
    ],
}
USER = Session("user")
COLUMNS = " ".join(INTERNAL)


@pytest.fixture(scope="module")
def served(module_database_url: str) -> Iterator[Served]:
    document = source(module_database_url, [TABLE])
    with serving(module_database_url, SCRIPT, document) as one:
        yield one


ROW = {name: number for number, name in enumerate(INTERNAL)}


def test_rows_relatives_and_computed_fields(served: Served) -> None:
    query = (
        f"{{ event(order_by: {{label: asc}}) {{ id label {COLUMNS} above {{ label {COLUMNS} }} "
        "parts(order_by: {id: asc}) { label } below(order_by: {label: desc}) { label } } }"
    )
    first, second, _ = served.data(query)["event"]
    below = [{"label": "3:0:3"}, {"label": "2:0:3"}]
    parts = list(reversed(below))
    assert first == {
        "id": 1,
        "label": "1:0:3",
        **ROW,
        "above": None,
        "parts": parts,
        "below": below,
    }
    assert second["above"] == {"label": "1:0:3", **ROW}


def test_aggregates(served: Served) -> None:
    query = (
        f"{{ event_aggregate(order_by: {{id: asc}}) {{ aggregate {{ count max {{ {COLUMNS} }} }} "
        f"nodes {{ label {COLUMNS} }} group_by(keys: [{{column: t0}}, {{column: c}}]) "
        "{ group_key { t0 c } aggregate { count } } } }"
    )
    for who, shown in ((None, 3), (USER, 2)):
        found = served.data(query, who=who)["event_aggregate"]
        assert found["aggregate"] == {"count": 3, "max": ROW}
        assert len(found["nodes"]) == shown
        assert found["nodes"][0] == {"label": "1:0:3", **ROW}
        assert found["group_by"] == [{"group_key": {"t0": 0, "c": 3}, "aggregate": {"count": 3}}]


@pytest.mark.parametrize("arguments", ["first: 2", "last: 2", "first: 2, order_by: {label: asc}"])
def test_connections(served: Served, arguments: str) -> None:
    page = "pageInfo { startCursor endCursor hasNextPage }"
    shown = f"edges {{ cursor node {{ label {COLUMNS} }} }} {page}"
    query = (
        f"{{ event_connection({arguments}) {{ {shown} }} "
        "one: event_connection(where: {id: {_eq: 1}}) "
        f"{{ edges {{ node {{ parts_connection({arguments}) {{ {shown} }} }} }} }} }}"
    )
    answer = served.ask(query, endpoint=Endpoint.RELAY)
    edges = answer["data"]["event_connection"]["edges"]
    assert [edge["node"]["c"] for edge in edges] == [3, 3]
    ends = answer["data"]["event_connection"]["pageInfo"]
    assert (ends["startCursor"], ends["endCursor"]) == (edges[0]["cursor"], edges[1]["cursor"])
    (one,) = answer["data"]["one"]["edges"]
    assert len(one["node"]["parts_connection"]["edges"]) == 2


def test_changes(served: Served) -> None:
    returned = f"affected_rows returning {{ label {COLUMNS} parts {{ id }} above {{ label }} }}"
    for relatives in (returned, returned.replace("parts { id } above { label }", "")):
        insert = f"mutation {{ insert_event(objects: [{{id: 9, up: 2}}]) {{ {relatives} }} }}"
        made = served.data(insert, who=USER)["insert_event"]
        assert made["affected_rows"] == 1
        assert made["returning"][0].items() >= {"label": "9:0:3", **ROW}.items()
        own = 'where: {label: {_eq: "9:0:3"}}'
        update = f"mutation {{ update_event({own}, _inc: {{t0: 1}}) {{ {relatives} }} }}"
        assert served.data(update)["update_event"]["returning"][0]["label"] == "9:1:3"
        delete = f"mutation {{ delete_event(where: {{t0: {{_eq: 1}}}}) {{ {relatives} }} }}"
        assert served.data(delete)["delete_event"]["returning"][0]["label"] == "9:1:3"
    refused = served.refusal(
        "mutation { insert_event(objects: [{id: 9, c: 4}]) { returning { label } } }", who=USER
    )
    assert refused["code"] == "permission-error"


@pytest.mark.parametrize("name", ["rowgate:row", "rowgate:number", "rowgate:ok", "rowgate:"])
def test_a_reserved_name_makes_its_table_inconsistent(name: str, database_url: str) -> None:
    script = f'create table event (id int primary key, "{name}" int); create table other (id int);'
    document = source(database_url, [{"table": "event"}, {"table": "other"}])
    with pytest.raises(AssertionError) as told, serving(database_url, script, document):
        pass
    assert f'the name of the column "{name}" is reserved' in str(told.value)
    assert "table event" in str(told.value)
    assert "other" not in str(told.value)
