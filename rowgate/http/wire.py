"""uvicorn's HTTP protocol with one write to the socket an answer, where uvicorn makes two.

Apart from the ASGI application, which cannot reach the socket. Head and body come as two messages;
a second write costs a tenth of a small request's time in the engine, and wakes the client twice.
"""

import asyncio
from typing import Any

from rowgate.protocol.limited import LimitedProtocol

_HEAD = b"HTTP/1.1 "
_INFORMATIONAL = b"HTTP/1.1 1"


class Gathering:
    """A transport that holds the head of an answer back until its body comes, or its end; all else
    goes to the real one. Every answer of the engine is one body, so nobody waits for a head."""

    __slots__ = ("_head", "real")

    def __init__(self, real: asyncio.Transport) -> None:
        self.real = real
        self._head: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def write(self, data: bytes) -> None:
        """Write `data` behind the head that is held; a head is held itself."""
        head = self._head
        if head is not None:
            self._head = None
            self.real.writelines((head, data))
        elif data.startswith(_HEAD) and not data.startswith(_INFORMATIONAL):
            self._head = data
        else:
            self.real.write(data)

    def flush(self) -> None:
        """Write the head that is held: its answer has no body."""
        head, self._head = self._head, None
        if head is not None and not self.real.is_closing():
            self.real.write(head)

    def close(self) -> None:
        """Write what is held, then close."""
        self.flush()
        self.real.close()


class OneWriteProtocol(LimitedProtocol):
    """As uvicorn's, over a gathering transport; sockets that become WebSockets get theirs back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with `transport`, behind one that gathers."""
        super().connection_made(transport)
        self._gathering = Gathering(self.transport)
        self.transport = self._gathering  # type: ignore[assignment]

    def on_response_complete(self) -> None:
        """Let no head stay behind, then go on to the next request."""
        self._gathering.flush()
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the real transport on."""
        self.transport = self._gathering.real
        super().handle_websocket_upgrade()
