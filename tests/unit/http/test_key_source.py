"""Keys behind a URL: how often they are fetched, and what happens when that fails (row B10)."""

import asyncio
from collections.abc import Callable
from io import StringIO
from typing import Any

import httpx
import pytest

from rowgate.base.errors import ApiError
from rowgate.base.json import decode
from rowgate.base.observation import Log
from rowgate.http.session import Gate, key_source
from rowgate.http.session.keys import key_set
from tests import http_doubles as doubles
from tests.http_doubles import OTHER_RSA, RSA, claims, jwk, token, with_jwt

REST = asyncio.sleep
URL = "http://keys.test/jwks.json"


class Provider:
    """Publishes keys; counts how often it is asked."""

    def __init__(self, *keys: dict[str, Any], **headers: str) -> None:
        self.keys = list(keys)
        self.status = 200
        self.headers = headers
        self.fetches = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.fetches += 1
        return httpx.Response(self.status, json={"keys": self.keys}, headers=self.headers)


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr("rowgate.http.session.key_source.time.monotonic", lambda: self.now)


async def gate_of(provider: Provider, log: StringIO | None = None) -> Gate:
    gate = Gate(with_jwt(key=None, type=None, jwk_url=URL), Log(stream=log or StringIO()))
    client = httpx.AsyncClient(transport=httpx.MockTransport(provider))
    for issuer in gate._issuers:
        assert issuer.source is not None
        issuer.source._client = client
    await gate.open()
    return gate


def headers_of(private: Any, identity: str | None, **more: Any) -> dict[str, str]:
    header = {} if identity is None else {"kid": identity}
    return {"authorization": f"Bearer {token(claims(**more), private, 'RS256', **header)}"}


async def test_a_new_key_is_taken_and_the_old_one_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    provider = Provider(jwk(RSA, "1"))
    gate = await gate_of(provider)
    old, new = headers_of(RSA, "1"), headers_of(OTHER_RSA, "2")
    await gate.identify(old)
    assert gate.known(old) is not None
    provider.keys = [jwk(OTHER_RSA, "2")]
    clock.now += 60
    assert (await gate.identify(new)).session.role == "user"
    assert gate.known(old) is None
    with pytest.raises(ApiError, match="JWSInvalidSignature"):
        await gate.identify(old)
    await gate.close()


async def test_a_refresh_drops_a_key_that_was_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    provider = Provider(jwk(RSA, "1"), **{"cache-control": "max-age=86400"})
    gate = await gate_of(provider)
    await gate.identify(headers_of(RSA, "1"))
    provider.keys = [jwk(OTHER_RSA, "2")]
    await gate.refresh()
    assert provider.fetches == 1
    clock.now += 60
    await gate.refresh()
    assert provider.fetches == 2
    with pytest.raises(ApiError, match="JWSInvalidSignature"):
        await gate.identify(headers_of(RSA, "1"))
    provider.status = 500
    clock.now += 60
    await gate.refresh()
    assert (await gate.identify(headers_of(OTHER_RSA, "2"))).session.role == "user"
    await gate.close()


async def test_a_flood_of_unknown_keys_costs_one_fetch_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    provider = Provider(jwk(RSA, "1"), **{"cache-control": "max-age=0"})
    gate = await gate_of(provider)
    for number in range(20):
        with pytest.raises(ApiError):
            await gate.identify(headers_of(OTHER_RSA, f"x{number}"))
    assert provider.fetches == 1
    clock.now += 61
    for number in range(20):
        with pytest.raises(ApiError):
            await gate.identify(headers_of(OTHER_RSA, f"y{number}"))
    assert provider.fetches == 2
    await gate.close()


async def test_the_last_good_keys_stay_where_a_fetch_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    provider = Provider(jwk(RSA, "1"))
    log = StringIO()
    gate = await gate_of(provider, log)
    provider.status = 500
    clock.now += 61
    with pytest.raises(ApiError):
        await gate.identify(headers_of(OTHER_RSA, "2"))
    assert provider.fetches == 2
    assert (await gate.identify(headers_of(RSA, "1"))).session.role == "user"
    gate._log.flush()
    lines = [decode(line) for line in log.getvalue().splitlines()]
    assert [line["level"] for line in lines if line["type"] == "jwk-refresh-log"] == [
        "info",
        "error",
    ]
    await gate.close()


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(100_000):
        if holds():
            return
        await REST(0)
    raise TimeoutError


@pytest.mark.parametrize("status", [200, 500, 404])
async def test_a_start_without_keys_goes_on_looking_for_them(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    pauses: list[float] = []
    goes_on = asyncio.Event()

    async def passed(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) in (9, 10):
            goes_on.clear()
            await goes_on.wait()

    monkeypatch.setattr("rowgate.http.session.key_source.asyncio.sleep", passed)
    provider = Provider()
    provider.status = status
    gate = await gate_of(provider)
    with pytest.raises(ApiError) as caught:
        await gate.identify(headers_of(RSA, "1"))
    assert caught.value.code == "invalid-jwt"
    assert caught.value.message == (
        "Could not verify JWT: the keys of its jwk_url could not be fetched yet"
    )
    await until(lambda: len(pauses) >= 9)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    provider.keys, provider.status = [jwk(RSA, "1")], 200
    goes_on.set()
    await until(lambda: len(pauses) >= 10)
    assert (await gate.identify(headers_of(RSA, "1"))).session.role == "user"
    await gate.close()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 600),
        ({"cache-control": "max-age=300"}, 300),
        ({"cache-control": "public, max-age=300, must-revalidate"}, 300),
        ({"cache-control": "max-age=0"}, 60),
        ({"cache-control": "no-store, max-age=300"}, 60),
        ({"cache-control": "must-revalidate"}, 60),
        ({"cache-control": "max-age=99999999"}, 86_400),
        ({"cache-control": "max-age=x"}, 600),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 60),
        ({"expires": "Wed, 21 Oct 2065 07:28:00 GMT"}, 86_400),
        ({"expires": "0"}, 60),
    ],
)
def test_how_long_keys_are_good(headers: dict[str, str], seconds: float) -> None:
    assert key_source.pause(httpx.Headers(headers)) == seconds


def test_keys_that_are_left_out() -> None:
    good = jwk(RSA, "good")
    listed = [
        good,
        {**jwk(RSA, "encryption"), "use": "enc"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "small"},
        {"kty": "RSA", "kid": "empty"},
        {**good, "alg": "RSA-OAEP", "kid": "other use"},
        "no object",
    ]
    assert [key.id for key in key_set({"keys": listed})] == ["good"]


def test_numbers_in_plain_base64_are_read() -> None:
    described = jwk(RSA, "1")
    sloppy = described["n"].replace("-", "+").replace("_", "/") + "=="
    (key,) = key_set({"keys": [{**described, "n": sloppy}]})
    (same,) = key_set({"keys": [described]})
    assert key.material.public_numbers() == same.material.public_numbers()


def test_a_key_serves_its_declared_algorithm_only() -> None:
    (key,) = key_set({"keys": [jwk(RSA, "1", alg="RS512")]})
    assert key.algorithms == {"RS512"}
    assert doubles.public_pem(RSA)


@pytest.mark.parametrize("document", [None, [], {}, {"keys": {}}, {"keys": []}])
def test_what_is_no_key_set(document: Any) -> None:
    with pytest.raises(ValueError, match="JWK set"):
        key_set(document)
