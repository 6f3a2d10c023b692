"""The composed engine over a real Postgres: bootstrap, queries, live queries, changes, health."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from rowgate.app import Engine, create
from rowgate.base.json import decode, encode_text
from tests import http_doubles as doubles
from tests.http_doubles import SECRET, claims, token

ADMIN = {"x-hasura-admin-secret": SECRET}
TABLE = """
create table note (id int primary key, owner text not null, body text not null);
insert into note values (1, '1', 'mine'), (2, '2', 'other');
"""
PERMISSION = {
    "table": "note",
    "source": "default",
    "role": "user",
    "permission": {"columns": ["id", "body"], "filter": {"owner": {"_eq": "X-Hasura-User-Id"}}},
}


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    yield from doubles.logging_kept()


@dataclass
class Running:
    """An engine that is served, and a client of it."""

    engine: Engine
    http: httpx.AsyncClient
    address: str

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.http.post(path, json=body, headers=headers or ADMIN)

    async def command(self, kind: str, **args: Any) -> Any:
        response = await self.post("/v1/metadata", {"type": kind, "args": args})
        assert response.status_code == 200, response.text
        return response.json()

    async def query(self, text: str, **headers: str) -> Any:
        return (await self.post("/v1/graphql", {"query": text}, **headers)).json()


@asynccontextmanager
async def running(database_url: str, **given: Any) -> AsyncIterator[Running]:
    settings = doubles.with_jwt(
        settings_given={
            "metadata_database_url": database_url,
            "database_url": database_url,
            "live_queries_refetch_interval": 20,
            "schema_sync_poll_interval": 50,
            **given,
        }
    )
    engine = create(settings)
    async with (
        doubles.served(engine) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as http,
    ):
        made = Running(engine, http, address)
        done = await made.post("/v2/query", {"type": "run_sql", "args": {"sql": TABLE}})
        assert done.status_code == 200, done.text
        await made.command("pg_track_table", source="default", table="note")
        await made.command("pg_create_select_permission", **PERMISSION)
        yield made


async def _drain(socket: ClientConnection) -> None:
    while True:
        await socket.recv()


def bearer() -> dict[str, str]:
    return {"authorization": f"Bearer {token(claims())}"}


async def test_roles_see_their_rows(database_url: str) -> None:
    async with running(database_url) as engine:
        everything = await engine.query("{ note(order_by: {id: asc}) { id owner } }")
        assert everything == {"data": {"note": [{"id": 1, "owner": "1"}, {"id": 2, "owner": "2"}]}}
        own = await engine.query("{ note { id body } }", **bearer())
        assert own == {"data": {"note": [{"id": 1, "body": "mine"}]}}
        refused = await engine.query("{ note { owner } }", **bearer())
        assert refused["errors"][0]["extensions"]["code"] == "validation-failed"
        nobody = await engine.query("{ note { id } }", accept="*/*")
        assert nobody["errors"][0]["extensions"]["code"] == "invalid-headers"


async def test_bad_bodies_are_answered_and_the_next_request_works(database_url: str) -> None:
    async with running(database_url) as engine:
        for content in (
            b"",
            b"{",
            b"[" * 100_000,
            b"[]",
            b"null",
            b'{"query":1}',
            b"\xff",
            b"1e400",
        ):
            for path in ("/v1/graphql", "/v1/metadata", "/v1/query", "/v2/query"):
                response = await engine.http.post(path, content=content, headers=ADMIN)
                assert response.status_code < 500, (path, content, response.text)
                assert response.json() is not None
        assert (await engine.query("{ note { id } }"))["data"]


async def test_health_version_and_config(database_url: str) -> None:
    async with running(database_url) as engine:
        assert (await engine.http.get("/healthz?strict=true")).text == "OK"
        version = (await engine.http.get("/v1/version")).json()["version"]
        config = (await engine.http.get("/v1alpha1/config", headers=ADMIN)).json()
        assert config["version"] == version
        assert config["is_jwt_set"] is True
        assert (await engine.http.get("/v1alpha1/config", headers=bearer())).status_code == 400
        await engine.post("/v2/query", {"type": "run_sql", "args": {"sql": "select 1"}})


async def test_a_live_query_and_a_change_of_the_world(database_url: str) -> None:
    async with (
        running(database_url) as engine,
        connect(
            f"ws://{engine.address}/v1/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]
        ) as socket,
    ):

        async def hear() -> Any:
            while True:
                message = decode(await asyncio.wait_for(socket.recv(), 5))
                if message["type"] != "ping":
                    return message

        await socket.send(
            encode_text({"type": "connection_init", "payload": {"headers": bearer()}})
        )
        assert (await hear())["type"] == "connection_ack"
        payload = {"query": "subscription { note { id body } }"}
        await socket.send(encode_text({"type": "subscribe", "id": "1", "payload": payload}))
        first = await hear()
        assert first["payload"] == {"data": {"note": [{"id": 1, "body": "mine"}]}}
        changed = await engine.query(
            'mutation { update_note(where: {}, _set: {body: "new"}) { affected_rows } }'
        )
        assert changed == {"data": {"update_note": {"affected_rows": 2}}}
        second = await hear()
        assert second["payload"] == {"data": {"note": [{"id": 1, "body": "new"}]}}
        await engine.command(
            "pg_drop_select_permission", source="default", table="note", role="user"
        )
        with pytest.raises(ConnectionClosed) as caught:
            await asyncio.wait_for(_drain(socket), 5)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1012


async def test_the_console_is_served_with_its_assets(database_url: str) -> None:
    async with running(database_url, enable_console=True) as engine:
        root = await engine.http.get("/")
        assert (root.status_code, root.headers["location"]) == (302, "/console")
        page = await engine.http.get("/console")
        assert page.headers["content-type"].startswith("text/html")
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-cache"
        paths = [part.split('"')[0] for part in page.text.split('="')[1:]]
        assets = [path for path in paths if path.startswith("/console/assets/")]
        assert len(assets) >= 2
        for path in assets:
            asset = await engine.http.get(path)
            assert asset.status_code == 200
            assert "immutable" in asset.headers["cache-control"]
            assert asset.headers["x-content-type-options"] == "nosniff"
        for path in (
            "/console/assets/..%2f..%2findex.html",
            "/console/assets/../../routes.py",
            "/console/%2e%2e/routes.py",
            "/console/assets/none.js",
            "/console/..\\routes",
        ):
            missing = await engine.http.get(path)
            assert missing.status_code == 404, path


async def lifespan(engine: Engine) -> list[str]:
    """The messages that a server hears of a lifespan that is started and stopped."""
    coming = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))
    heard: list[str] = []

    async def receive() -> Any:
        return next(coming)

    async def send(message: Any) -> None:
        heard.append(message["type"])

    await engine({"type": "lifespan"}, receive, send)
    return heard


async def test_the_lifespan_opens_and_closes(database_url: str) -> None:
    engine = create(doubles.settings(metadata_database_url=database_url))
    assert await lifespan(engine) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_start_without_a_database_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    password = "canary"
    url = f"postgresql://u:{password}@127.0.0.1:1/x"
    engine = create(doubles.settings(metadata_database_url=url))
    assert await lifespan(engine) == ["lifespan.startup.failed"]
    engine.log.flush()
    (line,) = [decode(one) for one in capsys.readouterr().out.splitlines()]
    assert (line["type"], line["level"]) == ("startup", "error")
    assert "HASURA_GRAPHQL_METADATA_DATABASE_URL" in line["detail"]["message"]
    assert password not in encode_text(line)
