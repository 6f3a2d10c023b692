"""Tables, columns, roles and functions whose names are made to break out of SQL (D1): all of them
work, and the table beside them stays whole."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rowgate.base.session import Session
from rowgate.sql.names import quote
from tests.integration.hostile.judging import judged, still_works
from tests.serving import Served, serving, source

NAMES = (
    'a"b',
    "a'b",
    "a;--",
    "a\\b",
    "ä",
    "名前",
    "%s",
    "{0}",
    "$1",
    "$$",
    "select",
    "a b",
    "/*",
    "t0",
    "written",
    "x" * 63,
    "é" * 31,
    '"); drop table canary; --',
)
FIELDS = {f"c{number}": name for number, name in enumerate(NAMES)}


def script() -> str:
    """A table under each name, with a column of each name; and the canary."""
    columns = ", ".join(f"{quote(name)} text default {_text(name)}" for name in NAMES)
    tables = "".join(
        f"create table {quote(name)} (id int primary key, "
        f"up int references {quote(name)} on delete set null, "
        f"data jsonb not null default '{{}}', {columns}, "
        f"constraint k{number} unique ({quote(name)}, id)); "
        f"insert into {quote(name)} (id, up) values (1, null), (2, 1);"
        for number, name in enumerate(NAMES)
    )
    schema = quote('s"%s')
    first = quote(NAMES[0])
    functions = "".join(
        f"create function {schema}.{quote(name)} () returns setof {first} language sql stable as "
        f"$f$ select * from {first} $f$;"
        for name in NAMES
    )
    canary = "create table canary (id int primary key); insert into canary values (1), (2);"
    return f"{canary} create schema {schema}; {tables} {functions}"


def _text(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def tables() -> Iterator[Any]:
    """Every table tracked under a plain name, open to a role of the hostile name."""
    for number, name in enumerate(NAMES):
        up = {"foreign_key_constraint_on": "up"}
        down = {"foreign_key_constraint_on": {"table": name, "column": "up"}}
        allowed = {"columns": "*", "filter": {name: {"_eq": "X-Hasura-Name"}}}
        yield {
            "table": name,
            "configuration": {
                "custom_name": f"table{number}",
                "column_config": {own: {"custom_name": key} for key, own in FIELDS.items()},
            },
            "object_relationships": [{"name": "above", "using": up}],
            "array_relationships": [{"name": "below", "using": down}],
            "select_permissions": [
                {"role": name, "permission": {**allowed, "allow_aggregations": True}}
            ],
            "insert_permissions": [
                {
                    "role": name,
                    "permission": {"columns": "*", "check": {}, "set": {name: "X-Hasura-Name"}},
                }
            ],
        }


def functions() -> Iterator[Any]:
    """Every function tracked under a plain name."""
    for number, name in enumerate(NAMES):
        yield {
            "function": {"schema": 's"%s', "name": name},
            "configuration": {"custom_name": f"function{number}"},
        }


@pytest.fixture(scope="module")
def served(module_database_url: str) -> Iterator[Served]:
    document = source(module_database_url, tables(), functions())
    with serving(module_database_url, script(), document) as one:
        yield one


@pytest.fixture(autouse=True)
def _canary(served: Served) -> Iterator[None]:
    yield
    assert served.sql("select count(*) from canary") == 2


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_everything_works_on_a_table_of_that_name(number: int, served: Served) -> None:
    name, table, own = NAMES[number], f"table{number}", f"c{number}"
    leaves = " ".join(FIELDS)
    wanted = {**FIELDS}
    read = served.data(
        f"""query ($v: String) {{
            {table}(where: {{{own}: {{_eq: $v}}, above: {{{own}: {{_eq: $v}}}}}},
                order_by: [{{{own}: asc}}, {{below_aggregate: {{max: {{{own}: asc}}}}}}],
                distinct_on: [{own}]) {{
                {leaves} above {{ {leaves} }} below_aggregate {{ aggregate {{ count }} }}
            }}
        }}""",
        {"v": name},
    )
    nothing = {"aggregate": {"count": 0}}
    assert read[table] == [{**wanted, "above": wanted, "below_aggregate": nothing}]
    counted = served.data(
        f"{{ {table}_aggregate {{ aggregate {{ count(columns: [{own}]) max {{ {own} }} }} "
        f"group_by(keys: [{{column: {own}}}]) {{ group_key {{ {own} }} }} }} }}"
    )
    assert counted[f"{table}_aggregate"] == {
        "aggregate": {"count": 2, "max": {own: name}},
        "group_by": [{"group_key": {own: name}}],
    }


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_everything_is_written_under_that_name(number: int, served: Served) -> None:
    name, table, own = NAMES[number], f"table{number}", f"c{number}"
    upsert = f"on_conflict: {{constraint: k{number}, update_columns: [{own}]}}"
    answer = served.data(
        f"""mutation ($v: String) {{
            insert_{table}(objects: [{{id: 3, {own}: $v, below: {{data: [{{id: 4}}]}}}}]) {{
                affected_rows returning {{ {own} below {{ {own} }} }}
            }}
            again: insert_{table}(objects: [{{id: 3, {own}: $v}}], {upsert}) {{ affected_rows }}
            update_{table}(where: {{id: {{_eq: 3}}}}, _set: {{{own}: "new"}},
                _append: {{data: {{a: 1}}}}) {{ returning {{ {own} }} }}
            delete_{table}_by_pk(id: 3) {{ {own} }}
            delete_{table}(where: {{id: {{_gt: 2}}}}) {{ returning {{ {own} }} }}
        }}""",
        {"v": name},
    )
    assert answer == {
        f"insert_{table}": {"affected_rows": 2, "returning": [{own: name, "below": [{own: name}]}]},
        "again": {"affected_rows": 1},
        f"update_{table}": {"returning": [{own: "new"}]},
        f"delete_{table}_by_pk": {own: "new"},
        f"delete_{table}": {"returning": [{own: name}]},
    }


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_a_role_of_that_name_sees_its_rows(number: int, served: Served) -> None:
    name, table, own = NAMES[number], f"table{number}", f"c{number}"
    who = Session(name, {"x-hasura-name": name})
    query = f"{{ {table}(order_by: {{id: asc}}) {{ id {own} }} }}"
    assert served.data(query, who=who) == {table: [{"id": 1, own: name}, {"id": 2, own: name}]}
    other = Session(name, {"x-hasura-name": name + "'"})
    assert served.data(query, who=other) == {table: []}
    stranger = Session("nobody", {"x-hasura-name": name})
    assert served.refusal(query, who=stranger)["code"] == "validation-failed"
    made = served.data(f"mutation {{ insert_{table}_one(object: {{id: 9}}) {{ {own} }} }}", who=who)
    assert made == {f"insert_{table}_one": {own: name}}
    assert served.data(f"mutation {{ delete_{table}_by_pk(id: 9) {{ id }} }}")
    still_works(served)


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_a_function_of_that_name_is_called(number: int, served: Served) -> None:
    answer = served.data(f"{{ function{number}(order_by: {{id: asc}}) {{ id }} }}")
    assert answer == {f"function{number}": [{"id": 1}, {"id": 2}]}


@pytest.mark.parametrize("name", NAMES)
def test_a_response_key_or_operation_of_that_name_is_refused(name: str, served: Served) -> None:
    for query in (f"{{ {name}: table1 {{ id }} }}", f"query {name} {{ table1 {{ id }} }}"):
        answer = judged(served.send(json.dumps({"query": query}).encode()))
        assert "data" not in answer or name.isascii()


def test_keys_that_share_63_bytes_stay_apart(served: Served) -> None:
    long = "k" * 80
    query = f"""{{
        {long}1: table1(order_by: {{id: asc}}) {{
            {long}a: id {long}b: up
            {long}c: above {{ {long}d: id {long}e: up }}
            {long}f: below {{ {long}g: id }}
            {long}h: below_aggregate {{
                {long}i: aggregate {{ {long}j: count {long}k: max {{ {long}l: id }} }}
            }}
        }}
        {long}2: table2_by_pk(id: 2) {{ {long}a: up }}
    }}"""
    first = {f"{long}a": 1, f"{long}b": None, f"{long}c": None, f"{long}f": [{f"{long}g": 2}]}
    counted = {f"{long}i": {f"{long}j": 1, f"{long}k": {f"{long}l": 2}}}
    answer = served.data(query)
    assert answer[f"{long}1"][0] == {**first, f"{long}h": counted}
    assert answer[f"{long}1"][1][f"{long}c"] == {f"{long}d": 1, f"{long}e": None}
    assert answer[f"{long}2"] == {f"{long}a": 1}


@pytest.mark.parametrize("count", [49, 50, 51, 100, 101, 150])
def test_objects_of_many_members_are_whole(count: int, served: Served) -> None:
    leaves = " ".join(f"k{n}: above {{ id data }}" for n in range(count))
    answer = served.data(f"{{ table1_by_pk(id: 2) {{ {leaves} }} }}")
    above = {"id": 1, "data": {}}
    assert answer == {"table1_by_pk": {f"k{n}": above for n in range(count)}}
