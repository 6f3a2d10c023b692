"""The hot route without ASGI: which requests take it, in what order they are answered, and what is
not lost on those that do not take it."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from rowgate.http.direct import (
    HEADS,
    LONGEST,
    Client,
    DirectAnswer,
    DirectProtocol,
    DirectRequest,
    head_lines,
    speaking,
)
from rowgate.http.exchange import raw_headers

HOT = b"/hot"


class Echo:
    """A route that gives back what it was given, after waiting where the body says so; `shared`:
    what it waits for is shared with others, and no task makes the answer."""

    shared = False

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.left = asyncio.Event()

    def begin(self, headers: dict[str, str], body: bytes, client: Client) -> DirectRequest:
        assert client is not None
        self.begun.set()
        return Echoed(self, headers, body)


class Echoed:
    """One request."""

    def __init__(self, route: Echo, headers: dict[str, str], body: bytes) -> None:
        self.route = route
        self.seconds = float(headers.get("x-wait", "0"))
        self.body = body
        self.waiting: asyncio.Future[None] | None = None
        if route.shared:
            loop = asyncio.get_running_loop()
            self.waiting = loop.create_future()
            self.waiting.add_done_callback(self.gone)
            loop.call_later(self.seconds, self.come)

    def come(self) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    def gone(self, waiting: asyncio.Future[None]) -> None:
        if waiting.cancelled():
            self.route.left.set()

    def now(self) -> DirectAnswer | None:
        assert self.waiting is not None
        self.waiting.result()
        return None if self.body.startswith(b"later") else self.shown()

    async def answer(self) -> DirectAnswer:
        try:
            await (self.waiting or asyncio.sleep(self.seconds))
        except asyncio.CancelledError:
            self.route.left.set()
            raise
        return self.shown()

    def shown(self) -> DirectAnswer:
        shown = b"direct " + self.body
        return head_lines(200, [(b"content-length", b"%d" % len(shown))]), shown


@pytest.fixture(autouse=True, params=["by a task", "shared"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Echo, "shared", request.param == "shared")


async def _application(scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    shown = b"by ASGI %d" % len(body) if len(body) > 99 else b"by ASGI " + body
    headers = [(b"content-length", b"%d" % len(shown))]
    assert scope["path"] == "/hot"
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": shown})


@asynccontextmanager
async def serving(route: Echo, rest: float = 5) -> AsyncIterator[int]:
    config = uvicorn.Config(
        _application,
        port=0,
        http=speaking(lambda: {HOT: route}),
        lifespan="off",
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=rest,  # type: ignore[arg-type]
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


def post(body: bytes, *headers: bytes, line: bytes = b"POST /hot HTTP/1.1") -> bytes:
    head = (line, b"host: x", b"content-length: %d" % len(body), *headers)
    return b"\r\n".join((*head, b"", body))


async def answers(port: int, *requests: bytes) -> list[bytes]:
    """The bodies that come for requests sent at once on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"".join(requests))
    found = []
    for _ in requests:
        head = await reader.readuntil(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100"):
            head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        found.append(await reader.readexactly(length))
    writer.close()
    await writer.wait_closed()
    return found


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (post(b"a"), b"direct a"),
        (post(b""), b"direct "),
        (post(b"b" * LONGEST), b"direct " + b"b" * LONGEST),
        (post(b"c" * (LONGEST + 1)), b"by ASGI %d" % (LONGEST + 1)),
        (post(b"d", b"cookie: a=1", b"cookie: b=2"), b"by ASGI d"),
        (post(b"e", b"expect: 100-continue"), b"by ASGI e"),
        (post(b"f", line=b"PUT /hot HTTP/1.1"), b"by ASGI f"),
        (post(b"g", line=b"POST /hot?x=1 HTTP/1.1"), b"by ASGI g"),
        (
            b"POST /hot HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
            b"1\r\nh\r\n0\r\n\r\n",
            b"by ASGI h",
        ),
    ],
)
async def test_whole_small_posts_go_directly_and_no_others(
    request_: bytes, expected: bytes
) -> None:
    async with serving(Echo()) as port:
        assert await answers(port, request_) == [expected]


