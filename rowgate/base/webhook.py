"""Calling the user's services: URLs and headers from the environment, answers of bounded size and
time. Apart from the features that call, since none of them may import another."""

import asyncio
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import httpx

from rowgate.base.errors import ApiError
from rowgate.base.json import Json

MAXIMUM_ANSWER = 20 * 1024 * 1024
"""How many bytes a webhook may answer."""
IGNORED_HEADERS = frozenset(
    (
        "content-length", "content-md5", "user-agent", "host", "origin", "referer", "accept",
        "accept-encoding", "accept-language", "accept-datetime", "cache-control", "connection",
        "dnt", "content-type",
    )
)  # fmt: skip
"""The client's headers that are not forwarded unless the user says which are not to be."""
_NEVER_FORWARDED = frozenset(
    (
        "x-hasura-admin-secret", "x-hasura-access-key", "host", "connection", "keep-alive",
        "content-length", "content-type", "content-encoding", "transfer-encoding", "te", "trailer",
        "upgrade",
    )
)  # fmt: skip
_TRACING = ("x-request-id", "traceparent", "tracestate")
_TEMPLATE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_SECRET_PREFIX = "HASURA_GRAPHQL_"  # noqa: S105 - a prefix of names


class WebhookFailed(Exception):
    """No answer that could be used: unreachable, too slow, too large, or no such address."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to send: `timeout` in seconds is for the whole of it."""

    url: str
    headers: Mapping[str, str]
    content: bytes
    timeout: float
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back, unread."""

    status: int
    payload: bytes
    cookies: tuple[str, ...] = ()


@cache
def _authorities() -> ssl.SSLContext:
    """Whom https trusts: read once a process, since that takes 20 ms and a megabyte."""
    return httpx.create_ssl_context()


def new_client(timeout: float = 5.0) -> httpx.AsyncClient:
    """A client for requests of the engine's own, which gives up after `timeout` seconds without a
    byte and follows no redirects; to be closed by who made it."""
    return httpx.AsyncClient(verify=_authorities(), timeout=timeout, follow_redirects=False)


async def post(client: httpx.AsyncClient, outgoing: Outgoing) -> Answered:
    """Send; redirects are not followed. Raises `WebhookFailed`, its text the kind of failure."""
    try:
        async with asyncio.timeout(outgoing.timeout):
            return await _streamed(client, outgoing)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
        raise WebhookFailed(type(error).__name__) from None


async def _streamed(client: httpx.AsyncClient, outgoing: Outgoing) -> Answered:
    async with client.stream(
        outgoing.method,
        outgoing.url,
        content=outgoing.content,
        headers=outgoing.headers,
        timeout=outgoing.timeout,
        follow_redirects=False,
    ) as response:
        pieces, size = [], 0
        async for piece in response.aiter_bytes():
            size += len(piece)
            if size > MAXIMUM_ANSWER:
                raise WebhookFailed("the webhook's answer is too large")
            pieces.append(piece)
        cookies = tuple(response.headers.get_list("set-cookie"))
        return Answered(response.status_code, b"".join(pieces), cookies)


def with_environment(text: str, environment: Mapping[str, str]) -> str:
    """`text` with `{{NAME}}` replaced from the environment; raises `ApiError` for a name that is
    not set, and for the engine's own variables, which hold secrets.

    >>> with_environment("http://{{HOST}}/x", {"HOST": "a"})
    'http://a/x'
    """

    def replaced(found: re.Match[str]) -> str:
        name = found.group(1)
        if name.startswith(_SECRET_PREFIX) or name not in environment:
            raise ApiError(f"environment variable '{name}' not set", code="invalid-configuration")
        return environment[name]

    return _TEMPLATE.sub(replaced, text)


def configured(declared: Iterable[Json], environment: Mapping[str, str]) -> dict[str, str]:
    """The headers that the metadata declares (`{name, value | value_from_env}`), names in lower
    case, after the content type. Raises `ApiError` as `with_environment` does."""
    headers = {"content-type": "application/json"}
    for one in declared:
        headers[one["name"].lower()] = _value(one, environment)
    return headers


def _value(declared: Json, environment: Mapping[str, str]) -> str:
    if "value_from_env" not in declared:
        return with_environment(declared["value"], environment)
    name = declared["value_from_env"]
    return with_environment("{{" + name + "}}", environment)


def forwarded(
    headers: Mapping[str, str], ignored: Iterable[str] = IGNORED_HEADERS
) -> dict[str, str]:
    """The client's headers that go on to a webhook: never the admin secret, nor those that
    describe the client's own connection and body."""
    left_out = {name.lower() for name in ignored} | _NEVER_FORWARDED
    return {name: value for name, value in headers.items() if name not in left_out}


def tracing(headers: Mapping[str, str]) -> dict[str, str]:
    """The client's headers that tie a request's traces together."""
    return {name: headers[name] for name in _TRACING if name in headers}
