"""Limits on guessing, kept in Postgres, so that every process of the service counts together.

# Note [Counting before hashing]
A try is entered before the password is looked at, and struck out or marked as failed afterwards:
a hundred guesses at once count as a hundred. One that is open for half a minute counts as failed
(its process died). While failed and open tries together reach the limit,
the next one waits for an open one to settle, so that many right logins at once are all served.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from service.database import Pool
from service.failures import Refusal, busy

_PATIENCE_SECONDS = 5.0

_COUNT = """
select count(*) filter (where failed or failed is null and not fresh) as failed,
       count(*) filter (where failed is null and fresh) as open
from (select failed, started_at > now() - interval '30 seconds' as fresh
      from identity.attempts
      where subject = $1 and started_at > now() - make_interval(secs => $2)) as recent
"""
_ENTER = "insert into identity.attempts (subject) values ($1) returning id"
_FAIL = "update identity.attempts set failed = true where id = any ($1::bigint[])"
_STRIKE = "delete from identity.attempts where id = any ($1::bigint[])"
_FORGIVE = "delete from identity.attempts where subject = $1 and failed"
_PRUNE = "delete from identity.attempts where started_at < now() - make_interval(secs => $1)"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is limited, and to how many failed tries."""

    digest: bytes
    most: int

    @classmethod
    def of(cls, kind: str, name: str, most: int) -> "Subject":
        """`kind` is `account`, `address`, …; `name` is kept as a digest only."""
        return cls(hashlib.sha256(f"{kind}:{name}".encode("utf-8", "replace")).digest(), most)

    @property
    def lock(self) -> int:
        """The number of its advisory lock."""
        return int.from_bytes(self.digest[:8], "big", signed=True)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Entered tries, one a subject, not settled yet."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Attempts:
    """The tries of the last `window_seconds`."""

    pool: Pool
    window_seconds: int

    async def begin(self, subjects: Sequence[Subject]) -> Attempt:
        """Enter a try for all `subjects` at once. Raises `Refusal` 429 where one has used up its
        tries, 503 where too many are under way (see Note [Counting before hashing])."""
        pause, deadline = 0.02, asyncio.get_running_loop().time() + _PATIENCE_SECONDS
        while True:
            attempt = await self._enter(sorted(subjects, key=lambda subject: subject.lock))
            if attempt is not None:
                return attempt
            if asyncio.get_running_loop().time() > deadline:
                raise busy("overloaded", "too many tries at once")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.3)

    async def failed(self, attempt: Attempt) -> None:
        """The password did not fit."""
        await self.pool.execute(_FAIL, attempt.ids)

    async def withdraw(self, attempt: Attempt) -> None:
        """The try does not count."""
        await self.pool.execute(_STRIKE, attempt.ids)

    async def succeeded(self, attempt: Attempt, account: Subject) -> None:
        """The password fitted: earlier failures of `account` are forgiven."""
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(_STRIKE, attempt.ids)
            await connection.execute(_FORGIVE, account.digest)

    async def prune(self) -> None:
        """Forget what is older than the window."""
        await self.pool.execute(_PRUNE, float(self.window_seconds))

    async def _enter(self, subjects: Sequence[Subject]) -> Attempt | None:
        async with self.pool.acquire() as connection, connection.transaction():
            for subject in subjects:
                await connection.execute("select pg_advisory_xact_lock($1)", subject.lock)
                if not await self._has_room(connection, subject):
                    return None
            ids = [await connection.fetchval(_ENTER, subject.digest) for subject in subjects]
        return Attempt(tuple(ids))

    async def _has_room(
        self, connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", subject: Subject
    ) -> bool:
        [row] = await connection.fetch(_COUNT, subject.digest, float(self.window_seconds))
        if row["failed"] >= subject.most:
            raise Refusal(
                429,
                "too-many-attempts",
                "too many failed tries; wait before you try again",
                {"retry-after": str(self.window_seconds)},
            )
        return bool(row["failed"] + row["open"] < subject.most)
