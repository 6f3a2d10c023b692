"""People in the database: found by name, added with a password hash."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import orjson

from service.database import Pool
from service.failures import Refusal

USERNAME = re.compile(r"[A-Za-z0-9_.-]{3,64}\Z")

_FIND = """
select u.id, u.username, u.default_role, u.allowed_roles, u.claims, u.suspended_at, p.hash
from identity.users u join identity.passwords p on p.user_id = u.id
where lower(u.username) = lower($1)
"""
_ADD = """
with added as (
  insert into identity.users (username, email) values ($1, $2) returning id
)
insert into identity.passwords (user_id, hash) select id, $3 from added returning user_id
"""
_REHASH = """
update identity.passwords set hash = $3 where user_id = $1 and hash = $2
"""
_RENEW = """
with renewed as (
  insert into identity.passwords (user_id, hash) values ($1, $2)
  on conflict (user_id) do update set hash = excluded.hash, changed_at = now()
  returning user_id
)
update identity.refresh_tokens set revoked_at = now()
where user_id in (select user_id from renewed) and revoked_at is null
"""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody, the roles that they may take on, and session variables of their own."""

    id: UUID
    username: str
    default_role: str
    allowed_roles: tuple[str, ...]
    suspended: bool
    claims: Mapping[str, str] = field(default_factory=dict)


def user_of(row: asyncpg.Record) -> User:
    """The user of a row with the columns of `identity.users`."""
    return User(
        id=row["id"],
        username=row["username"],
        default_role=row["default_role"],
        allowed_roles=tuple(row["allowed_roles"]),
        suspended=row["suspended_at"] is not None,
        claims=orjson.loads(row["claims"]),
    )


@dataclass(frozen=True, slots=True)
class Users:
    """The table of users and that of their passwords."""

    pool: Pool

    async def find(self, username: str) -> tuple[User, str] | None:
        """The user of that name in any case, and the password hash. A text that cannot be a
        username costs the same look-up."""
        row = await self.pool.fetchrow(_FIND, username if USERNAME.match(username) else "")
        return (user_of(row), row["hash"]) if row else None

    async def add(self, username: str, email: str, password_hash: str) -> UUID:
        """The id of a new user. Raises `Refusal` 409 where the name is taken."""
        try:
            added: UUID = await self.pool.fetchval(_ADD, username, email, password_hash)
        except asyncpg.UniqueViolationError:
            raise Refusal(409, "username-taken", "this username is taken") from None
        return added

    async def rehash(self, user_id: UUID, old: str, new: str) -> None:
        """Replace the hash `old`; a password that was changed meanwhile stays."""
        await self.pool.execute(_REHASH, user_id, old, new)

    async def renew(self, user_id: UUID, new_hash: str) -> None:
        """Set a password, and end every session of the user."""
        await self.pool.execute(_RENEW, user_id, new_hash)
