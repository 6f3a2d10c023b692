"""Work that takes long, done in a thread while the event loop goes on with other requests.

One thread for each kind of work: more of them would take time from the loop and gain none. What
they do is pure; caches belong to the loop.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rowgate.base.errors import ApiError

Result = TypeVar("Result")
_READING = ThreadPoolExecutor(1, "reading")
_INTROSPECTING = ThreadPoolExecutor(1, "introspecting")


class Apart:
    """One thread, and the turn of those who want it. Who waits for the turn may find that another
    has done the work."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread
        self._turn = asyncio.Lock()

    @classmethod
    def reading(cls) -> "Apart":
        """Where requests are read and planned."""
        return cls(_READING)

    @classmethod
    def introspecting(cls) -> "Apart":
        """Where introspection is answered."""
        return cls(_INTROSPECTING)

    async def do(
        self, seconds: float, look: Callable[[], Result | None], work: Callable[[], Result]
    ) -> Result:
        """What `look` finds when it is one's turn, else what `work` gives. Raises `ApiError`
        `timeout` after so many seconds (0: no limit)."""
        try:
            async with asyncio.timeout(seconds or None) as limit, self._turn:
                found = look()
                if found is None:
                    loop = asyncio.get_running_loop()
                    found = await loop.run_in_executor(self._thread, work)
                return found
        except TimeoutError:
            if not limit.expired():
                raise
            text = "the request was not read within ROWGATE_PREPARATION_TIMEOUT"
            raise ApiError(text, code="timeout") from None
