"""Every path over ASGI, with a stand-in for the work behind: statuses, bodies, headers, limits."""

import gzip
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import StringIO
from typing import Any

import httpx
import pytest

from rowgate.base.errors import ApiError
from rowgate.base.json import decode, encode
from rowgate.http.types import Health, KnownHeaders, Written
from tests import http_doubles as doubles
from tests.http_doubles import SECRET, Desk, claims, token

ADMIN = {"x-hasura-admin-secret": SECRET}
QUERY = {"query": "{a}"}


@asynccontextmanager
async def client(desk: Desk, log: StringIO | None = None, **given: Any) -> AsyncIterator[Any]:
    settings = given.pop("settings", None) or doubles.settings(**given)
    app = doubles.application(settings, desk, log)
    await app.open()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as made:
        try:
            yield made
        finally:
            await app.close()


async def test_graphql() -> None:
    desk = Desk()
    async with client(desk) as http:
        response = await http.post("/v1/graphql", json=QUERY, headers=ADMIN)
    assert (response.status_code, response.json()) == (200, {"data": {"role": "admin"}})
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert uuid.UUID(response.headers["x-request-id"])
    assert "server" not in response.headers
    assert desk.asked[0][0] == QUERY


async def test_the_request_id_is_echoed_where_it_is_usable() -> None:
    async with client(Desk()) as http:
        for given, echoed in (("abc-1", True), ("x" * 200, False), ("a\tb", False)):
            headers = {**ADMIN, "x-request-id": given}
            response = await http.post("/v1/graphql", json=QUERY, headers=headers)
            assert (response.headers["x-request-id"] == given) is echoed


@pytest.mark.parametrize("path", ["/v1/graphql", "/v1beta1/relay"])
async def test_graphql_refuses_with_200(path: str) -> None:
    async with client(Desk()) as http:
        response = await http.post(path, json=QUERY, headers={"x-hasura-admin-secret": "no"})
    assert response.status_code == 200
    extensions = {"path": "$", "code": "access-denied"}
    message = 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"'
    assert response.json() == {"errors": [{"message": message, "extensions": extensions}]}


async def test_graphql_keeps_401_where_told_to() -> None:
    async with client(Desk(), preserve_401_errors=True) as http:
        assert (await http.post("/v1/graphql", json=QUERY)).status_code == 401
    settings = doubles.with_jwt(settings_given={"preserve_401_errors": True})
    async with client(Desk(), settings=settings) as http:
        assert (await http.post("/v1/graphql", json=QUERY)).status_code == 200


async def test_the_legacy_path_keeps_every_status() -> None:
    async with client(Desk()) as http:
        response = await http.post("/v1alpha1/graphql", json=QUERY)
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "access-denied"
    async with client(Desk(), settings=doubles.with_jwt()) as http:
        assert (await http.post("/v1alpha1/graphql", json=QUERY)).status_code == 400


@pytest.mark.parametrize("path", ["/v1/metadata", "/v1alpha1/pg_dump"])
async def test_other_paths_refuse_with_their_status(path: str) -> None:
    async with client(Desk()) as http:
        response = await http.post(path, json={})
        assert response.status_code == 401
        assert list(response.json()) == ["error", "path", "code"]
        assert response.json()["code"] == "access-denied"
        assert (await http.post(path, json={}, headers=ADMIN)).status_code == 200


NOT_FOUND = {"path": "$", "error": "resource does not exist", "code": "not-found"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/template/foo"),
        ("POST", "/api/1/table/foo/select"),
        ("GET", "/v1/metadata"),
        ("DELETE", "/v1/graphql"),
        ("GET", "/dev/plan_cache"),
        ("GET", "/console"),
        ("GET", "/console/assets/..%2f..%2fetc/passwd"),
        ("POST", "/v1/graphql/"),
        ("GET", "/"),
    ],
)
async def test_what_is_not_there(method: str, path: str) -> None:
    async with client(Desk()) as http:
        response = await http.request(method, path, headers=ADMIN)
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_apis_that_are_switched_off() -> None:
    async with client(Desk(), enabled_apis=frozenset({"developer"})) as http:
        for path in ("/v1/graphql", "/v1/metadata", "/v1beta1/relay", "/v1alpha1/pg_dump"):
            response = await http.post(path, json=QUERY, headers=ADMIN)
            assert (response.status_code, response.json()) == (404, NOT_FOUND)
        response = await http.get("/dev/subscriptions", headers=ADMIN)
        assert response.json() == {"connections": 0, "operations": 0}
        assert (await http.get("/dev/plan_cache")).status_code == 401
        user = {**ADMIN, "x-hasura-role": "user"}
        refused = await http.get("/dev/subscriptions/extended", headers=user)
        assert (refused.status_code, refused.json()["code"]) == (400, "access-denied")


