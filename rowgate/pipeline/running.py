"""A program run: tables in groups on one connection each, everything else field by field."""

from collections.abc import Sequence
from functools import partial

from rowgate.base.errors import Unexpected
from rowgate.base.json import encode
from rowgate.database.connections.pool import Database
from rowgate.database.replicas import Result, Work
from rowgate.database.sharing.quick import Waiting
from rowgate.features import federation, introspection
from rowgate.features.actions import ActionCall, Calling, call
from rowgate.features.federation import EntitiesField, ServiceField
from rowgate.features.introspection import Spoken
from rowgate.features.tables.fields import (
    Asking,
    Ran,
    TableField,
    read_shared,
    run_alone,
    share_read,
)
from rowgate.features.tables.fields import run_fields as run_tables
from rowgate.features.validation import Judging, validate
from rowgate.pipeline.preparing import prepared_apart, refuse_hidden
from rowgate.pipeline.types import Introspection, Namespace, Program, Request, RootField, Typename
from rowgate.response.assemble import members


def share_only(request: Request, program: Program) -> Waiting | None:
    """The answer to come of the only field of a program, where that is a quick read: then there is
    nothing else to wait for."""
    if len(program.fields) != 1:
        return None
    (field,) = program.fields
    if not isinstance(field, TableField) or field.shared is None:
        return None
    database = _database(request, field.source)
    if field.validations or database.replicas is not None:
        return None
    return share_read(database, field.shared, Asking(request.values, request.session))


async def run_fields(
    request: Request, program: Program, cookies: list[tuple[str, str]]
) -> list[tuple[bytes, bytes]]:
    """The root fields' response keys and values, in order; cookies of webhooks are added."""
    if len(program.fields) == 1 and isinstance(program.fields[0], TableField):
        return await _run_tables(request, (program.fields[0],))
    results: list[tuple[bytes, bytes]] = []
    for group in _grouped(program.fields):
        first = group[0]
        if isinstance(first, TableField):
            results += await _run_tables(request, group)  # type: ignore[arg-type]
        else:
            results.append(await _run_other(request, first, program.kind, cookies))
    return results


def _grouped(fields: Sequence[RootField]) -> list[list[RootField]]:
    """Consecutive fields over tables of one source together, every other field alone."""
    groups: list[list[RootField]] = []
    for one in fields:
        last = groups[-1][-1] if groups else None
        together = isinstance(one, TableField) and isinstance(last, TableField)
        if together and one.source == last.source:  # type: ignore[union-attr]
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


async def _run_tables(request: Request, fields: Sequence[TableField]) -> list[tuple[bytes, bytes]]:
    asked = [one for field in fields for one in field.validations]
    if asked:
        environment = request.engine.settings.environment
        judging = Judging(request.values, request.session, request.headers, environment)
        await validate(request.engine.webhooks, asked, judging)
    asking = Asking(request.values, request.session)
    database = _database(request, fields[0].source)
    if database.replicas is None or fields[0].writes:
        return await _run_on(database, fields, asking)
    work = partial(_run_on, fields=fields, asking=asking)
    return await database.replicas.read(work, database)


async def _run_on(
    database: Database, fields: Sequence[TableField], asking: Asking
) -> list[tuple[bytes, bytes]]:
    first = fields[0]
    if len(fields) == 1:
        if first.shared is not None:
            return [(first.key, await read_shared(database, first.shared, asking))]
        if isinstance(first.step, Ran):
            return [(first.key, await run_alone(database, first.step, asking))]
    async with database.connection() as connection:
        return await run_tables(connection, fields, asking)


def _database(request: Request, source: str) -> Database:
    database = request.engine.world.databases.get(source)
    if database is None:
        raise Unexpected(f'source "{source}" is not connected', code="postgres-error")
    return database


async def _read(request: Request, source: str, work: Work[Result]) -> Result:
    database = _database(request, source)
    if database.replicas is None:
        return await work(database)
    return await database.replicas.read(work, database)


async def _run_other(
    request: Request, field: RootField, kind: str, cookies: list[tuple[str, str]]
) -> tuple[bytes, bytes]:
    match field:
        case Typename():
            return field.key, field.value
        case Introspection():
            return field.key, await _introspected(request, field)
        case Namespace():
            inner = await run_fields(request, Program(kind, field.fields), cookies)
            return field.key, members(inner)
        case ActionCall():
            called = await call(request.engine.webhooks, field, _calling(request))
            cookies += [("set-cookie", one) for one in called.cookies]
            return field.key, called.value
        case EntitiesField():
            reading = partial(_read, request)
            values, session = request.values, request.session
            return field.key, await federation.answer_entities(field, values, session, reading)
        case ServiceField():
            refuse_hidden(request)
            sdl = request.generation.sdl(request.key, field.keys)
            return field.key, federation.answer_service(field, sdl)
    raise AssertionError(field)


async def _introspected(request: Request, field: Introspection) -> bytes:
    generation, asked = request.generation, request.asked
    values = encode(request.values) if request.values else b""
    key = (request.key, asked.query, asked.operation_name, field.key, values)
    found = generation.introspected.get(key)
    if found is None:
        settings = request.engine.settings
        prepared = await prepared_apart(request.engine, generation, asked, request.key)
        schema = generation.translated(request.key)
        spoken = Spoken(field.asked.node, prepared.document.fragments, request.values)
        most = (settings.introspection_limit, field.shares)
        work = partial(introspection.answer, schema, spoken, most)
        look = partial(generation.introspected.get, key)
        found = await generation.introspecting.do(settings.preparation_timeout, look, work)
        generation.introspected.put(key, found)
    return found


def _calling(request: Request) -> Calling:
    return Calling(
        request.values,
        request.session,
        request.headers,
        request.asked.query,
        request.engine.settings.environment,
    )
