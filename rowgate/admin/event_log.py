"""Commands about the events of event triggers: write one by hand, have one delivered again, read
what is waiting and what became of it. The tables are in each source's own database."""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments
from rowgate.admin.document import ARGS, Entry
from rowgate.admin.draft import Draft, Task
from rowgate.admin.records import shown, shown_all
from rowgate.admin.types import SUCCESS
from rowgate.base.errors import ApiError, NotSupported, ParseFailed
from rowgate.base.json import Json, encode_text
from rowgate.base.names import QualifiedName
from rowgate.metadata import event_store

_EVENT = """
    select id, schema_name, table_name, trigger_name, payload::text as "payload$", delivered, error,
        tries, created_at, locked, next_retry_at, archived
    from hdb_catalog.event_log
"""
_INVOCATION = """
    select id, trigger_name, event_id, status as http_status, request::text as "request$",
        response::text as "response$", created_at
    from hdb_catalog.event_invocation_logs
"""
_NEWEST_FIRST = "order by created_at desc, id limit $2 offset $3"
_WITH_STATUS: Mapping[str | None, str] = {
    None: "",
    "pending": "and not delivered and not error and not archived",
    "processed": "and (delivered or error) and not archived",
}
_EVENTS = {
    status: f"{_EVENT} where trigger_name = $1 {condition} {_NEWEST_FIRST}"
    for status, condition in _WITH_STATUS.items()
}
_ONE_EVENT = f"{_EVENT} where id = $1"
_INVOCATIONS = f"{_INVOCATION} where trigger_name = $1 {_NEWEST_FIRST}"
_INVOCATIONS_OF_ONE = f"{_INVOCATION} where event_id = $1 {_NEWEST_FIRST}"
_LOCKED = """
    select locked is not null and locked >= now() - interval '30 minutes'
    from hdb_catalog.event_log where id = $1 for update
"""
_AGAIN = """
    update hdb_catalog.event_log
    set delivered = false, error = false, tries = 0, next_retry_at = null where id = $1
"""
_WHOSE = "select pg_catalog.set_config('hasura.user', $1, true)"
_INSERT = "select hdb_catalog.insert_event_log($1, $2, $3, 'MANUAL', $4::text::json)"
_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event trigger of the document, and the table that it stands at."""

    table: QualifiedName
    entry: Entry


def find_trigger(source: Entry, name: str) -> Trigger | None:
    """The event trigger called `name` of a source, whose names are its own."""
    for table, owner in doc.tables(source):
        entry = doc.find(owner.get("event_triggers", []), "name", name)
        if entry is not None:
            return Trigger(table, entry)
    return None


def need_trigger(document: Json, source: str, name: str) -> Trigger:
    """As `find_trigger`; raises `ApiError` `not-exists` where there is none, or no such source."""
    found = find_trigger(doc.need_source(document, source), name)
    if found is None:
        text = f'event trigger "{name}" does not exist'
        raise ApiError(text, code="not-exists", path=ARGS)
    return found


def invoke_event_trigger(arguments: Json) -> Task:
    """`invoke_event_trigger {source, name, payload}`: write an event of a trigger that allows it;
    answers its id."""
    given = Arguments.of(arguments)
    source, name = given.source(), given.text("name")
    data = encode_text({"old": None, "new": given.need("payload")})

    async def run(draft: Draft) -> Json:
        trigger = need_trigger(draft.generation.document, source, name)
        definition = trigger.entry.get("definition")
        if not isinstance(definition, dict) or definition.get("enable_manual") is not True:
            text = "manual mode is not enabled for event trigger"
            raise NotSupported(text, path=ARGS)
        who = encode_text({"x-hasura-role": draft.session.role, **draft.session.variables})
        async with draft.database(source).connection() as connection:
            await event_store.prepare(connection)
            async with connection.transaction():
                await connection.execute(_WHOSE, who)
                event = await connection.fetchval(_INSERT, *trigger.table, name, data)
        return {"event_id": event}

    return Task(run)


def redeliver_event(arguments: Json) -> Task:
    """`redeliver_event {source, event_id}`: an event is as if it had never been tried."""
    given = Arguments.of(arguments)
    source, event = given.source(), given.text("event_id")

    async def run(draft: Draft) -> Json:
        async with draft.database(source).connection() as connection:
            if not await event_store.has_events(connection):
                raise _no_event("event not found")
            async with connection.transaction():
                locked = await connection.fetchval(_LOCKED, event)
                if locked is None:
                    raise _no_event("event not found")
                if locked:
                    text = "event is already being processed"
                    raise ApiError(text, code="busy", path=ARGS)
                await connection.execute(_AGAIN, event)
        return SUCCESS

    return Task(run)


def get_event_logs(arguments: Json) -> Task:
    """`get_event_logs {source, name, status, limit, offset}`: a trigger's events, newest first;
    `status` is pending or processed, both where it is left out."""
    given = Arguments.of(arguments)
    status = given.text_or_none("status")
    if status not in _EVENTS:
        text = "event logs status can only be one of the following: processed or pending"
        raise ParseFailed(text, path=given.at("status"))
    return _of_trigger(given, _EVENTS[status])


def get_event_invocation_logs(arguments: Json) -> Task:
    """`get_event_invocation_logs {source, name, limit, offset}`: what a trigger's webhook was sent
    and answered, newest first."""
    return _of_trigger(Arguments.of(arguments), _INVOCATIONS)


def _of_trigger(given: Arguments, query: str) -> Task:
    source, name = given.source(), given.text("name")
    limit, offset = given.number("limit", _LIMIT), given.number("offset", 0)

    async def run(draft: Draft) -> Json:
        need_trigger(draft.generation.document, source, name)
        async with draft.database(source).connection() as connection:
            if not await event_store.has_events(connection):
                return []
            return shown_all(await connection.fetch(query, name, limit, offset))

    return Task(run)


def get_event_by_id(arguments: Json) -> Task:
    """`get_event_by_id {source, event_id, invocation_log_limit, invocation_log_offset}`: an event
    with its invocations, newest first."""
    given = Arguments.of(arguments)
    source, event = given.source(), given.text("event_id")
    limit = given.number("invocation_log_limit", _LIMIT)
    offset = given.number("invocation_log_offset", 0)

    async def run(draft: Draft) -> Json:
        async with draft.database(source).connection() as connection:
            found = await _event(connection, event)
            calls = await connection.fetch(_INVOCATIONS_OF_ONE, event, limit, offset)
        return {"event": shown(found), "invocations": shown_all(calls)}

    return Task(run)


async def _event(connection: asyncpg.Connection, event: str) -> asyncpg.Record:
    found = None
    if await event_store.has_events(connection):
        found = await connection.fetchrow(_ONE_EVENT, event)
    if found is None:
        raise _no_event(f"event id {event} does not exist")
    return found


def _no_event(text: str) -> ApiError:
    return ApiError(text, code="not-exists", path=ARGS)
