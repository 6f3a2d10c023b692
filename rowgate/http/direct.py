"""The hot route without ASGI: from uvicorn's parser straight to the route and back to the socket.

Apart from `wire`, which serves everything else as ASGI has it. What ASGI adds to a small request,
its dictionaries, queues and two messages an answer, costs as much as the work itself.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from rowgate.base.errors import ApiError
from rowgate.base.json import encode
from rowgate.http.departures import LOOKS_EACH
from rowgate.http.exchange import RawHeaders
from rowgate.http.types import KnownHeaders
from rowgate.http.wire import OneWriteProtocol
from rowgate.protocol.limits import Limits

LONGEST = 65_536
"""Bytes of a body up to which it is taken whole; longer ones come by ASGI, piece by piece."""
_JOINED = 65_536
"""Bytes up to which head and body are copied into one piece."""
_END_OF_HEAD = b"\r\n\r\n"
_LONGEST_HEAD = 4_096
_MOST_HEADERS = 64
HEADS = 512
"""How many heads are remembered, of up to `_LONGEST_HEAD` bytes and `_MOST_HEADERS` headers each,
since whoever can connect can fill them."""

Client = tuple[str, int] | None
DirectAnswer = tuple[bytes, bytes]
"""The lines of the head (see `head_lines`), `content-length` among them, and the body."""


class DirectRequest(Protocol):
    """A request under way. `waiting`: the one thing left to wait for, where it is; once that is
    done, `now` may have the answer, and where it has none, `answer` does."""

    @property
    def waiting(self) -> asyncio.Future[Any] | None:
        """What is waited for."""

    def now(self) -> DirectAnswer | None:
        """The answer, after `waiting`."""

    async def answer(self) -> DirectAnswer:
        """The answer, whatever goes wrong; nothing is raised."""


class DirectRoute(Protocol):
    """A route that takes a whole request at once."""

    def begin(self, headers: dict[str, str], body: bytes, client: Client) -> DirectRequest:
        """Begin with a request; nothing is raised."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What the parser made of the bytes of a head: its route, its headers, the bytes of the body
    that follows. Clients send the same heads again and again; equal bytes mean the same."""

    route: DirectRoute
    headers: dict[str, str]
    length: int


class _Exchange:
    """A request under way, where uvicorn keeps its own kind of it."""

    __slots__ = ("disconnected", "keep_alive", "response_complete", "work")

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_complete = False
        self.work: asyncio.Future[Any]
        """What the answer waits for, or the task that makes it."""

    @property
    def message_event(self) -> "_Exchange":
        """Where uvicorn looks for `set`; not kept, since an object that holds itself is garbage
        that has to be looked for."""
        return self

    def set(self) -> None:
        """What uvicorn calls when the connection is lost: nobody waits for an answer any more. The
        work has a moment to end by itself, since a client may send a change and leave."""
        if not self.response_complete:
            self.work.get_loop().call_later(LOOKS_EACH, self.work.cancel)


class DirectProtocol(OneWriteProtocol):
    """As its base for all but whole small POSTs to certain paths: these make no scope, no cycle
    and no messages. A head that was seen before is not parsed again. Made by `speaking`."""

    find_routes: Callable[[], Mapping[bytes, DirectRoute]]
    """Set by `speaking`, as a static method."""
    heads: dict[bytes, _Head]
    """Those seen last, of all connections, by their bytes; set by `speaking`."""

    _routes: Mapping[bytes, DirectRoute]
    _route: DirectRoute | None = None
    _body: bytes
    _read: dict[str, str]
    _keeps: bool
    _between = True
    """Whether the parser has seen the last request to its end, and nothing of another."""
    _chunk = b""
    """What came in one piece while it was so."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with `transport`, and the routes that there are by now."""
        super().connection_made(transport)
        self._routes = type(self).find_routes()

    def data_received(self, data: bytes) -> None:
        """Take a whole request whose head is known as what it is; give all else to the parser."""
        if self._between and not self._ends:
            end = data.find(_END_OF_HEAD, 0, _LONGEST_HEAD) + 4
            head = self.heads.get(data[:end])
            if head is not None and len(data) == end + head.length and self._is_free():
                self._start(head.route, head.headers, data[end:], keep_alive=True)
                return
            self._chunk = data
            super().data_received(data)
            self._chunk = b""
        else:
            super().data_received(data)

    def _is_free(self) -> bool:
        """Whether no request before is still under way."""
        return self.cycle is None or self.cycle.response_complete

    def on_message_begin(self) -> None:
        """Begin a request, of which nothing is known yet."""
        self.note_begun()
        self._between = False
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._route = None

    def on_headers_complete(self) -> None:
        """Choose between the direct way and ASGI's."""
        if not self.check_head():
            return
        route = self._routes.get(self.url)
        if route is not None and self._is_plain():
            self._route, self._body = route, b""
            return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        self.begin_scope()
        self.url = url
        self.headers.extend(headers)
        self.expect_100_continue = expects
        self.take_head()

    def _is_plain(self) -> bool:
        """Whether it is one whole small POST, and none before it is still under way."""
        parser = self.parser
        if parser.get_method() != b"POST" or parser.get_http_version() != "1.1":
            return False
        if self.expect_100_continue or parser.should_upgrade():
            return False
        if not self._is_free():
            return False
        read = {
            name.decode("latin-1"): value.decode("utf-8", "replace") for name, value in self.headers
        }
        self._read = read
        length = read.get("content-length", "")
        self._keeps = parser.should_keep_alive()
        is_whole = length.isdecimal() and int(length) <= LONGEST
        return is_whole and len(read) == len(self.headers) and "transfer-encoding" not in read

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        if self._route is None:
            super().on_body(body)
        else:
            self._body += body

    def _is_body_under_way(self) -> bool:
        return self._route is not None or super()._is_body_under_way()

    def on_message_complete(self) -> None:
        """Start to answer."""
        self._between = True
        route = self._route
        if route is None:
            super().on_message_complete()
            return
        self._route = None
        self._remember(route)
        self._start(route, self._read, self._body, keep_alive=self._keeps)

    def _remember(self, route: DirectRoute) -> None:
        """Keep the head of a request that came alone and in one piece."""
        chunk, length = self._chunk, len(self._body)
        end = chunk.find(_END_OF_HEAD, 0, _LONGEST_HEAD) + 4
        whole = end > 4 and len(chunk) == end + length
        if whole and self._keeps and len(self._read) <= _MOST_HEADERS:
            if len(self.heads) >= HEADS:
                del self.heads[next(iter(self.heads))]
            self.heads[chunk[:end]] = _Head(route, KnownHeaders(self._read), length)

    def _start(
        self, route: DirectRoute, headers: dict[str, str], body: bytes, *, keep_alive: bool
    ) -> None:
        exchange = _Exchange(keep_alive=keep_alive)
        self.cycle = exchange
        request = route.begin(headers, body, self.client)
        waiting = request.waiting
        if waiting is None:
            self._work(request, exchange)
            return
        exchange.work = waiting
        self.tasks.add(waiting)  # type: ignore[arg-type]
        waiting.add_done_callback(partial(self._go_on, request, exchange))

    def _work(self, request: DirectRequest, exchange: _Exchange) -> None:
        """Have a task of its own make the answer."""
        task = self.loop.create_task(self._answer(request, exchange))
        exchange.work = task
        self.tasks.add(task)

    def _go_on(
        self, request: DirectRequest, exchange: _Exchange, waiting: asyncio.Future[Any]
    ) -> None:
        """Answer without a task, now that there is nothing left to wait for."""
        self.tasks.discard(waiting)
        if waiting.cancelled() or exchange.disconnected:
            return
        answer = None
        with suppress(Exception):  # whatever it is, the task meets it, and tells
            answer = None if self.flow.write_paused else request.now()
        if answer is None:
            self._work(request, exchange)
        else:
            self._end(answer, exchange)

    async def _answer(self, request: DirectRequest, exchange: _Exchange) -> None:
        try:
            answer = await request.answer()
            flow: FlowControl = self.flow
            if flow.write_paused and not exchange.disconnected:
                await flow.drain()
        except Exception as error:
            self.logger.error("Exception in a direct route", exc_info=error)
            self.transport.close()
            return
        finally:
            self.tasks.discard(exchange.work)
        self._end(answer, exchange)

    def _end(self, answer: DirectAnswer, exchange: _Exchange) -> None:
        """Write an answer, and take the next request."""
        transport: Any = self._gathering.real
        if exchange.disconnected or transport.is_closing():
            return
        del exchange.work  # which holds an answer, while the connection may rest for long
        _write(transport, answer, exchange)
        exchange.response_complete = True
        if exchange.keep_alive and not self.pipeline:
            self._rest()
            return
        if not exchange.keep_alive:
            transport.close()
        self.on_response_complete()

    def _rest(self) -> None:
        """Wait for the next request. One look after the time that the connection may rest does for
        all that come until then; uvicorn sets and cancels a timer for each."""
        self.server_state.total_requests += 1
        self._rested_from = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_after(self.timeout_keep_alive)

    def _look_after(self, seconds: float) -> None:
        look = self.timeout_keep_alive_handler
        self.timeout_keep_alive_task = self.loop.call_later(seconds, look)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has rested for long enough."""
        self.timeout_keep_alive_task = None
        left = self._rested_from + self.timeout_keep_alive - self.loop.time()
        if not self._is_free():
            return
        if left > 0:
            self._look_after(left)
        else:
            super().timeout_keep_alive_handler()


def head_lines(status: int, headers: RawHeaders) -> bytes:
    """The status line and the headers, each line ended.

    >>> head_lines(200, [(b"content-length", b"0")])
    b'HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n'
    """
    lines = [STATUS_LINE[status]]
    for name, value in headers:
        lines += (name, b": ", value, b"\r\n")
    return b"".join(lines)


def _write(transport: Any, answer: DirectAnswer, exchange: _Exchange) -> None:
    head, body = answer
    end = b"\r\n" if exchange.keep_alive else b"connection: close\r\n\r\n"
    if len(body) <= _JOINED:
        transport.write(b"".join((head, end, body)))
    else:
        transport.writelines((head + end, body))


def speaking(
    routes: Callable[[], Mapping[bytes, DirectRoute]], limits: Limits | None = None
) -> type[DirectProtocol]:
    """The protocol that answers POSTs to the paths of `routes` directly; they are asked for when a
    connection is made."""
    own = {
        "find_routes": staticmethod(routes),
        "heads": {},
        "limits": limits or Limits(),
        "shown": staticmethod(_shown),
    }
    return type("SpokenProtocol", (DirectProtocol,), own)


def _shown(reason: str) -> bytes:
    return encode(ApiError(reason).as_body())
