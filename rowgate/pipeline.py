"""One request, top to bottom: operation, program, run, assemble."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Protocol

import asyncpg
import httpx

from rowgate.base.errors import ApiError, ParseFailed, Unexpected, ValidationFailed
from rowgate.base.json import Json, decode, encode
from rowgate.base.session import ADMIN, Session
from rowgate.features import allowlist, federation, introspection
from rowgate.features.actions import ActionCall, Calling, call
from rowgate.features.federation import EntitiesField, ServiceField
from rowgate.features.rest.reading import read
from rowgate.features.rest.types import RestCall
from rowgate.features.tables.fields import Asking, TableField, plan_field, prepare, run_fields
from rowgate.features.validation import Judging, validate
from rowgate.generation import Generation, Prepared, SchemaKey
from rowgate.operation.document import Limits, parse, require_object, variable_values
from rowgate.operation.select import Reader
from rowgate.operation.shape import shape
from rowgate.operation.types import Introspect, Operation, Selected
from rowgate.response.assemble import data, errors, items, members
from rowgate.schema.meanings import ActionRoot, EntitiesRoot, Part, ServiceRoot
from rowgate.settings import Settings
from rowgate.world import World


class Endpoint(Enum):
    """Where a GraphQL request came in."""

    GRAPHQL = auto()
    GRAPHQL_LEGACY = auto()
    RELAY = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, JSON bytes and further headers of an answer."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation as a client sent it; subscriptions need a socket."""

    query: str
    variables: Mapping[str, Json] | None = None
    operation_name: str | None = None
    over_socket: bool = False


class Engine(Protocol):
    """What the pipeline works with."""

    @property
    def world(self) -> World:
        """The current generation and its databases."""

    @property
    def settings(self) -> Settings:
        """The process's settings."""

    @property
    def webhooks(self) -> httpx.AsyncClient:
        """The client that calls webhooks; it follows no redirects."""


@dataclass(frozen=True, slots=True)
class _Typename:
    """`__typename` of a root."""

    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class _Introspection:
    """An introspection field."""

    key: bytes
    asked: Introspect


@dataclass(frozen=True, slots=True)
class _Namespace:
    """Fields under a source's namespace."""

    key: bytes
    fields: tuple["_RootField", ...]


_RootField = (
    TableField | ActionCall | EntitiesField | ServiceField | _Typename | _Introspection | _Namespace
)


@dataclass(frozen=True, slots=True)
class Program:
    """An operation ready to run: its root fields in order."""

    kind: str
    fields: tuple[_RootField, ...]


@dataclass(frozen=True, slots=True)
class _Request:
    """Everything that belongs to one request."""

    engine: Engine
    generation: Generation
    asked: GraphQLRequest
    session: Session
    headers: Mapping[str, str]
    key: SchemaKey
    values: Mapping[str, Json]


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
    if len(value) > engine.settings.batch_limit:
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
    status = error.status if endpoint is Endpoint.GRAPHQL_LEGACY else 200
    return Answer(status, errors(error, with_internal=internal))


async def run_operation(
    engine: Engine,
    request: GraphQLRequest,
    session: Session,
    headers: Mapping[str, str],
    endpoint: Endpoint,
) -> Answer:
    """The answer to one operation; every failure becomes an error of the contract's shape."""
    try:
        return await _run(engine, request, session, headers, endpoint)
    except ApiError as error:
        return _refused(engine, error, session, endpoint)
    except RecursionError:
        refusal = ValidationFailed("the operation is nested too deeply")
        return _refused(engine, refusal, session, endpoint)


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


async def _run(
    engine: Engine,
    asked: GraphQLRequest,
    session: Session,
    headers: Mapping[str, str],
    endpoint: Endpoint,
) -> Answer:
    results, cookies = await _results(engine, asked, session, headers, endpoint)
    return Answer(200, data(results), tuple(cookies))


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
    prepared = _prepared(engine, generation, asked, key)
    if prepared.document.kind == "subscription" and not asked.over_socket:
        raise ApiError(
            "subscriptions are not supported over HTTP, use websockets instead",
            code="unexpected-payload",
        )
    values = variable_values(prepared.document, asked.variables)
    request = _Request(engine, generation, asked, session, headers, key, values)
    program = _program(request, prepared)
    cookies: list[tuple[str, str]] = []
    return await _run_fields(request, program, cookies), cookies


def _limits(settings: Settings) -> Limits:
    return Limits(settings.token_limit, settings.depth_limit, settings.node_limit)


def _prepared(
    engine: Engine, generation: Generation, asked: GraphQLRequest, key: SchemaKey
) -> Prepared:
    cached = (asked.query, asked.operation_name, key)
    found = generation.prepared.get(cached)
    if found is None:
        if engine.settings.enable_allowlist and key[0] != ADMIN:
            allowlist.check(generation.allowed, asked.query, key[0])
        document = parse(asked.query, asked.operation_name, _limits(engine.settings))
        found = Prepared(document, key)
        generation.prepared.put(cached, found)
    return found


