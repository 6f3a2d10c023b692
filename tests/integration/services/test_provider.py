"""Signing in through an OpenID provider: code, PKCE, state, nonce; linked by verified addresses."""

import asyncio
import base64
import hashlib
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import jwt
import pytest

from auth.provider import Provider
from service.settings import SettingsError
from tests.http_doubles import OTHER_RSA, RSA, jwk
from tests.integration.services.conftest import Service, StartAuth
from tests.integration.services.test_accounts import bearer, events_of
from tests.integration.services.test_auth import code_of, new_name, registered, signed_in

BACK = "http://127.0.0.1:8000/auth/oidc/callback"


class OpenId:
    """A provider on the loopback interface; `claims` and `key` are what its next ID token has."""

    def __init__(self) -> None:
        self.asked: dict[str, str] = {}
        self.claims: dict[str, Any] = {}
        self.key = RSA
        self.named: str | None = None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Answers discovery, keys and tokens."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(200, provider.document(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                given = {name: values[0] for name, values in parse_qs(body).items()}
                self.answer(*provider.token(given, self.headers["authorization"]))

            def answer(self, status: int, document: object) -> None:
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Handler

    def document(self, path: str) -> object:
        """The discovery document, or the keys."""
        if path == "/keys":
            return {"keys": [jwk(RSA, "one", alg="RS256")]}
        return {
            "issuer": self.named or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def token(self, given: dict[str, str], authorization: str) -> tuple[int, object]:
        """An ID token for the code of the last address; PKCE and the client are checked."""
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(given["code_verifier"].encode()).digest()
        )
        good = (
            given["code"] == "the-code"
            and given["redirect_uri"] == BACK
            and challenge.rstrip(b"=").decode() == self.asked["code_challenge"]
            and authorization == "Basic " + base64.b64encode(b"shelter:its-secret").decode()
        )
        if not good:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "shelter",
            "iat": now,
            "exp": now + 60,
            "nonce": self.asked["nonce"],
            **self.claims,
        }
        return 200, {"id_token": jwt.encode(claims, self.key, "RS256", headers={"kid": "one"})}


@pytest.fixture
def provider() -> Iterator[OpenId]:
    """A running one."""
    openid = OpenId()
    thread = threading.Thread(target=openid.server.serve_forever)
    thread.start()
    yield openid
    openid.server.shutdown()
    openid.server.server_close()
    thread.join()


@pytest.fixture
async def service(start_auth: StartAuth, provider: OpenId) -> AsyncIterator[Service]:
    """An auth service with that provider."""
    settings = {
        "AUTH_OIDC_ISSUER": provider.issuer,
        "AUTH_OIDC_CLIENT_ID": "shelter",
        "AUTH_OIDC_CLIENT_SECRET": "its-secret",
        "AUTH_OIDC_REDIRECT_URL": BACK,
    }
    async with start_auth(**settings) as running:
        yield running


async def begun(service: Service, provider: OpenId) -> str:
    """The state of a sign-in that has begun."""
    answer = await service.client.get("/oidc/start")
    assert answer.status_code == 303
    address = urlsplit(answer.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{provider.issuer}/authorize"
    provider.asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert provider.asked["code_challenge_method"] == "S256"
    assert provider.asked["redirect_uri"] == BACK
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    return provider.asked["state"]


async def back(service: Service, state: str, code: str = "the-code") -> httpx.Response:
    """The browser comes back."""
    return await service.client.get("/oidc/callback", params={"code": code, "state": state})


async def through(service: Service, provider: OpenId, **claims: Any) -> httpx.Response:
    """A whole sign-in of whom `claims` describe."""
    provider.claims = {"sub": "stranger", **claims}
    return await back(service, await begun(service, provider))


async def name_of(service: Service, answer: httpx.Response) -> str:
    """The user whose tokens these are."""
    assert answer.status_code == 200, answer.text
    headers = bearer(answer.json())
    name: str = (await service.client.get("/me", headers=headers)).json()["username"]
    return name


async def test_somebody_new_becomes_a_user_and_is_known_again(
    service: Service, provider: OpenId, database: asyncpg.Connection
) -> None:
    person = {"sub": new_name(), "email": f"{new_name()}@example.org", "email_verified": True}
    first = await name_of(service, await through(service, provider, **person))
    again = await through(service, provider, sub=person["sub"])
    assert await name_of(service, again) == first
    assert await events_of(database, first) == ["identity-linked", "signed-in", "signed-in"]


async def test_a_user_is_linked_by_an_address_that_both_have_verified(
    service: Service, provider: OpenId, database: asyncpg.Connection
) -> None:
    verified, claimed = await registered(service), await registered(service)
    await database.execute(
        "update identity.users set email_verified_at = now() where username = $1", verified
    )
    for name, expected in ((verified, True), (claimed, False)):
        person = {"sub": new_name(), "email": f"{name}@example.org".upper()}
        answer = await through(service, provider, **person, email_verified=True)
        assert (await name_of(service, answer) == name) is expected


@pytest.mark.parametrize("verified", [{}, {"email_verified": False}, {"email_verified": "true"}])
async def test_an_address_that_the_provider_has_not_verified_links_nobody(
    service: Service, provider: OpenId, database: asyncpg.Connection, verified: dict[str, Any]
) -> None:
    name = await registered(service)
    await database.execute(
        "update identity.users set email_verified_at = now() where username = $1", name
    )
    person = {"sub": new_name(), "email": f"{name}@example.org", **verified}
    answer = await through(service, provider, **person)
    assert (answer.status_code, code_of(answer.json())) == (403, "email-not-verified")
    assert "identity-linked" not in await events_of(database, name)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.test"},
        {"aud": "another-client"},
        {"aud": ["shelter", "another-client"], "azp": "another-client"},
        {"nonce": "of another sign-in"},
        {"exp": 1},
        {"sub": 7},
    ],
)
async def test_an_id_token_for_somebody_else_is_refused(
    service: Service, provider: OpenId, claims: dict[str, Any]
) -> None:
    person = {"email": f"{new_name()}@example.org", "email_verified": True, **claims}
    answer = await through(service, provider, **person)
    assert (answer.status_code, code_of(answer.json())) == (401, "invalid-sign-in")


