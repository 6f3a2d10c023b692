"""One statement on a connection of its own, past the driver: answered once, run once, and the
connection is afterwards what it was before, whatever happened."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from rowgate.base.errors import ApiError
from rowgate.base.session import Session
from rowgate.database.bind import Argument
from rowgate.database.connections.pool import Database, PoolSettings
from rowgate.database.run import fetch_alone
from tests.serving import Served, serving, source

ADD = "insert into done values (($1::text)::int, $2::text) returning to_json(id)"
SLOWLY = (
    "with made as (insert into slow values (($1::text)::int) returning id)"
    " select to_json(id) from made, pg_sleep(($2::text)::float8)"
)
PATH = ("args", "objects")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = await Database.connect(database_url, PoolSettings(maximum=4, timeout=2))
    async with found.connection() as connection:
        await connection.execute("create table done (id int primary key, name text)")
        await connection.execute("create table slow (id int)")
    yield found
    await found.close()


async def add(database: Database, *arguments: Argument, text: str = ADD) -> object:
    return json.loads(await fetch_alone(database, text, arguments, PATH))


async def there(database: Database, table: str = "done") -> list[int]:
    async with database.connection() as connection:
        return [row["id"] for row in await connection.fetch(f"select id from {table} order by id")]


async def under_way(database: Database) -> int:
    text = (
        "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep((%'"
        " and pid <> pg_backend_pid() and datname = current_database()"
    )
    async with database.connection() as connection:
        return int(await connection.fetchval(text))


async def started(database: Database) -> None:
    until = time.monotonic() + 5
    while not await under_way(database):
        assert time.monotonic() < until
        await asyncio.sleep(0.01)


async def test_driver_and_engine_speak_in_turn(database: Database) -> None:
    for number in range(20):
        assert await add(database, str(number), "é☃𝄞" * 5_000) == number
        assert len(await there(database)) == number + 1
    found = await asyncio.gather(*(add(database, str(number), "n") for number in range(20, 60)))
    assert found == list(range(20, 60))
    assert database.size <= 4
    async with database.connection() as connection:
        assert connection.solo is not None


async def test_what_postgres_refuses_points_where_it_was_asked(database: Database) -> None:
    await add(database, "1", "a")
    with pytest.raises(ApiError) as refused:
        await add(database, "1", "b")
    assert (refused.value.code, refused.value.path) == ("constraint-violation", PATH)
    for hostile in ("x", "1\x00", "\ud800", "9" * 30):
        with pytest.raises(ApiError) as refused:
            await add(database, hostile, "a")
        assert refused.value.code == "data-exception", hostile
    assert await add(database, "2", "c") == 2
    assert await there(database) == [1, 2]


async def test_a_statement_that_postgres_forgot_runs_once(database: Database) -> None:
    await add(database, "1", "a")
    async with database.connection() as connection:
        await connection.execute("deallocate all")
    assert await add(database, "2", "b") == 2
    assert await add(database, "3", "c") == 3
    assert await there(database) == [1, 2, 3]


@pytest.mark.parametrize("state", ["0A000", "57014", "57P03"])
async def test_what_fails_while_it_runs_is_not_run_again(state: str, database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(
            "create sequence runs; create function failing() returns json language plpgsql as $$"
            f" begin perform nextval('runs'); raise 'no' using errcode = '{state}'; end $$"
        )
    for runs in (1, 2):
        with pytest.raises(ApiError):
            await add(database, text="select failing()")
        async with database.connection() as connection:
            assert await connection.fetchval("select last_value from runs") == runs


async def test_who_leaves_ends_the_statement_and_the_connection_stays(database: Database) -> None:
    for number in range(6):
        slow = asyncio.create_task(add(database, str(number), "30", text=SLOWLY))
        await started(database)
        size = database.size
        began = time.monotonic()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert time.monotonic() - began < 3
        assert await under_way(database) == 0
        assert database.size == size
    assert await there(database, "slow") == []
    assert await add(database, "1", "a") == 1


async def test_a_backend_that_ends_is_an_error_and_nothing_runs_twice(
    database: Database, database_url: str
) -> None:
    slow = asyncio.create_task(add(database, "1", "30", text=SLOWLY))
    await started(database)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where state = 'active'"
            " and query like 'with made%' and datname = current_database()"
        )
    with pytest.raises(ApiError) as refused:
        await slow
    assert (refused.value.code, refused.value.status) == ("postgres-error", 500)
    assert await there(database, "slow") == []
    assert await add(database, "1", "a") == 1


async def test_a_line_that_breaks_is_an_error_and_nothing_runs_twice(database: Database) -> None:
    async with database.connection() as connection:
        transport = connection.transport
    slow = asyncio.create_task(add(database, "1", "2", text=SLOWLY))
    await asyncio.sleep(0.1)
    assert not slow.done()
    transport.abort()
    with pytest.raises(ApiError) as refused:
        await slow
    assert (refused.value.code, refused.value.status) == ("postgres-error", 500)
    assert database.size == 0
    while await under_way(database):  # noqa: ASYNC110 - Postgres tells nobody
        await asyncio.sleep(0.05)
    assert await there(database, "slow") in ([], [1])


async def test_a_connection_that_is_used_is_not_idle(database_url: str) -> None:
    settings = PoolSettings(maximum=4, idle_timeout=0.3)
    database = await Database.connect(database_url, settings)
    pid = "select to_json(pg_backend_pid())"
    seen = set()
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        seen.add(await fetch_alone(database, pid, ()))
        await asyncio.sleep(0.02)
    assert len(seen) == 1
    await asyncio.sleep(1.0)
    assert database.size == 0
    await database.close()


OWN = """
create table note (id int primary key, owner int not null, body text);
insert into note select n, n % 10, '' from generate_series(1, 100) as n;
"""


@pytest.fixture
def notes(database_url: str) -> Iterator[Served]:
    own = {"owner": {"_eq": "X-Hasura-User-Id"}}
    update = {"columns": ["body"], "filter": own, "check": own}
    document = source(
        database_url,
        [
            {
                "table": "note",
                "select_permissions": [
                    {"role": "user", "permission": {"columns": ["id", "body"], "filter": own}}
                ],
                "update_permissions": [{"role": "user", "permission": update}],
            }
        ],
    )
    limits = PoolSettings(maximum=4)
    with serving(database_url, OWN, document, limits=limits) as served:
        yield served


def test_changes_are_those_of_who_asks(notes: Served) -> None:
    query = (
        "mutation ($id: Int!, $body: String!) { update_note_by_pk(pk_columns: {id: $id},"
        " _set: {body: $body}) { id body } }"
    )
    for user in range(10):
        who = Session("user", {"x-hasura-role": "user", "x-hasura-user-id": str(user)})
        for number in (user or 10, user + 1):
            found = notes.data(query, {"id": number, "body": f"of {user}"}, who)
            mine = number % 10 == user
            shown = {"id": number, "body": f"of {user}"} if mine else None
            assert found == {"update_note_by_pk": shown}
    changed = notes.sql("select json_object_agg(id, body) from note where body <> ''")
    assert json.loads(changed) == {str(n): f"of {n % 10}" for n in range(1, 11)}
