"""One request, top to bottom: operation, program, run, assemble."""

from collections.abc import Mapping

from rowgate.base.errors import ApiError, Overloaded, ParseFailed, ValidationFailed
from rowgate.base.json import Json, decode
from rowgate.base.session import Session
from rowgate.features.rest.reading import read
from rowgate.features.rest.types import RestCall
from rowgate.operation.document import require_object, variable_values
from rowgate.pipeline.preparing import prepared_of, program_of
from rowgate.pipeline.running import run_fields
from rowgate.pipeline.types import Answer, Endpoint, Engine, GraphQLRequest, Request
from rowgate.response.assemble import data, errors, items, members


async def graphql(
    engine: Engine,
    body: bytes,
    session: Session,
    headers: Mapping[str, str],
    endpoint: Endpoint,
) -> Answer:
    """The answer to a request body: an operation, or a batch of them run in order."""
    try:
        value = decode(body)
    except ApiError as error:
        return _refused(engine, error, session, endpoint)
    if not isinstance(value, list):
        return await _one(engine, value, session, headers, endpoint)
    if 0 < engine.settings.batch_limit < len(value):
        text = f"a batch may hold at most {engine.settings.batch_limit} operations"
        return _refused(engine, ValidationFailed(text), session, endpoint)
    answers = [await _one(engine, one, session, headers, endpoint) for one in value]
    cookies = tuple(pair for one in answers for pair in one.headers)
    return Answer(200, items([one.body for one in answers]), cookies)


async def _one(
    engine: Engine,
    value: Json,
    session: Session,
    headers: Mapping[str, str],
    endpoint: Endpoint,
) -> Answer:
    try:
        request = _request_of(value)
    except ApiError as error:
        return _refused(engine, error, session, endpoint)
    return await run_operation(engine, request, session, headers, endpoint)


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


def _refused(engine: Engine, error: ApiError, session: Session, endpoint: Endpoint) -> Answer:
    settings = engine.settings
    internal = settings.dev_mode or (session.is_admin and settings.admin_internal_errors)
    keeps = endpoint is Endpoint.GRAPHQL_LEGACY or isinstance(error, Overloaded)
    return Answer(error.status if keeps else 200, errors(error, with_internal=internal))


async def run_operation(
    engine: Engine,
    request: GraphQLRequest,
    session: Session,
    headers: Mapping[str, str],
    endpoint: Endpoint,
) -> Answer:
    """The answer to one operation; every failure becomes an error of the contract's shape."""
    try:
        results, cookies = await _results(engine, request, session, headers, endpoint)
    except ApiError as error:
        return _refused(engine, error, session, endpoint)
    except RecursionError:
        refusal = ValidationFailed("the operation is nested too deeply")
        return _refused(engine, refusal, session, endpoint)
    return Answer(200, data(results), tuple(cookies))


async def run_stored(
    engine: Engine, asked: RestCall, session: Session, headers: Mapping[str, str]
) -> Answer:
    """The answer of the RESTified operation that `asked` means: its data, not wrapped. Raises
    `ApiError` for every failure."""
    endpoints = engine.world.current.snapshot.endpoints
    request = GraphQLRequest(*read(endpoints, asked, headers, engine.settings))
    try:
        results, cookies = await _results(engine, request, session, headers, Endpoint.GRAPHQL)
    except RecursionError:
        raise ValidationFailed("the operation is nested too deeply") from None
    return Answer(200, members(results), tuple(cookies))


async def _results(
    engine: Engine,
    asked: GraphQLRequest,
    session: Session,
    headers: Mapping[str, str],
    endpoint: Endpoint,
) -> tuple[list[tuple[bytes, bytes]], list[tuple[str, str]]]:
    """The root fields' keys and values, and the headers that actions set."""
    generation = engine.world.current
    role = generation.known(session.role)
    key = (role, endpoint is Endpoint.RELAY, session.backend_only)
    prepared = prepared_of(engine, generation, asked, key)
    if prepared.document.kind == "subscription" and not asked.over_socket:
        raise ApiError(
            "subscriptions are not supported over HTTP, use websockets instead",
            code="unexpected-payload",
        )
    values = variable_values(prepared.document, asked.variables)
    request = Request(engine, generation, asked, session, headers, key, values)
    program = program_of(request, prepared)
    cookies: list[tuple[str, str]] = []
    return await run_fields(request, program, cookies), cookies