async def test_an_id_token_signed_by_somebody_else_is_refused(
    service: Service, provider: OpenId
) -> None:
    provider.key = OTHER_RSA
    person = {"email": f"{new_name()}@example.org", "email_verified": True}
    assert (await through(service, provider, **person)).status_code == 401


async def test_a_state_is_good_once_and_in_its_own_browser(
    service: Service, provider: OpenId, database: asyncpg.Connection
) -> None:
    person = {"sub": new_name(), "email": f"{new_name()}@example.org", "email_verified": True}
    provider.claims = person
    state = await begun(service, provider)
    service.client.cookies.set("oidc_state", state)
    assert (await back(service, state)).status_code == 200
    service.client.cookies.set("oidc_state", state)
    assert (await back(service, state)).status_code == 401
    state = await begun(service, provider)
    service.client.cookies.clear()
    assert (await back(service, state)).status_code == 401
    service.client.cookies.set("oidc_state", "of another browser")
    assert (await back(service, state)).status_code == 401
    service.client.cookies.clear()
    state = await begun(service, provider)
    await database.execute("update identity.provider_sign_ins set expires_at = now()")
    assert (await back(service, state)).status_code == 401


async def test_a_wrong_code_or_verifier_is_refused(service: Service, provider: OpenId) -> None:
    state = await begun(service, provider)
    assert (await back(service, state, "another-code")).status_code == 401
    state = await begun(service, provider)
    provider.asked["code_challenge"] = "of another sign-in"
    assert (await back(service, state)).status_code == 401


async def test_of_two_at_once_one_user_comes(service: Service, provider: OpenId) -> None:
    email = f"{new_name()}@example.org"
    provider.claims = {"sub": new_name(), "email": email, "email_verified": True}
    first = await name_of(service, await through(service, provider, **provider.claims))
    answers = await asyncio.gather(
        *(service.app.state.provider_desk._link(provider.issuer, new_name(), email) for _ in "abc")
    )
    assert {row["username"] for row in answers} == {first}


async def test_a_suspended_user_stays_outside(
    service: Service, provider: OpenId, database: asyncpg.Connection
) -> None:
    person = {"sub": new_name(), "email": f"{new_name()}@example.org", "email_verified": True}
    name = await name_of(service, await through(service, provider, **person))
    await database.execute(
        "update identity.users set suspended_at = now() where username = $1", name
    )
    answer = await through(service, provider, **person)
    assert (answer.status_code, code_of(answer.json())) == (403, "account-suspended")


async def test_a_provider_that_names_another_issuer_is_not_asked(
    service: Service, provider: OpenId
) -> None:
    provider.named = "https://evil.test"
    answer = await service.client.get("/oidc/start")
    assert (answer.status_code, code_of(answer.json())) == (503, "provider-unavailable")


async def test_without_a_provider_the_setting_is_named(auth_service: Service) -> None:
    await signed_in(auth_service, await registered(auth_service))
    answer = await auth_service.client.get("/oidc/start")
    assert (answer.status_code, code_of(answer.json())) == (501, "not-configured")
    assert "AUTH_OIDC_ISSUER" in answer.json()["message"]


@pytest.mark.parametrize("issuer", ["http://provider.test", "ftp://127.0.0.1", "nothing"])
def test_nothing_goes_unencrypted_to_another_machine(issuer: str) -> None:
    with pytest.raises(SettingsError, match="AUTH_OIDC_ISSUER"):
        Provider(issuer, "a", "b", BACK).check()
