"""Keys behind a URL: looked for from the start on, renewed as the provider's cache headers say.

See Note [How often keys are fetched].
"""

import asyncio
import contextlib
import math
import time
from email.utils import parsedate_to_datetime

import httpx

from rowgate.base.errors import ApiError
from rowgate.base.json import decode
from rowgate.base.observation import Level, Log
from rowgate.http.session.keys import Key, key_set
from rowgate.http.session.outbound import fetch

# Note [How often keys are fetched]
# ---------------------------------
# `Cache-Control` (`max-age`; `no-cache`, `no-store`, `must-revalidate`) or `Expires` decide, ten
# minutes where there is neither, never less than a minute and never more than a day. A signature
# that no key explains asks for new keys at once, but no more than one fetch a minute is made for
# whatever reason, so that a new key is taken within a minute and a flood of bad tokens costs the
# provider nothing. Where a fetch fails, the last good set stays. Until there is a first one, keys
# are looked for after one second, two, four and so on up to a minute: who publishes them may start
# later than the engine, or depend on it.

SOONEST = 1.0
SHORTEST = 60.0
USUAL = 600.0
LONGEST = 86_400.0

_KIND = "jwk-refresh-log"


class KeySource:
    """The keys behind `url`, current as far as the provider lets us be."""

    def __init__(self, url: str, log: Log, client: httpx.AsyncClient) -> None:
        self._url = url
        self._log = log
        self._client = client
        self._keys: tuple[Key, ...] = ()
        self._document: bytes | None = None
        self._fetched_at = -math.inf
        self._renewing: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    def keys(self) -> tuple[Key, ...]:
        """The last good key set; the same object as long as it does not change."""
        return self._keys

    async def open(self) -> None:
        """Fetch the keys, and go on doing so. Where that does not succeed, tokens are refused until
        it does."""
        self._renewing = asyncio.create_task(self._renew(await self._fetch()))

    async def close(self) -> None:
        """Stop renewing."""
        if self._renewing is not None:
            self._renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewing

    async def look_again(self) -> bool:
        """Fetch now, unless that was done within the last minute; whether the keys changed."""
        before = self._keys
        async with self._lock:
            if self._keys is before and time.monotonic() - self._fetched_at >= SHORTEST:
                await self._fetch()
        return self._keys is not before

    async def _renew(self, wait: float) -> None:
        pause = SOONEST
        while not self._keys:
            await asyncio.sleep(pause)
            pause = min(2 * pause, SHORTEST)
            async with self._lock:
                wait = await self._fetch()
        while True:
            await asyncio.sleep(wait)
            async with self._lock:
                idle = time.monotonic() - self._fetched_at
                wait = await self._fetch() if idle >= SHORTEST else SHORTEST - idle

    async def _fetch(self) -> float:
        """One fetch; the seconds until the next. A failure is logged and changes nothing."""
        self._fetched_at = time.monotonic()
        try:
            response = await fetch(self._client, self._url)
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            self._take(response.content)
        except (httpx.HTTPError, httpx.InvalidURL, ApiError, ValueError) as error:
            detail = {"url": self._url, "error": type(error).__name__, "message": str(error)}
            self._log.write(_KIND, detail, Level.ERROR)
            return SHORTEST
        wait = pause(response.headers)
        self._log.write(_KIND, {"url": self._url, "keys": len(self._keys), "next_in": wait})
        return wait

    def _take(self, document: bytes) -> None:
        if document != self._document:
            self._keys = key_set(decode(document))
            self._document = document


def pause(headers: httpx.Headers) -> float:
    """Seconds until the next fetch, by the response's headers."""
    return min(max(_wished(headers), SHORTEST), LONGEST)


def _wished(headers: httpx.Headers) -> float:
    directives = [part.strip().lower() for part in headers.get("cache-control", "").split(",")]
    if {"no-cache", "no-store"}.intersection(directives):
        return 0.0
    for directive in directives:
        name, _, value = directive.partition("=")
        if name in {"max-age", "s-maxage"} and value.strip('"').isdigit():
            return float(value.strip('"'))
    if "must-revalidate" in directives:
        return 0.0
    return _until_expiry(headers)


def _until_expiry(headers: httpx.Headers) -> float:
    if "expires" not in headers:
        return USUAL
    try:
        return parsedate_to_datetime(headers["expires"]).timestamp() - time.time()
    except ValueError:
        return 0.0
