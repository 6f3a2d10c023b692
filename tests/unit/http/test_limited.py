"""The protocol's limits, for the engine's direct route, its ASGI routes and the services."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from rowgate.http.direct import Client, DirectAnswer, DirectRequest, head_lines, speaking
from rowgate.http.exchange import raw_headers
from rowgate.protocol.limited import LimitedProtocol, limited
from rowgate.protocol.limits import Limits

SOON = 20.0
"""Seconds within which anything is over, on whatever machine."""
QUICK = Limits(head_seconds=0.5, body_seconds=0.5, write_seconds=0.5)
PATIENT = Limits()
LARGE = b"x" * 30_000_000


class Direct:
    """A route that gives back its body, or a large answer."""

    def begin(self, _: dict[str, str], body: bytes, client: Client) -> DirectRequest:
        assert client is not None
        return Begun(body)


class Begun:
    """One request, which waits a little."""

    waiting = None

    def __init__(self, body: bytes) -> None:
        self.body = body

    def now(self) -> DirectAnswer | None:
        return None

    async def answer(self) -> DirectAnswer:
        await asyncio.sleep(0.01)
        body = LARGE if self.body == b"large" else self.body
        headers = raw_headers([("content-length", str(len(body)))])
        return head_lines(200, headers), body


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that does the same."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await asyncio.sleep(0.01)
    body = LARGE if body == b"large" else body
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Listening:
    """A server on loopback."""

    port: int
    path: bytes
    server: uvicorn.Server

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=2**26)

    async def said(self, *pieces: bytes, pause: float = 0.0) -> bytes:
        """All that is answered to some bytes, until the server closes."""
        reader, writer = await self.open()
        reading = asyncio.create_task(_all_of(reader))
        for piece in pieces:
            if not reading.done():
                writer.write(piece)
                await asyncio.sleep(pause)
        answer = await reading
        writer.close()
        return answer

    def post(self, body: bytes = b"hello", *more: bytes, method: bytes = b"POST") -> bytes:
        lines = [b"%s %s HTTP/1.1" % (method, self.path), b"host: a", *more]
        return b"\r\n".join((*lines, b"content-length: %d" % len(body), b"", body))


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    pieces = []
    with suppress(ConnectionError):
        async with asyncio.timeout(SOON):
            while piece := await reader.read(2**20):
                pieces.append(piece)
    return b"".join(pieces)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(int(SOON / 0.01)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


CLOSE = b"connection: close"
Open = Callable[[Limits], Any]


def told(reason: str) -> bytes:
    return json.dumps({"message": reason}).encode()


def protocol_of(kind: str, limits: Limits) -> Any:
    if kind == "service":
        return limited(LimitedProtocol, limits, told)
    return speaking(lambda: {b"/hot": Direct()}, limits)


@pytest.fixture(params=["direct", "engine", "service"])
def serving(request: pytest.FixtureRequest) -> Open:
    """A server of each kind, for a block."""

    @asynccontextmanager
    async def opened(limits: Limits) -> AsyncIterator[Listening]:
        config = uvicorn.Config(
            echo,
            port=0,
            http=protocol_of(request.param, limits),
            log_config=None,
            lifespan="off",
            loop="uvloop",
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Listening(port, b"/hot" if request.param == "direct" else b"/cold", server)
        server.should_exit = True
        await running

    return opened


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def reason(answer: bytes) -> str:
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    return str(told.get("error") or told["message"])


@pytest.mark.parametrize(
    "heads",
    [
        [b"x-long: " + b"a" * 200_000],
        [b"x%d: a" % number for number in range(20_000)],
        [b"x-long: " + b"a" * 66_000],
    ],
)
@pytest.mark.parametrize("size", [1_000, 2**20])
async def test_a_head_has_a_limit(serving: Open, heads: list[bytes], size: int) -> None:
    async with serving(PATIENT) as served:
        whole = served.post(b"hello", CLOSE, *heads)
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        answer = await served.said(*pieces[:80])
        if answer:  # The rest of it may have had the connection reset.
            assert status(answer) == 431
            assert reason(answer) == "the head of the request exceeds 65536 bytes"
        long = served.post(b"hello", CLOSE, b"x-long: " + b"a" * 60_000)
        assert (await served.said(long)).endswith(b"hello")


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ((), "no request came in time"),
        ((b"POST /hot HT",), "no request came in time"),
        ((b"POST /cold HTTP/1.1\r\nhost: a\r\nx: ",), "no request came in time"),
        ((b"\r\n",) * 80, "no request came in time"),
        ((b"G", b"E", b"T", *(b" " for _ in range(80))), "no request came in time"),
    ],
)
async def test_a_head_must_come_in_time(
    serving: Open, pieces: tuple[bytes, ...], told: str
) -> None:
    async with serving(QUICK) as served:
        answer = await served.said(*pieces, pause=0.02)
        assert not answer or (status(answer), reason(answer)) == (408, told)
        assert not served.server.server_state.connections


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_must_come_in_time(serving: Open, chunked: bool) -> None:
    async with serving(QUICK) as served:
        head = b"POST %s HTTP/1.1\r\nhost: a\r\n" % served.path
        piece = b"1\r\na\r\n" if chunked else b"a"
        head += b"transfer-encoding: chunked\r\n" if chunked else b"content-length: 1000\r\n"
        for drips in (0, 80):
            answer = await served.said(head + b"\r\n", *(piece for _ in range(drips)), pause=0.02)
            assert not answer or status(answer) == 408
            assert not answer or reason(answer) == "the body did not come in time"
        assert not served.server.server_state.connections


async def test_one_that_rests_is_closed_whatever_it_sends(serving: Open) -> None:
    async with serving(QUICK) as served:
        served.server.config.timeout_keep_alive = 0
        answer = await served.said(served.post(), *(b"\r\n" for _ in range(80)), pause=0.02)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert not served.server.server_state.connections


async def test_who_reads_nothing_is_cut_off(serving: Open) -> None:
    async with serving(QUICK) as served:
        connections = served.server.server_state.connections
        reader, writer = await served.open()
        reader._transport.pause_reading()
        writer.write(served.post(b"large"))
        await until(lambda: bool(connections))
        await until(lambda: not connections)
        writer.close()
    async with serving(PATIENT) as served:
        assert len(await served.said(served.post(b"large", CLOSE))) > len(LARGE)


async def test_a_limit_of_zero_is_none(serving: Open) -> None:
    async with serving(Limits(0, 0, 0, 0)) as served:
        long = served.post(b"hello", CLOSE, b"x-long: " + b"a" * 100_000)
        assert (await served.said(long[:-3], long[-3:], pause=0.3)).endswith(b"hello")


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.mark.parametrize(
    "upgrade",
    [
        (b"connection: Upgrade, HTTP2-Settings", b"upgrade: h2c", b"http2-settings: AAM"),
        (b"connection: upgrade", b"upgrade: websocket"),
        (b"upgrade: anything", b"connection: keep-alive, upgrade"),
    ],
)
async def test_an_upgrade_is_ignored_and_the_body_read(
    serving: Open, upgrade: tuple[bytes, ...]
) -> None:
    async with serving(PATIENT) as served:
        first = served.post(SMUGGLED, *upgrade)
        last = served.post(b"the last", CLOSE)
        for pieces in ((first + last,), (first[:50], first[50:-20], first[-20:], last)):
            answer = await served.said(*pieces, pause=0.02)
            assert answer.count(b"HTTP/1.1 200 OK") == 2
            assert answer.count(SMUGGLED) == 1
            assert answer.endswith(b"the last")
        nobody = served.post(b"", CLOSE, b"connection: upgrade", b"upgrade: h2c", method=b"GET")
        assert (await served.said(nobody)).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"POST /hot HTTP/1.1\r\ncontent-length: 0\r\n\r\n", 400),
        (b"GET /cold HTTP/1.1\r\n\r\n", 400),
        (b"POST /hot HTTP/1.1\r\nhost: a\r\nhost: b\r\ncontent-length: 0\r\n\r\n", 400),
        (b"GET /cold HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400),
        (b"GET /cold HTTP/2.0\r\nhost: a\r\n\r\n", 505),
        (b"POST /hot HTTP/2.0\r\nhost: a\r\ncontent-length: 0\r\n\r\n", 505),
        (b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n", 405),
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00", 400),
    ],
)
async def test_what_is_no_request_is_refused(serving: Open, request_: bytes, expected: int) -> None:
    async with serving(PATIENT) as served:
        answer = await served.said(request_)
        assert status(answer) == expected
        assert reason(answer)
        assert b"connection: close" in answer


async def test_one_of_http_1_0_needs_no_host(serving: Open) -> None:
    async with serving(PATIENT) as served:
        answer = await served.said(b"GET /cold HTTP/1.0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("garbage", [b"nonsense\r\n\r\n", b"\x00" * 100, b"GET / HTTP/9.9\r\n\r\n"])
async def test_garbage_does_not_lose_the_answer_before_it(serving: Open, garbage: bytes) -> None:
    async with serving(PATIENT) as served:
        for pieces in ((served.post() + garbage,), (served.post(), garbage)):
            answer = await served.said(*pieces)
            assert answer.count(b"HTTP/1.1 200 OK") == 1
            assert answer.endswith(b"hello")
        twice = await served.said(served.post(b"one") + served.post(b"two") + garbage)
        assert twice.count(b"HTTP/1.1 200 OK") == 2
        assert twice.endswith(b"two")


async def test_a_pipelining_client_that_leaves_is_no_error(
    serving: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with serving(PATIENT) as served:
            for _ in range(20):
                _, writer = await served.open()
                writer.write(served.post() * 20)
                await writer.drain()
                await asyncio.sleep(0.015)
                writer.transport.abort()
            state = served.server.server_state
            await until(lambda: not state.connections and not state.tasks)
    assert [one.getMessage() for one in caplog.records] == []


async def test_a_socket_that_became_a_websocket_is_let_be(serving: Open) -> None:
    async with serving(QUICK) as served:
        _, writer = await served.open()
        key = b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n"
        lines = b"GET /cold HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        before = set(served.server.server_state.connections)
        writer.write(lines + key + b"\r\n")
        await until(lambda: set(served.server.server_state.connections) != before)
        (protocol,) = served.server.server_state.connections
        await until(lambda: not isinstance(protocol, LimitedProtocol) or protocol._watch is None)
        assert not isinstance(protocol, LimitedProtocol)
        writer.close()
