"""The second factor: codes of an app, each good once, and recovery codes."""

import time

import asyncpg
import pyotp
import pytest

from tests.integration.services.conftest import Service, StartAuth
from tests.integration.services.test_accounts import bearer, events_of
from tests.integration.services.test_auth import PASSWORD, code_of, registered, signed_in

NOW = {"current_password": PASSWORD}


def code(secret: str, steps: int = 0) -> str:
    """The code of now, or of some steps later."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


async def status(service: Service, name: str, given: str | None) -> tuple[int, str]:
    """Status and error code of a login with that code."""
    body = {"username": name, "password": PASSWORD, "code": given}
    answer = await service.post("/login", body)
    return answer.status_code, "" if answer.status_code == 200 else code_of(answer.json())


async def enrolled(service: Service) -> tuple[str, dict[str, str], str, list[str]]:
    """Name, header, secret and recovery codes of a new user with a second factor."""
    name = await registered(service)
    headers = bearer(await signed_in(service, name))
    secret = (await service.post("/second-factor", NOW, **headers)).json()["secret"]
    body = {"code": code(secret, -1)}
    answer = await service.post("/second-factor/confirm", body, **headers)
    assert answer.status_code == 200, answer.text
    return name, headers, secret, answer.json()["recovery_codes"]


async def test_signing_in_needs_a_code_once_it_is_confirmed(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name = await registered(auth_service)
    headers = bearer(await signed_in(auth_service, name))
    answer = await auth_service.post("/second-factor", NOW, **headers)
    assert answer.status_code == 201
    secret = answer.json()["secret"]
    assert answer.json()["uri"].startswith(f"otpauth://totp/rowgate-test:{name}?secret={secret}")
    assert (await status(auth_service, name, None))[0] == 200
    body = {"code": code(secret, -1)}
    assert (await auth_service.post("/second-factor/confirm", body, **headers)).status_code == 200
    assert await status(auth_service, name, None) == (401, "second-factor-needed")
    assert (await status(auth_service, name, code(secret)))[0] == 200
    assert (await events_of(database, name))[-2:] == ["second-factor-added", "signed-in"]


async def test_a_code_is_good_once(auth_service: Service) -> None:
    name, _, secret, _ = await enrolled(auth_service)
    confirming, current, following = (code(secret, steps) for steps in (-1, 0, 1))
    assert await status(auth_service, name, confirming) == (401, "invalid-credentials")
    assert (await status(auth_service, name, following))[0] == 200
    assert await status(auth_service, name, following) == (401, "invalid-credentials")
    assert await status(auth_service, name, current) == (401, "invalid-credentials")


async def test_a_recovery_code_is_good_once_and_stored_hashed(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name, _, _, recovery = await enrolled(auth_service)
    assert len(set(recovery)) == 10
    stored = str(await database.fetch("select * from identity.recovery_codes"))
    assert not any(one in stored for one in recovery)
    assert (await status(auth_service, name, recovery[0]))[0] == 200
    assert await status(auth_service, name, recovery[0]) == (401, "invalid-credentials")
    assert (await status(auth_service, name, recovery[1]))[0] == 200
    other, *_ = await enrolled(auth_service)
    assert await status(auth_service, other, recovery[2]) == (401, "invalid-credentials")


async def test_guesses_of_codes_are_counted_and_the_password_forgives_none(
    auth_service: Service,
) -> None:
    name, _, secret, _ = await enrolled(auth_service)
    for _ in range(5):
        assert await status(auth_service, name, None) == (401, "second-factor-needed")
        assert await status(auth_service, name, "wrong0") == (401, "invalid-credentials")
    assert await status(auth_service, name, code(secret)) == (429, "too-many-attempts")


async def test_a_wrong_password_is_told_before_the_code(auth_service: Service) -> None:
    name, _, secret, _ = await enrolled(auth_service)
    for given in (None, code(secret)):
        body = {"username": name, "password": "wrong", "code": given}
        answer = await auth_service.post("/login", body)
        assert (answer.status_code, code_of(answer.json())) == (401, "invalid-credentials")
    assert (await status(auth_service, name, code(secret)))[0] == 200


async def test_it_is_removed_with_password_and_code(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name, headers, secret, _ = await enrolled(auth_service)
    again = await auth_service.post("/second-factor", NOW, **headers)
    assert (again.status_code, code_of(again.json())) == (409, "second-factor-active")
    for body in (NOW, {"current_password": "wrong", "code": code(secret)}):
        answer = await auth_service.post("/second-factor/remove", body, **headers)
        assert answer.status_code == 401
    body = {**NOW, "code": code(secret)}
    assert (await auth_service.post("/second-factor/remove", body, **headers)).status_code == 204
    assert (await status(auth_service, name, None))[0] == 200
    assert "second-factor-removed" in await events_of(database, name)
    left = "select count(*) from identity.recovery_codes join identity.users on id = user_id"
    assert await database.fetchval(f"{left} where username = $1", name) == 0


@pytest.mark.parametrize("wrong", ["000000", "abcdef"])
async def test_it_is_confirmed_by_a_code_of_the_secret_alone(
    auth_service: Service, wrong: str
) -> None:
    name = await registered(auth_service)
    headers = bearer(await signed_in(auth_service, name))
    path = "/second-factor/confirm"
    assert (await auth_service.post(path, {"code": wrong}, **headers)).status_code == 400
    secret = (await auth_service.post("/second-factor", NOW, **headers)).json()["secret"]
    if wrong not in {code(secret, steps) for steps in (-1, 0, 1, 2)}:
        answer = await auth_service.post(path, {"code": wrong}, **headers)
        assert (answer.status_code, code_of(answer.json())) == (400, "invalid-code")
    assert (await status(auth_service, name, None))[0] == 200


async def test_of_two_services_one_takes_a_code(start_auth: StartAuth) -> None:
    async with start_auth() as one, start_auth() as other:
        name, _, secret, _ = await enrolled(one)
        given = code(secret)
        assert (await status(one, name, given))[0] == 200
        assert await status(other, name, given) == (401, "invalid-credentials")
