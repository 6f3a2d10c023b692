"""One request, top to bottom: operation, program, run, assemble."""

import asyncio
import gc
from collections.abc import Awaitable, Generator, Mapping
from functools import partial
from typing import Any

from rowgate.base.errors import ApiError, Overloaded, ParseFailed, SchemaOutdated, ValidationFailed
from rowgate.base.json import Json, decode
from rowgate.base.session import Session
from rowgate.database.run import settled, shared_answer
from rowgate.database.sharing.quick import Waiting
from rowgate.features.disclosure import disclosed, literals
from rowgate.features.rest.reading import read
from rowgate.features.rest.types import RestCall
from rowgate.operation.document import require_object, variable_values
from rowgate.pipeline.preparing import prepared_apart, prepared_of, program_apart, program_of
from rowgate.pipeline.running import run_fields, share_only
from rowgate.pipeline.types import Answer, Endpoint, Engine, GraphQLRequest, Program, Request
from rowgate.response.assemble import data, errors, items, members

LARGE = 8_192
"""Bytes of a body up to which it is read, and its program made, while everybody waits."""


class Begun:
    """A request, begun as far as that goes without waiting; whoever awaits it gets its answer, an
    error of the contract's shape for every failure. `waiting` is set where one shared statement is
    all that there is to wait for: once that is done, `now` has the answer, or nearly always, and no
    task is needed for the request."""

    __slots__ = (
        "_answer",
        "_batch",
        "_endpoint",
        "_engine",
        "_headers",
        "_later",
        "_program",
        "_request",
        "_session",
        "waiting",
    )

    def __init__(
        self, engine: Engine, session: Session, headers: Mapping[str, str], endpoint: Endpoint
    ) -> None:
        self._engine = engine
        self._session = session
        self._headers = headers
        self._endpoint = endpoint
        self._answer: Answer | None = None
        self._later: bytes | GraphQLRequest | list[Json] | None = None
        self._request: Request | None = None
        self._program: Program | None = None
        self.waiting: Waiting | None = None

    def take(self, body: bytes) -> None:
        """Begin with a body; one that is large is looked at by whoever awaits."""
        if len(body) > LARGE:
            self._later = body
            return
        try:
            value = decode(body)
            if isinstance(value, list):
                self.take_all(value)
            else:
                self.run(_request_of(value))
        except ApiError as error:
            self.refuse(error)

    def take_all(self, values: list[Json]) -> None:
        """Begin with a batch of them."""
        limit = self._engine.settings.batch_limit
        if 0 < limit < len(values):
            self.refuse(ValidationFailed(f"a batch may hold at most {limit} operations"))
        else:
            self._later = values

    def run_later(self, asked: GraphQLRequest) -> None:
        """Have an operation looked at by whoever awaits."""
        self._later = asked

    def run(self, asked: GraphQLRequest) -> None:
        """Begin with an operation."""
        try:
            ready = _ready(self._engine, asked, self._session, self._headers, self._endpoint)
            self._request, self._program = ready
            self.waiting = share_only(*ready)
        except ApiError as error:
            self.refuse(error)
        except RecursionError:
            self.refuse(_too_deep())

    def refuse(self, error: ApiError) -> Answer:
        """Answer with an error."""
        settings = self._engine.settings
        internal = settings.dev_mode or (self._session.is_admin and settings.admin_internal_errors)
        keeps = self._endpoint is Endpoint.GRAPHQL_LEGACY or isinstance(error, Overloaded)
        status = error.status if keeps else 200
        self._answer = Answer(status, errors(error, with_internal=internal))
        return self._answer

    def now(self) -> Answer | None:
        """The answer, once `waiting` is done; None where more is to be done for it."""
        if self.waiting is None or self._program is None or self._request is None:
            return None
        try:
            value = shared_answer(self.waiting)
        except ApiError as error:
            return self.refuse(_disclosed(error, self._request))
        return None if value is None else Answer(200, data([(self._program.fields[0].key, value)]))

    def __await__(self) -> Generator[Any, None, Answer]:
        return self._whole().__await__()

    async def _whole(self) -> Answer:
        if self._answer is not None:
            return self._answer
        if self._request is None or self._program is None:
            return await self._look()
        if self.waiting is not None:
            await settled(self.waiting)
            answer = self.now()
            if answer is not None:
                return answer
        return await self._run(self._request, self._program)

    async def _look(self) -> Answer:
        """The answer to what has been left for later."""
        try:
            later = self._later
            if isinstance(later, bytes):
                reading, settings = self._engine.world.current.reading, self._engine.settings
                work = partial(_decoded, later)
                later = await reading.do(settings.preparation_timeout, lambda: None, work)
            if isinstance(later, GraphQLRequest):
                return await self._run(*await self._prepared(later))
            self._later = None
            self.take_all(later or [])
            return self._answer or await self._all(self._later or [])
        except ApiError as error:
            return self.refuse(error)
        except RecursionError:
            return self.refuse(_too_deep())

    def _prepared(self, asked: GraphQLRequest) -> Awaitable[tuple[Request, Program]]:
        return _prepared(self._engine, asked, self._session, self._headers, self._endpoint)

    async def _all(self, values: list[Json]) -> Answer:
        answers = []
        for value in values:
            one = Begun(self._engine, self._session, self._headers, self._endpoint)
            try:
                one.run_later(_request_of(value))
            except ApiError as error:
                one.refuse(error)
            answers.append(await one)
            await asyncio.sleep(0)  # Others have their turn, whatever these were.
        cookies = tuple(pair for one in answers for pair in one.headers)
        return Answer(200, items([one.body for one in answers]), cookies)

    async def _run(self, request: Request, program: Program) -> Answer:
        cookies: list[tuple[str, str]] = []
        try:
            results = await run_fields(request, program, cookies)
        except ApiError as error:
            return self.refuse(_disclosed(error, request))
        except RecursionError:
            return self.refuse(_too_deep())
        return Answer(200, data(results), tuple(cookies))


