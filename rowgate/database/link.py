"""One connection that carries several statements at once: Postgres' extended protocol, pipelined.

Apart from the driver, which has one statement under way, and a wake-up and a write for each. Only
what is needed for statements that give one JSON value: the connection is opened, greeted and, when
it is given back, used by the driver.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from struct import Struct

import asyncpg

from rowgate.database.address import Pooled
from rowgate.database.bind import Argument, array_literal

NULL = b"null"
_HEADER = Struct("!cI")
_INT = Struct("!I")
_SHORT = Struct("!H")
_ABSENT = b"\xff\xff\xff\xff"
_RUN = b"E\x00\x00\x00\x09\x00\x00\x00\x00\x00S\x00\x00\x00\x04"
"""Execute the unnamed portal to its end, then Sync: each statement is a transaction of its own."""
_ALL_TEXT = b"\x00\x00"
_FORGOTTEN = "26000"
_ELSEWHERE = frozenset((_FORGOTTEN, "0A000", "57014", "57P01", "57P02", "57P03"))
"""SQLSTATEs that are the connection's and not the statement's: a prepared statement that is gone,
a cancellation that was meant for another, an end of service."""

_MISTAKEN = 0.5
"""Seconds within which that shows; who has run for longer has met its own time limit."""
_TO_CANCEL = 1.0
"""Seconds that Postgres has to end a statement whose client has left."""
_NUMBERS = count(1)

Answer = bytes | None
"""One JSON value; None: to be asked elsewhere."""


class Asked:
    """A statement under way: who waits for its answer, since when (of the loop's clock), and
    whether Postgres has yet to say that it understands the text."""

    __slots__ = ("answer", "sent", "text", "unread")

    def __init__(
        self, answer: asyncio.Future[Answer], text: str, sent: float, *, unread: bool
    ) -> None:
        self.answer = answer
        self.text = text
        self.sent = sent
        self.unread = unread


class Link(asyncio.Protocol):
    """A connection, taken over from the driver until it is `surrender`ed. `asked` is what is under
    way, in order; `last_ready` when an answer came last, of the loop's clock. `stalled`: what is
    first is not quick, and nobody else waits; ends by itself. `closing`: it ends when all is
    answered."""

    elsewhere = _ELSEWHERE
    """The SQLSTATEs with which a statement is to be asked elsewhere."""

    def __init__(
        self, connection: Pooled, prepared: int, on_lost: Callable[["Link"], None]
    ) -> None:
        """`prepared` is how many statements it keeps."""
        self.connection = connection
        self.asked: deque[Asked] = deque()
        self.stalled = self.cancelling = self.closing = False
        self.cancelled = 0.0
        self._loop = asyncio.get_running_loop()
        self.last_ready = self._loop.time()
        self._on_lost = on_lost
        self._lost = False
        self._most = prepared
        self._names = connection.shared
        self._out: list[bytes] = []
        self._leaving = False
        self._in: list[bytes] = []
        self._size = self._wanted = 0
        self._value: bytes | None = None
        self._error: asyncpg.PostgresError | None = None
        self._transport: asyncio.Transport = connection.transport
        self._transport.set_protocol(self)

    def ask(self, text: str, arguments: Sequence[Argument]) -> asyncio.Future[Answer]:
        """Send a statement behind those under way; all that are asked in one turn of the loop
        leave in one write. The future may raise `asyncpg.PostgresError`. Raises
        `UnicodeEncodeError` for an argument that is no text."""
        values = [_SHORT.pack(len(arguments))]
        for one in arguments:
            if one is None:
                values.append(_ABSENT)
            else:
                value = (one if isinstance(one, str) else array_literal(one)).encode()
                values += (_INT.pack(len(value)), value)
        if not self._leaving:
            self._leaving = True
            self._loop.call_soon(self._flush)
        name = self._names.get(text)
        unread = name is None
        if name is None:
            name = self._prepare(text)
        body = b"".join((b"\x00", name, b"\x00\x00\x00", *values, _ALL_TEXT))
        self._out += (_HEADER.pack(b"B", len(body) + 4), body, _RUN)
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self.asked.append(Asked(answer, text, self._loop.time(), unread=unread))
        return answer

    def _prepare(self, text: str) -> bytes:
        if len(self._names) >= self._most:
            self._forget(next(iter(self._names)))
        name = self._names[text] = b"rowgate%d" % next(_NUMBERS)
        body = name + b"\x00" + text.encode() + b"\x00\x00\x00"
        self._out += (_HEADER.pack(b"P", len(body) + 4), body)
        return name

    def _forget(self, text: str) -> None:
        """Have Postgres forget a statement, with what is sent next."""
        name = self._names.pop(text, None)
        if name is not None:
            gone = b"S" + name + b"\x00"
            self._out += (_HEADER.pack(b"C", len(gone) + 4), gone)

    def _flush(self) -> None:
        self._leaving = False
        out, self._out = self._out, []
        if not self._lost:
            self._transport.write(b"".join(out))

    def data_received(self, data: bytes) -> None:
        """Read what Postgres sends, message by message."""
        if self._in:
            self._in.append(data)
            self._size += len(data)
            if self._size < self._wanted:
                return
            data = b"".join(self._in)
            self._in.clear()
        at, end = 0, len(data)
        while end - at >= 5:
            kind, length = _HEADER.unpack_from(data, at)
            after = at + 1 + length
            if after > end:
                break
            if kind == b"Z":
                self._settle()
            elif kind in b"DE1":
                self._note(kind, data, at, after)
            at = after
        if at < end:
            self._in.append(data[at:])
            self._size = end - at
            self._wanted = 5 if self._size < 5 else 1 + _HEADER.unpack_from(data, at)[1]

    def _note(self, kind: bytes, data: bytes, at: int, after: int) -> None:
        if kind == b"D":
            # Behind the header: how many columns (one), and its length.
            if self._value is None:
                self._value = data[at + 11 : after]
        elif kind == b"E":
            self._error = _read_error(data[at + 5 : after])
        elif self.asked:
            self.asked[0].unread = False

    def _settle(self) -> None:
        """Give the first of those that wait its answer."""
        value, self._value = self._value, None
        error, self._error = self._error, None
        asked = self.asked.popleft()
        began = max(asked.sent, self.last_ready)
        self.last_ready = self._loop.time()
        if not self.asked:
            self.stalled = False
            if self.closing:
                self.connection.terminate()
        if error is not None and (asked.unread or error.sqlstate in self.elsewhere):
            self._forget(asked.text)
        answer = asked.answer
        if answer.done():
            return
        if error is None:
            answer.set_result(value or NULL)
        elif error.sqlstate in self.elsewhere and self.last_ready - began < _MISTAKEN:
            answer.set_result(None)
        else:
            answer.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        """Let all that wait ask elsewhere."""
        self._lost = True
        for one in self.asked:
            if not one.answer.done():
                one.answer.set_result(None)
        self.asked.clear()
        self.connection.terminate()
        self._on_lost(self)

    def surrender(self) -> Pooled:
        """The connection as the driver's again; nothing may be under way."""
        self.connection.take_transport_back()
        return self.connection


class Solo(Link):
    """A link that carries one statement at a time, for who has the connection alone; the driver
    has it back in between. Only what Postgres has not begun to run is asked again, since it may
    change things: a connection that is lost is an error."""

    elsewhere = frozenset((_FORGOTTEN,))

    def __init__(self, connection: Pooled, prepared: int) -> None:
        """`prepared` is how many statements it keeps."""
        super().__init__(connection, prepared, lambda _: None)
        self._leaving = True  # what is asked is written at once

    @classmethod
    def of(cls, connection: Pooled, prepared: int) -> "Solo":
        """The one of `connection`."""
        solo = connection.solo
        if isinstance(solo, cls):
            connection.transport.set_protocol(solo)
        else:
            solo = connection.solo = cls(connection, prepared)
        return solo

    async def run(self, text: str, arguments: Sequence[Argument]) -> Answer:
        """The answer to a statement, as a transaction of its own, after which the driver speaks
        again; None where Postgres has not run it and the driver is to be asked. Raises
        `asyncpg.PostgresError`, and `ConnectionError` where nobody knows. Who is cancelled has the
        statement cancelled."""
        connection = self.connection
        connection.note_use()
        try:
            answer = self.ask(text, arguments)
            self._flush()
            self._leaving = True
            return await answer
        except UnicodeEncodeError:
            return None
        except asyncio.CancelledError:
            await self._end()
            raise
        finally:
            if not (self.asked or connection.is_closed()):
                connection.take_transport_back()

    async def _end(self) -> None:
        """Have Postgres end what runs; where it does not soon, the connection ends."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_TO_CANCEL):
                    await self._cancelled()
        finally:
            if self.asked:
                self.connection.terminate()

    async def _cancelled(self) -> None:
        if self.asked:
            await self.connection.cancel()
        if self.asked:
            ended = self.asked[0].answer = self._loop.create_future()
            with suppress(asyncpg.PostgresError, OSError):
                await ended

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits that nobody knows what became of the statement."""
        lost = self._error or exc or ConnectionResetError("the connection was closed")
        for one in self.asked:
            if not one.answer.done():
                one.answer.set_exception(lost)
        super().connection_lost(exc)


def _read_error(body: bytes) -> asyncpg.PostgresError:
    fields = {
        part[:1].decode(): part[1:].decode(errors="replace") for part in body.split(b"\x00") if part
    }
    return asyncpg.PostgresError.new(fields)
