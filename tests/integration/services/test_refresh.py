"""Refresh tokens: rotation, replay, races."""

import asyncio

import asyncpg

from tests.integration.services.conftest import Service, StartAuth
from tests.integration.services.test_auth import registered, signed_in


async def _first(service: Service) -> str:
    return (await signed_in(service, await registered(service)))["refresh_token"]


async def _next(service: Service, token: str) -> str:
    answer = await service.post("/refresh", {"refresh_token": token})
    assert answer.status_code == 200, answer.text
    following: str = answer.json()["refresh_token"]
    return following


async def _status(service: Service, token: str) -> int:
    return (await service.post("/refresh", {"refresh_token": token})).status_code


async def test_a_replay_of_an_older_generation_ends_the_family(auth_service: Service) -> None:
    first = await _first(auth_service)
    second = await _next(auth_service, first)
    third = await _next(auth_service, second)
    assert await _status(auth_service, first) == 401
    assert await _status(auth_service, third) == 401


async def test_the_immediate_predecessor_is_refused_in_grace_and_ends_nothing(
    auth_service: Service,
) -> None:
    first = await _first(auth_service)
    second = await _next(auth_service, first)
    assert await _status(auth_service, first) == 401
    third = await _next(auth_service, second)
    assert await _status(auth_service, third) == 200


async def test_without_grace_every_replay_ends_the_family(start_auth: StartAuth) -> None:
    async with start_auth(AUTH_REFRESH_GRACE_SECONDS="0") as service:
        first = await _first(service)
        second = await _next(service, first)
        assert await _status(service, first) == 401
        assert await _status(service, second) == 401


async def test_of_fifty_at_once_exactly_one_wins(auth_service: Service) -> None:
    first = await _first(auth_service)
    posts = (auth_service.post("/refresh", {"refresh_token": first}) for _ in range(50))
    answers = await asyncio.gather(*posts)
    winners = [answer for answer in answers if answer.status_code == 200]
    assert len(winners) == 1
    assert {answer.status_code for answer in answers} == {200, 401}
    assert await _status(auth_service, winners[0].json()["refresh_token"]) == 200


async def test_one_family_ends_alone(auth_service: Service) -> None:
    name = await registered(auth_service)
    one = (await signed_in(auth_service, name))["refresh_token"]
    other = (await signed_in(auth_service, name))["refresh_token"]
    second = await _next(auth_service, one)
    await _next(auth_service, second)
    assert await _status(auth_service, one) == 401
    assert await _status(auth_service, other) == 200


async def test_tokens_are_stored_hashed_and_expire(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    token = await _first(auth_service)
    rows = await database.fetch("select * from identity.refresh_tokens")
    assert not any(token.encode() in row["token_hash"] for row in rows)
    assert token not in str(rows)
    await database.execute("update identity.refresh_tokens set expires_at = now()")
    assert await _status(auth_service, token) == 401


async def test_logout_ends_the_family_and_never_fails(auth_service: Service) -> None:
    first = await _first(auth_service)
    second = await _next(auth_service, first)
    for token in (first, second, "rgr_nonsense"):
        answer = await auth_service.post("/logout", {"refresh_token": token})
        assert answer.status_code == 204
        assert answer.content == b""
    assert await _status(auth_service, second) == 401


async def test_an_unknown_token_is_refused(auth_service: Service) -> None:
    for token in ("x", "rgr_" + "a" * 43, "\0", "é"):
        assert await _status(auth_service, token) == 401
    assert await _status(auth_service, "x" * 201) == 400
    assert await _status(auth_service, "") == 400
