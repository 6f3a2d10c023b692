"""Clients that leave before their answer: their work is cancelled, no query runs for nobody.

Apart from the hot route, whose quick requests must not pay for it: one look each second serves all.
"""

import asyncio

from rowgate.http.exchange import ClientLeft, Receive

LOOKS_EACH = 1.0
"""Seconds between two looks at the requests under way; who is seen twice is watched."""


class Departures:
    """The requests under way, each cancelled where its client leaves."""

    def __init__(self) -> None:
        self._under_way: set[_Watched] = set()
        self._looking = False

    def watching(self, receive: Receive) -> "_Watched":
        """A block that raises `ClientLeft` where the client leaves while it runs; to be entered in
        the task that works for the client, after the body has been read."""
        return _Watched(self, receive)

    def enter(self, watched: "_Watched") -> None:
        """Take part in the looks to come."""
        self._under_way.add(watched)
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOKS_EACH, self._look)

    def leave(self, watched: "_Watched") -> None:
        """Take no part any more."""
        self._under_way.discard(watched)

    def _look(self) -> None:
        for watched in self._under_way:
            watched.seen()
        self._looking = bool(self._under_way)
        if self._looking:
            asyncio.get_running_loop().call_later(LOOKS_EACH, self._look)


class _Watched:
    """One request under way."""

    __slots__ = ("_departures", "_left", "_receive", "_seen", "_task", "_watch")

    def __init__(self, departures: Departures, receive: Receive) -> None:
        self._departures = departures
        self._receive = receive
        self._left = False
        self._seen = False
        self._watch: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:  # an ASGI server always runs the application in a task
            raise RuntimeError("a request is served outside of a task")
        self._task = task
        self._departures.enter(self)

    def seen(self) -> None:
        """Begin to watch at the second look."""
        if self._seen and self._watch is None:
            self._watch = asyncio.get_running_loop().create_task(self._wait())
        self._seen = True

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._departures.leave(self)
        if self._watch is not None:
            self._watch.cancel()
        if self._left and kind is asyncio.CancelledError:
            self._task.uncancel()
            raise ClientLeft
