"""One's own account: profile, password, sessions, claims, and what the audit log says of it."""

import asyncpg
import jwt
import psycopg
import pytest

from auth.tokens import HASURA
from db.seeds.sow import sow
from tests.integration.services.conftest import Service
from tests.integration.services.test_auth import (
    PASSWORD,
    code_of,
    new_name,
    registered,
    signed_in,
)

NEW = "another horse battery"


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    """The header that shows an access token."""
    return {"authorization": f"Bearer {tokens['access_token']}"}


def variables_of(tokens: dict[str, str]) -> dict[str, object]:
    """The session variables that an access token carries."""
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    found: dict[str, object] = claims[HASURA]
    return found


async def events_of(database: asyncpg.Connection, name: str) -> list[str]:
    """What happened to that user, oldest first."""
    rows = await database.fetch(
        "select event from identity.audit_log join identity.users on users.id = user_id"
        " where username = $1 order by audit_log.id",
        name,
    )
    return [row["event"] for row in rows]


async def refresh_status(service: Service, tokens: dict[str, str]) -> int:
    """The status of a refresh."""
    return (await service.post("/refresh", {"refresh_token": tokens["refresh_token"]})).status_code


async def test_a_profile_is_seen_and_changed(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name, other = await registered(auth_service), new_name()
    headers = bearer(await signed_in(auth_service, name))
    seen = (await auth_service.client.get("/me", headers=headers)).json()
    assert seen["username"] == name
    assert (seen["default_role"], seen["allowed_roles"], seen["claims"]) == ("user", ["user"], {})
    changed = await auth_service.client.patch("/me", json={"username": other}, headers=headers)
    assert changed.json() == seen | {"username": other}
    wish = {"email": "new@example.org", "current_password": PASSWORD}
    changed = await auth_service.client.patch("/me", json=wish, headers=headers)
    assert changed.json() == seen | {"username": other, "email": "new@example.org"}
    assert (await events_of(database, other))[2:] == ["profile-changed"] * 2


@pytest.mark.parametrize("password", [None, "wrong"])
async def test_an_address_changes_with_the_password_only(
    auth_service: Service, password: str | None
) -> None:
    name = await registered(auth_service)
    headers = bearer(await signed_in(auth_service, name))
    wish = {"email": "thief@example.org", "current_password": password}
    answer = await auth_service.client.patch("/me", json=wish, headers=headers)
    assert (answer.status_code, code_of(answer.json())) == (401, "invalid-credentials")
    seen = (await auth_service.client.get("/me", headers=headers)).json()
    assert seen["email"] == f"{name}@example.org"


async def test_nobody_takes_the_name_or_the_roles_of_another(auth_service: Service) -> None:
    taken = await registered(auth_service)
    headers = bearer(await signed_in(auth_service, await registered(auth_service)))
    client = auth_service.client
    answer = await client.patch("/me", json={"username": taken.upper()}, headers=headers)
    assert (answer.status_code, code_of(answer.json())) == (409, "username-taken")
    for member in ("allowed_roles", "claims", "default_role", "id"):
        answer = await client.patch("/me", json={member: ["admin"]}, headers=headers)
        assert answer.status_code == 400
    assert (await client.get("/me")).status_code == 401


async def test_a_new_password_ends_the_other_sessions(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name = await registered(auth_service)
    one, other = await signed_in(auth_service, name), await signed_in(auth_service, name)
    body = {"current_password": PASSWORD, "new_password": NEW}
    answer = await auth_service.post("/password", body, **bearer(one))
    assert answer.status_code == 200
    assert [await refresh_status(auth_service, tokens) for tokens in (one, other)] == [401, 401]
    assert await refresh_status(auth_service, answer.json()) == 200
    old = await auth_service.post("/login", {"username": name, "password": PASSWORD})
    assert old.status_code == 401
    await signed_in(auth_service, name, NEW)
    expected = ["registered", "signed-in", "signed-in", "password-changed", "sign-in-failed"]
    assert await events_of(database, name) == [*expected, "signed-in"]


async def test_guesses_of_the_current_password_are_counted(auth_service: Service) -> None:
    name = await registered(auth_service)
    headers = bearer(await signed_in(auth_service, name))
    body = {"current_password": "a guess", "new_password": NEW}
    statuses = [
        (await auth_service.post("/password", body, **headers)).status_code for _ in "123456"
    ]
    assert statuses == [401] * 5 + [429]


async def test_signing_out_everywhere_ends_every_session_of_this_user_alone(
    auth_service: Service,
) -> None:
    name = await registered(auth_service)
    stranger = await signed_in(auth_service, await registered(auth_service))
    one, other = await signed_in(auth_service, name), await signed_in(auth_service, name)
    assert (await auth_service.post("/logout/all", None, **bearer(one))).status_code == 204
    assert [await refresh_status(auth_service, tokens) for tokens in (one, other)] == [401, 401]
    assert await refresh_status(auth_service, stranger) == 200


async def test_roles_and_claims_of_the_database_stand_in_the_next_token(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name = await registered(auth_service)
    first = await signed_in(auth_service, name)
    await database.execute(
        "update identity.users set allowed_roles = '{user,analyst}', default_role = 'analyst',"
        """ claims = '{"x-hasura-region": "north"}' where username = $1""",
        name,
    )
    refreshed = await auth_service.post("/refresh", {"refresh_token": first["refresh_token"]})
    for tokens in (refreshed.json(), await signed_in(auth_service, name)):
        variables = variables_of(tokens)
        assert variables["x-hasura-region"] == "north"
        assert variables["x-hasura-allowed-roles"] == ["user", "analyst"]
        assert variables["x-hasura-default-role"] == "analyst"
    assert "x-hasura-region" not in variables_of(first)


@pytest.mark.parametrize(
    "claims",
    [
        '["x-hasura-a"]',
        '{"x-hasura-a": 1}',
        '{"x-hasura-a": ["b"]}',
        '{"region": "north"}',
        '{"X-Hasura-A": "b"}',
        '{"x-hasura-user-id": "b"}',
        '{"x-hasura-role": "admin"}',
        '{"x-hasura-ok": "b", "x-hasura-allowed-roles": "admin"}',
    ],
)
async def test_the_database_refuses_claims_that_mean_something_else(
    auth_service: Service, database: asyncpg.Connection, claims: str
) -> None:
    name = await registered(auth_service)
    with pytest.raises(asyncpg.CheckViolationError):
        await database.execute(
            "update identity.users set claims = $2::text::jsonb where username = $1", name, claims
        )


async def test_the_seeded_therapist_and_analyst_have_their_roles(
    auth_service: Service, migrated_url: str
) -> None:
    sow(migrated_url, PASSWORD)
    for name in ("therapist", "analyst"):
        variables = variables_of(await signed_in(auth_service, name))
        assert variables["x-hasura-default-role"] == name
        assert variables["x-hasura-allowed-roles"] == [name, "user"]
    with psycopg.connect(migrated_url) as connection:
        found = connection.execute(
            "select last_name from clinic.therapists join identity.users on users.id = user_id"
            " where username = 'therapist'"
        ).fetchall()
    assert found == [("Berg",)]


async def test_the_audit_log_tells_of_failures_and_holds_no_secret(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name = await registered(auth_service)
    nobody = new_name()
    before = await database.fetchval(
        "select count(*) from identity.audit_log where user_id is null"
    )
    for username in (name, nobody):
        await auth_service.post("/login", {"username": username, "password": "canary-password"})
    assert await events_of(database, name) == ["registered", "sign-in-failed"]
    after = await database.fetchval("select count(*) from identity.audit_log where user_id is null")
    assert after == before + 1
    rows = str(await database.fetch("select * from identity.audit_log"))
    assert "canary" not in rows
    assert nobody not in rows
    assert "10.1." not in rows


async def test_a_suspended_user_sees_and_changes_nothing(
    auth_service: Service, database: asyncpg.Connection
) -> None:
    name = await registered(auth_service)
    headers = bearer(await signed_in(auth_service, name))
    await database.execute(
        "update identity.users set suspended_at = now() where username = $1", name
    )
    body = {"current_password": PASSWORD, "new_password": NEW}
    answers = [
        await auth_service.client.get("/me", headers=headers),
        await auth_service.client.patch("/me", json={"username": new_name()}, headers=headers),
        await auth_service.post("/password", body, **headers),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
