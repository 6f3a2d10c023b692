"""API keys: a second way in for programs. Shown once, stored as a digest, narrowed to scopes."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import asyncpg

from auth.families import digest
from auth.users import User, user_of
from service.database import Pool
from service.failures import Refusal

MOST_KEYS = 50

_OWNER = "select * from identity.users where id = $1 and suspended_at is null for update"
_COUNT = """
select count(*) from identity.api_keys
where user_id = $1 and revoked_at is null and (expires_at is null or expires_at > now())
"""
_ADD = """
insert into identity.api_keys (user_id, name, prefix, key_hash, scopes, expires_at)
values ($1, $2, $3, $4, $5, now() + make_interval(days => $6)) returning *
"""
_LIST = "select * from identity.api_keys where user_id = $1 order by created_at, id"
_REVOKE = """
update identity.api_keys set revoked_at = coalesce(revoked_at, now())
where id = $1 and user_id = $2 returning id
"""
_USE = """
with used as (
  update identity.api_keys set last_used_at = now()
  where key_hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())
  returning user_id, scopes
)
select u.id, u.username, u.default_role, u.allowed_roles, u.claims, u.suspended_at, used.scopes
from used join identity.users u on u.id = used.user_id where u.suspended_at is null
"""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What its owner may see of a key again; `prefix` is the start of its text."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to make: its name, its scopes (None: every role of the user), its days to live."""

    name: str
    scopes: Sequence[str] | None
    days: int


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The table of API keys."""

    pool: Pool

    async def create(self, user_id: UUID, wish: KeyRequest) -> tuple[ApiKey, str]:
        """A new key and its text. Raises `Refusal`: 401 where the user is gone or suspended, 403
        for a scope that is none of their roles, 409 beyond 50 live keys."""
        prefix = "rgk_" + secrets.token_hex(4)
        text = f"{prefix}_{secrets.token_urlsafe(32)}"
        async with self.pool.acquire() as connection, connection.transaction():
            owner = await connection.fetchrow(_OWNER, user_id)
            if owner is None:
                raise Refusal(401, "invalid-token", "the access token is not valid")
            scopes = list(dict.fromkeys(wish.scopes or owner["allowed_roles"]))
            if not set(scopes) <= set(owner["allowed_roles"]):
                raise Refusal(403, "unknown-scope", "scopes must be roles of yours")
            if await connection.fetchval(_COUNT, user_id) >= MOST_KEYS:
                raise Refusal(409, "too-many-keys", "revoke a key before you make another")
            values = (user_id, wish.name, prefix, digest(text), scopes, wish.days)
            [row] = await connection.fetch(_ADD, *values)
        return _key(row), text

    async def of(self, user_id: UUID) -> list[ApiKey]:
        """Every key of that user, oldest first, revoked ones included."""
        return [_key(row) for row in await self.pool.fetch(_LIST, user_id)]

    async def revoke(self, user_id: UUID, key_id: UUID) -> None:
        """End a key. Raises `Refusal` 404 where the user has none of that id."""
        if await self.pool.fetchval(_REVOKE, key_id, user_id) is None:
            raise Refusal(404, "not-found", "no such key")

    async def use(self, text: str) -> tuple[User, list[str]]:
        """The owner and the scopes of the key `text`. Raises `Refusal` 401 where it is no good."""
        row = await self.pool.fetchrow(_USE, digest(text))
        if row is None:
            raise Refusal(401, "invalid-api-key", "the API key is not valid")
        return user_of(row), list(row["scopes"])


def _key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(**{field.name: row[field.name] for field in fields(ApiKey)})
