"""The worker that empties the deletion queue: told by NOTIFY, and looking by itself besides."""

import asyncio
import logging
from dataclasses import dataclass

import asyncpg

from actions.storage import MissingError, Storage
from service.database import UNAVAILABLE, Pool
from service.failures import Refusal
from service.logs import say

CHANNEL = "shelter_deleted_objects"

_TAKE = """
select object_key, attempts from shelter.deleted_objects
where not_before <= now() order by not_before limit 50 for update skip locked
"""
_DONE = "delete from shelter.deleted_objects where object_key = any ($1::text[])"
_LATER = """
update shelter.deleted_objects
set attempts = attempts + 1, not_before = now() + least(2 ^ attempts, 300) * interval '1 second'
where object_key = any ($1::text[])
"""
_EXPIRED = "delete from shelter.uploads where expires_at <= now()"


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Deletes objects of which no row is left; any number of them may run."""

    pool: Pool
    storage: Storage
    seconds: float

    async def run(self) -> None:
        """Sweep until cancelled, whatever happens to the database or the store."""
        while True:
            try:
                await self._listen_and_sweep()
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                say("sweeper", "starting over", logging.WARNING, reason=type(error).__name__)
                await asyncio.sleep(1)

    async def sweep(self) -> int:
        """Delete what is due; how many objects are gone. What the store refuses is put off, twice
        as long each time, up to five minutes."""
        await self.pool.execute(_EXPIRED)
        total = 0
        while deleted := await self._sweep_batch():
            total += deleted
        return total

    async def _sweep_batch(self) -> int:
        async with self.pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_TAKE)
            outcomes = await asyncio.gather(*(self._delete(row["object_key"]) for row in rows))
            done = [row["object_key"] for row, gone in zip(rows, outcomes, strict=True) if gone]
            late = [row["object_key"] for row, gone in zip(rows, outcomes, strict=True) if not gone]
            await connection.execute(_DONE, done)
            await connection.execute(_LATER, late)
        return len(done)

    async def _delete(self, key: str) -> bool:
        try:
            await self.storage.delete(key)
        except MissingError:
            return True
        except Refusal:
            return False
        return True

    async def _listen_and_sweep(self) -> None:
        async with self.pool.acquire() as connection:
            told = asyncio.Event()

            def tell(*_told: object) -> None:
                told.set()

            await connection.add_listener(CHANNEL, tell)
            try:
                while not connection.is_closed():
                    told.clear()
                    await self.sweep()
                    await _wait(told, self.seconds)
            finally:
                await connection.remove_listener(CHANNEL, tell)


async def _wait(told: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await told.wait()
    except TimeoutError:
        return
