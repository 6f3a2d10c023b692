"""What is known of one statement that runs quickly, and who waits for it to be asked.

Apart from the links because a statement outlives them, and is asked on any.
"""

import asyncio
import math
from collections import deque
from collections.abc import Sequence

QUICK = 0.002
"""Seconds within which a statement runs that is called quick, and that those which are asked
together may take together."""
DEEPEST = 32
"""How many statements may be under way on one link, or be asked together."""
_SHOWN = 2
"""How often in a row it must have been quick."""
_TRIED = 32
"""Of so many times that it is asked together, once it is asked alone, to see what that takes."""
_WORSE = 2
"""How many times longer than alone each of several may take."""
_AFTER_FAILURE = 1.0
"""Seconds for which it is not asked together when it failed for one of several."""
_SHORTEST, _LONGEST = 0.25, 60.0
"""Seconds for which it is not asked together when that was slow: doubled each time, until it was
not slow any more."""

Answer = bytes | None
"""One JSON value; None: to be asked elsewhere."""
Waiting = asyncio.Future[Answer]
"""Who waits for an answer. It may raise `asyncpg.PostgresError`."""
Values = Sequence[bytes | None]
"""One list of arguments, as Postgres reads them."""


class Quick:
    """A statement. `depth` is how many may be asked together, or one behind the other, after the
    shortest time that it took alone; `waiting` are the lists of arguments that wait for a link,
    with who asked; `many` is the statement for several of them."""

    __slots__ = (
        "_alone",
        "_apart",
        "_pause",
        "_shown",
        "_times",
        "_together",
        "depth",
        "many",
        "text",
        "waiting",
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 1
        self.many: str | None = None
        self.waiting: deque[tuple[Values, Waiting]] = deque()
        self._shown = 0
        self._apart = 0.0
        self._pause = _SHORTEST
        self._times = 0
        self._alone = self._together = math.inf

    def note(self, seconds: float) -> None:
        """That it ran so long on a connection of its own."""
        if seconds >= QUICK:
            self._shown, self.depth = 0, 1
            return
        self._shown += 1
        self._deepen(seconds)

    def _deepen(self, seconds: float) -> None:
        self.depth = max(self.depth, min(DEEPEST, int(QUICK / max(seconds, 1e-6))))

    def is_shown(self) -> bool:
        """Whether it was quick often enough."""
        return self._shown >= _SHOWN

    def is_apart(self, now: float) -> bool:
        """Whether it is not asked together at that time of the monotonic clock."""
        return self._apart > now

    def take(self) -> list[tuple[Values, Waiting]]:
        """Those that are asked next; who has gone meanwhile is not among them."""
        self._times += 1
        most = 1 if self._times == _TRIED else self.depth
        taken: list[tuple[Values, Waiting]] = []
        while self.waiting and len(taken) < most:
            one = self.waiting.popleft()
            if not one[1].done():
                taken.append(one)
        return taken

    def give_up(self) -> None:
        """Have all that wait ask elsewhere."""
        while self.waiting:
            _, answer = self.waiting.popleft()
            if not answer.done():
                answer.set_result(None)

    def failed(self, now: float) -> None:
        """That it failed for one of several that were asked together."""
        self._apart = max(self._apart, now + _AFTER_FAILURE)

    def stalled(self, now: float) -> None:
        """That several together were not quick."""
        self._apart = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST)
        self._begin()

    def observe(self, lists: int, seconds: float, now: float) -> None:
        """That so many together took so long. Postgres may find a worse plan for several than for
        one, whose values it can look at: then they are asked apart for a while. A busy machine
        makes everything longer, and so the shortest times are compared."""
        if lists == 1:
            self._alone = min(self._alone, seconds)
            self._deepen(seconds)
            return
        self._together = min(self._together, seconds / lists)
        if self._times < _TRIED or self._alone == math.inf:
            return
        if self._together > _WORSE * self._alone:
            self.stalled(now)
        else:
            self._pause = _SHORTEST
            self._begin()

    def _begin(self) -> None:
        self._times = 0
        self._alone = self._together = math.inf


def together(rows: Sequence[Values]) -> Values:
    """Several lists of arguments as one of arrays.

    >>> together([[b"1", b"x"], [None, b"x"]])
    [b'{"1",NULL}', b'{"x","x"}']
    """
    columns = zip(*rows, strict=True)
    return [b"{" + b",".join(map(_element, column)) + b"}" for column in columns]


def _element(value: bytes | None) -> bytes:
    if value is None:
        return b"NULL"
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
