"""Argon2id in a few threads with a short queue, so that logins never take the machine down.

Parameters: OWASP's minimum (19 MiB, 2 passes, 1 lane); older hashes are replaced at the next login.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.failures import busy

MOST_BYTES = 1024
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password fits; `new_hash` where the stored one should be replaced."""

    fits: bool
    new_hash: str | None = None


def prepared(password: str) -> bytes:
    """The bytes that are hashed: NFKC (NIST SP 800-63B, 5.1.1.2), UTF-8, never cut off.

    Raises `ValueError` where there are more than 1,024 of them.
    """
    octets = unicodedata.normalize("NFKC", password).encode()
    if len(octets) > MOST_BYTES:
        raise ValueError("a password may have at most 1024 bytes")
    return octets


class Hashing:
    """`workers` threads; at most `queue` more calls wait, further ones are refused with 503."""

    def __init__(self, workers: int, queue: int, hasher: PasswordHasher | None = None) -> None:
        self.hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="argon2")
        self._room = workers + queue
        self._nobody = self.hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """A new hash of `password`."""
        octets = prepared(password)
        return await self._in_thread(lambda: self.hasher.hash(octets))

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Whether `password` fits `stored`; with None (no such user) it takes as long, and does
        not fit."""
        octets = prepared(password)
        return await self._in_thread(lambda: self._verdict(stored, octets))

    def close(self) -> None:
        """Wait for the hashes under way and end the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _verdict(self, stored: str | None, octets: bytes) -> Verdict:
        try:
            self.hasher.verify(stored or self._nobody, octets)
        except (VerificationError, InvalidHashError):
            return Verdict(False)
        if stored is None:
            return Verdict(False)
        outdated = self.hasher.check_needs_rehash(stored)
        return Verdict(True, self.hasher.hash(octets) if outdated else None)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        if self._room <= 0:
            raise busy("overloaded", "too many people are signing in at once")
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._room += 1
