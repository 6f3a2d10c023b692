"""The hot route: POST of GraphQL, without a framework: its routing costs as much as the driver.

Headers, body, session, the pipeline's answer, bytes; nothing else happens here.
"""

import time

from rowgate.base.errors import ApiError
from rowgate.base.observation import CLIENT, REQUEST_ID
from rowgate.base.session import Session
from rowgate.http.departures import Departures
from rowgate.http.direct import Client, DirectAnswer, head_lines
from rowgate.http.entrance import Entrance
from rowgate.http.exchange import (
    ALWAYS,
    GZIP_FROM,
    ClientLeft,
    RawHeaders,
    Receive,
    Scope,
    Send,
    address_of,
    head,
    is_compressed,
    packed,
    read_body,
    read_headers,
    request_id,
    send_json,
    too_large,
)
from rowgate.http.types import Beginning, Begun, Pairs, Reply, Surface, Written


class GraphQLRoute:
    """Answers POSTs of one surface."""

    def __init__(self, surface: Surface, beginning: Beginning, entrance: Entrance) -> None:
        self.entrance = entrance
        self.logs = entrance.log.wants("http-log")
        self._surface = surface
        self._beginning = beginning
        self._limit = entrance.settings.body_limit
        self._departures = Departures()
        self._keeps_401 = entrance.settings.preserve_401_errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request by ASGI."""
        started = time.perf_counter()
        CLIENT.set(address_of(scope))
        more: RawHeaders = []
        headers: dict[str, str] = {}
        try:
            headers = read_headers(scope)
            more = self.admitted(headers)
            body = await read_body(receive, headers, self._limit)
            with self._departures.watching(receive):
                reply = await self.answer(self.ask(headers, body))
        except ClientLeft:
            return
        except ApiError as error:
            reply = self._refused(error, None)
        size = await send_json(send, reply, headers, more)
        if self.logs:
            self.entrance.tell(scope, reply.status, size, time.perf_counter() - started)

    def begin(self, headers: dict[str, str], body: bytes, client: Client) -> "Direct":
        """A whole request, begun as far as that goes without waiting; nothing is raised."""
        return Direct(self, headers, body, client)

    def ask(self, headers: dict[str, str], body: bytes) -> "Asked":
        """Begin with a request whose headers came and whose body is whole; a foreign page's cookie
        is dropped before anybody reads it. Nothing is raised."""
        asked = Asked(headers, body)
        try:
            if len(body) > self._limit > 0:
                raise too_large(self._limit)
            if "origin" in headers:
                self.entrance.origins.drop_foreign_cookie(headers)
            asked.session = self.entrance.gate.known(headers)
            if asked.session is not None:
                asked.begun = self._beginning(body, asked.session, headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            asked.failure = error
        return asked

    async def answer(self, asked: "Asked") -> Reply:
        """The answer to what was asked, whatever goes wrong."""
        cookies: Pairs = ()
        try:
            if asked.failure is not None:
                raise asked.failure
            begun = asked.begun
            if begun is None:
                identity = await self.entrance.gate.identify(asked.headers, asked.body)
                asked.session, cookies = identity.session, identity.headers
                begun = self._beginning(asked.body, asked.session, asked.headers)
            reply = await begun
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            return self._refused(self.entrance.refusals.known(error), asked.session)
        if cookies:
            return Written(reply.status, reply.body, (*reply.headers, *cookies))
        return reply

    def admitted(self, headers: dict[str, str]) -> RawHeaders:
        """The headers that the answer bears in any case, for a request that the running task, or
        callback, works for from now on."""
        identity = request_id(headers)
        REQUEST_ID.set(identity)
        more = [(b"x-request-id", identity.encode())]
        if "origin" in headers:
            more += self.entrance.origins.response_headers(headers)
        return more

    def tell(self, reply: Reply, size: int, client: Client, seconds: float) -> None:
        """Log a request that did not come by ASGI."""
        scope = {"path": self._surface.value, "method": "POST", "client": client}
        scope["http_version"] = "1.1"
        self.entrance.tell(scope, reply.status, size, seconds)

    def _refused(self, error: ApiError, session: Session | None) -> Written:
        keeps = self._surface.keeps_status or (self._keeps_401 and error.status == 401)
        return self.entrance.refusals.graphql(error, session, keep_status=keeps)


class Asked:
    """Who asks for what: the session where it could be told at once, and then the answer under way,
    or what went wrong."""

    __slots__ = ("begun", "body", "failure", "headers", "session")

    def __init__(self, headers: dict[str, str], body: bytes) -> None:
        self.headers = headers
        self.body = body
        self.session: Session | None = None
        self.begun: Begun | None = None
        self.failure: Exception | None = None


class Direct:
    """A request that did not come by ASGI, under way. `waiting` and `now` are as those of what is
    begun; `answer` has the answer in any case, in a task of its own."""

    __slots__ = ("_asked", "_client", "_route", "_started", "waiting")

    def __init__(
        self, route: GraphQLRoute, headers: dict[str, str], body: bytes, client: Client
    ) -> None:
        self._started = time.perf_counter()
        self._route = route
        self._client = client
        self._asked = asked = route.ask(headers, body)
        self.waiting = None if asked.begun is None else asked.begun.waiting

    def now(self) -> DirectAnswer | None:
        """The answer, after `waiting`; None where only `answer` has it."""
        begun, headers = self._asked.begun, self._asked.headers
        reply = None if begun is None else begun.now()
        if reply is None or is_compressed(reply, headers):
            return None
        more = self._route.admitted(headers)
        return self._told(reply, more, reply.body)

    async def answer(self) -> DirectAnswer:
        """The answer, whatever goes wrong; nothing is raised."""
        headers = self._asked.headers
        if self._client is not None:
            CLIENT.set(self._client[0])
        more = self._route.admitted(headers)
        reply = await self._route.answer(self._asked)
        return self._told(reply, *await packed(reply, headers, more))

    def _told(self, reply: Reply, more: RawHeaders, body: bytes) -> DirectAnswer:
        if self._route.logs:
            seconds = time.perf_counter() - self._started
            self._route.tell(reply, len(body), self._client, seconds)
        if (
            len(more) == 1
            and len(reply.body) < GZIP_FROM
            and reply.status == 200
            and not reply.headers
        ):
            return _USUAL % (more[0][1], len(body)), body
        return head_lines(reply.status, head(reply, len(body), more)), body


_USUAL = head_lines(200, [*ALWAYS, (b"x-request-id", b"%b"), (b"content-length", b"%d")])
"""The head of nearly all answers, but for a request's id and a length."""
