"""A Postgres that stands still: requests end by a deadline of ours, their connections with them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

import pytest

from rowgate.base.errors import ApiError
from rowgate.database.connections.pool import Database, PoolSettings
from rowgate.database.run import fetch, fetch_alone, fetch_shared, transaction
from rowgate.sql.types import Statement

ONE = "select to_json(1)"
LIMITS = PoolSettings(maximum=8, statement_timeout=0.2, timeout=20.0)
Ask = Callable[[Database], Awaitable[bytes]]


class Wire:
    """What stands between the engine and Postgres, and may stop passing anything on."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.flows = asyncio.Event()
        self.flows.set()
        self.pipes: set[asyncio.Task[None]] = set()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self.host, self.port)
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.create_task(self.pass_on(source, target))
            self.pipes.add(task)

    async def pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self.flows.wait()
                target.write(data)
        target.close()


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[tuple[Wire, str]]:
    parts = urlsplit(database_url)
    made = Wire(parts.hostname or "", parts.port or 5432)
    server = await asyncio.start_server(made.meet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
    yield made, urlunsplit(parts._replace(netloc=address))
    server.close()
    for task in made.pipes:
        task.cancel()
    await asyncio.gather(*made.pipes, return_exceptions=True)


async def alone(database: Database) -> bytes:
    return await fetch_alone(database, ONE, ())


async def shared(database: Database) -> bytes:
    return await fetch_shared(database, Statement(ONE, (), repeatable=True), ())


async def by_the_driver(database: Database) -> bytes:
    async with database.connection() as connection:
        return await fetch(connection, ONE, ())


async def in_a_transaction(database: Database) -> bytes:
    async with database.connection() as connection, transaction(connection):
        return await fetch(connection, ONE, ())


@pytest.mark.parametrize("ask", [alone, shared, by_the_driver, in_a_transaction])
async def test_requests_end_and_so_do_their_connections(wire: tuple[Wire, str], ask: Ask) -> None:
    between, url = wire
    database = await Database.connect(url, LIMITS)
    try:
        for _ in range(4):
            assert (await ask(database)).strip() == b"1"
        between.flows.clear()
        async with asyncio.timeout(20):
            failures = await asyncio.gather(
                *(ask(database) for _ in range(3)), return_exceptions=True
            )
        for one in failures:
            assert isinstance(one, ApiError)
            assert one.code in ("timeout", "postgres-error")
        first = failures[0]
        assert isinstance(first, ApiError)
        assert (first.code, first.message) == ("timeout", "the statement took too long")
        between.flows.set()
        async with asyncio.timeout(20):
            assert (await ask(database)).strip() == b"1"
        assert all(not one.is_closed() for one in database._idle)
    finally:
        between.flows.set()
        await database.close()


async def test_no_limit_on_statements_is_no_deadline(database_url: str) -> None:
    assert PoolSettings(statement_timeout=0).patience() is None
    database = await Database.connect(database_url, PoolSettings(maximum=8, statement_timeout=0))
    assert await alone(database) == b"1"
    assert database._watch is None
    await database.close()
