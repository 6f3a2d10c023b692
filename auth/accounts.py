"""Accounts as their owners change them: profile, password, sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from auth.bodies import Tokens
from auth.caller import Caller
from auth.desk import Desk
from auth.users import User, user_of
from service.database import Pool
from service.failures import Refusal

_OF = "select * from identity.users where id = $1 and suspended_at is null"
_CHANGE = """
update identity.users set username = coalesce($2, username), email = coalesce($3, email)
where id = $1 and suspended_at is null returning *
"""
_RENEW = """
with changed as (
  update identity.passwords set hash = $2, changed_at = now() where user_id = $1 returning user_id
)
update identity.refresh_tokens set revoked_at = now()
where user_id in (select user_id from changed) and revoked_at is null
"""


@dataclass(frozen=True, slots=True)
class Account:
    """What its owner sees of an account."""

    id: UUID
    username: str
    email: str
    default_role: str
    allowed_roles: list[str]
    claims: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """What to change of a profile; None leaves it. `password` is the current one."""

    username: str | None
    email: str | None
    password: str | None


@dataclass(frozen=True, slots=True)
class Accounts:
    """The operations on one's own account."""

    pool: Pool
    desk: Desk

    async def of(self, user_id: UUID) -> Account:
        """The account. Raises `Refusal` 401 where it is gone or suspended."""
        return _account(await self._row(user_id))

    async def change(self, user_id: UUID, wish: Wish, caller: Caller) -> Account:
        """The account as changed. Raises `Refusal`: 401 for a wrong password or none where the
        e-mail address changes, 409 where the name is taken, 429."""
        if wish.email is not None:
            await self._confirmed(user_id, wish.password or "", caller)
        try:
            row = await self.pool.fetchrow(_CHANGE, user_id, wish.username, wish.email)
        except asyncpg.UniqueViolationError:
            raise Refusal(409, "username-taken", "this username is taken") from None
        await self.desk.audit.record("profile-changed", user_id, caller)
        return _account(_found(row))

    async def change_password(self, user_id: UUID, old: str, new: str, caller: Caller) -> Tokens:
        """Set a new password and end every session; the tokens are those of a new one. Raises
        `Refusal`: 401 where `old` is wrong, 429, 503."""
        user = await self._confirmed(user_id, old, caller)
        await self.pool.execute(_RENEW, user_id, await self.desk.hashing.hash(new))
        await self.desk.audit.record("password-changed", user_id, caller)
        return await self.desk.admit(user)

    async def end_sessions(self, user_id: UUID, caller: Caller) -> None:
        """End every session of the user."""
        await self.desk.families.end_all(user_id)
        await self.desk.audit.record("signed-out-everywhere", user_id, caller)

    async def _confirmed(self, user_id: UUID, password: str, caller: Caller) -> User:
        user = user_of(await self._row(user_id))
        return await self.desk.checked(user.username, password, caller)

    async def _row(self, user_id: UUID) -> asyncpg.Record:
        return _found(await self.pool.fetchrow(_OF, user_id))


def _found(row: asyncpg.Record | None) -> asyncpg.Record:
    if row is None:
        raise Refusal(401, "invalid-token", "the access token is not valid")
    return row


def _account(row: asyncpg.Record) -> Account:
    return Account(
        id=row["id"],
        username=row["username"],
        email=row["email"],
        default_role=row["default_role"],
        allowed_roles=list(row["allowed_roles"]),
        claims=orjson.loads(row["claims"]),
        created_at=row["created_at"],
    )