def graphql(
    engine: Engine,
    body: bytes,
    session: Session,
    headers: Mapping[str, str],
    endpoint: Endpoint,
) -> Begun:
    """The answer to a request body: an operation, or a batch of them run in order. To be called
    where an event loop runs."""
    begun = Begun(engine, session, headers, endpoint)
    begun.take(body)
    return begun


def run_operation(
    engine: Engine,
    request: GraphQLRequest,
    session: Session,
    headers: Mapping[str, str],
    endpoint: Endpoint,
) -> Begun:
    """As `graphql`, for one operation."""
    begun = Begun(engine, session, headers, endpoint)
    begun.run_later(request)
    return begun


async def run_stored(
    engine: Engine, asked: RestCall, session: Session, headers: Mapping[str, str]
) -> Answer:
    """The answer of the RESTified operation that `asked` means: its data, not wrapped. Raises
    `ApiError` for every failure."""
    endpoints = engine.world.current.snapshot.endpoints
    request = GraphQLRequest(*read(endpoints, asked, headers, engine.settings))
    cookies: list[tuple[str, str]] = []
    ready: tuple[Request, Program] | None = None
    try:
        ready = await _prepared(engine, request, session, headers, Endpoint.GRAPHQL)
        results = await run_fields(*ready, cookies)
    except ApiError as error:
        raise (error if ready is None else _disclosed(error, ready[0])) from error
    except RecursionError:
        raise _too_deep() from None
    return Answer(200, members(results), tuple(cookies))


def _request_of(value: Json) -> GraphQLRequest:
    if not isinstance(value, dict):
        raise ParseFailed("expecting an object or a list of objects as the request's body")
    query = value.get("query")
    if query is None:
        raise ParseFailed('key "query" not found')
    if not isinstance(query, str):
        raise ParseFailed("parsing Text failed, expected String", path=("query",))
    name = value.get("operationName")
    if name is not None and not isinstance(name, str):
        raise ParseFailed("parsing Text failed, expected String", path=("operationName",))
    return GraphQLRequest(query, require_object(value.get("variables")), name)


def _decoded(body: bytes) -> GraphQLRequest | list[Json]:
    """What a large body asks for. Nothing looks for garbage meanwhile: the decoder, which holds up
    all threads, would take four times as long."""
    collects = gc.isenabled()
    gc.disable()
    try:
        value = decode(body)
    finally:
        if collects:
            gc.enable()
    return value if isinstance(value, list) else _request_of(value)


def _ready(
    engine: Engine,
    asked: GraphQLRequest,
    session: Session,
    headers: Mapping[str, str],
    endpoint: Endpoint,
) -> tuple[Request, Program]:
    """A request with the program to run for it; raises `ApiError`."""
    generation = engine.world.current
    role = generation.known(session.role)
    key = (role, endpoint is Endpoint.RELAY, session.backend_only)
    prepared = prepared_of(engine, generation, asked, key)
    if prepared.document.kind == "subscription" and not asked.over_socket:
        raise _watched_over_http()
    values = variable_values(prepared.document, asked.variables)
    request = Request(engine, generation, asked, session, headers, key, values)
    return request, program_of(request, prepared)


async def _prepared(
    engine: Engine,
    asked: GraphQLRequest,
    session: Session,
    headers: Mapping[str, str],
    endpoint: Endpoint,
) -> tuple[Request, Program]:
    """As `_ready`, for what may be large: others go on while it is read and planned."""
    generation = engine.world.current
    role = generation.known(session.role)
    key = (role, endpoint is Endpoint.RELAY, session.backend_only)
    prepared = await prepared_apart(engine, generation, asked, key)
    if prepared.document.kind == "subscription" and not asked.over_socket:
        raise _watched_over_http()
    values = variable_values(prepared.document, asked.variables)
    request = Request(engine, generation, asked, session, headers, key, values)
    return request, await program_apart(request, prepared)


def _watched_over_http() -> ApiError:
    return ApiError(
        "subscriptions are not supported over HTTP, use websockets instead",
        code="unexpected-payload",
    )


def _disclosed(error: ApiError, request: Request) -> ApiError:
    """An error as the one who asked may see it. One of a database that was changed behind the
    engine's back makes it look again."""
    if isinstance(error, SchemaOutdated):
        request.engine.world.look_again()
    sent = [literals(request.asked.query), request.asked.variables]
    return disclosed(error, request.generation.snapshot, request.session, sent)


def _too_deep() -> ValidationFailed:
    return ValidationFailed("the operation is nested too deeply")
