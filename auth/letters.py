"""Tokens in letters, to verify an address or set a forgotten password: stored hashed, good once.

# Note [Whose address]
A letter to set a password goes to a verified address only, and is written after the answer: the
answer, and the time it takes, are the same whether the address is known or not.
"""

import logging
import secrets
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import asyncpg

from auth.families import digest
from auth.mail import Mail
from service.database import Pool
from service.failures import Refusal, busy
from service.logs import say

Purpose = Literal["verify-email", "reset-password"]

_ISSUE = """
insert into identity.one_time_tokens (user_id, purpose, email, token_hash, expires_at)
values ($1, $2, $3, $4, now() + make_interval(secs => $5))
on conflict (user_id, purpose) do update
set email = excluded.email, token_hash = excluded.token_hash, created_at = now(),
    expires_at = excluded.expires_at
"""
_OWNER = """
select id from identity.users
where lower(email) = lower($1) and email_verified_at is not null and suspended_at is null
"""
_CHECK = """
select t.user_id
from identity.one_time_tokens t join identity.users u on u.id = t.user_id and u.email = t.email
where t.token_hash = $1 and t.purpose = $2 and t.expires_at > now() and u.suspended_at is null
"""
_USE = """
delete from identity.one_time_tokens t using identity.users u
where u.id = t.user_id and u.email = t.email
  and t.token_hash = $1 and t.purpose = $2 and t.expires_at > now() and u.suspended_at is null
returning t.user_id
"""
_VERIFY = "update identity.users set email_verified_at = now() where id = $1"
_PRUNE = "delete from identity.one_time_tokens where expires_at < now()"
_SUBJECTS = {"verify-email": "Is this your address?", "reset-password": "Set a new password"}
_TEXTS = {
    "verify-email": "Somebody gave this address for an account of theirs. If it was you, use\n\n"
    "{what}\n\nIf not, do nothing.\n",
    "reset-password": "Somebody asked to set a new password for your account. If it was you, use"
    "\n\n{what}\n\nIf not, do nothing: your password stays as it is.\n",
}


@dataclass(frozen=True, slots=True)
class Letters:
    """The table of one-time tokens. `mail` None: no letters; `pages`: where links lead, or ''."""

    pool: Pool
    mail: Mail | None
    pages: str
    seconds: int

    def require_mail(self) -> Mail:
        """The mail server. Raises `Refusal` 501 where there is none."""
        if self.mail is None:
            message = "no letters can be sent: SMTP_URL and SMTP_FROM are not set"
            raise Refusal(501, "not-configured", message)
        return self.mail

    async def send(self, purpose: Purpose, user_id: UUID, email: str) -> None:
        """A letter with a new token, which replaces the one before it. Raises `Refusal`: 501 where
        no mail server is set, 503 where it takes no letter."""
        mail, token = self.require_mail(), "rgo_" + secrets.token_urlsafe(32)
        values = (user_id, purpose, email, digest(token), float(self.seconds))
        await self.pool.execute(_ISSUE, *values)
        what = f"{self.pages}/{purpose}#token={token}" if self.pages else f"the code {token}"
        try:
            await mail.send(email, _SUBJECTS[purpose], _TEXTS[purpose].format(what=what))
        except (OSError, ValueError) as error:
            say("mail", "not sent", logging.ERROR, reason=type(error).__name__)
            raise busy("mail-unavailable", "the letter could not be sent") from error

    async def send_reset(self, email: str) -> None:
        """A letter to whoever verified that address, if anybody (see Note [Whose address])."""
        row = await self.pool.fetchrow(_OWNER, email)
        if row is None:
            return
        try:
            await self.send("reset-password", row["id"], email)
        except Refusal:
            return

    async def check(self, token: str) -> None:
        """That `token` may set a password. Raises `Refusal` 400."""
        _found(await self.pool.fetchval(_CHECK, digest(token), "reset-password"))

    async def use(self, token: str) -> UUID:
        """The user who may set a password; the token is used up. Raises `Refusal` 400."""
        return _found(await self.pool.fetchval(_USE, digest(token), "reset-password"))

    async def verify(self, token: str) -> UUID:
        """The user whose address is verified now. Raises `Refusal` 400, 409."""
        try:
            async with self.pool.acquire() as connection, connection.transaction():
                user_id = _found(await connection.fetchval(_USE, digest(token), "verify-email"))
                await connection.execute(_VERIFY, user_id)
        except asyncpg.UniqueViolationError:
            message = "this address is that of another account"
            raise Refusal(409, "email-taken", message) from None
        return user_id

    async def prune(self) -> None:
        """Delete tokens that have expired."""
        await self.pool.execute(_PRUNE)


def _found(user_id: UUID | None) -> UUID:
    if user_id is None:
        raise Refusal(400, "invalid-one-time-token", "the token is not valid")
    return user_id
