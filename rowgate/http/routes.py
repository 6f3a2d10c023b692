"""Every path but GraphQL's: a table of method and path, each with who may ask and what answers.

A dictionary, since the paths are fixed; what is not in it is a 404, a disabled API too.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote_to_bytes

from rowgate.base.errors import AccessDenied, NotFound, NotSupported
from rowgate.base.json import encode
from rowgate.base.observation import CLIENT, REQUEST_ID
from rowgate.base.session import Session
from rowgate.features.rest.types import RestCall
from rowgate.http import console
from rowgate.http.description import version
from rowgate.http.entrance import Entrance
from rowgate.http.exchange import (
    ClientLeft,
    RawHeaders,
    Receive,
    Scope,
    Send,
    address_of,
    raw_headers,
    read_body,
    read_headers,
    request_id,
    send_json,
)
from rowgate.http.types import Answering, Health, Looking, Reply, Services, Surface, Written

_REST = "/api/rest/"
_TEXT = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"))


@dataclass(slots=True)
class Asked:
    """A request under way: what handlers read, and what the answer must carry beyond theirs."""

    scope: Scope
    receive: Receive
    headers: dict[str, str] = field(default_factory=dict)
    session: Session | None = None
    more: RawHeaders = field(default_factory=list)


Handler = Callable[[Asked], Awaitable[Reply]]
Table = dict[tuple[str, str], Handler]


class Routes:
    """Serves every request that is not GraphQL's."""

    def __init__(
        self, entrance: Entrance, services: Services, developer: Mapping[str, Looking]
    ) -> None:
        self._entrance = entrance
        self._services = services
        self._developer = developer
        self._files: dict[str, console.File] = {}
        if entrance.settings.enable_console and "metadata" in entrance.settings.enabled_apis:
            self._files = console.read_files()
        self._table = self._build()

    def _build(self) -> Table:
        settings = self._entrance.settings
        apis = settings.enabled_apis
        table: Table = {
            ("GET", "/v1/version"): self._version,
            ("GET", "/healthz"): self._health,
            ("GET", "/hasura/healthz"): self._health,
        }
        for key, endpoint in self._services.endpoints.items():
            if endpoint.api is None or endpoint.api in apis:
                table[key] = self._answering(endpoint.answering)
        if "developer" in apis:
            table |= {("GET", path): self._looking(one) for path, one in self._developer.items()}
        if "graphql" in apis:
            table["GET", Surface.GRAPHQL.value] = self._persisted
        if "graphql" in apis and not settings.enable_relay:
            table["POST", Surface.RELAY.value] = _no_relay
        if self._files:
            table["GET", "/"] = _to_console
        return table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = time.perf_counter()
        CLIENT.set(address_of(scope))
        asked = Asked(scope, receive)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        file = console.find(self._files, scope["path"]) if method == "GET" else None
        if file is not None and scope["path"].startswith(console.PREFIX):
            return await _send_file(scope, send, file)
        try:
            reply = await self._answer(asked, method)
        except ClientLeft:
            return None
        if scope["method"] == "HEAD":
            reply = Written(reply.status, b"", reply.headers)
        size = await send_json(send, reply, asked.headers, asked.more)
        if self._entrance.log.wants("http-log"):
            self._entrance.tell(scope, reply.status, size, time.perf_counter() - started)
        return None

    async def _answer(self, asked: Asked, method: str) -> Reply:
        try:
            self._receive_headers(asked)
            if method == "OPTIONS":
                asked.more += self._entrance.origins.preflight_headers(asked.headers)
                return Written(204, b"")
            handler = self._handler(method, asked.scope)
            if handler is None:
                raise NotFound("resource does not exist")
            return await handler(asked)
        except ClientLeft:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            known = self._entrance.refusals.known(error)
            return self._entrance.refusals.body(known, asked.session)

    def _handler(self, method: str, scope: Scope) -> Handler | None:
        """What answers a request. Stored operations are told by the path as it was sent."""
        if raw_path(scope).startswith(_REST):
            return self._rest
        return self._table.get((method, scope["path"]))

    async def _rest(self, asked: Asked) -> Reply:
        session = await self._identify(asked)
        limit = self._entrance.settings.body_limit
        body = await read_body(asked.receive, asked.headers, limit)
        return await self._services.rest(_rest_call(asked.scope, body), session, asked.headers)

    def _receive_headers(self, asked: Asked) -> None:
        asked.headers = read_headers(asked.scope)
        identity = request_id(asked.headers)
        REQUEST_ID.set(identity)
        asked.more = [
            (b"x-request-id", identity.encode()),
            (b"referrer-policy", b"no-referrer"),
            (b"x-frame-options", b"DENY"),
        ]
        if asked.scope["method"] != "OPTIONS":
            asked.more += self._entrance.origins.response_headers(asked.headers)
        if "cookie" in asked.headers:
            self._entrance.origins.drop_foreign_cookie(asked.headers)

    async def _identify(self, asked: Asked) -> Session:
        identity = await self._entrance.gate.identify(asked.headers)
        asked.session = identity.session
        asked.more += raw_headers(identity.headers)
        return identity.session

    def _answering(self, answering: Answering) -> Handler:
        async def handler(asked: Asked) -> Reply:
            limit = self._entrance.settings.body_limit
            session = await self._identify(asked)
            body = await read_body(asked.receive, asked.headers, limit)
            return await answering(body, session, asked.headers)

        return handler

    def _looking(self, looking: Looking) -> Handler:
        async def handler(asked: Asked) -> Reply:
            session = await self._identify(asked)
            if not session.is_admin:
                raise AccessDenied("restricted access : admin only")
            return Written(200, encode(looking()))

        return handler

    async def _version(self, asked: Asked) -> Reply:  # noqa: ARG002 - the same for everyone
        return Written(200, encode({"server_type": "ce", "version": version()}))

    async def _persisted(self, asked: Asked) -> Reply:
        """GET is for persisted queries, which are refused as Hasura's Community Edition does."""
        session = await self._identify(asked)
        error = NotSupported("PersistedQueryNotSupported")
        return self._entrance.refusals.graphql(error, session, keep_status=False)

    async def _health(self, asked: Asked) -> Reply:
        match await self._services.health():
            case Health.OK:
                return Written(200, b"OK", _TEXT)
            case Health.INCONSISTENT if _strict(asked.scope):
                return Written(500, f"ERROR: {Health.INCONSISTENT}".encode(), _TEXT)
            case Health.INCONSISTENT:
                return Written(200, f"WARN: {Health.INCONSISTENT}".encode(), _TEXT)
            case Health.UNREACHABLE:
                return Written(500, b"ERROR", _TEXT)


def raw_path(scope: Scope) -> str:
    """The path as the client sent it, escapes and all."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _rest_call(scope: Scope, body: bytes) -> RestCall:
    path = raw_path(scope).removeprefix(_REST)
    segments = tuple(unquote_to_bytes(one).decode("utf-8", "replace") for one in path.split("/"))
    query: bytes = scope.get("query_string", b"")
    return RestCall(scope["method"], segments, query.decode("latin-1"), body)


async def _no_relay(asked: Asked) -> Reply:  # noqa: ARG001 - the same for everyone
    raise NotSupported("relay is disabled")


async def _to_console(asked: Asked) -> Reply:  # noqa: ARG001 - the same for everyone
    return Written(302, b"", (("location", console.PREFIX),))


def _strict(scope: Scope) -> bool:
    text: bytes = scope.get("query_string", b"")
    words = parse_qs(text.decode("latin-1"), keep_blank_values=True).get("strict", ["false"])
    return words[-1].lower() in {"", "true", "t", "1", "yes"}


async def _send_file(scope: Scope, send: Send, file: console.File) -> None:
    packed = any(
        name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"]
    )
    headers = file.packed_headers if packed else file.headers
    content = file.packed if packed else file.content
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else content
    await send({"type": "http.response.body", "body": body})
