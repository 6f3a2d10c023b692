"""What goes wrong behind the engine: dropped and changed tables, lost connections, statements that
take too long, constraints that are checked late. Each is one clean answer, and the next works."""

import asyncio
import json
import time
from collections.abc import Iterator

import asyncpg
import psycopg
import pytest

from rowgate.base.session import Session
from rowgate.database.connections.pool import PoolSettings
from rowgate.pipeline import Endpoint, graphql
from tests.integration.hostile.judging import judged, still_works
from tests.serving import Served, serving, source

SCRIPT = """
create table item (id int primary key, name text, twin int);
create table other (id int primary key);
insert into item select n, 'n' || n from generate_series(1, 3) as n;
insert into other values (1);
alter table item add constraint late foreign key (twin) references item (id)
    deferrable initially deferred;
create function slow (seconds float8) returns setof item language sql stable as $$
    select item.* from item, pg_sleep(seconds)
$$;
create function harmful () returns setof item language plpgsql stable as $$
    begin raise exception 'the secret is 42' using detail = 'hidden', errcode = 'XX001'; end
$$;
"""
USER = Session("user", {})


@pytest.fixture
def served(database_url: str) -> Iterator[Served]:
    allowed = [{"role": "user", "permission": {"columns": "*", "filter": {}}}]
    tables = [
        {"table": "item", "select_permissions": allowed},
        {"table": "other", "select_permissions": allowed},
    ]
    functions = [{"function": "slow"}, {"function": "harmful"}]
    limits = PoolSettings(maximum=2, statement_timeout=0.5, timeout=0.5)
    with serving(database_url, SCRIPT, source(database_url, tables, functions)) as one:
        one.loop.run_until_complete(one.database.close())
        one.limits = limits
        one.loop.run_until_complete(one.open(()))
        yield one


def run(url: str, statement: str) -> None:
    """Somebody else changes the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def test_a_dropped_table_is_one_error_and_nothing_else(served: Served) -> None:
    query = "{ item(order_by: {id: asc}) { id } }"
    assert len(served.data(query, who=USER)["item"]) == 3
    run(served.url, "drop table item cascade")
    for who in (USER, Session("admin")):
        refusal = served.refusal(query, who=who)
        assert refusal["message"] == ('database query error: relation "public.item" does not exist')
        assert refusal["code"] == "unexpected"
        assert ("internal" in refusal) == who.is_admin
    assert served.data("{ other { id } }", who=USER) == {"other": [{"id": 1}]}
    answer = served.ask("{ other { id } item { id } }", None, USER)
    assert set(answer) == {"errors"}
    run(served.url, "create table item (id int primary key, name text, twin int)")
    assert served.data(query, who=USER) == {"item": []}


def test_a_changed_column_is_served_or_refused(served: Served) -> None:
    query = "{ item(where: {id: {_eq: 1}}) { id name } }"
    assert served.data(query) == {"item": [{"id": 1, "name": "n1"}]}
    run(served.url, "alter table item alter column name type varchar(9)")
    assert served.data(query) == {"item": [{"id": 1, "name": "n1"}]}
    run(served.url, "alter table item drop column name")
    assert served.refusal(query)["code"] == "unexpected"
    still_works(served)
    assert served.data("{ item_by_pk(id: 2) { id } }") == {"item_by_pk": {"id": 2}}


def test_idle_connections_that_were_cut_are_replaced(served: Served) -> None:
    assert served.data("{ other { id } }") == {"other": [{"id": 1}]}
    cut(served.url)
    served.loop.run_until_complete(asyncio.sleep(0.05))
    assert served.data("{ other { id } }") == {"other": [{"id": 1}]}


CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'rowgate' and datname = current_database()
"""


def cut(url: str) -> None:
    run(url, CUT)


