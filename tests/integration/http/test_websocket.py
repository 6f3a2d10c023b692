"""Sockets over a real server, in both sub-protocols, with a stand-in for the pipeline."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from rowgate.base.errors import ApiError
from rowgate.base.json import decode, encode, encode_text
from rowgate.settings import Settings
from tests import http_doubles as doubles
from tests.http_doubles import SECRET, Desk, claims, token

LEGACY, TRANSPORT = "graphql-ws", "graphql-transport-ws"
START = {LEGACY: "start", TRANSPORT: "subscribe"}
STOP = {LEGACY: "stop", TRANSPORT: "complete"}
DATA = {LEGACY: "data", TRANSPORT: "next"}
ADMIN = {"x-hasura-admin-secret": SECRET}
QUERY, SUBSCRIPTION = "query { a }", "subscription { a }"

both = pytest.mark.parametrize("protocol", [LEGACY, TRANSPORT])


class Peer:
    """A client that says and hears JSON, keep-alives left out."""

    def __init__(self, socket: ClientConnection, protocol: str) -> None:
        self.socket = socket
        self.protocol = protocol

    async def say(self, kind: str, **rest: Any) -> None:
        await self.socket.send(encode_text({"type": kind, **rest}))

    async def init(self, headers: dict[str, str] | None = None) -> None:
        await self.say(
            "connection_init", payload={"headers": ADMIN if headers is None else headers}
        )

    async def start(self, identity: str, query: str, **more: Any) -> None:
        payload = {"query": query, **more}
        await self.say(START[self.protocol], id=identity, payload=payload)

    async def stop(self, identity: str) -> None:
        await self.say(STOP[self.protocol], id=identity)

    async def hear(self) -> Any:
        while True:
            message = decode(await asyncio.wait_for(self.socket.recv(), 5))
            if message["type"] not in {"ka", "ping"}:
                return message

    async def ready(self) -> "Peer":
        await self.init()
        assert await self.hear() == {"type": "connection_ack"}
        return self

    async def _drain(self) -> None:
        while True:
            await self.socket.recv()

    async def closed(self) -> tuple[int, str]:
        with pytest.raises(ConnectionClosed) as caught:
            await asyncio.wait_for(self._drain(), 5)
        received = caught.value.rcvd
        assert received is not None
        return received.code, received.reason


@asynccontextmanager
async def engine(desk: Desk, settings: Settings | None = None, **given: Any) -> AsyncIterator[str]:
    app = doubles.application(settings or doubles.settings(**given), desk)
    async with doubles.served(app) as address:
        yield address


@asynccontextmanager
async def peer(
    address: str, protocol: str | None, path: str = "/v1/graphql", **headers: str
) -> AsyncIterator[Peer]:
    offered = None if protocol is None else [Subprotocol(protocol)]
    async with connect(
        f"ws://{address}{path}", subprotocols=offered, additional_headers=headers
    ) as socket:
        yield Peer(socket, protocol or LEGACY)


@both
async def test_a_query(protocol: str) -> None:
    desk = Desk()
    async with engine(desk) as address, peer(address, protocol) as client:
        assert client.socket.subprotocol == protocol
        await client.ready()
        await client.start("1", QUERY, variables={"x": 1}, operationName=None)
        answer = {"data": {"role": "admin"}}
        assert await client.hear() == {"type": DATA[protocol], "id": "1", "payload": answer}
        assert await client.hear() == {"type": "complete", "id": "1"}
    (asked, session) = desk.asked[0]
    assert (asked.query, asked.variables, session.role) == (QUERY, {"x": 1}, "admin")


@pytest.mark.parametrize("path", ["/v1/graphql", "/v1alpha1/graphql", "/v1beta1/relay"])
async def test_the_legacy_protocol_is_spoken_where_none_is_asked_for(path: str) -> None:
    async with engine(Desk()) as address, peer(address, None, path) as client:
        assert client.socket.subprotocol is None
        await client.init()
        assert decode(await client.socket.recv()) == {"type": "connection_ack"}
        assert decode(await client.socket.recv()) == {"type": "ka"}


@both
async def test_a_live_query_tells_changes_only(protocol: str) -> None:
    desk = Desk()
    rows = [1]
    desk.answer = lambda *_: encode({"data": {"a": rows[0]}})
    async with engine(desk) as address, peer(address, protocol) as client:
        await client.ready()
        await client.start("s", SUBSCRIPTION)
        assert (await client.hear())["payload"] == {"data": {"a": 1}}
        await asyncio.sleep(0.1)
        rows[0] = 2
        told = await client.hear()
        assert told == {"type": DATA[protocol], "id": "s", "payload": {"data": {"a": 2}}}
        await client.stop("s")
        await asyncio.sleep(0.1)
        polls = len(desk.asked)
        await asyncio.sleep(0.1)
        assert len(desk.asked) == polls
        await client.start("s", QUERY)
        assert (await client.hear())["id"] == "s"


@both
async def test_an_operation_that_is_not_run(protocol: str) -> None:
    desk = Desk()
    error = {"message": "no", "extensions": {"path": "$", "code": "validation-failed"}}
    desk.answer = lambda *_: encode({"errors": [error]})
    async with engine(desk) as address, peer(address, protocol) as client:
        await client.ready()
        for query in (QUERY, SUBSCRIPTION):
            await client.start("1", query)
            payload = {"errors": [error]} if protocol == LEGACY else [error]
            assert await client.hear() == {"type": "error", "id": "1", "payload": payload}
            if protocol == LEGACY:
                assert await client.hear() == {"type": "complete", "id": "1"}
    assert len(desk.asked) == 2


@both
async def test_an_operation_that_fails_as_it_runs(protocol: str) -> None:
    desk = Desk()
    error = {"message": "no", "extensions": {"path": "$", "code": "constraint-violation"}}
    desk.answer = lambda *_: encode({"errors": [error]})
    async with engine(desk) as address, peer(address, protocol) as client:
        await client.ready()
        await client.start("1", "mutation { a }")
        answer = await client.hear()
        assert (answer["type"], answer["payload"]) == (DATA[protocol], {"errors": [error]})
        assert (await client.hear())["type"] == "complete"


@both
async def test_a_failure_of_ours_leaves_the_socket_open(protocol: str) -> None:
    desk = Desk()

    def fail(*_: object) -> bytes:
        raise ZeroDivisionError("secret detail")

    desk.answer = fail
    async with engine(desk) as address, peer(address, protocol) as client:
        await client.ready()
        await client.start("1", QUERY)
        failed = await client.hear()
        assert failed["type"] == "error"
        assert "secret" not in encode_text(failed)
        desk.answer = lambda *_: b'{"data":1}'
        await client.start("2", QUERY)
        heard = [await client.hear() for _ in range(2 if protocol == TRANSPORT else 3)]
        assert {"type": DATA[protocol], "id": "2", "payload": {"data": 1}} in heard


async def test_legacy_start_before_init_runs_nothing() -> None:
    desk = Desk()
    async with engine(desk) as address, peer(address, LEGACY) as client:
        await client.start("1", QUERY)
        error = (await client.hear())["payload"]["errors"][0]
        assert error["message"] == "start received before the connection is initialised"
        assert error["extensions"]["code"] == "start-failed"
        assert (await client.closed())[0] == 4401
    assert desk.asked == []


async def test_transport_start_before_init_runs_nothing() -> None:
    desk = Desk()
    async with engine(desk) as address, peer(address, TRANSPORT) as client:
        await client.start("1", QUERY)
        assert await client.closed() == (4401, '{"server_error_msg":"4401: Unauthorized"}')
    assert desk.asked == []


async def test_legacy_init_that_fails() -> None:
    desk = Desk()
    async with engine(desk) as address, peer(address, LEGACY) as client:
        await client.init({"x-hasura-admin-secret": "wrong"})
        message = 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"'
        assert await client.hear() == {"type": "connection_error", "payload": message}
        await client.start("1", QUERY)
        error = (await client.hear())["payload"]["errors"][0]
        assert error["message"] == f"cannot start as connection_init failed with: {message}"
    assert desk.asked == []


async def test_transport_init_that_fails() -> None:
    async with engine(Desk()) as address, peer(address, TRANSPORT) as client:
        await client.init({"x-hasura-admin-secret": "wrong"})
        code, reason = await client.closed()
        assert code == 4400
        assert reason.startswith('{"server_error_msg":"4400: Connection initialization failed: ')


@both
async def test_init_must_come_in_time(protocol: str) -> None:
    async with (
        engine(Desk(), websocket_init_timeout=0.1) as address,
        peer(address, protocol) as client,
    ):
        code, reason = await client.closed()
        assert code == 4408
        assert "Connection initialisation timeout" in reason
        if protocol == TRANSPORT:
            expected = '{"server_error_msg":"4408: Connection initialisation timeout"}'
            assert reason == expected


async def test_two_inits() -> None:
    async with engine(Desk()) as address:
        async with peer(address, TRANSPORT) as client:
            await (await client.ready()).init()
            assert (await client.closed())[0] == 4429
        async with peer(address, LEGACY) as client:
            await (await client.ready()).init()
            assert (await client.hear())["type"] == "connection_error"


async def test_two_operations_with_one_id() -> None:
    async with engine(Desk()) as address:
        async with peer(address, TRANSPORT) as client:
            await client.ready()
            await client.start("1", SUBSCRIPTION)
            await client.hear()
            await client.start("1", SUBSCRIPTION)
            code, reason = await client.closed()
            assert (code, "Subscriber for 1 already exists" in reason) == (4409, True)
        async with peer(address, LEGACY) as client:
            await client.ready()
            await client.start("1", SUBSCRIPTION)
            await client.hear()
            await client.start("1", SUBSCRIPTION)
            error = (await client.hear())["payload"]["errors"][0]
            assert error["message"] == "an operation already exists with this id: 1"


BAD = [
    "no json",
    "[]",
    "{}",
    '{"type":"nothing"}',
    '{"type":"connection_init","payload":{"headers":{"a":1}}}',
    '{"type":"connection_init","payload":[]}',
    "[" * 100_000,
]


@pytest.mark.parametrize("text", BAD)
async def test_bad_messages(text: str) -> None:
    async with engine(Desk()) as address:
        async with peer(address, TRANSPORT) as client:
            await client.socket.send(text)
            assert (await client.closed())[0] == 4400
        async with peer(address, LEGACY) as client:
            await client.socket.send(text)
            heard = await client.hear()
            assert heard["type"] == "connection_error"
            assert heard["payload"].startswith("parsing ClientMessage failed: ")
            await client.ready()


@both
async def test_messages_are_limited(protocol: str) -> None:
    async with engine(Desk(), body_limit=1000) as address, peer(address, protocol) as client:
        await client.ready()
        await client.start("1", "x" * 1001)
        assert (await client.closed())[0] == 1009


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"query": 1}, {"query": "x", "variables": []}, {"query": "x", "operationName": 1}],
)
async def test_bad_operations(payload: Any) -> None:
    async with engine(Desk()) as address, peer(address, LEGACY) as client:
        await client.ready()
        await client.say("start", id="1", payload=payload)
        assert (await client.hear())["type"] == "connection_error"


async def test_ping_and_pong() -> None:
    async with engine(Desk()) as address, peer(address, TRANSPORT) as client:
        await client.ready()
        await client.say("ping")
        assert await client.hear() == {"type": "pong"}
        await client.say("ping", payload={"a": 1})
        assert await client.hear() == {"type": "pong", "payload": {"a": 1}}
        await client.say("pong")
        await client.say("ping")
        assert await client.hear() == {"type": "pong"}


@both
async def test_keep_alive(protocol: str) -> None:
    async with (
        engine(Desk(), websocket_keepalive=0.05) as address,
        peer(address, protocol) as client,
    ):
        await client.ready()
        heard = [decode(await client.socket.recv()) for _ in range(3)]
    alive = {"type": "ping", "payload": {"message": "keepalive"}}
    assert heard == [{"type": "ka"} if protocol == LEGACY else alive] * 3


async def test_the_legacy_client_terminates() -> None:
    async with engine(Desk()) as address, peer(address, LEGACY) as client:
        await client.ready()
        await client.say("connection_terminate")
        assert (await client.closed())[0] == 1000


@both
async def test_operations_of_a_socket_are_limited(protocol: str) -> None:
    desk = Desk()
    async with (
        engine(desk, subscription_limit=2) as address,
        peer(address, protocol) as client,
    ):
        await client.ready()
        for number in range(2):
            await client.start(str(number), SUBSCRIPTION)
            assert (await client.hear())["type"] == DATA[protocol]
        for number in range(2, 500):
            await client.start(str(number), SUBSCRIPTION)
        failed = [await client.hear() for _ in range(498)]
        assert {message["type"] for message in failed} <= {"error", "complete"}
        await client.stop("0")
        await client.start("new", QUERY)
        while (await client.hear())["id"] != "new":
            continue


@both
async def test_the_end_of_a_token_ends_the_socket(protocol: str) -> None:
    desk = Desk()
    end = int(time.time()) + 2
    headers = {"Authorization": f"Bearer {token(claims(exp=end))}"}
    async with engine(desk, doubles.with_jwt()) as address, peer(address, protocol) as client:
        await client.init(headers)
        assert (await client.hear())["type"] == "connection_ack"
        await client.start("1", SUBSCRIPTION)
        assert (await client.hear())["payload"] == {"data": {"role": "user"}}
        code, _ = await client.closed()
        assert code == 4403
        assert time.time() - end < 1
    polls = len(desk.asked)
    await asyncio.sleep(0.1)
    assert len(desk.asked) == polls


@both
async def test_a_changed_world_closes_sockets(protocol: str) -> None:
    desk = Desk()
    async with engine(desk) as address, peer(address, protocol) as client:
        await client.ready()
        for call in desk.on_change:
            call()
        code, reason = await client.closed()
        assert code == 1012
        assert "the metadata has changed" in reason


async def test_a_changed_world_may_leave_sockets_alone() -> None:
    desk = Desk()
    async with engine(desk, close_websockets_on_metadata_change=False):
        assert desk.on_change == []


async def test_other_paths_and_sites_are_refused() -> None:
    async with engine(Desk(), cors_domain="https://a.com") as address:
        with pytest.raises(InvalidStatus) as caught:
            async with peer(address, LEGACY, "/v1/other"):
                pass
        response = caught.value.response
        assert response.status_code == 404
        assert response.body is not None
        assert decode(bytes(response.body))["error"] == (
            "only '/v1/graphql', '/v1alpha1/graphql' and '/v1beta1/relay' are supported "
            "on websockets"
        )
        with pytest.raises(InvalidStatus) as caught:
            async with peer(address, LEGACY, Origin="https://evil.com"):
                pass
        assert caught.value.response.status_code == 400
        async with peer(address, LEGACY, Origin="https://a.com") as client:
            await client.ready()


async def test_a_foreign_page_cannot_use_the_cookie() -> None:
    settings = doubles.with_jwt(header={"type": "Cookie", "name": "sid"})
    cookie = f"sid={token(claims())}"
    async with engine(Desk(), settings) as address:
        for origin, heard in (
            (f"http://{address}", "connection_ack"),
            ("https://evil.com", "connection_error"),
        ):
            async with peer(address, LEGACY, Origin=origin, Cookie=cookie) as client:
                await client.init({})
                assert (await client.hear())["type"] == heard


async def test_headers_of_the_handshake_count() -> None:
    async with engine(Desk()) as address, peer(address, LEGACY, **ADMIN) as client:
        await client.say("connection_init")
        assert await client.hear() == {"type": "connection_ack"}


async def test_a_slow_reader_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rowgate.http.websocket.channel.LONGEST_WAIT", 0.3)
    desk = Desk()
    numbers = iter(range(1_000_000))
    noise = random.Random(1).randbytes(500_000).hex()
    desk.answer = lambda *_: encode({"data": [next(numbers), noise]})
    async with engine(desk) as address:
        async with peer(address, LEGACY) as stalled:
            await stalled.ready()
            await stalled.start("s", SUBSCRIPTION)
            stalled.socket.transport.pause_reading()
            await asyncio.sleep(1.5)
            polls = len(desk.asked)
            await asyncio.sleep(0.3)
            assert len(desk.asked) == polls
            stalled.socket.transport.abort()
        async with peer(address, LEGACY) as client:
            desk.answer = lambda *_: b'{"data":1}'
            await client.ready()
            await client.start("1", QUERY)
            assert (await client.hear())["payload"] == {"data": 1}


async def test_a_stopping_engine_closes_sockets() -> None:
    app = doubles.application(doubles.settings(), Desk())
    async with doubles.served(app) as address, peer(address, TRANSPORT) as client:
        await client.ready()
        closing = asyncio.create_task(app._hub.close())
        assert (await client.closed())[0] == 1001
        await closing


async def test_errors_of_admins_hold_internals_and_of_others_do_not() -> None:
    desk = Desk()

    def fail(*_: object) -> bytes:
        raise ApiError("no", internal={"hint": 1})

    desk.answer = fail
    async with engine(desk) as address:
        for role, shown in (("admin", True), ("user", False)):
            async with peer(address, TRANSPORT) as client:
                await client.init({**ADMIN, "x-hasura-role": role})
                await client.hear()
                await client.start("1", QUERY)
                (error,) = (await client.hear())["payload"]
                assert ("internal" in error["extensions"]) is shown
