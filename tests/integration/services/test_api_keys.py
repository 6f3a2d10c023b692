"""API keys: made, listed, exchanged, revoked."""

import asyncpg
import jwt

from auth.tokens import HASURA
from tests.integration.services.conftest import Service
from tests.integration.services.test_auth import code_of, registered, signed_in


async def _bearer(service: Service, name: str | None = None) -> dict[str, str]:
    tokens = await signed_in(service, name or await registered(service))
    return {"authorization": f"Bearer {tokens['access_token']}"}


async def _key(service: Service, bearer: dict[str, str], **wish: object) -> dict[str, str]:
    answer = await service.client.post("/api-keys", json={"name": "ci", **wish}, headers=bearer)
    assert answer.status_code == 201, answer.text
    key: dict[str, str] = answer.json()
    return key


async def _exchange(service: Service, text: str) -> tuple[int, dict[str, str]]:
    answer = await service.post("/api-keys/exchange", {"api_key": text})
    return answer.status_code, answer.json()


async def test_a_key_is_shown_once_and_kept_as_a_digest(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    bearer = await _bearer(auth_service)
    key = await _key(auth_service, bearer)
    assert key["api_key"].startswith(key["prefix"])
    listed = (await auth_service.client.get("/api-keys", headers=bearer)).json()
    assert [one["id"] for one in listed] == [key["id"]]
    assert "api_key" not in listed[0]
    assert key["expires_at"] is not None
    rows = await database.fetch("select * from identity.api_keys")
    assert key["api_key"] not in str(rows)


async def test_an_exchanged_token_is_narrowed_and_cannot_make_keys(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name = await registered(auth_service)
    await database.execute(
        "update identity.users set allowed_roles = '{user,analyst}' where username = $1", name
    )
    bearer = await _bearer(auth_service, name)
    key = await _key(auth_service, bearer, scopes=["analyst"])
    status, body = await _exchange(auth_service, key["api_key"])
    assert status == 200
    assert "refresh_token" not in body
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert claims[HASURA]["x-hasura-allowed-roles"] == ["analyst"]
    assert claims[HASURA]["x-hasura-default-role"] == "analyst"
    narrowed = {"authorization": f"Bearer {body['access_token']}"}
    refused = await auth_service.client.get("/api-keys", headers=narrowed)
    assert refused.status_code == 403
    await database.execute(
        "update identity.users set allowed_roles = '{user}' where username = $1", name
    )
    status, body = await _exchange(auth_service, key["api_key"])
    assert status == 403


async def test_a_key_that_is_revoked_expired_or_its_owners_suspended_is_no_good(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name = await registered(auth_service)
    bearer = await _bearer(auth_service, name)
    keys = [await _key(auth_service, bearer) for _ in range(3)]
    path = f"/api-keys/{keys[0]['id']}"
    assert (await auth_service.client.delete(path, headers=bearer)).status_code == 204
    await database.execute(
        "update identity.api_keys set expires_at = now() where id = $1", keys[1]["id"]
    )
    assert (await _exchange(auth_service, keys[0]["api_key"]))[0] == 401
    assert (await _exchange(auth_service, keys[1]["api_key"]))[0] == 401
    assert (await _exchange(auth_service, keys[2]["api_key"]))[0] == 200
    assert (await _exchange(auth_service, keys[2]["api_key"] + "x"))[0] == 401
    await database.execute("update identity.users set suspended_at = now()")
    assert (await _exchange(auth_service, keys[2]["api_key"]))[0] == 401
    await database.execute("update identity.users set suspended_at = null")


async def test_a_scope_beyond_ones_roles_is_refused(auth_service: Service) -> None:
    bearer = await _bearer(auth_service)
    wish = {"name": "more", "scopes": ["admin"]}
    answer = await auth_service.client.post("/api-keys", json=wish, headers=bearer)
    assert answer.status_code == 403
    assert code_of(answer.json()) == "unknown-scope"


async def test_another_users_key_cannot_be_revoked_or_seen(auth_service: Service) -> None:
    mine, theirs = await _bearer(auth_service), await _bearer(auth_service)
    key = await _key(auth_service, mine)
    path = f"/api-keys/{key['id']}"
    assert (await auth_service.client.delete(path, headers=theirs)).status_code == 404
    assert (await auth_service.client.get("/api-keys", headers=theirs)).json() == []
    assert (await _exchange(auth_service, key["api_key"]))[0] == 200


async def test_only_a_good_access_token_manages_keys(auth_service: Service) -> None:
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic eDp5"}):
        answer = await auth_service.client.get("/api-keys", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    unsigned = jwt.encode({"sub": "x"}, "", algorithm="none")
    answer = await auth_service.client.get(
        "/api-keys", headers={"authorization": f"Bearer {unsigned}"}
    )
    assert answer.status_code == 401
    bearer = await _bearer(auth_service)
    answer = await auth_service.client.delete("/api-keys/not-a-uuid", headers=bearer)
    assert answer.status_code == 400


async def test_keys_are_limited_in_number(auth_service: Service) -> None:
    bearer = await _bearer(auth_service)
    for _ in range(50):
        await _key(auth_service, bearer)
    answer = await auth_service.client.post("/api-keys", json={"name": "x"}, headers=bearer)
    assert answer.status_code == 409
    assert code_of(answer.json()) == "too-many-keys"
