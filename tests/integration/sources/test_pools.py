"""What a source says of its connections: how many, how long, in which isolation level."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest

from rowgate.base.errors import ApiError
from rowgate.database.connections.pool import Database, PoolSettings
from rowgate.postgres import EmbeddedPostgres
from tests.conftest import fresh_database
from tests.integration.sources.conftest import Add
from tests.processes import SECRET, Serving, starting

Json = Any
SCHEMA = """
create view session as select 1 as id, pg_backend_pid() as pid, current_user::text as name,
    current_setting('transaction_isolation') as level, current_setting('jit') as jit,
    current_setting('statement_timeout') as timeout,
    (select count(*)::int from pg_prepared_statements) as prepared;
create table note (id int primary key, body text,
    level text default current_setting('transaction_isolation'));
insert into note values (1, 'first', '');
create function slow (seconds float8) returns setof note language sql stable as $$
    select note.* from note, pg_sleep(seconds)
$$;
"""
LEVELS = ("read committed", "repeatable read", "serializable")
OPEN = """
    select count(*) from pg_stat_activity
    where application_name = 'rowgate' and datname = current_database()
"""


@pytest.fixture(scope="module")
def url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The source's database."""
    for one in fresh_database(postgres_server):
        with psycopg.connect(one) as connection:
            connection.execute(SCHEMA)
        yield one


@pytest.fixture(scope="module")
def environment(url: str) -> dict[str, str]:
    return {"SOURCE": url, "ROWGATE_WORKERS": "1"}


def track(engine: Serving) -> None:
    for table in ("session", "note"):
        engine.do("pg_track_table", {"table": table})
    engine.do("pg_track_function", {"function": "slow"})


@pytest.fixture
def declared(engine: Serving, add: Add) -> Add:
    """Adds the source and tracks its tables."""

    def declaring(**info: Json) -> None:
        answer = add({"database_url": {"from_env": "SOURCE"}, **info})
        assert answer.status_code == 200, answer.text
        track(engine)

    return declaring


def session(engine: Serving, *columns: str) -> Json:
    """Columns of the one row of `session`, as the connection that answers has them."""
    (row,) = engine.data("{ session { %s } }" % " ".join(columns))["session"]  # noqa: UP031
    return row if len(columns) > 1 else row[columns[0]]


def count(url: str, query: str = OPEN) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("level", LEVELS)
def test_reads_and_writes_have_the_isolation_level(
    level: str, engine: Serving, declared: Add
) -> None:
    declared(isolation_level=level.replace(" ", "-"))
    assert session(engine, "level") == level
    insert = 'mutation { insert_note_one(object: {id: 2, body: "x"}) { level } }'
    several = """mutation {
        a: delete_note(where: {id: {_eq: 2}}) { affected_rows }
        b: insert_note_one(object: {id: 2, body: "y"}) { level }
        c: delete_note(where: {id: {_eq: 2}}) { affected_rows }
    }"""
    assert engine.data(insert) == {"insert_note_one": {"level": level}}
    assert engine.data(several)["b"] == {"level": level}


@pytest.mark.parametrize("level", LEVELS)
def test_a_concurrent_update_is_told_where_the_level_forbids_it(
    level: str, engine: Serving, declared: Add, url: str
) -> None:
    declared(isolation_level=level.replace(" ", "-"))
    update = 'mutation { update_note(where: {id: {_eq: 1}}, _set: {body: "b"}) { affected_rows } }'
    with psycopg.connect(url) as other, ThreadPoolExecutor(1) as thread:
        other.execute("update note set body = 'a' where id = 1")
        asked = thread.submit(engine.graphql, update)
        blocked = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        until(lambda: count(url, blocked) > 0)
        other.commit()
        answer = asked.result()
    if level == LEVELS[0]:
        assert answer == {"data": {"update_note": {"affected_rows": 1}}}
    else:
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "concurrent-update"
        assert error["message"] == "serialization failure due to concurrent update"


def until(holds: Any, patience: float = 10.0) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(("given", "kept"), [(None, True), (True, True), (False, False)])
def test_statements_are_kept_unless_the_source_says_not(
    given: bool | None, kept: bool, engine: Serving, declared: Add
) -> None:
    declared(use_prepared_statements=given)
    session(engine, "prepared")
    assert (session(engine, "prepared") > 0) is kept


def slowly(engine: Serving, seconds: float) -> Json:
    query = "query ($s: float8!) { slow(args: {seconds: $s}) { id } }"
    return engine.graphql(query, s=seconds)


