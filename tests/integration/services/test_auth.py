"""Registering, signing in, and what an access token says."""

import json
import logging
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import jwt
import pytest
from argon2 import PasswordHasher

from auth.tokens import HASURA
from service.logs import JsonLines
from tests.integration.services.conftest import Service, StartAuth

PASSWORD = "correct horse battery"


def new_name() -> str:
    """A username that nobody has."""
    return f"user_{uuid4().hex[:12]}"


async def registered(service: Service, password: str = PASSWORD) -> str:
    """The name of a new user."""
    name = new_name()
    body = {"username": name, "email": f"{name}@example.org", "password": password}
    answer = await service.post("/register", body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["username"] == name
    return name


async def signed_in(service: Service, name: str, password: str = PASSWORD) -> dict[str, str]:
    """Tokens of that user."""
    answer = await service.post("/login", {"username": name, "password": password})
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()
    return tokens


def code_of(body: dict[str, dict[str, str]]) -> str:
    """The code of a refusal."""
    return body["extensions"]["code"]


async def test_an_access_token_carries_hasura_claims_that_the_key_set_verifies(
    auth_service: Service,
) -> None:
    name = await registered(auth_service)
    tokens = await signed_in(auth_service, name)
    answer = await auth_service.client.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=60"
    keys = jwt.PyJWKSet.from_dict(answer.json())
    header = jwt.get_unverified_header(tokens["access_token"])
    claims = jwt.decode(
        tokens["access_token"],
        keys[header["kid"]],
        algorithms=["RS256"],
        audience="rowgate-test",
        issuer="https://auth.test",
        options={"require": ["exp", "iat", "jti", "iss", "aud"]},
    )
    assert claims[HASURA] == {
        "x-hasura-allowed-roles": ["user"],
        "x-hasura-default-role": "user",
        "x-hasura-user-id": claims["sub"],
    }
    assert 0 < claims["exp"] - claims["iat"] <= 900
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == claims["exp"] - claims["iat"]


async def test_no_private_member_is_published(auth_service: Service) -> None:
    answer = await auth_service.client.get("/.well-known/jwks.json")
    for key in answer.json()["keys"]:
        assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}


