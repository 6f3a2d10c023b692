"""The metadata store on a real server: layout, versions, races, notifications."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from rowgate.base.errors import Conflict
from rowgate.metadata import store

EMPTY = {"version": 3, "sources": []}


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def several(database_url: str) -> AsyncIterator[list[asyncpg.Connection]]:
    connections = [await asyncpg.connect(database_url) for _ in range(6)]
    yield connections
    for connection in connections:
        await connection.close()


async def test_a_new_store_is_empty(connection: asyncpg.Connection) -> None:
    await store.prepare(connection)
    assert await store.load(connection) == (EMPTY, 0)
    assert await connection.fetchval("select version from hdb_catalog.hdb_version") == "48"


async def test_versions_count_up(connection: asyncpg.Connection) -> None:
    await store.prepare(connection)
    assert await store.save(connection, EMPTY, 0) == 1
    assert await store.save(connection, {**EMPTY, "b": 1, "a": 2}, 1) == 2
    document, version = await store.load(connection)
    assert (list(document), version) == (["version", "sources", "b", "a"], 2)


@pytest.mark.parametrize("stale", [0, 1, 3])
async def test_a_stale_version_is_a_conflict(connection: asyncpg.Connection, stale: int) -> None:
    await store.prepare(connection)
    await store.save(connection, EMPTY, 0)
    await store.save(connection, EMPTY, 1)
    with pytest.raises(Conflict, match=rf"version referenced \({stale}\) did not match"):
        await store.save(connection, {"version": 3, "sources": ["lost"]}, stale)
    assert await store.load(connection) == (EMPTY, 2)


async def test_engines_that_start_together_prepare_once(
    several: list[asyncpg.Connection],
) -> None:
    await asyncio.gather(*(store.prepare(connection) for connection in several))
    assert await several[0].fetchval("select count(*) from hdb_catalog.hdb_version") == 1


@pytest.mark.parametrize("version", [0, 1])
async def test_one_of_many_writers_wins(several: list[asyncpg.Connection], version: int) -> None:
    await store.prepare(several[0])
    if version:
        await store.save(several[0], EMPTY, 0)
    results = await asyncio.gather(
        *(
            store.save(connection, {**EMPTY, "writer": number}, version)
            for number, connection in enumerate(several)
        ),
        return_exceptions=True,
    )
    assert [result for result in results if isinstance(result, int)] == [version + 1]
    assert sum(isinstance(result, Conflict) for result in results) == len(several) - 1
    document, _ = await store.load(several[0])
    assert isinstance(results[document["writer"]], int)


async def test_others_are_told_of_a_change(several: list[asyncpg.Connection]) -> None:
    writer, listener, *_ = several
    await store.prepare(writer)
    heard: asyncio.Queue[str] = asyncio.Queue()
    await listener.add_listener(
        store.CHANNEL, lambda _connection, _pid, _channel, payload: heard.put_nowait(str(payload))
    )
    await store.save(writer, EMPTY, 0)
    assert await asyncio.wait_for(heard.get(), 5) == "1"


async def test_a_store_that_is_there_needs_no_right_to_create(
    connection: asyncpg.Connection, database_url: str
) -> None:
    await store.prepare(connection)
    await store.save(connection, EMPTY, 0)
    await connection.execute(
        "create role plain_reader; grant usage on schema hdb_catalog to plain_reader;"
        "grant select, update on all tables in schema hdb_catalog to plain_reader"
    )
    try:
        await connection.execute("set role plain_reader")
        await store.prepare(connection)
        assert await store.load(connection) == (EMPTY, 1)
    finally:
        await connection.execute("reset role; drop owned by plain_reader; drop role plain_reader")


async def test_an_existing_store_of_hasura_keeps_its_content(
    connection: asyncpg.Connection,
) -> None:
    await connection.execute(
        "create schema hdb_catalog;"
        "create table hdb_catalog.hdb_version (hasura_uuid uuid primary key, version text not null,"
        " upgraded_on timestamptz not null);"
        "insert into hdb_catalog.hdb_version values (gen_random_uuid(), '47', now());"
        "create table hdb_catalog.hdb_metadata (id integer primary key, metadata json not null,"
        " resource_version integer not null default 1);"
        'insert into hdb_catalog.hdb_metadata values (1, \'{"version": 3, "sources": []}\', 12)'
    )
    await store.prepare(connection)
    assert await store.load(connection) == (EMPTY, 12)
    assert await connection.fetchval("select version from hdb_catalog.hdb_version") == "47"
    assert await store.save(connection, EMPTY, 12) == 13
