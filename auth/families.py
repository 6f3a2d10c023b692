"""Refresh tokens: opaque, stored as digests, each good once, in families that end on a replay.

# Note [Replay]
Using a token makes the next generation. Whoever uses one again holds a copy: the family ends.
The one exception: for `grace_seconds`, the immediate predecessor of a token that nobody has used
yet is refused without ending the family, since a client with two tabs does that honestly. It gets
no tokens either: of any number of uses of one token, exactly one succeeds.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID, uuid4

import asyncpg

from auth.users import User, user_of
from service.database import Pool
from service.failures import Refusal

_START = """
insert into identity.refresh_tokens (family_id, generation, user_id, token_hash, expires_at)
values ($1, $2, $3, $4, now() + make_interval(secs => $5))
"""
_FIND = """
select t.id as token_id, t.family_id, t.generation, t.used_at is not null as used,
       t.revoked_at is not null or t.expires_at <= now() as over,
       t.used_at > clock_timestamp() - make_interval(secs => $2) and not exists (
         select from identity.refresh_tokens next
         where next.family_id = t.family_id and next.generation > t.generation
           and (next.used_at is not null or next.revoked_at is not null)) as in_grace,
       u.id, u.username, u.default_role, u.allowed_roles, u.claims, u.suspended_at
from identity.refresh_tokens t join identity.users u on u.id = t.user_id
where t.token_hash = $1
"""
_LOCK = "select from identity.refresh_tokens where token_hash = $1 for update"
_USE = "update identity.refresh_tokens set used_at = clock_timestamp() where id = $1"
_END = """
update identity.refresh_tokens set revoked_at = now() where family_id = $1 and revoked_at is null
"""
_LOGOUT = """
update identity.refresh_tokens set revoked_at = now()
where revoked_at is null
  and family_id = (select family_id from identity.refresh_tokens where token_hash = $1)
"""
_END_ALL = """
update identity.refresh_tokens set revoked_at = now() where user_id = $1 and revoked_at is null
"""
_PRUNE = "delete from identity.refresh_tokens where expires_at < now()"

_Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Fate = Literal["unknown", "over", "suspended", "grace", "replay", "good"]


def digest(token: str) -> bytes:
    """What is stored of a token of 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _new_token() -> str:
    return "rgr_" + secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Families:
    """The table of refresh tokens."""

    pool: Pool
    lifetime_seconds: int
    grace_seconds: int

    async def start(self, user_id: UUID) -> str:
        """The first token of a new family."""
        token = _new_token()
        lifetime = float(self.lifetime_seconds)
        await self.pool.execute(_START, uuid4(), 0, user_id, digest(token), lifetime)
        return token

    async def rotate(self, token: str) -> tuple[User, str]:
        """The user and the token that follows `token`. Raises `Refusal` 401 where `token` is not
        good; its family ends where it was replayed (see Note [Replay]) or the user suspended."""
        following = _new_token()
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(_LOCK, digest(token))
            row = await connection.fetchrow(_FIND, digest(token), float(self.grace_seconds))
            fate = _fate(row)
            await self._settle(connection, fate, row, following)
        if fate != "good" or row is None:
            raise Refusal(401, "invalid-refresh-token", "the refresh token is not valid")
        return user_of(row), following

    async def end(self, token: str) -> None:
        """End the family of `token`, if there is one."""
        await self.pool.execute(_LOGOUT, digest(token))

    async def end_all(self, user_id: UUID) -> None:
        """End every family of that user."""
        await self.pool.execute(_END_ALL, user_id)

    async def prune(self) -> None:
        """Delete tokens that have expired."""
        await self.pool.execute(_PRUNE)

    async def _settle(
        self,
        connection: _Connection,
        fate: Fate,
        row: asyncpg.Record | None,
        following: str,
    ) -> None:
        if row is None:
            return
        match fate:
            case "good":
                await connection.execute(_USE, row["token_id"])
                generation, lifetime = row["generation"] + 1, float(self.lifetime_seconds)
                values = (row["family_id"], generation, row["id"], digest(following), lifetime)
                await connection.execute(_START, *values)
            case "replay" | "suspended":
                await connection.execute(_END, row["family_id"])
            case "unknown" | "over" | "grace":
                return


def _fate(row: asyncpg.Record | None) -> Fate:
    if row is None:
        return "unknown"
    if row["over"]:
        return "over"
    if row["suspended_at"] is not None:
        return "suspended"
    if row["used"]:
        return "grace" if row["in_grace"] else "replay"
    return "good"
