"""Connections to one Postgres, handed out without the stock pool's reset on every release.

Postgres' just-in-time compiler is off: its cost estimates of nested subselects call for it where
compiling takes seconds and running takes milliseconds.

No session state is ever set on a pooled connection, so there is nothing to reset; what a failed
request may leave behind (an open transaction) is rolled back before the connection is reused.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass
from types import TracebackType

import asyncpg

from rowgate.base.errors import ApiError, Overloaded
from rowgate.database.failures import as_api_error


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many connections, how long a request waits for one, how long a statement may run
    (seconds), and how many prepared statements a connection keeps."""

    maximum: int = 50
    timeout: float = 10.0
    statement_timeout: float = 60.0
    prepared: int = 512
    connect_timeout: float = 10.0


class Database:
    """A pool of connections to one database; grows to its maximum, keeps the most recent warm."""

    def __init__(self, url: str, settings: PoolSettings) -> None:
        self.url = url
        self.settings = settings
        self._idle: list[asyncpg.Connection] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = 0
        self._closed = False

    @classmethod
    async def connect(cls, url: str, settings: PoolSettings) -> "Database":
        """A pool with one open connection; raises `ApiError` where the server refuses it."""
        database = cls(url, settings)
        async with database.connection():
            pass
        return database

    def connection(self) -> "Lease":
        """An exclusive connection for an `async with` block; raises `Overloaded` after the time
        limit and `ApiError` `postgres-error` where the server cannot be reached."""
        return Lease(self)

    @property
    def size(self) -> int:
        """Connections open now, idle or in use."""
        return self._taken + len(self._idle)

    def warm(self) -> asyncpg.Connection | None:
        """As `acquire`, where a connection is at hand; None where there is none."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                self._taken += 1
                return connection
        return None

    async def acquire(self) -> asyncpg.Connection:
        """The connection behind `connection()`; every call is paired with one `release`."""
        deadline = math.inf
        while True:
            warm = self.warm()
            if warm is not None:
                return warm
            if self._closed:
                raise ApiError("the connection pool is closed", code="postgres-error", status=500)
            if self._taken < self.settings.maximum:
                return await self._open()
            now = asyncio.get_running_loop().time()
            deadline = min(deadline, now + self.settings.timeout)
            await self._wait(deadline - now)

    async def _open(self) -> asyncpg.Connection:
        self._taken += 1
        try:
            connection = await asyncpg.connect(
                self.url,
                timeout=self.settings.connect_timeout,
                statement_cache_size=self.settings.prepared,
                max_cached_statement_lifetime=0,
                max_cacheable_statement_size=0,
                server_settings={
                    "application_name": "rowgate",
                    "jit": "off",
                    "statement_timeout": str(int(self.settings.statement_timeout * 1000)),
                },
            )
            await connection.set_type_codec(
                "json", schema="pg_catalog", encoder=_as_bytes, decoder=_as_is, format="binary"
            )
            return connection
        except BaseException as error:
            self._give_back_place()
            if isinstance(error, Exception):
                raise as_api_error(error) from error
            raise

    async def _wait(self, seconds: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except TimeoutError:
            raise Overloaded("max connections reached on postgres") from None
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)

    def take_back(self, connection: asyncpg.Connection) -> bool:
        """As `release`, where nothing is to be done to the connection first; whether that is so."""
        if self._closed or connection.is_closed() or connection.is_in_transaction():
            return False
        self._idle.append(connection)
        self._give_back_place()
        return True

    async def release(self, connection: asyncpg.Connection) -> None:
        """Hand a connection back; one that is broken or cannot be rolled back is dropped."""
        if not connection.is_closed() and connection.is_in_transaction():
            try:
                await connection.execute("rollback")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()
        if self._closed and not connection.is_closed():
            connection.terminate()
        if not connection.is_closed():
            self._idle.append(connection)
        self._give_back_place()

    def _give_back_place(self) -> None:
        self._taken -= 1
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                break

    async def close(self) -> None:
        """Close idle connections now; those in use are closed when they come back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close(timeout=2)


def _as_is(value: bytes) -> bytes:
    """JSON leaves as bytes: nobody decodes what Postgres built."""
    return value


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


class Lease:
    """A connection on loan, for one `async with` block."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: asyncpg.Connection | None = None

    async def __aenter__(self) -> asyncpg.Connection:
        connection = self._database.warm() or await self._database.acquire()
        self._connection = connection
        return connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not self._database.take_back(connection):
            await self._database.release(connection)
