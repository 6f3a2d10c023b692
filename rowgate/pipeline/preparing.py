"""From a request to its program: parsed, read and planned once, then found."""

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


def prepared_of(
    engine: Engine, generation: Generation, asked: GraphQLRequest, key: SchemaKey
) -> Prepared:
    """The document of a request, parsed at its first sight; raises `ValidationFailed` where it is
    not GraphQL or not allowed."""
    cached = (asked.query, asked.operation_name, key)
    found = generation.prepared.get(cached)
    if found is None:
        if engine.settings.enable_allowlist and key[0] != ADMIN:
            allowlist.check(generation.allowed, asked.query, key[0])
        limits = Limits.of(engine.settings, key[0])
        document = parse(asked.query, asked.operation_name, limits)
        found = Prepared(document, key)
        generation.prepared.put(cached, found)
    return found


def program_of(request: Request, prepared: Prepared) -> Program:
    """The program for the shape of the request's variables, planned at its first sight."""
    document, values = prepared.document, request.values
    most = request.engine.settings.token_limit
    found = prepared.programs.get(shape(document, values, most))
    if isinstance(found, Program):
        return found
    schema = request.generation.schema(request.key)
    limits = Limits.of(request.engine.settings, request.key[0])
    operation = Reader(document, schema, values, limits).read()
    program = _planned(request, operation)
    prepared.programs.put(shape(document, values, most), program)
    return program


def _planned(request: Request, operation: Operation) -> Program:
    return Program(
        operation.kind, tuple(_root_field(request, one, operation.kind) for one in operation.fields)
    )


def _root_field(request: Request, field: Selected, kind: str) -> RootField:
    key = encode(field.key)
    if field.field is None:
        return Typename(key, encode(field.parent))
    match field.field.meaning:
        case Introspect():
            refuse_hidden(request)
            return Introspection(key, field.field.meaning)
        case ActionRoot(action=action):
            return ActionCall(field, action, key)
        case Part.NAMESPACE:
            inner = tuple(_root_field(request, one, kind) for one in field.selections)
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
