"""Arguments and fields that may be left out, and may not be null: the contract's refusals."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Served, serving, source

Json = Any

SCHEMA = """
create table thing (id int primary key, name text, data jsonb);
insert into thing values (1, 'one', '{"a": 1}'), (2, 'two', null);
create function tagged(t thing, tag text default 'x') returns text language sql stable as
    $$ select t.name || tag $$;
"""
OBJECT = "expected an object for type '{}', but found null"
LIST = "expected a list, but found null"
CASES = [
    ("{ thing_aggregate { aggregate { count(distinct: null) } } }",
     "expected a boolean for type 'Boolean', but found null"),
    ("{ thing_aggregate { aggregate { count(columns: null) } } }", LIST),
    ("{ thing { data(path: null) } }", "expected a string for type 'String', but found null"),
    ("{ thing { tagged(args: null) } }", OBJECT.format("tagged_thing_args")),
    ("{ thing(where: {_and: null}) { id } }", LIST),
    ("{ thing(where: {_or: null}) { id } }", LIST),
    ("{ thing(where: {_not: null}) { id } }", OBJECT.format("thing_bool_exp")),
    ("{ thing(where: {id: null}) { id } }", OBJECT.format("Int_comparison_exp")),
    ("{ thing(where: {id: {_in: null}}) { id } }", LIST),
    ("{ thing(where: {id: {_eq: null}}) { id } }", "unexpected null value for type 'Int'"),
    ("{ thing(where: {data: {_cast: null}}) { id } }", OBJECT.format("jsonb_cast_exp")),
    ("mutation { delete_thing(where: {id: null}) { affected_rows } }",
     OBJECT.format("Int_comparison_exp")),
    ("mutation { insert_thing(objects: [], on_conflict: null) { affected_rows } }",
     OBJECT.format("thing_on_conflict")),
    ("mutation { insert_thing(objects: [], on_conflict: {constraint: thing_pkey, where: null})"
     " { affected_rows } }", OBJECT.format("thing_bool_exp")),
]  # fmt: skip


@pytest.fixture(scope="module")
def things(module_database_url: str) -> Iterator[Served]:
    table = {
        "table": "thing",
        "computed_fields": [{"name": "tagged", "definition": {"function": "tagged"}}],
    }
    with serving(module_database_url, SCHEMA, source(module_database_url, [table])) as served:
        yield served


@pytest.mark.parametrize(("query", "message"), CASES)
def test_null_is_refused(query: str, message: str, things: Served) -> None:
    refusal = things.refusal(query)
    assert (refusal["message"], refusal["code"]) == (message, "validation-failed")
    assert things.sql("select count(*) from thing") == 2


@pytest.mark.parametrize(
    ("declared", "where", "type_"),
    [
        ("$w: thing_bool_exp", "$w", None),
        ("$c: Int_comparison_exp", "{id: $c}", "Int_comparison_exp"),
        ("$n: thing_bool_exp", "{_not: $n}", "thing_bool_exp"),
    ],
)
def test_from_variables_too(declared: str, where: str, type_: str | None, things: Served) -> None:
    query = f"query ({declared}) {{ thing(where: {where}) {{ id }} }}"
    for variables in ({declared[1]: None}, {}):
        if type_ is None:
            assert len(things.data(query, variables)["thing"]) == 2
        else:
            assert things.refusal(query, variables)["message"] == OBJECT.format(type_)
    query = "query ($w: thing_bool_exp!) { thing(where: $w) { id } }"
    for given in ({"id": None}, {"_and": None}, {"_or": [{"id": None}]}):
        assert things.refusal(query, {"w": given})["code"] == "validation-failed"


@pytest.mark.parametrize(
    "query",
    [
        "{ thing(where: null, limit: null, offset: null, order_by: null) { id } }",
        "{ thing(distinct_on: null) { id } }",
        "{ thing(order_by: {id: null}) { id } }",
    ],
)
def test_what_may_be_null_stays_so(query: str, things: Served) -> None:
    assert len(things.data(query)["thing"]) == 2
