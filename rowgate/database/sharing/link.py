"""One connection that carries several statements at once: Postgres' extended protocol, pipelined.

Apart from the driver, which has one statement under way, and a wake-up and a write for each. Only
what is needed for statements that give one JSON value: the connection is opened, greeted and, when
it is given back, used by the driver.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from struct import Struct
from typing import Protocol

import asyncpg

from rowgate.database.bind import Argument, encoded
from rowgate.database.connections.address import Pooled
from rowgate.database.sharing.quick import Answer, Quick, Values, Waiting

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

LONGEST_KEPT = 8_192
"""Characters of a statement up to which it is prepared once for all; a plan takes some forty times
as much of the backend's memory."""
_MOST_KEPT = 1_048_576
"""Characters of all statements that a connection keeps."""
_MISTAKEN = 0.5
"""Seconds within which that shows; who has run for longer has met its own time limit."""
_TO_CANCEL = 1.0
"""Seconds that Postgres has to end a statement whose client has left."""
_NUMBERS = count(1)


class Asked:
    """A statement under way: who waits for the values of its rows, since when (of the monotonic
    clock), and whether Postgres has yet to say that it understands the text. `quick` is what is
    known of it, `work` the time that it is counted with; `timed`: nothing was under way before it,
    so that the time to its answer is its own."""

    __slots__ = ("answers", "quick", "sent", "text", "timed", "unread", "work")

    def __init__(
        self, text: str, answers: Sequence[Waiting], quick: Quick | None, sent: float
    ) -> None:
        self.text = text
        self.answers = answers
        self.quick = quick
        self.sent = sent
        self.work = quick.each * len(answers) if quick is not None else 0.0
        self.unread = self.timed = False

    def is_over(self) -> bool:
        """Whether nobody waits any more."""
        return all(one.done() for one in self.answers)

    def give_up(self) -> None:
        """Have all that wait ask elsewhere."""
        for one in self.answers:
            if not one.done():
                one.set_result(None)

    def answer(self, values: Sequence[bytes]) -> None:
        """Give each the value of its row; `null` where one alone has no row."""
        for one, value in zip(self.answers, values or (NULL,), strict=False):
            if not one.done():
                one.set_result(value or NULL)
        if len(values) < len(self.answers) > 1:
            self.give_up()

    def fail(self, error: Exception) -> None:
        """Tell all that wait."""
        for one in self.answers:
            if not one.done():
                one.set_exception(error)


class Owner(Protocol):
    """Who has links."""

    def lost(self, link: "Link") -> None:
        """Its connection is gone."""

    def eased(self, link: "Link") -> None:
        """It has less under way."""


