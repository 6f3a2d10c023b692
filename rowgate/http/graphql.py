"""The hot route: POST of GraphQL, raw ASGI since a framework's routing costs as much as the driver.

Headers, body, session, the pipeline's answer, bytes; nothing else happens here.
"""

import time

from rowgate.base.errors import ApiError
from rowgate.base.observation import REQUEST_ID
from rowgate.base.session import Session
from rowgate.http.departures import Departures
from rowgate.http.entrance import Entrance
from rowgate.http.exchange import (
    ClientLeft,
    RawHeaders,
    Receive,
    Scope,
    Send,
    read_body,
    read_headers,
    request_id,
    send_json,
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
        self._keeps_401 = entrance.settings.preserve_401_errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = time.perf_counter()
        more: RawHeaders = []
        headers: dict[str, str] = {}
        try:
            headers = read_headers(scope)
            identity = request_id(headers)
            REQUEST_ID.set(identity)
            more = [(b"x-request-id", identity.encode())]
            if "origin" in headers:
                more += self._admit(headers)
            body = await read_body(receive, headers, self._limit)
            reply = await self._reply(body, headers, receive)
        except ClientLeft:
            return
        except ApiError as error:
            reply = self._refused(error, None)
        size = await send_json(send, reply, headers, more)
        if self._entrance.log.wants("http-log"):
            self._entrance.tell(scope, reply.status, size, time.perf_counter() - started)

    def _admit(self, headers: dict[str, str]) -> RawHeaders:
        if "cookie" in headers:
            self._entrance.origins.drop_foreign_cookie(headers)
        return self._entrance.origins.response_headers(headers)

    async def _reply(self, body: bytes, headers: Headers, receive: Receive) -> Reply:
        session: Session | None = None
        cookies: Pairs = ()
        try:
            session = self._gate.known(headers)
            if session is None:
                identity = await self._gate.identify(headers, body)
                session, cookies = identity.session, identity.headers
            with self._departures.watching(receive):
                reply = await self._answering(body, session, headers)
        except ClientLeft:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            return self._refused(self._entrance.refusals.known(error), session)
        if cookies:
            return Written(reply.status, reply.body, (*reply.headers, *cookies))
        return reply

    def _refused(self, error: ApiError, session: Session | None) -> Written:
        keeps = self._surface.keeps_status or (self._keeps_401 and error.status == 401)
        return self._entrance.refusals.graphql(error, session, keep_status=keeps)
