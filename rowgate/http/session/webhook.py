"""A webhook that authenticates: shown a request's headers, it answers with session variables."""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum

import httpx

from rowgate.base.errors import AccessDenied, ApiError, Unexpected
from rowgate.base.json import Json, decode, encode
from rowgate.base.observation import Level, Log
from rowgate.base.session import Session
from rowgate.http.session.outbound import Received, fetch
from rowgate.http.session.secret import PREFIX, ROLE
from rowgate.http.types import Headers, Pairs

_KIND = "webhook-log"

_NOT_FORWARDED = frozenset(
    {
        *("content-length", "content-md5", "content-type", "transfer-encoding", "connection"),
        *("user-agent", "host", "origin", "referer", "dnt", "cache-control", "upgrade"),
        *("accept", "accept-encoding", "accept-language", "accept-datetime", "accept-charset"),
    }
)


class Method(StrEnum):
    """How the webhook is called."""

    GET = "GET"
    POST = "POST"


@dataclass(frozen=True, slots=True)
class Webhook:
    """The webhook's URL and method, and whether a POST carries the GraphQL request."""

    url: str
    method: Method
    sends_request: bool

    async def ask(
        self, client: httpx.AsyncClient, log: Log, headers: Headers, body: bytes | None
    ) -> tuple[Session, Pairs]:
        """The session that the webhook grants, and the cookies that it sets.

        Raises `AccessDenied` (401) where it refuses, `Unexpected` where it fails or answers badly.
        """
        try:
            response = await self._call(client, headers, body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._tell(log, Level.ERROR, error=type(error).__name__)
            raise Unexpected("webhook authentication request failed") from None
        level = Level.INFO if response.status == 200 else Level.ERROR
        self._tell(log, level, status_code=response.status)
        cookies = tuple(("set-cookie", one) for one in response.headers.get_list("set-cookie"))
        return _session(response), cookies

    async def _call(
        self, client: httpx.AsyncClient, headers: Headers, body: bytes | None
    ) -> Received:
        if self.method is Method.GET:
            shown = [pair for pair in headers.items() if pair[0] not in _NOT_FORWARDED]
            return await fetch(client, self.url, headers=shown)
        told: dict[str, Json] = {"headers": dict(headers)}
        if self.sends_request:
            told["request"] = _request(body)
        return await fetch(client, self.url, body=encode(told))

    def _tell(self, log: Log, level: Level, **result: Json) -> None:
        told = {"url": self.url, "method": self.method.value, **result}
        log.write(_KIND, told, level)


def _request(body: bytes | None) -> Json:
    """The GraphQL request, or the batch, as the client sent it; `None` where it is neither."""
    if body is None:
        return None
    try:
        value = decode(body)
    except ApiError:
        return None
    if isinstance(value, list):
        return [_told(item) for item in value]
    return _told(value)


def _told(request: Json) -> Json:
    if not isinstance(request, dict):
        return None
    return {name: request.get(name) for name in ("query", "variables", "operationName")}


def _session(response: Received) -> Session:
    if response.status == 401:
        raise AccessDenied("Authentication hook unauthorized this request", status=401)
    if response.status != 200:
        raise Unexpected("Invalid response from authorization hook")
    given = _texts(response.content)
    variables = {name: value for name, value in given.items() if name.startswith(PREFIX)}
    role = variables.get(ROLE)
    if not role:
        raise ApiError(f"{ROLE} not found in session variables", code="invalid-params")
    return Session(role, variables, expires_at=_lifetime(given))


def _texts(content: bytes) -> dict[str, str]:
    try:
        value = decode(content)
    except ApiError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise Unexpected("Invalid response from authorization hook: an object of texts is expected")
    return {name.lower(): item for name, item in value.items()}


def _lifetime(given: dict[str, str]) -> float | None:
    """When the grant ends, by `Cache-Control: max-age` or `Expires` of the answer's body."""
    for directive in given.get("cache-control", "").split(","):
        name, _, value = directive.strip().lower().partition("=")
        if name == "max-age" and value.isdigit():
            return time.time() + int(value)
    try:
        return parsedate_to_datetime(given["expires"]).timestamp() if "expires" in given else None
    except ValueError:
        return None
