"""Connections to one Postgres, handed out without the stock pool's reset on every release.

Postgres' just-in-time compiler is off: its cost estimates of nested subselects call for it where
compiling takes seconds and running takes milliseconds.

No session state is ever set on a pooled connection, so there is nothing to reset; what a failed
request may leave behind (an open transaction) is rolled back before the connection is reused.

Connections that did nothing for long, or are old, are looked for now and then, while they are idle:
no request pays for it.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from rowgate.base.errors import ApiError, Overloaded
from rowgate.database.connections.address import Address, Opener, Pooled, Terms
from rowgate.database.connections.codecs import take_as_text
from rowgate.database.failures import FAILURES, LOST, unreachable
from rowgate.database.sharing.express import Express
from rowgate.database.sharing.link import Link

if TYPE_CHECKING:
    from rowgate.database.replicas import Replicas

READ_COMMITTED = "read-committed"
ISOLATION_LEVELS = (READ_COMMITTED, "repeatable-read", "serializable")
_SHARED = 4
_TO_CLOSE = 2.0
_GRACE = 1.0
_BETWEEN_LOOKS = 1.0
_LOOKS = 4
_SOONEST_LOOK, _LATEST_LOOK = 0.1, 30.0


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many connections, how many prepared statements a connection keeps, in which isolation
    level it works, how often it is tried again to open one; and in seconds: how long a request
    waits for one, how long a statement may run, how long a connection may do nothing and how long
    it may live (0: for ever)."""

    maximum: int = 50
    timeout: float = 10.0
    statement_timeout: float = 60.0
    prepared: int = 512
    connect_timeout: float = 10.0
    retries: int = 1
    idle_timeout: float = 180.0
    lifetime: float = 600.0
    isolation: str = READ_COMMITTED

    def shared(self) -> int:
        """How many of the connections quick statements may share; a pooler between may not know
        prepared statements, and then there are none."""
        return min(_SHARED, self.maximum // 4) if self.prepared else 0

    def terms(self) -> Terms:
        """How a connection of such a pool is opened."""
        told = {
            "application_name": "rowgate",
            "jit": "off",
            "statement_timeout": str(int(self.statement_timeout * 1000)),
        }
        if self.isolation != READ_COMMITTED:
            told["default_transaction_isolation"] = self.isolation.replace("-", " ")
        return Terms(told, self.connect_timeout, self.retries, self.prepared, self.patience())

    def patience(self) -> float | None:
        """Seconds that Postgres has to answer: a little more than it gives a statement itself."""
        return self.statement_timeout + _GRACE if self.statement_timeout else None


class Database:
    """A pool of connections to one database; grows to its maximum, keeps the most recent warm."""

    def __init__(self, address: Address | str, settings: PoolSettings) -> None:
        """A pool without a connection yet; raises `ApiError` where the address' certificates are
        none."""
        self.address = Address.of(address) if isinstance(address, str) else address
        self.settings = settings
        self.replicas: Replicas | None = None
        """Who answers queries in its place, if anybody."""
        self._opener = Opener(self.address, settings.terms())
        self._idle: list[Pooled] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = 0
        self._closed = False
        self._look: asyncio.TimerHandle | None = None
        self._open_ones: set[Pooled] = set()
        self._watch: asyncio.TimerHandle | None = None
        self.express = Express(self, settings.shared(), settings.prepared)
        """Those of its connections that quick statements share."""
        self.solo = settings.prepared if settings.shared() else 0
        """How many statements a connection keeps where the driver does not speak; 0: it always
        does."""
        self._retiring: set[asyncio.Task[None]] = set()

    @classmethod
    async def connect(cls, address: Address | str, settings: PoolSettings) -> "Database":
        """A pool with one open connection; raises `ApiError` where the server refuses it."""
        database = cls(address, settings)
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

    def warm(self) -> Pooled | None:
        """As `acquire`, where a connection is at hand; None where there is none."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                self._taken += 1
                return connection
        return None

    async def acquire(self) -> Pooled:
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
            shared = self.express.give_back()
            if shared is not None:
                return shared
            now = asyncio.get_running_loop().time()
            deadline = min(deadline, now + self.settings.timeout)
            await self._wait(deadline - now)

    @property
    def taken(self) -> int:
        """Connections in use."""
        return self._taken

    def lend(self) -> Pooled | None:
        """A connection that nobody wants now, to be shared; it counts as taken."""
        return None if self._waiting or self._closed else self.warm()

    def lose(self) -> None:
        """One that was lent is gone."""
        self._give_back_place()

    def has_spare(self) -> bool:
        """Whether `acquire` need not wait for another to be released."""
        return bool(self._idle) or self._taken < self.settings.maximum

    async def _open(self) -> Pooled:
        self._taken += 1
        try:
            connection = await self._opener.open()
            await self._instruct(connection)
            self._look_later()
            self._open_ones.add(connection)
            self._watch_on()
            return connection
        except BaseException as error:
            self._give_back_place()
            if isinstance(error, Exception):
                raise unreachable(error) from error
            raise

    async def _instruct(self, connection: Pooled) -> None:
        try:
            async with asyncio.timeout(self.settings.connect_timeout):
                await take_as_text(connection)
        except BaseException:
            connection.terminate()
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

    def take_back(self, connection: Pooled) -> bool:
        """As `release`, where nothing is to be done to the connection first; whether that is so."""
        if self._closed or connection.is_closed() or connection.is_in_transaction():
            return False
        self._idle.append(connection)
        self._give_back_place()
        return True

    async def release(self, connection: Pooled) -> None:
        """Hand a connection back; one that is broken or cannot be rolled back is dropped."""
        if not connection.is_closed() and connection.is_in_transaction():
            try:
                await connection.execute("rollback")
            except FAILURES:
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
        """Close idle connections now, within seconds; those in use are closed when they come
        back."""
        self._closed = True
        for timer in (self._look, self._watch):
            if timer is not None:
                timer.cancel()
        self._take_back_shared(lambda _: True)
        idle, self._idle[:] = tuple(self._idle), ()
        await asyncio.gather(_close(idle), *self._retiring, self.express.ended(_TO_CLOSE))
        if self.replicas is not None:
            await self.replicas.close()

    def _watch_on(self) -> None:
        if self._watch is None and not self._closed and self.settings.patience():
            self._watch = asyncio.get_running_loop().call_later(_BETWEEN_LOOKS, self._look_at_all)

    def _look_at_all(self) -> None:
        """Give up connections on which Postgres does not answer. The driver does so itself; no
        request pays for a timer of its own."""
        self._watch = None
        now, most = time.monotonic(), self.settings.patience()
        self._open_ones = {one for one in self._open_ones if not one.is_closed()}
        for one in tuple(self._open_ones):
            if isinstance(one.solo, Link) and most is not None:
                one.solo.end_overdue(most, now)
        self.express.end_overdue(most or math.inf, now)
        if self._open_ones:
            self._watch_on()

    def _look_later(self) -> None:
        limits = [one for one in (self.settings.idle_timeout, self.settings.lifetime) if one > 0]
        if limits and self._look is None and not self._closed:
            pause = min(max(min(limits) / _LOOKS, _SOONEST_LOOK), _LATEST_LOOK)
            self._look = asyncio.get_running_loop().call_later(pause, self._retire)

    def _retire(self) -> None:
        """Close idle connections that have rested or lived for long enough."""
        self._look = None
        now = time.monotonic()
        self._take_back_shared(
            lambda link: self._is_due(now - link.last_ready, now - link.connection.opened_at)
        )
        stale = [one for one in self._idle if self._is_due(one.rested(now), now - one.opened_at)]
        if stale:
            self._idle[:] = [one for one in self._idle if one not in stale]
            closing = asyncio.create_task(_close(stale))
            self._retiring.add(closing)
            closing.add_done_callback(self._retiring.discard)
        if self.size:
            self._look_later()

    def _take_back_shared(self, is_due: Callable[[Link], bool]) -> None:
        for connection in self.express.retire(is_due):
            self._idle.append(connection)
            self._give_back_place()

    def _is_due(self, rested: float, lived: float) -> bool:
        """Whether a connection that rested and lived for so many seconds is to be closed."""
        idle, lifetime = self.settings.idle_timeout, self.settings.lifetime
        return 0 < idle <= rested or 0 < lifetime <= lived


def _is_lost(error: BaseException) -> bool:
    """Whether the driver lost count of what a connection was asked, or Postgres did not answer: it
    is of no use any more."""
    lost = (LOST, TimeoutError)
    return isinstance(error, lost) or isinstance(error.__cause__, lost)


async def _close(connections: Sequence[Pooled]) -> None:
    """Say good-bye to all at once; one that does not answer is cut off."""
    await asyncio.gather(*(_leave(one) for one in connections))


async def _leave(connection: Pooled) -> None:
    with suppress(*FAILURES):
        # Cuts it off by itself where the time is over.
        await connection.close(timeout=_TO_CLOSE)


class Lease:
    """A connection on loan, for one `async with` block."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Pooled | None = None

    async def __aenter__(self) -> Pooled:
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
        if error is not None and connection is not None and _is_lost(error):
            connection.terminate()
        if connection is not None and not self._database.take_back(connection):
            await self._database.release(connection)
