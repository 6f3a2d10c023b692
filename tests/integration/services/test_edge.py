"""The outermost layer of both services: caps, ids, failures, graceful stop."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from service.edge import Edge
from tests.integration.services.conftest import free_ports

ROOT = Path(__file__).parents[3]


async def exchanged(app: Edge, headers: dict[str, str], *pieces: bytes) -> tuple[int, bytes]:
    """Status and body of one request, its body sent in `pieces`."""
    sent: list[Message] = []
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": raw}
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def _reader(_scope: Scope, receive: Receive, send: Send) -> None:
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"read"})


async def _breaker(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("the inside of the service")


@pytest.mark.parametrize(
    ("headers", "pieces", "status"),
    [
        ({}, (b"x" * 10,), 200),
        ({}, (b"x" * 6, b"x" * 5), 413),
        ({"content-length": "11"}, (), 413),
        ({"content-length": "10"}, (b"x" * 10,), 200),
        ({"content-length": "1"}, (b"x" * 11,), 413),
        ({"content-length": "-1"}, (b"x",), 200),
        ({"content-length": "²"}, (b"x",), 200),
    ],
)
async def test_a_body_is_counted_as_it_comes(
    headers: dict[str, str], pieces: tuple[bytes, ...], status: int
) -> None:
    answer, body = await exchanged(Edge(_reader, most_bytes=10), headers, *pieces)
    assert answer == status
    assert (body == b"read") == (status == 200)


async def test_a_failure_inside_is_told_to_nobody_outside() -> None:
    status, body = await exchanged(Edge(_breaker, most_bytes=10), {})
    assert status == 500
    assert json.loads(body) == {
        "message": "internal error",
        "extensions": {"code": "unexpected"},
    }


@pytest.fixture
def auth_process(
    migrated_url: str, key_directory: Path, tmp_path: Path
) -> Iterator[tuple[str, "subprocess.Popen[bytes]", Path]]:
    """The auth service as a process: its URL, the process, its log."""
    [port] = free_ports(1)
    log = tmp_path / "log"
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "DATABASE_URL": migrated_url,
        "AUTH_PRIVATE_KEY_DIR": str(key_directory),
        "AUTH_ISSUER": "https://auth.test",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "auth"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _await_health(url)
        yield url, process, log
    finally:
        process.kill()
        process.wait()


def _await_health(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            assert httpx.get(f"{url}/healthz").status_code == 200
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


async def test_a_process_finishes_its_requests_and_logs_json(
    auth_process: tuple[str, "subprocess.Popen[bytes]", Path],
) -> None:
    url, process, log = auth_process
    async with httpx.AsyncClient(base_url=url, timeout=20) as client:
        bodies = ({"username": f"nobody{at}", "password": "x"} for at in range(8))
        logins = [asyncio.create_task(client.post("/login", json=body)) for body in bodies]
        await asyncio.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        answers = await asyncio.gather(*logins)
    assert [answer.status_code for answer in answers] == [401] * 8
    assert all("server" not in answer.headers for answer in answers)
    await asyncio.to_thread(process.wait, 15)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert all(set(line) >= {"type", "timestamp", "level", "request_id"} for line in lines)
    access = [line for line in lines if line["type"] == "http-log"]
    assert len({line["request_id"] for line in access}) == len(access) >= 9


def _raw(url: str, request: bytes) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def test_a_process_has_limits_of_its_own(
    auth_process: tuple[str, "subprocess.Popen[bytes]", Path],
) -> None:
    url, _, log = auth_process
    answer = _raw(url, b"GET /healthz HTTP/1.1\r\nhost: a\r\nx: " + b"a" * 66_000 + b"\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert json.loads(body) == {
        "message": "the head of the request exceeds 65536 bytes",
        "extensions": {"code": "bad-request"},
    }
    smuggled = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"
    lines = b"POST /login HTTP/1.1\r\nhost: a\r\nconnection: Upgrade, close\r\nupgrade: h2c\r\n"
    answer = _raw(url, lines + b"content-length: %d\r\n\r\n" % len(smuggled) + smuggled)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "traceback" not in log.read_text()
