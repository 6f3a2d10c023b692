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
"""How much oftener it must have been quick than not."""
_WELL_SHOWN = 8
"""Beyond which that is not counted."""
_SLOW = 2
"""How many times that it was quick one weighs that it was not: that may be due to others."""
_TRIED = 64
"""After so many times that it is asked together, what that takes is compared with one alone."""
_SURE = 4
"""How many times together must have been looked at, for it to be called slow."""
_WORSE = 2
"""How many times longer than alone each of several may take."""
_MISJUDGED = 4
"""How many times longer than it is counted with it may take, before that is changed."""
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
Turn = tuple[Values, Waiting, float]
"""What is asked, who waits for it, the time that it is counted with."""


class Quick:
    """A statement. `depth` is how many may be asked together, or one behind the other, after the
    shortest time that it took alone; `each` is the time that one is counted with; `waiting` are
    the lists of arguments that wait for a link, with who asked and that time; `many` is the
    statement for several of them, if there is one."""

    __slots__ = (
        "_alone",
        "_apart",
        "_pause",
        "_seen",
        "_shown",
        "_times",
        "_together",
        "_was_slow",
        "depth",
        "each",
        "many",
        "text",
        "waiting",
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self.depth = 1
        self.each = QUICK
        self.many: str | None = None
        self.waiting: deque[Turn] = deque()
        self._shown = 0
        self._was_slow = False
        self._apart = 0.0
        self._pause = _SHORTEST
        self._times = self._seen = 0
        self._alone = self._together = math.inf

    def note(self, seconds: float) -> None:
        """That it ran so long where nothing else was under way."""
        if seconds < QUICK:
            self._shown = min(self._shown + 1, _WELL_SHOWN)
            depth = min(DEEPEST, int(QUICK / max(seconds, 1e-6)))
            self._count_with(max(self.depth, depth))
        elif self._shown > _SLOW:
            self._shown -= _SLOW
        else:
            self.lose()

    def lose(self) -> None:
        """That it is not quick after all, until it has shown it again."""
        self._shown = 0
        self._count_with(1)

    def _count_with(self, depth: int) -> None:
        self.depth = depth
        self.each = QUICK / depth

    def is_shown(self) -> bool:
        """Whether it was quick often enough."""
        return self._shown >= _SHOWN

    def most(self, now: float) -> int:
        """How many may be asked together at that time of the monotonic clock."""
        return 1 if self.many is None or self._apart > now else self.depth

    def is_measured(self) -> bool:
        """Whether the time of what is asked next is wanted, alone or together: then it is to be
        asked where nothing is under way, since behind others its time cannot be told."""
        return self._times >= _TRIED

    def take(self, now: float) -> list[Turn]:
        """Those that are asked next; who has gone meanwhile is among them."""
        most = self.most(now)
        if most > 1:
            self._times += 1
            if self._times > _TRIED and self._alone == math.inf:
                most = 1
        return [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]

    def give_up(self) -> None:
        """Have all that wait ask elsewhere."""
        while self.waiting:
            _, answer, _ = self.waiting.popleft()
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
        makes everything longer, and so the shortest times are compared, and one slow time by itself
        is not held against it."""
        if lists == 1:
            self._alone = min(self._alone, seconds)
            is_slow = seconds >= QUICK
            if self._was_slow or not is_slow:
                self.note(seconds)
            self._was_slow = is_slow
        else:
            self._together = min(self._together, seconds / lists)
            self._seen += 1
        if self._times < _TRIED or math.inf in (self._alone, self._together):
            return
        if self._together <= _WORSE * self._alone:
            self._pause = _SHORTEST
            if self._alone > _MISJUDGED * self.each:
                self._count_with(max(1, self.depth // 2))
            self._begin()
        elif self._seen >= _SURE:
            self.stalled(now)

    def _begin(self) -> None:
        self._times = self._seen = 0
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
