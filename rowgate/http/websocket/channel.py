"""A socket's sending end: whole messages one at a time, never waiting for ever on a slow reader."""

import asyncio

from rowgate.http.exchange import Send
from rowgate.http.websocket.types import Close, ServerMessage, SubProtocol

LONGEST_WAIT = 30.0
"""Seconds that a client may leave the socket's buffer full before the socket is closed."""


class Gone(Exception):
    """The client is not there any more, or reads too slowly."""


class Channel:
    """Says messages in a sub-protocol. Who sends waits until there is room in the socket's buffer,
    so a slow reader holds up its own operations and no more than a message each is kept."""

    def __init__(self, send: Send, protocol: SubProtocol) -> None:
        self._send = send
        self._protocol = protocol
        self._lock = asyncio.Lock()
        self.closed = False

    async def say(self, message: ServerMessage) -> None:
        """Send `message`; raises `Gone`."""
        text = self._protocol.write(message)
        if text is None:
            return
        if self.closed:
            raise Gone
        try:
            async with asyncio.timeout(LONGEST_WAIT), self._lock:
                await self._send({"type": "websocket.send", "text": text})
        except (OSError, TimeoutError, RuntimeError):
            self.closed = True
            raise Gone from None

    async def close(self, code: Close, reason: str) -> None:
        """Close the socket, once; a client that is gone already is no matter."""
        if self.closed:
            return
        self.closed = True
        told = self._protocol.close_reason(code, reason)
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await self._send({"type": "websocket.close", "code": code.value, "reason": told})
        except (OSError, TimeoutError, RuntimeError):
            return
