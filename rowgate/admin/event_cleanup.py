"""Commands about old events of event triggers: delete what is done with, pause or resume the
clean-ups that triggers declare.

Apart from `event_log`, which loses nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments
from rowgate.admin.document import ARGS, Entry
from rowgate.admin.draft import Draft, Task
from rowgate.admin.event_log import need_trigger
from rowgate.admin.types import Edit
from rowgate.base.errors import ApiError, ParseFailed
from rowgate.base.json import Json
from rowgate.metadata import event_store

_BATCH, _TIMEOUT = 10_000, 60
_HIGHEST = 2**31 - 1
_OLD = """
    select id from hdb_catalog.event_log
    where trigger_name = $1 and (delivered or error) and locked is null
        and created_at < now() - pg_catalog.make_interval(hours => $2::int)
    order by created_at limit $3 for update skip locked
"""
_DELETE_CALLS = "delete from hdb_catalog.event_invocation_logs where event_id = any($1::text[])"
_KEEP_CALLS = """
    update hdb_catalog.event_invocation_logs set trigger_name = $2
    where event_id = any($1::text[])
"""
_DELETE_EVENTS = "delete from hdb_catalog.event_log where id = any($1::text[])"
_WITHIN = "select pg_catalog.set_config('statement_timeout', $1, true)"
_EVERY = "*"
Chosen = Mapping[str, Sequence[str] | None]
"""By source, the triggers that are meant; None for all that declare a clean-up."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is deleted: events of `trigger` that are older than `hours`, `batch` at a time, each
    batch within `seconds`; their invocations too, if `with_calls`."""

    trigger: str
    hours: int
    batch: int
    seconds: int
    with_calls: bool


def cleanup_event_trigger_logs(arguments: Json) -> Task:
    """`cleanup_event_trigger_logs {event_trigger_name, source, clear_older_than, batch_size,
    timeout, clean_invocation_logs}`: delete events that were delivered or given up, as old as
    that (hours); answers how many."""
    given = Arguments.of(arguments)
    given.need("clear_older_than")
    source = given.source()
    cleaning = Cleaning(
        trigger=given.text("event_trigger_name"),
        hours=_counted(given, "clear_older_than", 0),
        batch=_counted(given, "batch_size", _BATCH),
        seconds=_counted(given, "timeout", _TIMEOUT),
        with_calls=given.flag("clean_invocation_logs"),
    )
    if cleaning.batch == 0:
        raise ParseFailed("batch_size must be positive", path=given.at("batch_size"))

    async def run(draft: Draft) -> Json:
        need_trigger(draft.generation.document, source, cleaning.trigger)
        events = calls = 0
        async with draft.database(source).connection() as connection:
            deleted = await event_store.has_events(connection)
            while deleted:
                done = await _batch(connection, cleaning)
                events, calls = events + done[0], calls + done[1]
                deleted = done[0] == cleaning.batch
        deleted_rows = {"deleted_event_logs": events, "deleted_invocation_logs": calls}
        return {"message": "success", **deleted_rows}

    return Task(run)


def _counted(given: Arguments, key: str, default: int) -> int:
    value = given.number(key, default)
    if value > _HIGHEST:
        raise ParseFailed("the number is too large", path=given.at(key))
    return value


async def _batch(connection: asyncpg.Connection, cleaning: Cleaning) -> tuple[int, int]:
    """How many events and invocations were deleted."""
    async with connection.transaction():
        await connection.execute(_WITHIN, f"{cleaning.seconds}s")
        rows = await connection.fetch(_OLD, cleaning.trigger, cleaning.hours, cleaning.batch)
        ids = [row["id"] for row in rows]
        calls = 0
        if cleaning.with_calls:
            calls = _affected(await connection.execute(_DELETE_CALLS, ids))
        else:
            await connection.execute(_KEEP_CALLS, ids, cleaning.trigger)
        return _affected(await connection.execute(_DELETE_EVENTS, ids)), calls


def _affected(tag: str) -> int:
    """The number in a command tag.

    >>> _affected("DELETE 3")
    3
    """
    return int(tag.rpartition(" ")[2])


def pause_event_trigger_cleanups(arguments: Json) -> Edit:
    """`pause_event_trigger_cleanups {event_triggers}`: a list of `{source_name, event_triggers}`,
    or `{sources: "*" | [names]}` for every trigger there that declares a clean-up."""
    return _set_paused(_chosen(Arguments.of(arguments)), paused=True)


def resume_event_trigger_cleanups(arguments: Json) -> Edit:
    """`resume_event_trigger_cleanups`: as `pause_event_trigger_cleanups`."""
    return _set_paused(_chosen(Arguments.of(arguments)), paused=False)


def _chosen(given: Arguments) -> Chosen:
    value = given.need("event_triggers")
    if isinstance(value, dict):
        inner = given.inner("event_triggers")
        if inner.get("sources") == _EVERY:
            return {_EVERY: None}
        return dict.fromkeys(_some(inner, "sources"))
    if not isinstance(value, list) or not value:
        text = "expected {sources: …} or a list of {source_name, event_triggers}"
        raise ParseFailed(text, path=given.at("event_triggers"))
    chosen: dict[str, list[str]] = {}
    for index, item in enumerate(value):
        one = Arguments.of(item, (*given.at("event_triggers"), index))
        source = one.text_or_none("source_name") or "default"
        chosen.setdefault(source, []).extend(_some(one, "event_triggers"))
    return chosen


def _some(given: Arguments, key: str) -> list[str]:
    names = given.texts(key)
    if not names:
        raise ParseFailed("expected at least one name", path=given.at(key))
    return names


def _set_paused(chosen: Chosen, *, paused: bool) -> Edit:
    def apply(document: Json) -> None:
        for config in list(_cleanups(document, chosen)):
            config["paused"] = paused

    return Edit(apply)


def _cleanups(document: Json, chosen: Chosen) -> Iterable[Entry]:
    """The `cleanup_config`s that are meant; raises `ApiError` `not-exists` where one is missing."""
    if _EVERY in chosen:
        chosen = {one["name"]: None for one in document.get("sources", [])}
    for source, names in chosen.items():
        if names is None:
            yield from _declared(doc.need_source(document, source))
            continue
        for name in names:
            config = need_trigger(document, source, name).entry.get("cleanup_config")
            if not isinstance(config, dict):
                text = f"cleanup config does not exist for {name}"
                raise ApiError(text, code="not-exists", path=ARGS)
            yield config


def _declared(source: Entry) -> Iterable[Entry]:
    for _, table in doc.tables(source):
        for trigger in table.get("event_triggers", []):
            if isinstance(trigger.get("cleanup_config"), dict):
                yield trigger["cleanup_config"]
