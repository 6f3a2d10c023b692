"""Quick statements share few connections, where each costs less of both processes than on its own.

Apart from the pool, whose connections are exclusive. A statement comes here once it has shown that
it is quick, and only where asking it twice does no harm. What a link cannot answer, or not soon,
is asked again on a connection of its own: nobody waits long behind another's slow statement.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from rowgate.database.address import Pooled
from rowgate.database.bind import Argument
from rowgate.database.link import Answer, Link

QUICK = 0.002
"""Seconds within which a statement runs that is called quick, and that a link's statements may
take together."""
PATIENCE = 0.02
"""Seconds after which those behind a statement are asked elsewhere."""
_SHOWN = 2
"""How often in a row it must have been quick."""
_DEEPEST = 32
"""How many statements may be under way on one link."""
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
        self._quick: dict[str, tuple[int, float]] = {}
        self._look: asyncio.TimerHandle | None = None
        self._cancelling: set[asyncio.Task[None]] = set()
        self._emptied: asyncio.Event | None = None

    def ready(self, text: str) -> bool:
        """Whether a statement would be taken now."""
        return self._most > 0 and self._quick.get(text, (0, 0.0))[0] >= _SHOWN

    def note(self, text: str, seconds: float) -> None:
        """That a statement ran so long on a connection of its own."""
        shown, least = self._quick.pop(text, (0, seconds))
        if seconds < QUICK:
            if len(self._quick) >= _REMEMBERED:
                del self._quick[next(iter(self._quick))]
            self._quick[text] = shown + 1, min(least, seconds)

    def ask(self, text: str, arguments: Sequence[Argument]) -> asyncio.Future[Answer] | None:
        """The answer to come to a quick statement; None where it is to be asked elsewhere, as the
        answer may be. It may raise `asyncpg.PostgresError`."""
        shown, seconds = self._quick.get(text, (0, 0.0))
        if shown < _SHOWN or not self._most:
            return None
        link = self._free_link(min(_DEEPEST, int(QUICK / seconds)))
        if link is None and not self._lender.has_spare():
            # Behind others on a link the wait is shorter than for a connection.
            link = self._free_link(_DEEPEST)
        if link is None:
            return None
        try:
            answer = link.ask(text, arguments)
        except UnicodeEncodeError:
            return None
        if self._look is None:
            self._look = asyncio.get_running_loop().call_later(PATIENCE, self._look_round)
        return answer

    def _free_link(self, depth: int) -> Link | None:
        """The link with the least under way, less than `depth`; one is added while all have
        something."""
        best: Link | None = None
        least = depth
        for link in self._links:
            under_way = len(link.asked)
            if under_way < least and not (link.stalled or link.closing):
                best, least = link, under_way
        if len(self._links) < self._most and (best is None or least > 0):
            lent = self._lender.lend()
            if lent is not None:
                best = Link(lent, self._prepared, self._lost)
                self._links.append(best)
        return best

    def _lost(self, link: Link) -> None:
        if link in self._links:
            self._links.remove(link)
        if self._emptied is not None and not self._links:
            self._emptied.set()
        self._lender.lose()

    def _look_round(self) -> None:
        """Find the links on which a statement is not quick."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._look = None
        for link in self._links:
            if link.asked:
                self._look_at(link, now)
        if any(link.asked for link in self._links):
            self._look = loop.call_later(PATIENCE, self._look_round)

    def _look_at(self, link: Link, now: float) -> None:
        first = link.asked[0]
        if now - max(first.sent, link.last_ready) < PATIENCE:
            return
        link.stalled = True
        self._quick.pop(first.text, None)
        for one in link.asked:
            if one is not first and not one.answer.done():
                one.answer.set_result(None)
        if first.answer.done() and not link.cancelling and now - link.cancelled > _AGAIN:
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
            if not link.asked and not link.cancelling:
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
