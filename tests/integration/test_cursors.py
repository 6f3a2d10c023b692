"""Relay's cursors: which names they keep values under, and what is none."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from rowgate.pipeline import Endpoint
from tests.serving import Served, serving, source

SCRIPT = """
create table person (id int primary key, name text not null);
create table letter (
    id int primary key, sender int references person (id), receiver int references person (id)
);
create function weight (letter) returns int language sql stable as $$ select $1.id * 10 $$;
insert into person values (1, 'a'), (2, 'b'), (3, 'c');
insert into letter values (1, 1, 3), (2, 1, 2), (3, 2, 1), (4, 3, 1);
"""
LETTER = {
    "table": "letter",
    "object_relationships": [
        {"name": "of", "using": {"foreign_key_constraint_on": "sender"}},
        {"name": "to", "using": {"foreign_key_constraint_on": "receiver"}},
    ],
    "computed_fields": [{"name": "heavy", "definition": {"function": "weight"}}],
}
SENT = {"foreign_key_constraint_on": {"table": "letter", "column": "sender"}}
PERSON = {"table": "person", "array_relationships": [{"name": "sent", "using": SENT}]}


@pytest.fixture(scope="module")
def served(module_database_url: str) -> Iterator[Served]:
    with serving(module_database_url, SCRIPT, source(module_database_url, [PERSON, LETTER])) as one:
        yield one


def asked(served: Served, table: str, arguments: str) -> Any:
    shown = "{ edges { cursor node { id } } pageInfo { endCursor } }"
    query = f"{{ {table}_connection({arguments}) {shown} }}"
    return served.ask(query, endpoint=Endpoint.RELAY)


ORDERS = {
    "two relationships to one table": (
        "letter",
        "[{of: {name: asc}}, {to: {name: asc}}]",
        [
            {"of": {"name": "a"}, "to": {"name": "b"}, "id": 2},
            {"of": {"name": "a"}, "to": {"name": "c"}, "id": 1},
            {"of": {"name": "b"}, "to": {"name": "a"}, "id": 3},
            {"of": {"name": "c"}, "to": {"name": "a"}, "id": 4},
        ],
    ),
    "a computed field": (
        "letter",
        "[{heavy: desc}]",
        [{"heavy": number * 10, "id": number} for number in (4, 3, 2, 1)],
    ),
    "aggregates": (
        "person",
        "[{sent_aggregate: {count: desc}}, {sent_aggregate: {max: {id: asc}}}]",
        [
            {"sent_aggregate": {"count": 2, "max": {"id": 2}}, "id": 1},
            {"sent_aggregate": {"count": 1, "max": {"id": 3}}, "id": 2},
            {"sent_aggregate": {"count": 1, "max": {"id": 4}}, "id": 3},
        ],
    ),
}


@pytest.mark.parametrize("name", ORDERS)
def test_a_cursor_names_what_the_order_names(name: str, served: Served) -> None:
    table, order, cursors = ORDERS[name]
    found = asked(served, table, f"order_by: {order}")["data"][f"{table}_connection"]["edges"]
    assert [json.loads(base64.b64decode(one["cursor"])) for one in found] == cursors
    end, paged = "", []
    while page := asked(served, table, f"order_by: {order}, first: 1{end}")["data"][
        f"{table}_connection"
    ]["edges"]:
        paged += page
        end = f', after: "{page[0]["cursor"]}"'
    assert paged == found
    before = asked(served, table, f'order_by: {order}, last: 2, before: "{found[-1]["cursor"]}"')
    assert before["data"][f"{table}_connection"]["edges"] == found[-3:-1]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "bm8=", "bnVsbA==", "W10=", "e30=", "eyJpZCI6", "eyJvdGhlciI6MX0=", "ÿ"],
)
def test_what_is_no_cursor_is_refused(cursor: str, served: Served) -> None:
    for name in ("after", "before"):
        (error,) = asked(served, "letter", f"{name}: {json.dumps(cursor)}")["errors"]
        assert error == {
            "message": 'the "after" or "before" cursor is invalid',
            "extensions": {
                "path": f"$.selectionSet.letter_connection.args.{name}",
                "code": "validation-failed",
            },
        }