def test_no_more_connections_than_allowed_and_none_waits_for_longer(
    engine: Serving, declared: Add, url: str
) -> None:
    # The store of the metadata has connections of its own to another database.
    declared(pool_settings={"max_connections": 2, "pool_timeout": 0.5})
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(slowly, engine, 1.5) for _ in range(4)]
        time.sleep(0.3)
        assert count(url) == 2
        answers = [one.result() for one in asked]
    codes = sorted(one["errors"][0]["extensions"]["code"] for one in answers if "errors" in one)
    assert codes == ["postgres-max-connections-error"] * 2


def test_idle_connections_are_closed_and_the_next_request_is_served(
    engine: Serving, declared: Add, url: str
) -> None:
    declared(pool_settings={"idle_timeout": 0.4})
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: slowly(engine, 0.2), range(3)))
    assert count(url) == 3
    until(lambda: count(url) == 0)
    assert slowly(engine, 0.0)["data"]["slow"]


def test_a_connection_that_is_used_stays_until_it_is_old(engine: Serving, declared: Add) -> None:
    declared(pool_settings={"idle_timeout": 0.4, "connection_lifetime": 2})
    began, first = time.monotonic(), session(engine, "pid")
    until(lambda: session(engine, "pid") != first)
    assert 1 < time.monotonic() - began < 5


@pytest.mark.parametrize("member", ["idle_timeout", "connection_lifetime"])
def test_zero_is_no_limit(member: str, engine: Serving, declared: Add) -> None:
    declared(pool_settings={member: 0})
    first = session(engine, "pid")
    time.sleep(0.5)
    assert session(engine, "pid") == first


WRONG: dict[str, Json] = {
    "a negative number": {"pool_settings": {"idle_timeout": -1}},
    "a text": {"pool_settings": {"max_connections": "many"}},
    "a boolean": {"pool_settings": {"retries": True}},
    "an unknown limit": {"pool_settings": {"max_conections": 1}},
    "no object": {"pool_settings": [1]},
    "an unknown level": {"isolation_level": "read-uncommitted"},
    "a level of Postgres": {"isolation_level": "repeatable read"},
    "prepared statements by text": {"use_prepared_statements": "yes"},
    "replicas that are no list": {"read_replicas": {}},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_setting_is_refused(name: str, engine: Serving, add: Add) -> None:
    answer = add({"database_url": {"from_env": "SOURCE"}, **WRONG[name]})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-configuration")
    assert engine.do("export_metadata", {})["sources"] == []


def test_defaults_come_from_the_settings_and_workers_share_the_total(
    database_url: str, url: str, tmp_path: Path
) -> None:
    flags = ("--admin-secret", SECRET, "--tx-iso", "serializable", "--retries", "0")
    environment = {
        "SOURCE": url,
        "ROWGATE_WORKERS": "2",
        "HASURA_GRAPHQL_USE_PREPARED_STATEMENTS": "false",
        "HASURA_GRAPHQL_PG_TIMEOUT": "0.5",
    }
    with starting(database_url, tmp_path) as start:
        engine = start(*flags, **environment)
        engine.wait()
        info = {
            "database_url": {"from_env": "SOURCE"},
            "pool_settings": {"total_max_connections": 4, "pool_timeout": 10},
        }
        added = {"name": "default", "configuration": {"connection_info": info}}
        engine.do("pg_add_source", added)
        track(engine)
        wait_for_all(engine)
        assert session(engine, "level", "prepared") == {"level": "serializable", "prepared": 0}
        with ThreadPoolExecutor(16) as threads:
            asked = [threads.submit(slowly, engine, 0.5) for _ in range(16)]
            time.sleep(0.7)
            most = count(url)
            assert not any("errors" in one.result() for one in asked)
        assert 2 <= most <= 4
        until(lambda: count(url) == 0)


def wait_for_all(engine: Serving) -> None:
    """Until every worker has heard of the change: long beyond the time in which it must."""
    until(lambda: all("data" in slowly(engine, 0.0) for _ in range(20)))


async def test_one_that_the_driver_lost_count_of_is_not_lent_again(url: str) -> None:
    database = await Database.connect(url, PoolSettings(maximum=1))
    try:
        for how in (asyncpg.InternalClientError("cannot switch"), ApiError("connection error")):
            with pytest.raises(type(how)):
                async with database.connection() as connection:
                    raise how from asyncpg.InternalClientError("cannot switch")
            assert database.size == 0
        with pytest.raises(ApiError):
            async with database.connection() as connection:
                raise ApiError("a refusal")
        async with database.connection() as again:
            assert again is connection
    finally:
        await database.close()
