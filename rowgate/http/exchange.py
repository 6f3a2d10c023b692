"""Bytes in and out of ASGI for the hot route and all others: headers, body, reply, errors.

Apart from the routes because nothing here knows a path.
"""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from random import getrandbits
from typing import Any

from rowgate.base.errors import ApiError, Unexpected
from rowgate.base.json import encode
from rowgate.base.observation import Log
from rowgate.base.session import Session
from rowgate.http.types import Headers, Pairs, Reply, Written
from rowgate.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

GZIP_FROM = 2_048
"""Bytes from which a body is worth compressing."""
GZIP_APART_FROM = 262_144
"""Bytes from which compressing is done in a thread, so that others are not held up."""

_SINGLE = ("authorization", "x-hasura-admin-secret", "x-hasura-access-key", "x-hasura-role")
ALWAYS = (
    (b"content-type", b"application/json; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
)
"""Headers of every JSON answer."""
_GZIPPED = (b"content-encoding", b"gzip")
_VARY = (b"vary", b"Accept-Encoding")

_UNPRINTED = dict.fromkeys((*range(9), *range(10, 32), 127))

RawHeaders = list[tuple[bytes, bytes]]


class ClientLeft(Exception):
    """The client closed the connection before it had sent its request."""


def read_headers(scope: Scope) -> dict[str, str]:
    """The headers of `scope` by lower-case name; cookies of several headers are joined.

    Raises `ApiError` `invalid-headers` where a header that says who is asking comes twice.
    """
    raw: RawHeaders = scope["headers"]
    headers = {name.decode("latin-1"): value.decode("utf-8", "replace") for name, value in raw}
    if len(headers) != len(raw):
        _join_repeated(raw, headers)
    return headers


def address_of(scope: Scope) -> str | None:
    """The address of the client, as the socket tells it."""
    client = scope.get("client")
    return client[0] if client else None


def _join_repeated(raw: RawHeaders, headers: dict[str, str]) -> None:
    names = [name for name, _ in raw]
    for name in _SINGLE:
        if names.count(name.encode()) > 1:
            raise ApiError(f"the header {name} came more than once", code="invalid-headers")
    cookies = [value.decode("utf-8", "replace") for name, value in raw if name == b"cookie"]
    if cookies:
        headers["cookie"] = "; ".join(cookies)


def request_id(headers: Headers) -> str:
    """The client's `x-request-id` where it is usable as one, else a new UUID."""
    given = headers.get("x-request-id")
    if given and len(given) <= 128 and given.isascii() and given.isprintable():
        return given
    return new_request_id()


def new_request_id() -> str:
    """A random UUID (version 4), made at a quarter of the cost of the library's; it keeps nothing
    secret, so a plain random generator will do."""
    text = f"{getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


async def read_body(receive: Receive, headers: Headers, limit: int) -> bytes:
    """The whole body, at most `limit` bytes (0: no limit).

    Raises `ApiError` (413) where it is longer, and `ClientLeft` where it does not come to its end.
    """
    declared = headers.get("content-length")
    if limit and declared is not None and declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False):
        if limit and len(body) > limit:
            raise too_large(limit)
        return body
    return await _read_rest(message, receive, limit)


async def _read_rest(message: Message, receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientLeft
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if limit and size > limit:
            raise too_large(limit)
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()


def too_large(limit: int) -> ApiError:
    """The refusal of a body of more than `limit` bytes."""
    return ApiError(f"the body exceeds the limit of {limit} bytes", status=413)


async def send_json(send: Send, reply: Reply, headers: Headers, more: RawHeaders) -> int:
    """Write a JSON reply, compressed where it is long and the client takes gzip; its length."""
    told, body = await packed(reply, headers, more)
    out = head(reply, len(body), told)
    await send({"type": "http.response.start", "status": reply.status, "headers": out})
    await send({"type": "http.response.body", "body": body})
    return len(body)


async def packed(reply: Reply, headers: Headers, more: RawHeaders) -> tuple[RawHeaders, bytes]:
    """The body of a JSON reply as it is sent, compressed where it is long and the client takes
    gzip, and `more` headers that tell so. `head` has them all."""
    if not is_compressed(reply, headers):
        return more, reply.body
    return [*more, _GZIPPED], await _compressed(reply.body)


def is_compressed(reply: Reply, headers: Headers) -> bool:
    """Whether a reply is long, and the client takes gzip."""
    return len(reply.body) >= GZIP_FROM and "gzip" in headers.get("accept-encoding", "")


def head(reply: Reply, length: int, more: RawHeaders) -> RawHeaders:
    """The headers of a JSON reply whose body is sent in `length` bytes."""
    out = [*ALWAYS, *more]
    if len(reply.body) >= GZIP_FROM:
        out.append(_VARY)
    out.append((b"content-length", b"%d" % length))
    if reply.headers:
        out = _overridden(out, reply.headers)
    return out


def _overridden(out: RawHeaders, given: Pairs) -> RawHeaders:
    extra = raw_headers(given)
    names = {name for name, _ in extra}
    return [pair for pair in out if pair[0] not in names] + extra


async def _compressed(body: bytes) -> bytes:
    if len(body) < GZIP_APART_FROM:
        return gzip.compress(body, 1, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, 1, mtime=0)


def raw_headers(pairs: Iterable[tuple[str, str]]) -> RawHeaders:
    """Headers as they are written; characters beyond Latin-1 are replaced, and those that would
    end a line are left out, so that no value becomes a header of its own."""
    return [
        (name.lower().encode(), value.translate(_UNPRINTED).encode("latin-1", "replace"))
        for name, value in pairs
    ]


class Refusals:
    """From an error to a reply, with internals only for those who may see them."""

    def __init__(self, settings: Settings, log: Log) -> None:
        self._dev = settings.dev_mode
        self._admin = settings.admin_internal_errors
        self._log = log

    def known(self, error: Exception) -> ApiError:
        """`error` itself where it is an `ApiError`; else it is logged and becomes `unexpected`."""
        if isinstance(error, ApiError):
            return error
        self._log.failure("unstructured", error)
        return Unexpected("internal error")

    def graphql(self, error: ApiError, session: Session | None, *, keep_status: bool) -> Written:
        """`{"errors": [...]}`; status 200 unless it is kept (413 always is)."""
        one = error.as_graphql(with_internal=self.shows_internal(session))
        status = error.status if keep_status or error.status == 413 else 200
        return Written(status, encode({"errors": [one]}))

    def body(self, error: ApiError, session: Session | None) -> Written:
        """`{"error", "path", "code"}` with the error's own status."""
        told = error.as_body(with_internal=self.shows_internal(session))
        return Written(error.status, encode(told))

    def shows_internal(self, session: Session | None) -> bool:
        """Whether `session` may see an error's `internal`."""
        return self._dev or (self._admin and session is not None and session.is_admin)
