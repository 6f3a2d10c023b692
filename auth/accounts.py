"""Accounts as their owners change them: profile, password, sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from auth.attempts import Subject
from auth.bodies import Tokens
from auth.caller import Caller
from auth.desk import Desk
from auth.letters import Letters
from auth.users import User, user_of
from service.database import Pool
from service.failures import Refusal

_OF = "select * from identity.users where id = $1 and suspended_at is null"
_CHANGE = """
update identity.users
set username = coalesce($2, username), email = coalesce($3, email),
    email_verified_at = case when coalesce($3, email) = email then email_verified_at end
where id = $1 and suspended_at is null returning *
"""


@dataclass(frozen=True, slots=True)
class Account:
    """What its owner sees of an account."""

    id: UUID
    username: str
    email: str
    email_verified: bool
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
    letters: Letters

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
        await self.desk.users.renew(user_id, await self.desk.hashing.hash(new))
        await self.desk.audit.record("password-changed", user_id, caller)
        return await self.desk.admit(user)

    async def end_sessions(self, user_id: UUID, caller: Caller) -> None:
        """End every session of the user."""
        await self.desk.families.end_all(user_id)
        await self.desk.audit.record("signed-out-everywhere", user_id, caller)

    async def verify_email(self, token: str, caller: Caller) -> None:
        """The address that a letter with `token` went to is the user's. Raises `Refusal`: 400 where
        the token is not good, 409 where the address is verified for another user."""
        user_id = await self.letters.verify(token)
        await self.desk.audit.record("email-verified", user_id, caller)

    async def reset_password(self, token: str, new: str, caller: Caller) -> None:
        """Set the password of the user whose letter had `token`, and end every session. Raises
        `Refusal`: 400 where the token is not good, 503."""
        await self.letters.check(token)
        hashed = await self.desk.hashing.hash(new)
        user_id = await self.letters.use(token)
        await self.desk.users.renew(user_id, hashed)
        await self.desk.audit.record("password-reset", user_id, caller)

    async def write_to_verify(self, user_id: UUID, caller: Caller) -> None:
        """Send a letter to the user's address. Raises `Refusal`: 429, 501, 503."""
        row = await self._row(user_id)
        await self._count_letter(row["email"], caller)
        await self.letters.send("verify-email", user_id, row["email"])

    async def may_ask_to_reset(self, email: str, caller: Caller) -> None:
        """Count a letter to `email`, whoever's it is. Raises `Refusal`: 429, 501."""
        self.letters.require_mail()
        await self._count_letter(email, caller)

    async def enrol(self, user_id: UUID, password: str, caller: Caller) -> tuple[str, str]:
        """A secret for one-time codes and its URI. Raises `Refusal`: 401, 409, 429, 503."""
        user = await self._confirmed(user_id, password, caller)
        return await self.desk.second_factors.enrol(user_id, user.username)

    async def confirm_factor(self, user_id: UUID, code: str, caller: Caller) -> list[str]:
        """Recovery codes; codes are needed from now on. Raises `Refusal` 400."""
        codes = await self.desk.second_factors.confirm(user_id, code)
        await self.desk.audit.record("second-factor-added", user_id, caller)
        return codes

    async def remove_factor(
        self, user_id: UUID, password: str, code: str | None, caller: Caller
    ) -> None:
        """Need no codes from now on. Raises `Refusal`: 401, 429, 503."""
        user = user_of(await self._row(user_id))
        await self.desk.proved(user.username, password, code, caller)
        await self.desk.second_factors.remove(user_id)
        await self.desk.audit.record("second-factor-removed", user_id, caller)

    async def _count_letter(self, email: str, caller: Caller) -> None:
        account = Subject.of("letter", email.lower(), self.desk.limits.per_account)
        attempt = await self.desk.attempts.begin([account, caller.subject])
        await self.desk.attempts.failed(attempt)

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
        email_verified=row["email_verified_at"] is not None,
        default_role=row["default_role"],
        allowed_roles=list(row["allowed_roles"]),
        claims=orjson.loads(row["claims"]),
        created_at=row["created_at"],
    )
