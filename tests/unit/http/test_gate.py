"""The order of decisions on who asks: secrets, webhook, unauthorized role, spoofed headers."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import httpx
import pytest

from rowgate.base.errors import ApiError
from rowgate.base.json import decode
from rowgate.base.observation import Log
from rowgate.base.session import Session
from rowgate.http.session import Gate, Identity
from rowgate.http.types import KnownHeaders
from rowgate.settings import Settings
from tests import http_doubles as doubles
from tests.http_doubles import SECRET, claims, token


async def identity_of(settings: Settings, headers: dict[str, str]) -> Identity:
    gate = Gate(settings, Log(stream=StringIO()))
    try:
        return await gate.identify(headers)
    finally:
        await gate.close()


async def session_of(settings: Settings, headers: dict[str, str]) -> Session:
    return (await identity_of(settings, headers)).session


async def refusal_of(settings: Settings, headers: dict[str, str]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await session_of(settings, headers)
    return caught.value


@pytest.mark.parametrize("name", ["x-hasura-admin-secret", "x-hasura-access-key"])
async def test_an_admin_secret(name: str) -> None:
    session = await session_of(doubles.settings(), {name: SECRET, "x-hasura-user-id": "3"})
    assert session.is_admin
    assert session.by_secret
    assert session.variables == {"x-hasura-role": "admin", "x-hasura-user-id": "3"}


async def test_what_a_secret_comes_with_is_remembered_with_the_head_by_this_gate_alone() -> None:
    headers = KnownHeaders({"x-hasura-admin-secret": SECRET, "x-hasura-role": "user"})
    first = Gate(doubles.settings(), Log(stream=StringIO()))
    session = first.known(headers)
    assert session is not None
    assert first.known(headers) is session
    other = Gate(doubles.settings(admin_secrets=("another",)), Log(stream=StringIO()))
    with pytest.raises(ApiError) as refused:
        other.known(headers)
    assert refused.value.status == 401
    wrong = KnownHeaders({"x-hasura-admin-secret": "wrong"})
    for _ in range(2):
        with pytest.raises(ApiError):
            first.known(wrong)
    for gate in (first, other):
        await gate.close()


async def test_a_token_is_not_remembered_with_the_head() -> None:
    gate = Gate(doubles.with_jwt(), Log(stream=StringIO()))
    headers = KnownHeaders({"authorization": f"Bearer {token(claims())}"})
    session = (await gate.identify(headers)).session
    assert gate.known(headers) is session
    assert headers.kept(gate) is None
    await gate.close()


async def test_an_admin_secret_takes_any_role() -> None:
    headers = {
        "x-hasura-admin-secret": SECRET,
        "x-hasura-role": "user",
        "x-hasura-use-backend-only-permissions": "true",
    }
    session = await session_of(doubles.settings(), headers)
    assert (session.role, session.backend_only) == ("user", True)


async def test_the_backend_only_header_must_be_a_boolean() -> None:
    headers = {
        "x-hasura-admin-secret": SECRET,
        "x-hasura-use-backend-only-permissions": "perhaps",
    }
    assert (await refusal_of(doubles.settings(), headers)).code == "bad-request"


@pytest.mark.parametrize("given", ["", "wrong", SECRET + "x", SECRET.upper()])
async def test_a_wrong_admin_secret(given: str) -> None:
    valid = {"authorization": f"Bearer {token(claims())}", "x-hasura-admin-secret": given}
    for settings in (doubles.settings(), doubles.with_jwt()):
        error = await refusal_of(settings, valid)
        assert (error.code, error.status) == ("access-denied", 401)
        assert error.message == 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"'


async def test_any_of_several_admin_secrets() -> None:
    settings = doubles.settings(admin_secrets=("first-secret", "second-secret"))
    for secret in ("first-secret", "second-secret"):
        assert (await session_of(settings, {"x-hasura-admin-secret": secret})).is_admin


async def test_no_admin_secret_sent() -> None:
    error = await refusal_of(doubles.settings(), {"x-hasura-role": "admin"})
    assert (error.code, error.status) == ("access-denied", 401)
    expected = "x-hasura-admin-secret/x-hasura-access-key required, but not found"
    assert error.message == expected


async def test_no_token_sent() -> None:
    error = await refusal_of(doubles.with_jwt(), {"x-hasura-role": "admin"})
    assert (error.code, error.status) == ("invalid-headers", 400)
    expected = "Missing 'Authorization' or 'Cookie' header in JWT authentication mode"
    assert error.message == expected


SPOOFED = {"x-hasura-role": "admin", "x-hasura-user-id": "1"}


@pytest.mark.parametrize("settings", [doubles.settings, doubles.with_jwt])
async def test_the_unauthorized_role_has_no_variables_of_the_client(settings: Any) -> None:
    if settings is doubles.settings:
        given = doubles.settings(unauthorized_role="anonymous")
    else:
        given = doubles.with_jwt(settings_given={"unauthorized_role": "anonymous"})
    session = await session_of(given, SPOOFED)
    assert session.role == "anonymous"
    assert session.variables == {"x-hasura-role": "anonymous"}


async def test_the_unauthorized_role_as_hasura_has_it() -> None:
    settings = doubles.settings(unauthorized_role="anonymous", trust_unauthorized_headers=True)
    session = await session_of(settings, SPOOFED)
    assert session.role == "anonymous"
    assert session.variables == {"x-hasura-role": "anonymous", "x-hasura-user-id": "1"}


async def test_a_bad_token_does_not_become_the_unauthorized_role() -> None:
    settings = doubles.with_jwt(settings_given={"unauthorized_role": "anonymous"})
    error = await refusal_of(settings, {"authorization": "Bearer a.b.c"})
    assert error.code == "invalid-jwt"


async def test_without_a_secret_everyone_is_admin() -> None:
    settings = doubles.settings(admin_secrets=(), allow_no_admin_secret=True)
    assert (await session_of(settings, {})).is_admin
    assert (await session_of(settings, {"x-hasura-role": "user"})).role == "user"


class Hook:
    """A webhook: what it was shown, and the answer it gives."""

    def __init__(self, status: int = 200, answer: Any = None, **headers: str) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = (status, answer, headers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        status, answer, headers = self._answer
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, bytes):
            return httpx.Response(status, content=answer, headers=headers)
        return httpx.Response(status, json=answer, headers=headers)


HOOK = "http://hook.test/auth"
EXPIRES = datetime(2065, 10, 21, 7, 28, tzinfo=UTC)


async def asked(
    hook: Hook, headers: dict[str, str], body: bytes | None = None, **given: Any
) -> Identity:
    gate = Gate(doubles.settings(auth_hook=HOOK, **given), Log(stream=StringIO()))
    await gate._client.aclose()
    gate._client = httpx.AsyncClient(transport=httpx.MockTransport(hook))
    assert gate.known(headers) is None
    try:
        return await gate.identify(headers, body)
    finally:
        await gate.close()


async def test_a_webhook_by_get() -> None:
    hook = Hook(200, {"X-Hasura-Role": "user", "X-Hasura-User-Id": "7", "other": "x"})
    headers = {"authorization": "Bearer x", "host": "engine", "user-agent": "me", "x-mine": "1"}
    session = (await asked(hook, headers)).session
    assert session.role == "user"
    assert session.variables == {"x-hasura-role": "user", "x-hasura-user-id": "7"}
    (request,) = hook.asked
    assert request.method == "GET"
    assert (request.headers["authorization"], request.headers["x-mine"]) == ("Bearer x", "1")
    assert request.headers["host"] == "hook.test"
    assert request.headers.get("user-agent") != "me"


async def test_a_webhook_by_post_is_shown_the_request() -> None:
    hook = Hook(200, {"x-hasura-role": "user"})
    body = b'{"query":"{a}","variables":{"x":1},"extra":true}'
    await asked(hook, {"x-mine": "1"}, body, auth_hook_mode="POST")
    shown = decode(hook.asked[0].content)
    assert shown["headers"]["x-mine"] == "1"
    assert shown["request"] == {"query": "{a}", "variables": {"x": 1}, "operationName": None}
    await asked(hook, {}, body, auth_hook_mode="POST", auth_hook_send_request_body=False)
    assert "request" not in decode(hook.asked[1].content)


async def test_a_webhook_limits_the_lifetime_and_sets_cookies() -> None:
    answer = {"x-hasura-role": "user", "Cache-Control": "max-age=60"}
    identity = await asked(Hook(200, answer, **{"set-cookie": "a=b"}), {})
    assert identity.session.expires_at is not None
    assert identity.headers == (("set-cookie", "a=b"),)
    dated = {"x-hasura-role": "user", "Expires": "Wed, 21 Oct 2065 07:28:00 GMT"}
    assert (await asked(Hook(200, dated), {})).session.expires_at == EXPIRES.timestamp()


@pytest.mark.parametrize(
    ("hook", "status", "code", "message"),
    [
        (Hook(401, {}), 401, "access-denied", "Authentication hook unauthorized this request"),
        (Hook(500, {}), 500, "unexpected", "Invalid response from authorization hook"),
        (Hook(302, {}), 500, "unexpected", "Invalid response from authorization hook"),
        (Hook(200, b"no json"), 500, "unexpected", "Invalid response from authorization hook: "),
        (Hook(200, {"x-hasura-role": 1}), 500, "unexpected", "Invalid response from"),
        (Hook(200, b"x" * 2**21), 500, "unexpected", "webhook authentication request failed"),
        (Hook(200, {}), 400, "invalid-params", "x-hasura-role not found in session variables"),
        (
            Hook(200, httpx.ConnectError("no")),
            500,
            "unexpected",
            "webhook authentication request failed",
        ),
    ],
)
async def test_a_webhook_that_refuses(hook: Hook, status: int, code: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        await asked(hook, {})
    assert (caught.value.status, caught.value.code) == (status, code)
    assert caught.value.message.startswith(message)
    assert len(hook.asked) == 1