async def test_unknown_user_and_wrong_password_get_the_same_answer(auth_service: Service) -> None:
    name = await registered(auth_service)
    wrong = await auth_service.post("/login", {"username": name, "password": "wrong"})
    unknown = await auth_service.post("/login", {"username": new_name(), "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content


async def test_a_known_address_registers_like_an_unknown_one(auth_service: Service) -> None:
    answers = []
    for _ in range(2):
        body = {"username": new_name(), "email": "same@example.org", "password": PASSWORD}
        answers.append(await auth_service.post("/register", body))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert set(answers[0].json()) == set(answers[1].json()) == {"id", "username"}


async def test_names_are_taken_whatever_their_case(auth_service: Service) -> None:
    name = await registered(auth_service)
    body = {"username": name.upper(), "email": "x@example.org", "password": PASSWORD}
    answer = await auth_service.post("/register", body)
    assert answer.status_code == 409
    assert code_of(answer.json()) == "username-taken"
    assert (await signed_in(auth_service, name.upper()))["access_token"]


@pytest.mark.alone
async def test_timing_tells_nothing_about_who_exists(start_auth: StartAuth) -> None:
    free = {"AUTH_ATTEMPTS_PER_ACCOUNT": "1000000", "AUTH_ATTEMPTS_PER_ADDRESS": "1000000"}
    async with start_auth(**free) as service:
        name = await registered(service)
        ratios = []
        for _ in range(3):
            ratios.append(await _ratio(service, name))
            if 0.95 <= ratios[-1] <= 1.05:
                return
    pytest.fail(f"wrong password : unknown user = {ratios}")


async def _ratio(service: Service, name: str) -> float:
    known: list[float] = []
    unknown: list[float] = []
    for _ in range(60):
        for username, times in ((name, known), (new_name(), unknown)):
            began = time.perf_counter()
            answer = await service.post("/login", {"username": username, "password": "wrong"})
            times.append(time.perf_counter() - began)
            assert answer.status_code == 401
    return sorted(known)[30] / sorted(unknown)[30]


async def test_a_suspended_user_gets_nothing_new(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name = await registered(auth_service)
    tokens = await signed_in(auth_service, name)
    await database.execute(
        "update identity.users set suspended_at = now() where username = $1", name
    )
    refreshed = await auth_service.post("/refresh", {"refresh_token": tokens["refresh_token"]})
    assert refreshed.status_code == 401
    again = await auth_service.post("/login", {"username": name, "password": PASSWORD})
    assert again.status_code == 403
    assert code_of(again.json()) == "account-suspended"
    await database.execute(
        "update identity.users set suspended_at = null where username = $1", name
    )
    late = await auth_service.post("/refresh", {"refresh_token": tokens["refresh_token"]})
    assert late.status_code == 401


async def test_an_old_hash_is_replaced_at_login(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name = await registered(auth_service)
    stored = (
        "select hash from identity.passwords join identity.users on id = user_id"
        " where username = $1"
    )
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await database.execute(
        "update identity.passwords set hash = $2 from identity.users"
        " where id = user_id and username = $1",
        name,
        weak,
    )
    await signed_in(auth_service, name)
    assert "$m=19456,t=2,p=1$" in await database.fetchval(stored, name)
    await signed_in(auth_service, name)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"username": "x"', "invalid-json"),
        (b"[" * 10_000, "bad-request"),
        (b"[]", "parse-failed"),
        (b"null", "parse-failed"),
        (b'{"username": "someone"}', "parse-failed"),
        (b'{"username": "someone", "password": null}', "parse-failed"),
        (b'{"username": "someone", "password": 7}', "parse-failed"),
        (b'{"username": "someone", "password": "\\ud800"}', "parse-failed"),
        (b'{"username": "someone", "password": "x", "role": "admin"}', "parse-failed"),
        (b'{"username": "someone", "password": "' + b"x" * 1025 + b'"}', "parse-failed"),
        (b'{"username": "some\\u0000one", "password": "x"}', "invalid-credentials"),
    ],
)
async def test_bad_bodies_are_refused_without_an_echo(
    auth_service: Service, body: bytes, code: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = await auth_service.client.post("/login", content=body, headers=headers)
    assert answer.status_code in (400, 401)
    assert code_of(answer.json()) == code
    assert "someone" not in answer.text
    assert (await auth_service.client.get("/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("username", "ab"),
        ("username", "a b c"),
        ("username", "üser"),
        ("username", "x\n"),
        ("username", "x" * 65),
        ("password", "short"),
        ("email", "nobody"),
        ("email", "a@b@c"),
        ("email", "a\0@b"),
    ],
)
async def test_bad_registrations_are_refused(
    auth_service: Service, member: str, value: str
) -> None:
    body = {"username": new_name(), "email": "a@b", "password": PASSWORD, member: value}
    answer = await auth_service.post("/register", body)
    assert answer.status_code == 400
    assert code_of(answer.json()) == "parse-failed"
    assert answer.json()["message"].startswith(f"{member}: ")


async def test_a_body_beyond_the_cap_is_refused_unread(auth_service: Service) -> None:
    body = {"username": "someone", "password": "x" * 1_000_000}
    assert (await auth_service.post("/login", body)).status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    answer = await auth_service.client.post("/login", content=chunks())
    assert answer.status_code == 413
    assert code_of(answer.json()) == "payload-too-large"


async def test_passwords_are_neither_cut_nor_told_apart_by_encoding(
    auth_service: Service,
) -> None:
    for right, wrong in (
        ("x" * 1023 + "a", "x" * 1023 + "b"),
        ("before\0after-a", "before\0after-b"),
        ("before\0after-a", "before"),
    ):
        name = await registered(auth_service, right)
        answer = await auth_service.post("/login", {"username": name, "password": wrong})
        assert answer.status_code == 401
        await signed_in(auth_service, name, right)
    name = await registered(auth_service, "caf\u00e9 cre\u0300me")
    await signed_in(auth_service, name, "cafe\u0301 cr\u00e8me")


async def test_errors_are_json_and_requests_have_ids(auth_service: Service) -> None:
    answer = await auth_service.client.get("/nowhere", headers={"x-request-id": "mine-1"})
    assert answer.status_code == 404
    assert code_of(answer.json()) == "not-found"
    assert answer.headers["x-request-id"] == "mine-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    forged = {"x-request-id": 'a"\n{}'.replace("\n", "")}
    answer = await auth_service.client.get("/login", headers=forged)
    assert answer.status_code == 405
    assert answer.headers["x-request-id"] != forged["x-request-id"]
    assert (await auth_service.client.get("/docs")).status_code == 200
    paths = (await auth_service.client.get("/openapi.json")).json()["paths"]
    assert {"/register", "/login", "/refresh", "/logout", "/api-keys"} <= set(paths)


async def test_a_database_that_is_away_is_said_so(start_auth: StartAuth) -> None:
    async with start_auth(DATABASE_URL="postgresql://nobody@127.0.0.1:9/none") as service:
        answer = await service.post("/login", {"username": "someone", "password": "x"})
        assert answer.status_code == 503
        assert code_of(answer.json()) == "database-unavailable"
        assert (await service.client.get("/healthz")).status_code == 503


async def test_logs_hold_the_request_id_and_no_secret(
    auth_service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[str] = []
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    caplog.set_level(logging.DEBUG)
    try:
        canary = "canary-" + uuid4().hex
        name = await registered(auth_service, canary)
        body = {"username": name, "password": canary}
        answer = await auth_service.post("/login", body, **{"x-request-id": "r-77"})
        tokens = answer.json()
        await auth_service.post("/refresh", {"refresh_token": tokens["refresh_token"]})
        await auth_service.client.post("/login", content=f'{{"password": "{canary}"')
    finally:
        logging.getLogger().removeHandler(handler)
    access = [json.loads(line) for line in lines if json.loads(line)["type"] == "http-log"]
    assert any(line["request_id"] == "r-77" and line["detail"]["status"] == 200 for line in access)
    assert all(line["request_id"] for line in access)
    text = "\n".join(lines)
    for secret in (canary, tokens["refresh_token"], tokens["access_token"]):
        assert secret not in text
