"""From a request to its program: parsed, read and planned once, then found."""

from functools import partial

from rowgate.base.errors import ApiError
from rowgate.base.json import encode
from rowgate.base.session import ADMIN
from rowgate.features import allowlist, federation, introspection
from rowgate.features.actions import ActionCall
from rowgate.features.tables.fields import plan_field, prepare
from rowgate.generation import Generation, Prepared, SchemaKey
from rowgate.operation.document import Limits, parse
from rowgate.operation.select import Reader
from rowgate.operation.shape import shape
from rowgate.operation.types import Introspect, Operation, Selected
from rowgate.pipeline.types import (
    Engine,
    GraphQLRequest,
    Introspection,
    Namespace,
    Program,
    Request,
    RootField,
    Typename,
)
from rowgate.schema.meanings import ActionRoot, EntitiesRoot, Part, ServiceRoot
from rowgate.schema.types import Field


def prepared_of(
    engine: Engine, generation: Generation, asked: GraphQLRequest, key: SchemaKey
) -> Prepared:
    """The document of a request, parsed at its first sight; raises `ValidationFailed` where it is
    not GraphQL or not allowed."""
    cached = (asked.query, asked.operation_name, key)
    found = generation.prepared.get(cached)
    if found is None:
        found = _parsed(engine, generation, asked, key)
        generation.prepared.put(cached, found)
    return found


async def prepared_apart(
    engine: Engine, generation: Generation, asked: GraphQLRequest, key: SchemaKey
) -> Prepared:
    """As `prepared_of`, parsed apart."""
    cached = (asked.query, asked.operation_name, key)
    found = generation.prepared.get(cached)
    if found is None:
        found = await generation.reading.do(
            engine.settings.preparation_timeout,
            partial(generation.prepared.get, cached),
            partial(_parsed, engine, generation, asked, key),
        )
        generation.prepared.put(cached, found)
    return found


def _parsed(
    engine: Engine, generation: Generation, asked: GraphQLRequest, key: SchemaKey
) -> Prepared:
    if engine.settings.enable_allowlist and key[0] != ADMIN:
        allowlist.check(generation.allowed, asked.query, key[0])
    limits = Limits.of(engine.settings, key[0])
    return Prepared(parse(asked.query, asked.operation_name, limits), key)


def program_of(request: Request, prepared: Prepared) -> Program:
    """The program for the shape of the request's variables, planned at its first sight."""
    most = request.engine.settings.token_limit
    found = prepared.programs.get(shape(prepared.document, request.values, most))
    if isinstance(found, Program):
        return found
    program = _read(request, prepared)
    prepared.programs.put(shape(prepared.document, request.values, most), program)
    return program


async def program_apart(request: Request, prepared: Prepared) -> Program:
    """As `program_of`, planned apart."""
    settings = request.engine.settings
    found = _found(request, prepared)
    if found is None:
        found = await request.generation.reading.do(
            settings.preparation_timeout,
            partial(_found, request, prepared),
            partial(_read, request, prepared),
        )
        key = shape(prepared.document, request.values, settings.token_limit)
        prepared.programs.put(key, found)
    return found


def _found(request: Request, prepared: Prepared) -> Program | None:
    key = shape(prepared.document, request.values, request.engine.settings.token_limit)
    found = prepared.programs.get(key)
    return found if isinstance(found, Program) else None


def _read(request: Request, prepared: Prepared) -> Program:
    schema = request.generation.schema(request.key)
    limits = Limits.of(request.engine.settings, request.key[0])
    operation = Reader(prepared.document, schema, request.values, limits).read()
    return _planned(request, operation)


def _planned(request: Request, operation: Operation) -> Program:
    asks = [one for one in operation.fields if one.field and _is_introspection(one.field)]
    kind, shares = operation.kind, len(asks)
    return Program(kind, tuple(_root_field(request, one, kind, shares) for one in operation.fields))


def _is_introspection(field: Field) -> bool:
    return isinstance(field.meaning, Introspect)


def _root_field(request: Request, field: Selected, kind: str, shares: int) -> RootField:
    key = encode(field.key)
    if field.field is None:
        return Typename(key, encode(field.parent))
    match field.field.meaning:
        case Introspect():
            refuse_hidden(request)
            return Introspection(key, field.field.meaning, shares)
        case ActionRoot(action=action):
            return ActionCall(field, action, key)
        case Part.NAMESPACE:
            inner = tuple(_root_field(request, one, kind, shares) for one in field.selections)
            return Namespace(key, inner)
        case EntitiesRoot() | ServiceRoot():
            snapshot, options = request.generation.snapshot, request.generation.settings
            return federation.prepare(field, snapshot, request.key[0], options)
    generation = request.generation
    plan = plan_field(field, kind, generation.snapshot, request.key[0], generation.settings)
    if plan is None:
        raise ApiError(f"'{field.key}' cannot be run", code="not-supported", path=field.path)
    return prepare(plan, kind, generation.snapshot)


def refuse_hidden(request: Request) -> None:
    """Raise `NotSupported` where the role may not introspect."""
    if request.key[0] in request.generation.snapshot.introspection_disabled_for:
        raise introspection.refuse(request.session.role)
