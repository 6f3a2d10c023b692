"""One statement on one connection: bytes of JSON out, failures as refusals."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import asyncpg

from rowgate.base.errors import ApiError
from rowgate.base.names import PathStep
from rowgate.database.bind import Argument
from rowgate.database.connections.address import Pooled
from rowgate.database.connections.pool import Database
from rowgate.database.failures import FAILURES, as_api_error
from rowgate.database.sharing.link import NULL, Solo
from rowgate.database.sharing.quick import Waiting
from rowgate.sql.types import Statement

_INPUT_CODES = frozenset(("constraint-violation", "permission-error"))


async def fetch(
    connection: asyncpg.Connection,
    text: str,
    arguments: Sequence[Argument],
    path: tuple[PathStep, ...] = (),
) -> bytes:
    """The one JSON value that a statement gives; `null` where it gives no row. `path` is where a
    violated constraint or check points (an insert's rows); everything else points at `$`."""
    try:
        # All rows, there being one: asked for one alone, Postgres would use no parallel workers.
        rows = await connection.fetch(text, *arguments)
    except TimeoutError as error:
        connection.terminate()
        raise as_api_error(error) from error
    except Exception as error:
        raise _pointed(as_api_error(error), path) from error
    value = rows[0][0] if rows else None
    return NULL if value is None else value


async def fetch_alone(
    database: Database,
    text: str,
    arguments: Sequence[Argument],
    path: tuple[PathStep, ...] = (),
) -> bytes:
    """As `fetch`, a transaction of its own, on a connection that is had for it alone."""
    async with database.connection() as connection:
        return await _alone(database, connection, text, arguments, path)


async def _alone(
    database: Database,
    connection: Pooled,
    text: str,
    arguments: Sequence[Argument],
    path: tuple[PathStep, ...] = (),
) -> bytes:
    if database.solo:
        try:
            value = await Solo.of(connection, database.solo).run(text, arguments)
        except (asyncpg.PostgresError, OSError) as error:
            raise _pointed(as_api_error(error), path) from error
        if value is not None:
            return value
    return await fetch(connection, text, arguments, path)


def share(
    database: Database, statement: Statement, arguments: Sequence[Argument]
) -> Waiting | None:
    """The answer to come of a statement that may be asked twice: on a shared connection where it is
    quick, with others like it where they wait; None where it is not. `shared_answer` reads it."""
    return database.express.ask(statement, arguments)


async def settled(waiting: Waiting) -> None:
    """Wait until `shared_answer` can be asked; who is cancelled waits no more for the statement."""
    with suppress(asyncpg.PostgresError):
        await waiting


def shared_answer(waiting: Waiting) -> bytes | None:
    """What has come of a statement that was shared; None where it is to be asked again, on a
    connection of its own."""
    try:
        return waiting.result()
    except asyncpg.PostgresError as error:
        raise as_api_error(error) from error


async def fetch_shared(
    database: Database, statement: Statement, arguments: Sequence[Argument]
) -> bytes:
    """As `fetch_alone`, of a statement that may be asked twice; shared where it is quick."""
    waiting = share(database, statement, arguments)
    if waiting is not None:
        await settled(waiting)
        value = shared_answer(waiting)
        if value is not None:
            return value
    async with database.connection() as connection:
        began = time.perf_counter()
        value = await _alone(database, connection, statement.text, arguments)
        database.express.note(statement.text, time.perf_counter() - began)
        return value


async def fetch_rows(
    connection: asyncpg.Connection,
    text: str,
    arguments: Sequence[Argument],
    path: tuple[PathStep, ...] = (),
) -> list[asyncpg.Record]:
    """The rows that a statement gives, for the steps of a nested insert."""
    try:
        return await connection.fetch(text, *arguments)
    except TimeoutError as error:
        connection.terminate()
        raise as_api_error(error) from error
    except Exception as error:
        raise _pointed(as_api_error(error), path) from error


async def read_rows(
    database: Database,
    text: str,
    arguments: Sequence[Argument],
    path: tuple[PathStep, ...] = (),
) -> list[asyncpg.Record]:
    """As `fetch_rows`, on a connection of its own."""
    async with database.connection() as connection:
        return await fetch_rows(connection, text, arguments, path)


@asynccontextmanager
async def transaction(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """A transaction, all or nothing. What fails at its start or its end, where deferred
    constraints are checked, is a refusal like any other."""
    try:
        async with connection.transaction():
            yield
    except FAILURES as error:
        if isinstance(error.__context__, ApiError):  # its rollback only says what it broke
            raise error.__context__ from None
        raise as_api_error(error) from error


def _pointed(error: ApiError, path: tuple[PathStep, ...]) -> ApiError:
    if error.code in _INPUT_CODES and not error.path:
        error.path = path
    return error
