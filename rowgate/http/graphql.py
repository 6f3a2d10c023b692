"""The hot route: POST of GraphQL, without a framework: its routing costs as much as the driver.

Headers, body, session, the pipeline's answer, bytes; nothing else happens here.
"""

import time

from rowgate.base.errors import ApiError
from rowgate.base.observation import REQUEST_ID
from rowgate.base.session import Session
from rowgate.http.departures import Departures
from rowgate.http.direct import Client, DirectAnswer
from rowgate.http.entrance import Entrance
from rowgate.http.exchange import (
    ClientLeft,
    RawHeaders,
    Receive,
    Scope,
    Send,
    packed,
    read_body,
    read_headers,
    request_id,
    send_json,
    too_large,
)
from rowgate.http.types import Answering, Headers, Pairs, Reply, Surface, Written


class GraphQLRoute:
    """Answers POSTs of one surface."""

    def __init__(self, surface: Surface, answering: Answering, entrance: Entrance) -> None:
        self._surface = surface
        self._answering = answering
        self._entrance = entrance
        self._gate = entrance.gate
        self._limit = entrance.settings.body_limit
        self._departures = Departures()
        self._logs = entrance.log.wants("http-log")
        self._keeps_401 = entrance.settings.preserve_401_errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request by ASGI."""
        started = time.perf_counter()
        more: RawHeaders = []
        headers: dict[str, str] = {}
        try:
            headers = read_headers(scope)
            more = self._admitted(headers)
            body = await read_body(receive, headers, self._limit)
            with self._departures.watching(receive):
                reply = await self._reply(body, headers)
        except ClientLeft:
            return
        except ApiError as error:
            reply = self._refused(error, None)
        size = await send_json(send, reply, headers, more)
        if self._logs:
            self._entrance.tell(scope, reply.status, size, time.perf_counter() - started)

    async def directly(self, headers: dict[str, str], body: bytes, client: Client) -> DirectAnswer:
        """The answer to a whole request, whatever goes wrong; nothing is raised."""
        started = time.perf_counter()
        more = self._admitted(headers)
        if len(body) > self._limit > 0:
            reply: Reply = self._refused(too_large(self._limit), None)
        else:
            reply = await self._reply(body, headers)
        out, packed_body = await packed(reply, headers, more)
        if self._logs:
            seconds = time.perf_counter() - started
            scope = {"path": self._surface.value, "method": "POST", "client": client}
            scope["http_version"] = "1.1"
            self._entrance.tell(scope, reply.status, len(packed_body), seconds)
        return reply.status, out, packed_body

    def _admitted(self, headers: dict[str, str]) -> RawHeaders:
        """The headers that the answer bears in any case; a foreign page's cookie is dropped."""
        identity = request_id(headers)
        REQUEST_ID.set(identity)
        more = [(b"x-request-id", identity.encode())]
        if "origin" in headers:
            if "cookie" in headers:
                self._entrance.origins.drop_foreign_cookie(headers)
            more += self._entrance.origins.response_headers(headers)
        return more

    async def _reply(self, body: bytes, headers: Headers) -> Reply:
        session: Session | None = None
        cookies: Pairs = ()
        try:
            session = self._gate.known(headers)
            if session is None:
                identity = await self._gate.identify(headers, body)
                session, cookies = identity.session, identity.headers
            reply = await self._answering(body, session, headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            return self._refused(self._entrance.refusals.known(error), session)
        if cookies:
            return Written(reply.status, reply.body, (*reply.headers, *cookies))
        return reply

    def _refused(self, error: ApiError, session: Session | None) -> Written:
        keeps = self._surface.keeps_status or (self._keeps_401 and error.status == 401)
        return self._entrance.refusals.graphql(error, session, keep_status=keeps)