def test_a_connection_cut_under_a_request_is_one_error(served: Served) -> None:
    async def under_way() -> tuple[bytes, bytes]:
        body = json.dumps({"query": "{ slow(args: {seconds: 5}) { id } }"}).encode()
        asked = asyncio.ensure_future(graphql(served.engine, body, USER, {}, Endpoint.GRAPHQL))
        await asyncio.sleep(0.1)
        connection = await asyncpg.connect(served.url)
        await connection.execute(CUT)
        await connection.close()
        answer = await asked
        query = json.dumps({"query": "{ other { id } }"}).encode()
        after = await graphql(served.engine, query, USER, {}, Endpoint.GRAPHQL)
        return answer.body, after.body

    cut_off, after = served.loop.run_until_complete(under_way())
    (error,) = json.loads(cut_off)["errors"]
    assert error == {
        "message": "connection error",
        "extensions": {"path": "$", "code": "postgres-error"},
    }
    assert json.loads(after) == {"data": {"other": [{"id": 1}]}}


def test_a_statement_that_takes_too_long_is_cancelled(served: Served) -> None:
    started = time.monotonic()
    refusal = served.refusal("{ slow(args: {seconds: 30}) { id } }")
    assert refusal["code"] == "timeout"
    assert time.monotonic() - started < 5
    still_works(served)
    assert served.data("{ other { id } }") == {"other": [{"id": 1}]}
    assert served.database.size == 1


def test_a_full_pool_answers_within_its_time(served: Served) -> None:
    async def crowded() -> tuple[list[bytes], float]:
        body = json.dumps({"query": "{ slow(args: {seconds: 5}) { id } }"}).encode()
        started = time.monotonic()
        answers = await asyncio.gather(
            *(graphql(served.engine, body, USER, {}, Endpoint.GRAPHQL) for _ in range(12))
        )
        return [one.body for one in answers], time.monotonic() - started

    answers, took = served.loop.run_until_complete(crowded())
    codes = [json.loads(one)["errors"][0]["extensions"]["code"] for one in answers]
    assert set(codes) == {"timeout", "postgres-max-connections-error"}
    assert took < 5
    assert served.data("{ other { id } }") == {"other": [{"id": 1}]}


def test_what_a_function_raises_is_not_shown(served: Served) -> None:
    answer = served.ask("{ harmful { id } }", None, USER)
    assert answer == {
        "errors": [
            {
                "message": "database query error",
                "extensions": {"path": "$", "code": "unexpected"},
            }
        ]
    }


LATE = """mutation {
    a: insert_item_one(object: {id: 10, twin: 11}) { id }
    b: insert_item_one(object: {id: %d}) { id }
}"""


def test_a_constraint_checked_at_commit_is_a_violation(served: Served) -> None:
    one = served.refusal("mutation { insert_item_one(object: {id: 20, twin: 21}) { id } }")
    assert one["code"] == "constraint-violation"
    several = served.refusal(LATE % 12)
    assert several["code"] == "constraint-violation"
    assert several["message"].startswith("Foreign key violation. ")
    assert served.sql("select count(*) from item") == 3
    assert served.data(LATE % 11) == {"a": {"id": 10}, "b": {"id": 11}}
    assert served.sql("select count(*) from item") == 5


def test_a_failed_mutation_leaves_nothing_and_no_transaction(served: Served) -> None:
    query = """mutation {
        a: insert_item_one(object: {id: 30}) { id }
        b: insert_item_one(object: {id: 30}) { id }
    }"""
    answer = judged(served.send(json.dumps({"query": query}).encode()))
    assert answer["errors"][0]["extensions"]["code"] == "constraint-violation"
    assert served.sql("select count(*) from item where id = 30") == 0
    open_ones = "select count(*) from pg_stat_activity where state like 'idle in transaction%'"
    assert served.sql(open_ones) == 0


@pytest.mark.parametrize("null", ["$v", "null"])
def test_an_explicit_null_deletes_nothing(null: str, served: Served) -> None:
    declared = "($v: Int)" if null == "$v" else ""
    for query in (
        f"mutation {declared} "
        f"{{ delete_item(where: {{id: {{_eq: {null}}}}}) {{ affected_rows }} }}",
        f"mutation {declared} {{ delete_item_by_pk(id: {null}) {{ id }} }}",
        f"mutation {declared} {{ update_item(where: {{id: {{_in: [{null}]}}}}, "
        "_set: {name: null}) { affected_rows } }",
    ):
        assert served.refusal(query, {"v": None} if declared else None)["code"] == (
            "validation-failed"
        )
    assert served.refusal("mutation { delete_item(where: null) { affected_rows } }")
    assert served.sql("select count(name) from item") == 3
