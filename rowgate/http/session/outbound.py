"""HTTP requests of this room, answers bounded: no redirects, no compression, no endless bodies."""

from collections.abc import Iterable
from dataclasses import dataclass

import httpx

LARGEST = 1024 * 1024
"""Bytes that an answer may have."""


class TooLarge(httpx.HTTPError):
    """The answer exceeds `LARGEST`."""


@dataclass(frozen=True, slots=True)
class Received:
    """An answer, read to its end."""

    status: int
    headers: httpx.Headers
    content: bytes


async def fetch(
    client: httpx.AsyncClient,
    url: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes | None = None,
) -> Received:
    """GET `url`, or POST `body` as JSON; raises `httpx.HTTPError` or `httpx.InvalidURL`."""
    raw = [(name.encode(), value.encode()) for name, value in headers]
    raw.append((b"accept-encoding", b"identity"))
    if body is not None:
        raw.append((b"content-type", b"application/json"))
    method = "GET" if body is None else "POST"
    async with client.stream(method, url, headers=raw, content=body) as response:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx.DecodingError("the answer is compressed, which was not asked for")
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > LARGEST:
                raise TooLarge(f"the answer exceeds {LARGEST} bytes")
        return Received(response.status_code, response.headers, bytes(content))
