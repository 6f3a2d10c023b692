"""`login`, `register` and `refresh` as actions: the auth service's answers, passed through."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from actions.signing_in import AuthService
from tests.integration.services.conftest import (
    GATEWAY_SECRET,
    Service,
    StartActions,
    StartAuth,
)
from tests.integration.services.test_auth import PASSWORD, new_name
from tests.integration.services.test_photos import call, code_of
from tests.integration.services.test_second_factor import code, enrolled

ANONYMOUS = {"x-hasura-role": "anonymous"}


@asynccontextmanager
async def both(start_auth: StartAuth, start_actions: StartActions) -> AsyncIterator[Service]:
    """The actions service in front of a real auth service."""
    async with start_auth() as auth, start_actions() as actions:
        transport = httpx.ASGITransport(auth.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://auth") as client:
            actions.app.state.auth = AuthService(client, GATEWAY_SECRET)
            yield actions


async def test_a_graphql_client_needs_nothing_else(
    start_auth: StartAuth, start_actions: StartActions
) -> None:
    async with both(start_auth, start_actions) as service:
        name = new_name()
        wish = {"username": name, "password": PASSWORD, "email": "a@example.org"}
        registered = await call(service, "register", wish, ANONYMOUS)
        assert registered.json()["username"] == name
        taken = await call(service, "register", wish, ANONYMOUS)
        assert (taken.status_code, code_of(taken)) == (409, "username-taken")
        credentials = {"username": name, "password": PASSWORD}
        tokens = (await call(service, "login", credentials, ANONYMOUS)).json()
        assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
        token = {"refresh_token": tokens["refresh_token"]}
        assert (await call(service, "refresh", token, ANONYMOUS)).status_code == 200
        again = await call(service, "refresh", token, ANONYMOUS)
        assert (again.status_code, code_of(again)) == (401, "invalid-refresh-token")


async def test_a_code_of_the_second_factor_is_passed_on(
    start_auth: StartAuth, start_actions: StartActions
) -> None:
    async with start_auth() as auth:
        name, _, secret, _ = await enrolled(auth)
    async with both(start_auth, start_actions) as service:
        credentials = {"username": name, "password": PASSWORD}
        for given in (credentials, {**credentials, "code": None}):
            answer = await call(service, "login", given, ANONYMOUS)
            assert (answer.status_code, code_of(answer)) == (401, "second-factor-needed")
        answer = await call(service, "login", {**credentials, "code": code(secret)}, ANONYMOUS)
        assert answer.status_code == 200


async def test_aliases_are_counted_one_by_one(
    start_auth: StartAuth, start_actions: StartActions
) -> None:
    async with both(start_auth, start_actions) as service:
        name = new_name()
        wish = {"username": name, "password": PASSWORD, "email": "a@example.org"}
        await call(service, "register", wish, ANONYMOUS)
        guesses = (
            call(service, "login", {"username": name, "password": f"guess {at}"}, ANONYMOUS)
            for at in range(100)
        )
        counts = Counter(answer.status_code for answer in await asyncio.gather(*guesses))
    assert counts[401] == 5
    assert counts[429] == 95


async def test_an_auth_service_that_is_away_is_said_so(start_actions: StartActions) -> None:
    async with start_actions() as service:
        credentials = {"username": "x", "password": "y"}
        answer = await call(service, "login", credentials, ANONYMOUS)
    assert (answer.status_code, code_of(answer)) == (424, "auth-unavailable")
    assert "127.0.0.1" not in answer.text


async def test_a_password_is_never_repeated(
    start_auth: StartAuth, start_actions: StartActions
) -> None:
    async with both(start_auth, start_actions) as service:
        for arguments in (
            {"username": new_name(), "password": "canary-password", "email": 7},
            {"username": new_name(), "password": ["canary-password"], "email": "a@b"},
            {"username": new_name(), "password": "canary-password" * 100, "email": "a@b"},
        ):
            answer = await call(service, "register", arguments, ANONYMOUS)
            assert answer.status_code == 400
            assert "canary" not in answer.text