async def test_persisted_queries_and_a_disabled_relay_are_refused() -> None:
    async with client(Desk(), enable_relay=False) as http:
        persisted = await http.get("/v1/graphql?hash=x", headers=ADMIN)
        assert persisted.status_code == 200
        (error,) = persisted.json()["errors"]
        assert error["message"] == "PersistedQueryNotSupported"
        assert error["extensions"] == {"path": "$", "code": "not-supported"}
        relay = await http.post("/v1beta1/relay", json=QUERY, headers=ADMIN)
        assert (relay.status_code, relay.json()["code"]) == (400, "not-supported")


async def test_version_and_health() -> None:
    desk = Desk()
    async with client(desk) as http:
        told = (await http.get("/v1/version")).json()
        assert told["server_type"] == "ce"
        assert told["version"].startswith("v2.")
        for path in ("/healthz", "/hasura/healthz"):
            desk.health = Health.OK
            assert (await http.get(path)).text == "OK"
            desk.health = Health.INCONSISTENT
            warned = await http.get(path)
            assert (warned.status_code, warned.text) == (
                200,
                "WARN: inconsistent objects in schema",
            )
            for strict in ("?strict=true", "?strict"):
                failed = await http.get(path + strict)
                assert failed.status_code == 500
                assert failed.text == "ERROR: inconsistent objects in schema"
            desk.health = Health.UNREACHABLE
            dead = await http.get(path)
            assert (dead.status_code, dead.text) == (500, "ERROR")
        assert (await http.head("/v1/version")).content == b""


@pytest.mark.parametrize("path", ["/v1/graphql", "/v1/metadata"])
async def test_bodies_are_limited(path: str) -> None:
    desk = Desk()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    async with client(desk, body_limit=1000) as http:
        for content in (b"x" * 1001, chunks()):
            response = await http.post(path, content=content, headers=ADMIN)
            assert response.status_code == 413
            assert "the limit of 1000 bytes" in response.text
    assert desk.asked == []


async def test_long_answers_are_compressed_for_those_who_take_it() -> None:
    desk = Desk()
    desk.answer = lambda *_: encode({"data": "x" * 400_000})
    async with client(desk) as http:
        for given, packed in (("gzip, deflate", True), ("identity", False)):
            headers = {**ADMIN, "accept-encoding": given}
            async with http.stream("POST", "/v1/graphql", json=QUERY, headers=headers) as response:
                raw = b"".join([chunk async for chunk in response.aiter_raw()])
            assert (response.headers.get("content-encoding") == "gzip") is packed
            assert response.headers["vary"] == "Accept-Encoding"
            text = gzip.decompress(raw) if packed else raw
            assert decode(text) == {"data": "x" * 400_000}


async def test_headers_that_say_who_asks_may_not_come_twice() -> None:
    async with client(Desk()) as http:
        for name in ("x-hasura-role", "X-HASURA-ADMIN-SECRET", "authorization"):
            headers = [(name, SECRET), (name.lower(), "admin")]
            response = await http.post("/v1/graphql", json=QUERY, headers=headers)
            assert response.json()["errors"][0]["extensions"]["code"] == "invalid-headers"


async def test_failures_of_ours_tell_nothing_and_the_next_request_works() -> None:
    desk, log = Desk(), StringIO()

    def fail(*_: object) -> bytes:
        raise ZeroDivisionError("secret detail")

    desk.answer = fail
    async with client(desk, log) as http:
        response = await http.post("/v1/graphql", json=QUERY, headers=ADMIN)
        assert response.status_code == 200
        assert response.json()["errors"][0]["extensions"] == {"path": "$", "code": "unexpected"}
        assert "detail" not in response.text
        failed = await http.post("/v1/metadata", json={}, headers=ADMIN)
        assert (failed.status_code, failed.json()["code"]) == (500, "unexpected")
        desk.answer = lambda *_: b'{"data":{}}'
        assert (await http.post("/v1/graphql", json=QUERY, headers=ADMIN)).text == '{"data":{}}'
    told = [decode(line) for line in log.getvalue().splitlines()]
    errors = [line for line in told if line["level"] == "error" and "error" in line["detail"]]
    assert [line["detail"]["error"] for line in errors] == ["ZeroDivisionError"] * 2
    assert errors[0]["detail"]["request_id"] == response.headers["x-request-id"]


