"""Quick statements share few connections, where each costs less of both processes than on its own.

Apart from the pool, whose connections are exclusive. A statement comes here once it has shown that
it is quick, and only where asking it twice does no harm. While the links have something to do,
requests for one statement wait for each other, and leave together as one. What a link cannot
answer, or not soon, is asked again on a connection of its own: nobody waits long behind another's
slow statement.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from rowgate.database.bind import Argument, encoded
from rowgate.database.connections.address import Pooled
from rowgate.database.sharing.link import Link
from rowgate.database.sharing.quick import QUICK, Quick, Turn, Waiting, together
from rowgate.sql.types import Statement

PATIENCE = 0.02
"""Seconds after which those behind a statement are asked elsewhere."""
_LITTLE = QUICK / 4
"""Seconds of work up to which one link carries all."""
_AT_LEAST = QUICK / 8
"""Seconds of work that a link is given at least of what waits for company."""
_AHEAD = 2
"""How many statements it is given at least, one that runs and one that is next."""
_PROCESSORS = 4
"""How many processors Postgres is taken to have where it is on another machine."""
_BUSY = 0.5
"""Of its time, what a process computes that is called busy."""
_ROUNDS = 4
"""How many times longer may be waited where the process is busy."""
_FOR_WANT = 0.1
"""Seconds of work that may wait for each link where no other connection is to be had."""
_REMEMBERED = 2_048
_AGAIN = 1.0
"""Seconds after which a cancellation that was not heard is repeated."""


class Lender(Protocol):
    """The pool behind it."""

    def lend(self) -> Pooled | None:
        """A connection that nobody wants now, if there is one."""

    def lose(self) -> None:
        """One that was lent is gone."""

    def has_spare(self) -> bool:
        """Whether a connection could be had at once."""

    @property
    def taken(self) -> int:
        """How many connections are in use."""


class Express:
    """At most `most` links over connections that `lender` can spare, each keeping `prepared`
    statements."""

    def __init__(self, lender: Lender, most: int, prepared: int) -> None:
        self._lender = lender
        self._most = most
        self._prepared = prepared
        self._processors = self._useful = _PROCESSORS
        self._links: list[Link] = []
        self._quick: dict[str, Quick] = {}
        self._queue: deque[Quick] = deque()
        """Statements for which somebody waits, each once."""
        self._queued = self._under_way = 0.0
        """Seconds of work that wait, and that links have."""
        self._leaving = self._moved = self._busy = self._late = False
        self._measured = self._spent = self._look_due = 0.0
        self._look: asyncio.TimerHandle | None = None
        self._cancelling: set[asyncio.Task[None]] = set()
        self._emptied: asyncio.Event | None = None

    def ready(self, text: str) -> bool:
        """Whether a statement would be taken now."""
        quick = self._quick.get(text)
        return quick is not None and quick.is_shown() and self._most > 0

    def note(self, text: str, seconds: float) -> None:
        """That a statement ran so long on a connection of its own. Where more run than Postgres has
        processors, that is not all its own time."""
        seconds *= self._processors / max(self._processors, self._lender.taken)
        quick = self._quick.pop(text, None)
        if quick is None and seconds < QUICK:
            if len(self._quick) >= _REMEMBERED:
                del self._quick[next(iter(self._quick))]
            quick = Quick(text)
        if quick is not None:
            self._quick[text] = quick
            quick.note(seconds)

    def ask(self, statement: Statement, arguments: Sequence[Argument]) -> Waiting | None:
        """The answer to come to a quick statement; None where it is to be asked elsewhere, as the
        answer may be. It may raise `asyncpg.PostgresError`."""
        quick = self._quick.get(statement.text)
        if quick is None or not quick.is_shown() or not self._most:
            return None
        try:
            values = encoded(arguments)
        except UnicodeEncodeError:
            return None
        work = self._queued + self._under_way + quick.each
        if work > QUICK and self._is_long(work):
            return None
        answer: Waiting = asyncio.get_running_loop().create_future()
        link = None if self._queue else self._link_at_once(quick)
        if link is not None:
            link.ask(quick.text, values, (answer,), quick)
            self._under_way += quick.each
        else:
            if not quick.waiting:
                quick.many = statement.many
                self._queue.append(quick)
            quick.waiting.append((values, answer, quick.each))
            self._queued += quick.each
        if not self._leaving:
            # What is asked in this turn of the loop leaves at its end, in one write.
            self._leaving = True
            asyncio.get_running_loop().call_soon(self._send)
        if self._look is None:
            self._measured, self._spent = time.monotonic(), time.process_time()
            self._look_later()
        return answer

    def _is_long(self, work: float) -> bool:
        """Whether a connection of one's own is better than to wait for so many seconds of work."""
        longest = QUICK * (_ROUNDS if self._busy else 1)
        if not self._lender.has_spare():
            longest = _FOR_WANT
        links = sum(map(_is_open, self._links))
        return work > longest * max(links, 1)

    def _send(self) -> None:
        """Send what waits, as far as the links have room for it."""
        self._leaving = False
        now = time.monotonic()
        while self._queue:
            link = self._link_for(self._queue[0], now)
            if link is None:
                break
            self._moved = True
            quick = self._queue.popleft()
            taken = quick.take(now)
            if quick.waiting:
                self._queue.append(quick)
            self._queued = self._queued - sum(work for _, _, work in taken) if self._queue else 0.0
            _ask(link, quick, [one for one in taken if not one[1].done()])
        for link in self._links:
            link.flush()
        self._count()
        if self._queue and self._lender.has_spare() and not any(map(_is_open, self._links)):
            self._give_up()

    def _count(self) -> None:
        self._under_way = sum(link.work for link in self._links)

    def _link_at_once(self, quick: Quick) -> Link | None:
        """The link that has room for a statement behind those under way."""
        link = self._link()
        if link is None or not link.asked or link.work + quick.each <= QUICK:
            return link
        return None

    def _link_for(self, quick: Quick, now: float) -> Link | None:
        """The link that has room for those that wait for a statement; None where they had better
        wait for more."""
        if quick.most(now) == 1:
            return self._link_at_once(quick)
        link = self._link()
        if link is None or not link.asked:
            return link
        has_room = len(link.asked) < _AHEAD or link.work < _AT_LEAST
        return link if has_room and not quick.is_measured() else None

    def _link(self) -> Link | None:
        """The link to be given more. One carries all while that is little: the more statements
        leave and come together, the less each costs, and Postgres has other work for its
        processors. More share what is too much for one."""
        least: Link | None = None
        links = 0
        for link in self._links:
            if not _is_open(link):
                continue
            if link.work <= _LITTLE:
                return link
            links += 1
            if least is None or link.work < least.work:
                least = link
        return (self._added() if links < self._useful else None) or least

    def _added(self) -> Link | None:
        """Another link, where there may be one and a connection is at hand."""
        lent = self._lender.lend() if len(self._links) < self._most else None
        if lent is None:
            return None
        if lent.is_near():
            self._processors = _processors()
            self._useful = max(1, self._processors // 2)
        link = Link(lent, self._prepared, self)
        self._links.append(link)
        return link

    def eased(self, link: Link) -> None:  # noqa: ARG002 - what waits may go to any
        """A link has less under way: send what waits, before it has nothing."""
        if self._queue:
            self._send()
        else:
            self._count()

    def _give_up(self) -> None:
        """Have all that wait ask elsewhere."""
        self._queued = 0.0
        while self._queue:
            self._queue.popleft().give_up()

    def lost(self, link: Link) -> None:
        """The connection of a link is gone."""
        if link in self._links:
            self._links.remove(link)
        self._count()
        if self._emptied is not None and not self._links:
            self._emptied.set()
        self._lender.lose()

    def _look_later(self) -> None:
        self._look_due = time.monotonic() + PATIENCE
        self._look = asyncio.get_running_loop().call_later(PATIENCE, self._look_round)

    def _look_round(self) -> None:
        """Find the links on which a statement is not quick. A look that comes late tells more of
        this process than of Postgres, whose answers may wait to be read: then the next is asked."""
        now = time.monotonic()
        self._look = None
        spent = time.process_time()
        self._busy = spent - self._spent > _BUSY * (now - self._measured)
        self._measured, self._spent = now, spent
        self._late = now - self._look_due > PATIENCE / 2 and not self._late
        if not self._late:
            self._look_at_all(now)
        if self._queue or any(link.asked for link in self._links):
            self._look_later()

    def _look_at_all(self, now: float) -> None:
        for link in self._links:
            if link.asked:
                self._look_at(link, now)
        if not self._moved:
            self._give_up()
        self._moved = False
        self._send()

    def _look_at(self, link: Link, now: float) -> None:
        first = link.asked[0]
        if now - max(first.sent, link.last_ready) < PATIENCE:
            return
        link.stalled = True
        quick = first.quick
        if quick is not None and len(first.answers) > 1:
            quick.stalled(now)
            first.give_up()
        elif quick is not None:
            quick.lose()
        for one in link.asked:
            if one is not first:
                one.give_up()
        if first.is_over() and not link.cancelling and now - link.cancelled > _AGAIN:
            # Nobody waits for it any more, nor behind it.
            link.cancelling, link.cancelled = True, now
            task = asyncio.create_task(self._cancel(link))
            self._cancelling.add(task)
            task.add_done_callback(self._cancelling.discard)

    async def _cancel(self, link: Link) -> None:
        try:
            await link.connection.cancel()
        finally:
            link.cancelling = False
            if link.closing and not link.asked:
                link.connection.terminate()

    def end_overdue(self, most: float, now: float) -> None:
        """Give up the links on which Postgres has not answered for so many seconds."""
        for link in tuple(self._links):
            link.end_overdue(most, now)

    def give_back(self) -> Pooled | None:
        """The connection of a link that carries nothing, for those who wait for one of their own;
        None where all are busy."""
        for link in self._links:
            if not (link.asked or link.cancelling or self._queue):
                self._links.remove(link)
                return link.surrender()
        return None

    def retire(self, is_due: Callable[[Link], bool]) -> list[Pooled]:
        """The connections of links that are due and carry nothing; the others that are due end by
        themselves, when all on them is answered."""
        due = [link for link in self._links if is_due(link)]
        for link in due:
            link.closing = True
        given = [link for link in due if not link.asked and not link.cancelling]
        self._links = [link for link in self._links if link not in given]
        return [link.surrender() for link in given]

    async def ended(self, seconds: float) -> None:
        """Wait, so long at most, until all that was retired has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*self._cancelling)
                if self._links:
                    self._emptied = asyncio.Event()
                    await self._emptied.wait()


def _is_open(link: Link) -> bool:
    """Whether a link may be given more."""
    return not (link.stalled or link.closing)


def _processors() -> int:
    """How many this process may use; all of the machine where the system does not say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _ask(link: Link, quick: Quick, taken: Sequence[Turn]) -> None:
    """Ask for all that were taken, as one statement."""
    if len(taken) > 1 and quick.many is not None:
        values = together([one for one, _, _ in taken])
        link.ask(quick.many, values, [answer for _, answer, _ in taken], quick)
    else:
        for one, answer, _ in taken:
            link.ask(quick.text, one, (answer,), quick)