async def test_requests_in_a_row_are_answered_in_order() -> None:
    async with serving(Echo()) as port:
        in_a_row = [post(b"1", b"x-wait: 0.05"), post(b"2"), post(b"3")]
        assert await answers(port, *in_a_row) == [b"direct 1", b"by ASGI 2", b"by ASGI 3"]


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The paths of requests whose head was parsed, as they come."""
    paths: list[bytes] = []
    parse = DirectProtocol.on_headers_complete

    def parsing(protocol: DirectProtocol) -> None:
        paths.append(protocol.url)
        parse(protocol)

    monkeypatch.setattr(DirectProtocol, "on_headers_complete", parsing)
    return paths


async def test_a_head_that_was_seen_is_not_parsed_again(parsed: list[bytes]) -> None:
    async with serving(Echo()) as port:
        for body in (b"1", b"2", b"3"):
            assert await answers(port, post(body)) == [b"direct " + body]
        assert parsed == [HOT]
        for different in (post(b"44"), post(b"5", b"x-a: 1"), post(b"6", b"x-a: 2")):
            await answers(port, different)
        assert parsed == [HOT] * 4


async def test_not_more_heads_are_kept_than_allowed(parsed: list[bytes]) -> None:
    async with serving(Echo()) as port:
        for number in range(HEADS + 1):
            await answers(port, post(b"1", b"x-a: %d" % number))
        await answers(port, post(b"1", b"x-a: 1"))
        assert parsed == [HOT] * (HEADS + 1)
        await answers(port, post(b"1", b"x-a: 0"))
        long = post(b"1", b"x-a: " + b"a" * 5_000)
        for _ in range(2):
            assert await answers(port, long) == [b"direct 1"]
        assert parsed == [HOT] * (HEADS + 4)
        many = post(b"1", *(b"x-%d:" % number for number in range(70)))
        for _ in range(2):
            assert await answers(port, many) == [b"direct 1"]
        assert parsed == [HOT] * (HEADS + 6)


async def test_a_known_head_means_the_same_however_its_bytes_come() -> None:
    stream = post(b"12") + post(b"34") + post(b"56")
    async with serving(Echo()) as port:
        await answers(port, post(b"00"))
        for at in range(1, len(stream), 5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for piece in (stream[:at], stream[at:]):
                writer.write(piece)
                await asyncio.sleep(0.001)
            for body in (b"12", b"34", b"56"):
                assert (await reader.readuntil(body)).count(b"HTTP/1.1 200") == 1
            writer.close()


async def test_a_known_head_within_a_body_is_a_body(parsed: list[bytes]) -> None:
    inner = post(b"00")
    async with serving(Echo()) as port:
        await answers(port, inner)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        outer = post(b"x" * len(inner))
        writer.write(outer[: -len(inner)])
        await asyncio.sleep(0.01)
        writer.write(inner)
        assert (await reader.readuntil(b"\r\n\r\n00")).endswith(b"direct " + inner)
        writer.close()
        assert parsed == [HOT] * 2


async def test_a_known_head_waits_for_the_request_before_it() -> None:
    async with serving(Echo()) as port:
        await answers(port, post(b"00"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(b"1", b"x-wait: 0.1"))
        await asyncio.sleep(0.02)
        writer.write(post(b"00"))
        first = await reader.readuntil(b"direct 1")
        assert b"00" not in first.split(b"\r\n\r\n")[-1]
        await reader.readuntil(b"by ASGI 00")
        writer.close()


async def test_a_connection_is_used_again_and_closed_where_that_is_asked() -> None:
    async with serving(Echo()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in (b"1", b"2"):
            writer.write(post(body))
            await reader.readuntil(b"direct " + body)
        writer.write(post(b"3", b"connection: close"))
        rest = await reader.read()
        assert b"connection: close\r\n" in rest
        assert rest.endswith(b"direct 3")
        writer.close()


async def test_an_answer_leaves_no_garbage_to_be_looked_for() -> None:
    async with serving(Echo()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        found = []
        for _ in range(2):
            gc.collect()
            gc.disable()
            for _ in range(50):
                writer.write(post(b"1"))
                await reader.readuntil(b"direct 1")
            found.append(gc.collect())
            gc.enable()
        writer.close()
    assert found[-1] < 50


async def test_a_connection_rests_for_so_long_and_no_longer() -> None:
    async with serving(Echo(), rest=1.5) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(10):
            writer.write(post(b"0", line=b"PUT /hot HTTP/1.1"))
            await reader.readuntil(b"by ASGI 0")
            for pause in (0.9, 0.9, 0.0):
                writer.write(post(b"1"))
                await reader.readuntil(b"direct 1")
                await asyncio.sleep(pause)
            writer.write(post(b"2", b"x-wait: 1.7"))
            await reader.readuntil(b"direct 2")
            began = time.monotonic()
            assert await reader.read() == b""
        assert 1.4 < time.monotonic() - began < 6
        writer.close()


async def test_the_work_of_a_client_that_left_is_cancelled() -> None:
    route = Echo()
    async with serving(route) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(b"1", b"x-wait: 30"))
        await route.begun.wait()
        writer.close()
        async with asyncio.timeout(5):
            await route.left.wait()


async def test_what_is_under_way_is_answered_before_the_end() -> None:
    route = Echo()
    async with serving(route) as port:
        answer = asyncio.create_task(answers(port, post(b"1", b"x-wait: 0.2")))
        await route.begun.wait()
    assert await answer == [b"direct 1"]


async def test_what_is_not_there_at_once_is_answered_by_a_task() -> None:
    async with serving(Echo()) as port:
        for body in (b"later", b"later still"):
            assert await answers(port, post(body)) == [b"direct " + body]


async def test_what_goes_wrong_at_once_is_told_by_the_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(_: Echoed) -> DirectAnswer | None:
        raise ValueError

    monkeypatch.setattr(Echoed, "now", wrong)
    async with serving(Echo()) as port:
        assert await answers(port, post(b"1")) == [b"direct 1"]


async def test_a_route_that_breaks_its_promise_closes_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken(Echoed):
        def now(self) -> DirectAnswer | None:
            raise ValueError(self.body)

        async def answer(self) -> DirectAnswer:
            raise ValueError(self.body)

    monkeypatch.setattr(Echo, "begin", lambda self, headers, body, _: Broken(self, headers, body))
    async with serving(Echo()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(b"1"))
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


def test_no_value_becomes_a_header_of_its_own() -> None:
    given = (("Set-Cookie", "a=1\r\nx-evil: 1\x00"), ("x-tab", "a\tb é ☃"))
    assert raw_headers(given) == [
        (b"set-cookie", b"a=1x-evil: 1"),
        (b"x-tab", "a\tb é ?".encode("latin-1")),
    ]
