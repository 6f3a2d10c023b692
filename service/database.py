"""A pool of connections to the application's database, and which failures mean it is away."""

import asyncio
from typing import TypeAlias

import asyncpg

from service.settings import SettingsError

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)

_TO_END = 3.0


async def connect(url: str, most: int = 10) -> Pool:
    """A pool of at most `most` connections, made when needed: a database that is away is no error.
    Raises `SettingsError` where `url` is no Postgres URL."""
    try:
        return await asyncpg.create_pool(
            url, min_size=0, max_size=most, command_timeout=10, timeout=5
        )
    except (ValueError, asyncpg.ClientConfigurationError) as error:
        raise SettingsError("DATABASE_URL is not a Postgres connection URL.") from error


async def close(pool: Pool, *users: asyncio.Task[None]) -> None:
    """End the tasks that use the pool, and close it. What does not end within seconds, because
    Postgres stands still, is cut off."""
    for task in users:
        task.cancel()
    if users:
        await asyncio.wait(users, timeout=_TO_END)
    try:
        async with asyncio.timeout(_TO_END):
            await pool.close()
    except (*UNAVAILABLE, asyncpg.PostgresError):
        pool.terminate()


async def answers(pool: Pool) -> bool:
    """Whether the database answers within two seconds."""
    try:
        async with asyncio.timeout(2):
            await pool.fetchval("select 1")
    except (*UNAVAILABLE, asyncpg.PostgresError):
        return False
    return True
