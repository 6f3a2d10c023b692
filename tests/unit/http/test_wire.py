"""One write an answer: what waits for what, and what closing and upgrading do to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from websockets.asyncio.client import connect

from rowgate.http.wire import Gathering, OneWriteProtocol

BODY = b"0123456789"


class Noting(asyncio.Transport):
    """A transport that notes what reaches it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(data)

    def writelines(self, parts: Any) -> None:
        self.written.append(b"".join(parts))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def test_a_head_waits_for_its_body() -> None:
    real = Noting()
    gathering = Gathering(real)
    gathering.write(b"HTTP/1.1 200 OK\r\n\r\n")
    assert real.written == []
    gathering.write(b"body")
    gathering.write(b"more of it")
    assert real.written == [b"HTTP/1.1 200 OK\r\n\r\nbody", b"more of it"]


def test_a_head_without_a_body_is_written_at_the_end() -> None:
    real = Noting()
    gathering = Gathering(real)
    gathering.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    gathering.flush()
    gathering.flush()
    assert real.written == [b"HTTP/1.1 204 No Content\r\n\r\n"]


def test_an_invitation_to_continue_does_not_wait() -> None:
    real = Noting()
    Gathering(real).write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert real.written == [b"HTTP/1.1 100 Continue\r\n\r\n"]


def test_closing_writes_first() -> None:
    real = Noting()
    gathering = Gathering(real)
    gathering.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    gathering.close()
    assert (real.written, real.closed) == ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], True)
    assert gathering.is_closing()


async def _application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": (await receive())["text"].upper()})
        return
    headers = [(b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    config = uvicorn.Config(
        _application,
        port=0,
        http=OneWriteProtocol,
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
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


async def test_requests_in_a_row_on_one_connection_are_answered_in_order() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 3)
        for _ in range(3):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert await reader.readexactly(len(BODY)) == BODY
        writer.write(b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        writer.write(b"nonsense\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        writer.close()
        await writer.wait_closed()


async def test_a_websocket_is_upgraded() -> None:
    async with serving() as port, connect(f"ws://127.0.0.1:{port}/") as socket:
        await socket.send("loud")
        assert await socket.recv() == "LOUD"
