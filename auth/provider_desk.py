"""Signing in through an OpenID provider: begun here, finished when the browser comes back.

# Note [Linking]
A user is linked to whom the provider speaks of by an address that both have verified, by nothing
else: an address that either has not verified may be somebody else's.
"""

import hmac
import re
import secrets
from dataclasses import dataclass

import asyncpg

from auth.bodies import EMAIL, Tokens
from auth.caller import Caller
from auth.desk import Desk
from auth.families import digest
from auth.provider import Person, Proof, Provider, not_proved
from auth.users import User, user_of
from service.database import Pool
from service.failures import Refusal

SECONDS = 600

_BEGIN = """
insert into identity.provider_sign_ins (state_hash, nonce, verifier, expires_at)
values ($1, $2, $3, now() + make_interval(secs => $4))
"""
_FINISH = """
delete from identity.provider_sign_ins where state_hash = $1 and expires_at > now()
returning nonce, verifier
"""
_LINKED = """
select u.* from identity.users u join identity.linked_identities l on l.user_id = u.id
where l.issuer = $1 and l.subject = $2
"""
_VERIFIED = """
select * from identity.users where lower(email) = lower($1) and email_verified_at is not null
"""
_ADD = """
insert into identity.users (username, email, email_verified_at) values ($1, $2, now()) returning *
"""
_LINK = """
insert into identity.linked_identities (issuer, subject, user_id) values ($1, $2, $3)
"""
_LOCK = "select pg_advisory_xact_lock(hashtextextended(lower($1), 0))"
_PRUNE = "delete from identity.provider_sign_ins where expires_at < now()"


@dataclass(frozen=True, slots=True)
class ProviderDesk:
    """The operations; `provider` None: there is none."""

    pool: Pool
    desk: Desk
    provider: Provider | None

    async def begin(self, caller: Caller) -> tuple[str, str]:
        """Where to send the browser, and the state that it must bring back and keep as a cookie.
        Raises `Refusal`: 429, 501, 503."""
        provider = self._required()
        attempt = await self.desk.attempts.begin([caller.subject])
        await self.desk.attempts.failed(attempt)
        proof = Proof(*(secrets.token_urlsafe(32) for _ in range(3)))
        address = await provider.address(proof)
        values = (digest(proof.state), proof.nonce, proof.verifier, float(SECONDS))
        await self.pool.execute(_BEGIN, *values)
        return address, proof.state

    async def finish(self, code: str, state: str, kept: str, caller: Caller) -> Tokens:
        """Tokens for whoever came back with `code`; `kept` is the state of the browser's cookie.
        Raises `Refusal`: 401, 403 where the address is not verified or the user suspended, 503."""
        provider = self._required()
        row = await self.pool.fetchrow(_FINISH, digest(state))
        if row is None or not hmac.compare_digest(state.encode(), kept.encode()):
            raise not_proved()
        person = await provider.person(code, Proof(state, row["nonce"], row["verifier"]))
        user = await self._user(provider.issuer, person, caller)
        if user.suspended:
            raise Refusal(403, "account-suspended", "this account is suspended")
        if await self.desk.second_factors.try_code(user.id, None) == "needed":
            message = "sign in with the password and a code of the second factor"
            raise Refusal(401, "second-factor-needed", message)
        await self.desk.audit.record("signed-in", user.id, caller)
        return await self.desk.admit(user)

    async def prune(self) -> None:
        """Forget sign-ins that were never finished."""
        await self.pool.execute(_PRUNE)

    def _required(self) -> Provider:
        if self.provider is None:
            message = "there is no OpenID provider: AUTH_OIDC_ISSUER is not set"
            raise Refusal(501, "not-configured", message)
        return self.provider

    async def _user(self, issuer: str, person: Person, caller: Caller) -> User:
        linked = await self.pool.fetchrow(_LINKED, issuer, person.subject)
        if linked is not None:
            return user_of(linked)
        email = person.email
        if email is None or not re.match(EMAIL, email):
            message = "the OpenID provider has not verified the e-mail address"
            raise Refusal(403, "email-not-verified", message)
        row = await self._link(issuer, person.subject, email)
        await self.desk.audit.record("identity-linked", row["id"], caller)
        return user_of(row)

    async def _link(self, issuer: str, subject: str, email: str) -> asyncpg.Record:
        """The user of that verified address, or a new one, linked (see Note [Linking])."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, email)
            row = await connection.fetchrow(_LINKED, issuer, subject)
            if row is not None:
                return row
            row = await connection.fetchrow(_VERIFIED, email)
            if row is None:
                name = f"user_{secrets.token_hex(6)}"
                [row] = await connection.fetch(_ADD, name, email)
            await connection.execute(_LINK, issuer, subject, row["id"])
        return row
