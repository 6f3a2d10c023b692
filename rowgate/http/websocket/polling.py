"""Live queries by polling: the operation is run again and again, and told where its bytes changed.

One poller a subscription; multiplexing replaces this behind the same `Watching`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator

from rowgate.base.session import Session
from rowgate.http.types import Headers, Operation, Reply, Running, Watching


def polled(run: Running, interval: float) -> Watching:
    """A watching that runs the operation each `interval` seconds, at once the first time."""

    async def watch(
        operation: Operation, session: Session, headers: Headers
    ) -> AsyncGenerator[Reply, None]:
        last: bytes | None = None
        while True:
            started = time.monotonic()
            reply = await run(operation, session, headers)
            if reply.body != last:
                last = reply.body
                yield reply
            await asyncio.sleep(max(0.0, interval - (time.monotonic() - started)))

    return watch
