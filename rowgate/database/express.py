"""Quick statements share few connections, where each costs less of both processes than on its own.

Apart from the pool, whose connections are exclusive. A statement comes here once it has shown that
it is quick, and only where asking it twice does no harm. While every link has enough to do,
requests for one statement wait for each other, and leave together as one. What a link cannot
answer, or not soon, is asked again on a connection of its own: nobody waits long behind another's
slow statement.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from rowgate.database.address import Pooled
from rowgate.database.bind import Argument, encoded
from rowgate.database.link import Link
from rowgate.database.quick import DEEPEST, QUICK, Quick, Values, Waiting, together
from rowgate.sql.types import Statement

PATIENCE = 0.02
"""Seconds after which those behind a statement are asked elsewhere."""
_BUSY = 0.5
"""Of its time, what a process computes that is called busy."""
_ROUNDS = 4
"""How often as many as are asked together may wait, where the process is busy."""
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


class Express:
    """At most `most` links over connections that `lender` can spare, each keeping `prepared`
    statements."""

    def __init__(self, lender: Lender, most: int, prepared: int) -> None:
        self._lender = lender
        self._most = most
        self._prepared = prepared
        self._links: list[Link] = []
        self._quick: dict[str, Quick] = {}
        self._queue: deque[Quick] = deque()
        """Statements for which somebody waits, each once."""
        self._moved = self._busy = self._late = False
        self._measured = self._spent = self._look_due = 0.0
        self._look: asyncio.TimerHandle | None = None
        self._cancelling: set[asyncio.Task[None]] = set()
        self._emptied: asyncio.Event | None = None

    def ready(self, text: str) -> bool:
        """Whether a statement would be taken now."""
        quick = self._quick.get(text)
        return quick is not None and quick.is_shown() and self._most > 0

    def note(self, text: str, seconds: float) -> None:
        """That a statement ran so long on a connection of its own."""
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
        quick.many = statement.many
        answer: Waiting = asyncio.get_running_loop().create_future()
        if not (self._ask_now(quick, values, answer) or self._wait(quick, values, answer)):
            return None
        if self._look is None:
            self._look_later()
        return answer

    def _ask_now(self, quick: Quick, values: Values, answer: Waiting) -> bool:
        """Ask at once, where a link has room and nobody came before; whether that is so."""
        link = None if self._queue else self._free_link(quick.depth)
        if link is None and not (self._lender.has_spare() or _may_wait(quick)):
            # Behind others on a link the wait is shorter than for a connection.
            link = self._free_link(DEEPEST)
        if link is not None:
            # Behind others it would be told from the answer before it: they may be read together.
            link.ask(quick.text, values, (answer,), None if link.under_way else quick)
        return link is not None

    def _wait(self, quick: Quick, values: Values, answer: Waiting) -> bool:
        """Have it wait for others; whether that is better than a connection of its own."""
        links = sum(not (link.stalled or link.closing) for link in self._links)
        if len(quick.waiting) >= links * self._most_waiting(quick) or not _may_wait(quick):
            return False
        if not quick.waiting:
            self._queue.append(quick)
        quick.waiting.append((values, answer))
        return True

    def _most_waiting(self, quick: Quick) -> int:
        """How many of a statement may wait for each link: more where the process is what all wait
        for, and most where there is no other connection."""
        if not self._lender.has_spare():
            return DEEPEST
        return min(_ROUNDS * quick.depth, DEEPEST) if self._busy else quick.depth

    def eased(self, link: Link) -> None:
        """A link has less under way: give it what waits, before it has nothing."""
        while self._queue and link.under_way <= self._queue[0].depth // 4:
            if link.closing or link.stalled:
                return
            quick = self._queue.popleft()
            taken = quick.take()
            if quick.waiting:
                self._queue.append(quick)
            if taken:
                self._moved = True
                _send(link, quick, taken)

    def _give_up(self) -> None:
        """Have all that wait ask elsewhere."""
        while self._queue:
            self._queue.popleft().give_up()

    def _free_link(self, depth: int) -> Link | None:
        """The link with the least under way, less than `depth`; one is added while all have
        something."""
        best: Link | None = None
        least = depth
        for link in self._links:
            under_way = link.under_way
            if under_way < least and not (link.stalled or link.closing):
                best, least = link, under_way
        if len(self._links) < self._most and (best is None or least > 0):
            lent = self._lender.lend()
            if lent is not None:
                best = Link(lent, self._prepared, self)
                self._links.append(best)
        return best

    def lost(self, link: Link) -> None:
        """The connection of a link is gone."""
        if link in self._links:
            self._links.remove(link)
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

    def _look_at(self, link: Link, now: float) -> None:
        first = link.asked[0]
        if now - max(first.sent, link.last_ready) < PATIENCE:
            return
        link.stalled = True
        quick = first.quick or self._quick.get(first.text)
        if quick is not None and len(first.answers) > 1:
            quick.stalled(now)
            first.give_up()
        elif quick is not None:
            quick.note(PATIENCE)
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


def _may_wait(quick: Quick) -> bool:
    """Whether lists of arguments of a statement can be asked together now."""
    return quick.many is not None and quick.depth > 1 and not quick.is_apart(time.monotonic())


def _send(link: Link, quick: Quick, taken: Sequence[tuple[Values, Waiting]]) -> None:
    """Ask for all that were taken, as one statement."""
    if len(taken) == 1 or quick.many is None:
        for values, answer in taken:
            link.ask(quick.text, values, (answer,), quick)
    else:
        values = together([one for one, _ in taken])
        link.ask(quick.many, values, [answer for _, answer in taken], quick)
    link.flush()