class Link(asyncio.Protocol):
    """A connection, taken over from the driver until it is `surrender`ed. `asked` is what is under
    way, in order, and `work` the seconds that it should take; `last_ready` when an answer came
    last, of the monotonic clock. `stalled`: what is first is not quick, and nobody else waits; ends
    by itself. `closing`: it ends when all is answered."""

    elsewhere = _ELSEWHERE
    """The SQLSTATEs with which a statement is to be asked elsewhere."""

    def __init__(self, connection: Pooled, prepared: int, owner: Owner) -> None:
        """`prepared` is how many statements it keeps."""
        self.connection = connection
        self.asked: deque[Asked] = deque()
        self.stalled = self.cancelling = self.closing = False
        self.cancelled = 0.0
        self.work = 0.0
        self._loop = asyncio.get_running_loop()
        self.last_ready = time.monotonic()
        self._owner = owner
        self._lost = False
        self._most = prepared
        self._names = connection.shared
        self._out: list[bytes] = []
        self._in: list[bytes] = []
        self._size = self._wanted = 0
        self._values: list[bytes] = []
        self._error: asyncpg.PostgresError | None = None
        self._transport: asyncio.Transport = connection.transport
        self._transport.set_protocol(self)

    def ask(
        self, text: str, values: Values, answers: Sequence[Waiting], quick: Quick | None = None
    ) -> None:
        """Have a statement sent behind those under way, with the next `flush`. It gives as many
        rows as wait for an answer."""
        asked = Asked(text, answers, quick, time.monotonic())
        asked.timed = not self.asked
        name = self._names.get(text)
        if name is None:
            asked.unread = True
            name = self._prepare(text)
        parts = [b"\x00", name, b"\x00\x00\x00", _SHORT.pack(len(values))]
        for value in values:
            parts += (_ABSENT,) if value is None else (_INT.pack(len(value)), value)
        parts.append(_ALL_TEXT)
        body = b"".join(parts)
        self._out += (_HEADER.pack(b"B", len(body) + 4), body, _RUN)
        self.asked.append(asked)
        self.work += asked.work

    def _prepare(self, text: str) -> bytes:
        """Have Postgres read a statement, and keep it under a name; a long one is not kept, since
        its plan takes megabytes."""
        if len(text) > LONGEST_KEPT:
            name = b""
        else:
            kept = sum(map(len, self._names)) + len(text)
            while self._names and (len(self._names) >= self._most or kept > _MOST_KEPT):
                oldest = next(iter(self._names))
                kept -= len(oldest)
                self._forget(oldest)
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

    def flush(self) -> None:
        """Send what was asked."""
        out, self._out = self._out, []
        if out and not self._lost:
            self._transport.write(b"".join(out))

    def data_received(self, data: bytes) -> None:
        """Read what Postgres sends; the owner hears of it where something was answered."""
        before = len(self.asked)
        self._read(data)
        if len(self.asked) < before:
            self._owner.eased(self)

    def _read(self, data: bytes) -> None:
        """Read message by message; keep the beginning of one that has not come whole."""
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
            self._values.append(data[at + 11 : after])
        elif kind == b"E":
            self._error = _read_error(data[at + 5 : after])
        elif self.asked:
            self.asked[0].unread = False

    def _settle(self) -> None:
        """Give the first of those that wait its answer."""
        values, self._values = self._values, []
        error, self._error = self._error, None
        asked = self.asked.popleft()
        self.work = self.work - asked.work if self.asked else 0.0
        now = time.monotonic()
        seconds = now - max(asked.sent, self.last_ready)
        self.last_ready = now
        if not self.asked:
            self.stalled = False
            if self.closing:
                self.connection.terminate()
        if error is None:
            if asked.quick is not None and asked.timed and not asked.unread:
                asked.quick.observe(len(asked.answers), seconds, now)
            asked.answer(values)
        else:
            self._settle_failed(asked, error, seconds)

    def _settle_failed(self, asked: Asked, error: asyncpg.PostgresError, seconds: float) -> None:
        is_elsewhere = error.sqlstate in self.elsewhere
        if asked.unread or is_elsewhere:
            self._forget(asked.text)
        if len(asked.answers) > 1 and asked.quick is not None:
            asked.quick.failed(self.last_ready)
            asked.give_up()
        elif is_elsewhere and seconds < _MISTAKEN:
            asked.give_up()
        else:
            asked.fail(error)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        """Let all that wait ask elsewhere."""
        self._lost = True
        for one in self.asked:
            one.give_up()
        self.asked.clear()
        self.work = 0.0
        self.connection.terminate()
        self._owner.lost(self)

    def end_overdue(self, most: float, now: float) -> None:
        """Give up the connection where Postgres has not answered for so many seconds, and tell all
        that wait: its own limit on a statement should have come first."""
        if self.asked and now - max(self.asked[0].sent, self.last_ready) > most:
            for one in self.asked:
                one.fail(asyncpg.QueryCanceledError("Postgres does not answer"))
            self.connection.terminate()

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
        super().__init__(connection, prepared, _NOBODY)

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
            answer: Waiting = self._loop.create_future()
            self.ask(text, encoded(arguments), (answer,))
            self.flush()
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
            ended: Waiting = self._loop.create_future()
            self.asked[0].answers = (ended,)
            with suppress(asyncpg.PostgresError, OSError):
                await ended

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits that nobody knows what became of the statement."""
        lost = self._error or exc or ConnectionResetError("the connection was closed")
        for one in self.asked:
            one.fail(lost)
        super().connection_lost(exc)


class _Nobody:
    """The owner of a link that belongs to who asks."""

    def lost(self, link: Link) -> None:
        """Who asks sees it."""

    def eased(self, link: Link) -> None:
        """Who asks sees it."""


_NOBODY = _Nobody()


def _read_error(body: bytes) -> asyncpg.PostgresError:
    fields = {
        part[:1].decode(): part[1:].decode(errors="replace") for part in body.split(b"\x00") if part
    }
    return asyncpg.PostgresError.new(fields)
