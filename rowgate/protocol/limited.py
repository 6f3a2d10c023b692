"""uvicorn's httptools protocol, within limits and strict about what a request is.

uvicorn itself limits neither heads nor bodies in bytes or seconds, takes what follows a refused
`Upgrade` for a request, and answers garbage before the request that came ahead of it.

# Note [One look for all limits]
A connection has one timer. What it is waiting for, and since when, is told by notes that are made
anyway: nothing is set or cancelled for a request.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from rowgate.protocol.limits import UNIT, Limits

_LOOK = 1.0
"""Longest time between two looks at a connection, in seconds."""
_BODILESS = (b"GET", b"HEAD")


class Refused(Exception):
    """A head that is not taken: its status and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class LimitedProtocol(HttpToolsProtocol):
    """As uvicorn's, within `limits`; `shown` makes the body of a refusal."""

    limits = Limits()
    parser: Any
    cycle: Any
    _in_head = False
    _ignores_upgrade = False
    _ends = False
    """Whether nothing more is read: what came was no request."""
    _head_bytes = 0
    _body_bytes = 0
    _left_to_write = 0
    _watch: asyncio.TimerHandle | None = None

    @staticmethod
    def shown(reason: str) -> bytes:
        """The JSON body of a refusal."""
        return b'{"message":"%s"}' % reason.encode()

    # --- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._socket: Any = transport
        self._running: list[Any] = []
        self._since = self._written_at = self.loop.time()
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all requests of the connection that nobody waits for their answers."""
        self._look_no_more()
        for cycle in (*self._running, *(one for one, _ in self.pipeline)):
            if not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._running = [cycle]
        super()._start_asgi_task(cycle, app)

    # --- what comes

    def data_received(self, data: bytes) -> None:
        """Have the parser read; what it refuses is answered behind what is under way."""
        if self._ends:
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._after_head(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            if not isinstance(cause, Refused):
                self.logger.error("A request could not be read", exc_info=error)
                cause = Refused(400, "the request cannot be read")
            self._refuse(cause)
        except httptools.HttpParserError:
            self._refuse(Refused(400, "this is no HTTP request"))
        else:
            self._count(len(data))

    def _after_head(self, rest: bytes) -> None:
        """Become a websocket, or take a request for what it is without its `Upgrade`."""
        if not self._ignores_upgrade:
            self._look_no_more()
            self.handle_websocket_upgrade()
            return
        self._ignores_upgrade = False
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        lines = [b"%s %s HTTP/1.1\r\n" % (self._method, self.url)]
        lines += [b"%s: %s\r\n" % pair for pair in self.headers if _is_kept(*pair)]
        lines += (b"\r\n", rest)
        self.data_received(b"".join(lines))

    def _count(self, received: int) -> None:
        """Note what has come of a head, or of a body."""
        if not self._in_head:
            self._body_bytes += received
            return
        self._head_bytes += received
        if 0 < self.limits.head < self._head_bytes:
            self._refuse(self._too_long())

    def _too_long(self) -> Refused:
        return Refused(431, f"the head of the request exceeds {self.limits.head} bytes")

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.note_begun()
        self.begin_scope()

    def begin_scope(self) -> None:
        """Begin to describe a request, as uvicorn does."""
        super().on_message_begin()

    def note_begun(self) -> None:
        """Note that the head of a request begins."""
        self._in_head = True
        self._head_bytes = self._body_bytes = 0
        self._since = self.loop.time()

    def on_headers_complete(self) -> None:
        """Take a request, if it is one."""
        if self.check_head():
            self.take_head()

    def take_head(self) -> None:
        """Take a request whose head has been checked, as uvicorn does."""
        super().on_headers_complete()

    def check_head(self) -> bool:
        """Whether the request is to be taken as it is; raises `Refused` where it is none."""
        self._in_head = False
        self._since = self.loop.time()
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if 0 < self.limits.head < size:
            raise self._too_long()
        self._method = self.parser.get_method()
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise Refused(505, "HTTP/1.0 and HTTP/1.1 are spoken here")
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (version == "1.1" and not hosts):
            raise Refused(400, "a request has one Host header")
        if self._method == b"CONNECT":
            raise Refused(405, "this is no proxy")
        self._ignores_upgrade = self.parser.should_upgrade() and not self._should_upgrade()
        return not self._ignores_upgrade

    def _should_upgrade(self) -> bool:
        is_websocket = self._method == b"GET" and super()._should_upgrade()
        return is_websocket and self.parser.get_http_version() == "1.1"

    def on_body(self, body: bytes) -> None:
        """Keep a piece of a body."""
        if not self._ignores_upgrade:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Let the body of a request end."""
        if not self._ignores_upgrade:
            super().on_message_complete()

    # --- what is refused

    def _refuse(self, refused: Refused) -> None:
        """Answer a request that is none, and close; behind the answers that are under way."""
        self._ends = True
        self._unset_keepalive_if_required()
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not getattr(cycle, "more_body", False):
                cycle.keep_alive = False
                return
            cycle.disconnected = True
            cycle.message_event.set()
        if not self._socket.is_closing():
            body = self.shown(refused.reason)
            head = b"content-type: application/json; charset=utf-8\r\ncontent-length: %d\r\n"
            end = b"connection: close\r\n\r\n"
            line = STATUS_LINE[refused.status]
            self._socket.write(b"".join((line, head % len(body), end, body)))
            self._socket.close()

    # --- how long it may take; see Note [One look for all limits]

    def _look_later(self) -> None:
        limits = self.limits
        spans = (limits.head_seconds, limits.body_seconds, limits.write_seconds)
        if any(spans):
            pause = min(_LOOK, *(one / 4 for one in spans if one))
            self._watch = self.loop.call_later(pause, self._look)

    def _look_no_more(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _look(self) -> None:
        self._watch = None
        now = self.loop.time()
        if self._is_stalled(now):
            self._socket.abort()
            return
        late = self._late(now)
        if late is not None:
            self._refuse(late)
        self._look_later()

    def _late(self, now: float) -> Refused | None:
        """Why the connection is closed, if it is time."""
        limits, waited = self.limits, now - self._since
        if self._ends or self._socket.is_closing():
            return None
        cycle = self.cycle
        if self._is_body_under_way():
            if self.flow.read_paused:
                self._since = now
            is_late = 0 < limits.body_within(self._body_bytes) <= now - self._since
            return Refused(408, "the body did not come in time") if is_late else None
        if not self._in_head and cycle is not None and not cycle.response_complete:
            return None
        most = limits.head_seconds
        if most and not self._in_head and cycle is not None:
            most += self.timeout_keep_alive
            waited = now - max(self._since, self._rested_from)
        return Refused(408, "no request came in time") if 0 < most <= waited else None

    def _is_body_under_way(self) -> bool:
        """Whether a request has come but for the end of its body."""
        cycle = self.cycle
        is_open = cycle is not None and not cycle.response_complete
        return not self._in_head and is_open and getattr(cycle, "more_body", False)

    _rested_from = 0.0
    """When the last answer ended."""

    def on_response_complete(self) -> None:
        """Note since when the connection rests."""
        self._rested_from = self.loop.time()
        super().on_response_complete()

    def _is_stalled(self, now: float) -> bool:
        """Whether the client has read next to nothing of what is written for it."""
        left = self._socket.get_write_buffer_size()
        is_read = left <= max(0, self._left_to_write - UNIT // 4)
        if not left or is_read or left > self._left_to_write:
            self._left_to_write, self._written_at = left, now
            return False
        return 0 < self.limits.write_seconds <= now - self._written_at


def _is_kept(name: bytes, value: bytes) -> bool:
    """Whether a header says something beside that another protocol is wished for."""
    if name == b"connection":
        return b"upgrade" not in value.lower()
    return name not in (b"upgrade", b"http2-settings")


def limited(
    base: type[LimitedProtocol], limits: Limits, shown: Any = LimitedProtocol.shown
) -> type[LimitedProtocol]:
    """`base` with other limits and another form of refusals."""
    return type(base.__name__, (base,), {"limits": limits, "shown": staticmethod(shown)})
