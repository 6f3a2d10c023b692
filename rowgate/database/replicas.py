"""The read replicas of a source: which of them answers a query, and what happens when one is away.

Each read goes to one of them, taken at random. One that does not answer, or breaks off, is left
alone until it answers again, which is looked for in the background; another takes the read, and
the primary where there is none. Writes never come here.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import asyncpg

from rowgate.base.errors import ApiError, Overloaded
from rowgate.database.connections.pool import Database
from rowgate.database.failures import AWAY, reason

Result = TypeVar("Result")
Work = Callable[[Database], Awaitable[Result]]
_UNREACHABLE = (AWAY, Overloaded.code)
_ELSEWHERE = ("25006", "40001")
"""SQLSTATEs of a standby that a primary would not give: it may not write, or replay got in the
way."""
_PAUSE = 5.0
_log = logging.getLogger("rowgate.database")


class Replicas:
    """The replicas of `source`, by their pools, none of which needs to be open yet."""

    def __init__(self, source: str, pools: Sequence[Database]) -> None:
        self._source = source
        self._pools = tuple(pools)
        self._closed = False
        self._away: dict[int, asyncio.Task[None]] = {}

    async def read(self, work: Work[Result], primary: Database) -> Result:
        """What `work` gives on a replica, else on `primary`: it may begin on one and be run again
        on another. Raises as `work` does."""
        for number in random.sample(range(len(self._pools)), len(self._pools)):
            if number in self._away:
                continue
            try:
                return await work(self._pools[number])
            except ApiError as error:
                if not self._may_go_on(number, error):
                    raise
        return await work(primary)

    async def close(self) -> None:
        """Stop looking for those that are away, and close the pools."""
        self._closed = True
        for looking in tuple(self._away.values()):
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
        await asyncio.gather(*(pool.close() for pool in self._pools))

    def _may_go_on(self, number: int, error: ApiError) -> bool:
        """Whether the same work may succeed elsewhere."""
        if error.code in _UNREACHABLE and not isinstance(error, Overloaded):
            self._leave_alone(number, error)
            return True
        cause = error.__cause__
        return isinstance(cause, asyncpg.PostgresError) and cause.sqlstate in _ELSEWHERE

    def _leave_alone(self, number: int, error: ApiError) -> None:
        if number not in self._away and not self._closed:
            name = f"read replica {number} of source {self._source}"
            _log.warning("%s is left alone until it answers again: %s", name, reason(error))
            self._away[number] = asyncio.create_task(self._look_for(number, name))

    async def _look_for(self, number: int, name: str) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            with suppress(ApiError):
                async with self._pools[number].connection():
                    break
        del self._away[number]
        _log.warning("%s answers again", name)