async def test_internals_are_for_admins() -> None:
    desk = Desk()

    def fail(*_: object) -> bytes:
        raise ApiError("no", internal={"hint": "x"})

    desk.answer = fail
    user = {**ADMIN, "x-hasura-role": "user"}
    cases: tuple[tuple[dict[str, str], dict[str, Any], bool], ...] = (
        (ADMIN, {}, True),
        (user, {}, False),
        (ADMIN, {"admin_internal_errors": False}, False),
        (user, {"dev_mode": True}, True),
    )
    for headers, given, shown in cases:
        async with client(desk, **given) as http:
            told = (await http.post("/v1/graphql", json=QUERY, headers=headers)).json()
        assert ("internal" in told["errors"][0]["extensions"]) is shown


async def test_cors() -> None:
    listed = {"origin": "https://a.com", "access-control-request-headers": "x-hasura-role"}
    async with client(Desk(), cors_domain="https://a.com") as http:
        asked = await http.options("/v1/graphql", headers=listed)
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == "https://a.com"
        assert asked.headers["access-control-allow-headers"] == "x-hasura-role"
        assert asked.headers["access-control-max-age"] == "1728000"
        for path in ("/v1/graphql", "/v1/metadata"):
            answered = await http.post(path, json=QUERY, headers={**ADMIN, **listed})
            assert answered.headers["access-control-allow-credentials"] == "true"
        foreign = {**ADMIN, "origin": "https://b.com"}
        answered = await http.post("/v1/graphql", json=QUERY, headers=foreign)
        assert "access-control-allow-origin" not in answered.headers
        refused = await http.post("/v1/graphql", json=QUERY, headers=listed)
        assert refused.headers["access-control-allow-origin"] == "https://a.com"


async def test_a_foreign_page_cannot_use_the_cookie() -> None:
    settings = doubles.with_jwt(header={"type": "Cookie", "name": "sid"})
    cookie = {"cookie": f"sid={token(claims())}"}
    async with client(Desk(), settings=settings) as http:
        for origin, accepted in (("http://engine", True), ("https://evil.com", False)):
            for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
                response = await http.post(
                    "/v1/graphql",
                    content=encode(QUERY),
                    headers={**cookie, "origin": origin, "content-type": kind},
                )
                assert ("data" in response.json()) is accepted


async def test_nor_where_requests_go_past_asgi() -> None:
    settings = doubles.with_jwt(header={"type": "Cookie", "name": "sid"})
    route = doubles.application(settings, Desk()).direct[b"/v1/graphql"]
    cookie = {"cookie": f"sid={token(claims())}", "host": "engine"}
    for origin, accepted in (("http://engine", True), ("https://evil.com", False)):
        headers = KnownHeaders({**cookie, "origin": origin})
        for _ in range(2):
            _, body = await route.begin(headers, encode(QUERY), None).answer()
            assert ("data" in decode(body)) is accepted


async def test_a_request_has_a_log_line_without_secrets() -> None:
    log = StringIO()
    async with client(Desk(), log) as http:
        await http.post("/v1/graphql?token=canary", json={"query": "canary"}, headers=ADMIN)
        await http.post("/v1/metadata", json={}, headers={"authorization": "canary"})
    lines = [decode(line) for line in log.getvalue().splitlines()]
    infos = [line["detail"]["http_info"] for line in lines if line["type"] == "http-log"]
    assert [(info["url"], info["status"]) for info in infos] == [
        ("/v1/graphql", 200),
        ("/v1/metadata", 401),
    ]
    assert all(line["detail"]["request_id"] for line in lines)
    assert "canary" not in log.getvalue()
    assert SECRET not in log.getvalue()


async def test_a_client_that_leaves_ends_its_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rowgate.http.departures.LOOKS_EACH", 0.05)
    desk = Desk()
    desk.delay = 30
    async with doubles.served(doubles.application(doubles.settings(), desk)) as address:
        url = f"http://{address}/v1/graphql"
        async with httpx.AsyncClient() as http:
            with pytest.raises(httpx.ReadTimeout):
                await http.post(url, json=QUERY, headers=ADMIN, timeout=0.3)
        async with httpx.AsyncClient() as http:
            desk.delay = 0
            assert (await http.post(url, json=QUERY, headers=ADMIN)).status_code == 200
    assert desk.cancelled == 1


async def test_a_reply_keeps_its_own_headers() -> None:
    desk = Desk()

    async def dump(*_: object) -> Written:
        return Written(200, b"--", (("content-type", "application/sql"),))

    desk.graphql = dump  # type: ignore[method-assign, assignment]
    async with client(desk) as http:
        response = await http.post("/v1alpha1/pg_dump", json={}, headers=ADMIN)
    assert response.headers.get_list("content-type") == ["application/sql"]