def _program(request: _Request, prepared: Prepared) -> Program:
    document, values = prepared.document, request.values
    found = prepared.programs.get(shape(document, values))
    if isinstance(found, Program):
        return found
    schema = request.generation.schema(request.key)
    operation = Reader(document, schema, values, _limits(request.engine.settings)).read()
    program = _planned(request, operation)
    prepared.programs.put(shape(document, values), program)
    return program


def _planned(request: _Request, operation: Operation) -> Program:
    return Program(
        operation.kind, tuple(_root_field(request, one, operation.kind) for one in operation.fields)
    )


def _root_field(request: _Request, field: Selected, kind: str) -> _RootField:
    key = encode(field.key)
    if field.field is None:
        return _Typename(key, encode(field.parent))
    match field.field.meaning:
        case Introspect():
            _refuse_hidden(request)
            return _Introspection(key, field.field.meaning)
        case ActionRoot(action=action):
            return ActionCall(field, action, key)
        case Part.NAMESPACE:
            inner = tuple(_root_field(request, one, kind) for one in field.selections)
            return _Namespace(key, inner)
        case EntitiesRoot() | ServiceRoot():
            snapshot, options = request.generation.snapshot, request.generation.settings
            return federation.prepare(field, snapshot, request.key[0], options)
    generation = request.generation
    plan = plan_field(field, kind, generation.snapshot, request.key[0], generation.settings)
    if plan is None:
        raise ApiError(f"'{field.key}' cannot be run", code="not-supported", path=field.path)
    return prepare(plan, kind)


def _refuse_hidden(request: _Request) -> None:
    if request.key[0] in request.generation.snapshot.introspection_disabled_for:
        raise introspection.refuse(request.session.role)


async def _run_fields(
    request: _Request, program: Program, cookies: list[tuple[str, str]]
) -> list[tuple[bytes, bytes]]:
    results: list[tuple[bytes, bytes]] = []
    for group in _grouped(program.fields):
        first = group[0]
        if isinstance(first, TableField):
            results += await _run_tables(request, group)  # type: ignore[arg-type]
        else:
            results.append(await _run_other(request, first, program.kind, cookies))
    return results


def _grouped(fields: Sequence[_RootField]) -> list[list[_RootField]]:
    """Consecutive fields over tables of one source together, every other field alone."""
    groups: list[list[_RootField]] = []
    for one in fields:
        last = groups[-1][-1] if groups else None
        together = isinstance(one, TableField) and isinstance(last, TableField)
        if together and one.source == last.source:  # type: ignore[union-attr]
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


async def _run_tables(request: _Request, fields: Sequence[TableField]) -> list[tuple[bytes, bytes]]:
    asked = [one for field in fields for one in field.validations]
    if asked:
        environment = request.engine.settings.environment
        judging = Judging(request.values, request.session, request.headers, environment)
        await validate(request.engine.webhooks, asked, judging)
    asking = Asking(request.values, request.session)
    async with _connection(request, fields[0].source) as connection:
        return await run_fields(connection, fields, asking)


def _connection(request: _Request, source: str) -> AbstractAsyncContextManager[asyncpg.Connection]:
    database = request.engine.world.databases.get(source)
    if database is None:
        raise Unexpected(f'source "{source}" is not connected', code="postgres-error")
    return database.connection()


async def _run_other(
    request: _Request, field: _RootField, kind: str, cookies: list[tuple[str, str]]
) -> tuple[bytes, bytes]:
    match field:
        case _Typename():
            return field.key, field.value
        case _Introspection():
            return field.key, _introspected(request, field)
        case _Namespace():
            inner = await _run_fields(request, Program(kind, field.fields), cookies)
            return field.key, members(inner)
        case ActionCall():
            called = await call(request.engine.webhooks, field, _calling(request))
            cookies += [("set-cookie", one) for one in called.cookies]
            return field.key, called.value
        case EntitiesField():
            connect = partial(_connection, request)
            values, session = request.values, request.session
            return field.key, await federation.answer_entities(field, values, session, connect)
        case ServiceField():
            _refuse_hidden(request)
            sdl = request.generation.sdl(request.key, field.keys)
            return field.key, federation.answer_service(field, sdl)
    raise AssertionError(field)


def _introspected(request: _Request, field: _Introspection) -> bytes:
    schema = request.generation.translated(request.key)
    prepared = _prepared(request.engine, request.generation, request.asked, request.key)
    fragments = prepared.document.fragments
    return introspection.answer(schema, field.asked.node, fragments, request.values)


def _calling(request: _Request) -> Calling:
    return Calling(
        request.values,
        request.session,
        request.headers,
        request.asked.query,
        request.engine.settings.environment,
    )
