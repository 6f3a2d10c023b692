"""Events of event triggers: written by hand, read, delivered again, cleaned up."""

import asyncpg
import pytest

from rowgate.base.json import Json
from rowgate.base.session import Session
from tests.integration.admin.conftest import Desk

METADATA = "/v1/metadata"
CLEANUP = {"schedule": "0 0 * * *", "clear_older_than": 168}


def trigger(name: str, **more: Json) -> Json:
    given = {"name": name, "table": "author", "webhook": "http://h", "enable_manual": True, **more}
    return {"type": "pg_create_event_trigger", "args": given}


@pytest.fixture
async def events(library: Desk) -> Desk:
    """An author table with two triggers, one of which may be invoked by hand."""
    quoted = trigger("a \"quoted' name", cleanup_config=CLEANUP)
    silent = trigger("silent", enable_manual=False, insert={"columns": "*"})
    await library.do("bulk", [quoted, silent], to=METADATA)
    return library


NAME = "a \"quoted' name"


async def run(desk: Desk, text: str, *values: Json) -> None:
    connection = await asyncpg.connect(desk.source)
    try:
        await connection.execute(text, *values)
    finally:
        await connection.close()


async def invoke(desk: Desk, payload: Json = None) -> str:
    given = {"name": NAME, "payload": {"id": 1} if payload is None else payload}
    answer = await desk.do("pg_invoke_event_trigger", given, to=METADATA)
    assert set(answer) == {"event_id"}
    return str(answer["event_id"])


async def test_an_event_written_by_hand_is_in_the_log(events: Desk) -> None:
    payload = {"text": 'it\'s "ü" $1 --', "number": 123456789012345678901234567890, "none": None}
    event = await invoke(events, payload)
    [found] = await events.do("pg_get_event_logs", {"name": NAME}, to=METADATA)
    assert found.pop("created_at").endswith("Z")
    assert found == {
        "id": event,
        "schema_name": "public",
        "table_name": "author",
        "trigger_name": NAME,
        "payload": {
            "op": "MANUAL",
            "data": {"old": None, "new": payload},
            "session_variables": {"x-hasura-role": "admin"},
            "trace_context": None,
        },
        "delivered": False,
        "error": False,
        "tries": 0,
        "locked": None,
        "next_retry_at": None,
        "archived": False,
    }


async def test_nothing_is_made_in_a_database_by_reading(events: Desk) -> None:
    assert await events.do("pg_get_event_logs", {"name": NAME}, to=METADATA) == []
    assert await events.do("pg_get_event_invocation_logs", {"name": NAME}, to=METADATA) == []
    missing = await events.refused("pg_get_event_by_id", {"event_id": "x"}, to=METADATA)
    assert (missing["code"], missing["error"]) == ("not-exists", "event id x does not exist")
    cleaned = {"event_trigger_name": NAME, "clear_older_than": 1}
    assert await events.do("cleanup_event_trigger_logs", cleaned, to=METADATA) == {
        "message": "success",
        "deleted_event_logs": 0,
        "deleted_invocation_logs": 0,
    }
    schemas = await events.sql("select count(*) from pg_namespace where nspname = 'hdb_catalog'")
    assert schemas["result"][1] == ["0"]


async def test_a_database_that_hasura_left_is_used_as_it_is(events: Desk) -> None:
    await run(
        events,
        """
        create schema hdb_catalog;
        create table hdb_catalog.event_log (
            id text primary key, schema_name text not null, table_name text not null,
            trigger_name text not null, payload jsonb not null,
            delivered boolean not null default false, error boolean not null default false,
            tries integer not null default 0, created_at timestamp default now(),
            locked timestamptz, next_retry_at timestamp, archived boolean not null default false
        );
        create table hdb_catalog.event_invocation_logs (
            id text primary key, event_id text, status integer, request json, response json,
            created_at timestamp default now()
        );
        insert into hdb_catalog.event_log
            (id, schema_name, table_name, trigger_name, payload, created_at)
            values ('e', 'public', 'author', 'silent', '{"op": "INSERT"}', '2026-01-02T03:04:05.6');
        """,
    )
    [found] = await events.do("pg_get_event_logs", {"name": "silent"}, to=METADATA)
    assert (found["id"], found["created_at"]) == ("e", "2026-01-02T03:04:05.6Z")
    assert await events.do("pg_get_event_invocation_logs", {"name": "silent"}, to=METADATA) == []
    assert await invoke(events)


async def test_logs_by_status_in_pages(events: Desk) -> None:
    made = [await invoke(events) for _ in range(5)]
    age = "update hdb_catalog.event_log set created_at = now() - make_interval(hours => $2::int)"
    for hours, event in enumerate(made):
        await run(events, f"{age} where id = $1", event, hours)
    await run(events, "update hdb_catalog.event_log set delivered = true where id = $1", made[1])
    await run(events, "update hdb_catalog.event_log set error = true where id = $1", made[2])
    await run(events, "update hdb_catalog.event_log set archived = true where id = $1", made[3])

    async def ids(**given: Json) -> list[str]:
        rows = await events.do("pg_get_event_logs", {"name": NAME, **given}, to=METADATA)
        return [row["id"] for row in rows]

    assert await ids() == made
    assert await ids(status="pending") == [made[0], made[4]]
    assert await ids(status="processed") == [made[1], made[2]]
    assert await ids(limit=2, offset=1) == made[1:3]
    assert await ids(limit=0) == []
    assert await ids(offset=9) == []


async def test_an_event_with_its_invocations(events: Desk) -> None:
    event = await invoke(events)
    for status in (500, 200):
        await run(
            events,
            """
            insert into hdb_catalog.event_invocation_logs
                (id, trigger_name, event_id, status, request, response, created_at)
                values ($3, $1, $2, $4::int, '{"a": 1}', null,
                    timestamp '2026-01-01' + make_interval(secs => -$4::int))
            """,
            NAME,
            event,
            f"call-{status}",
            status,
        )
    found = await events.do("pg_get_event_by_id", {"event_id": event}, to=METADATA)
    assert found["event"]["id"] == event
    assert [one["id"] for one in found["invocations"]] == ["call-200", "call-500"]
    assert found["invocations"][0] == {
        "id": "call-200",
        "trigger_name": NAME,
        "event_id": event,
        "http_status": 200,
        "request": {"a": 1},
        "response": None,
        "created_at": "2025-12-31T23:56:40Z",
    }
    logs = await events.do("pg_get_event_invocation_logs", {"name": NAME}, to=METADATA)
    assert logs == found["invocations"]
    second = {"event_id": event, "invocation_log_limit": 1, "invocation_log_offset": 1}
    found = await events.do("pg_get_event_by_id", second, to=METADATA)
    assert [one["id"] for one in found["invocations"]] == ["call-500"]


async def test_an_event_is_delivered_again(events: Desk) -> None:
    event = await invoke(events)
    done = "update hdb_catalog.event_log set delivered = true, error = true, tries = 7, locked = "
    await run(events, f"{done} now() - interval '1 hour' where id = $1", event)
    again = {"event_id": event}
    assert await events.do("pg_redeliver_event", again, to=METADATA) == {"message": "success"}
    [found] = await events.do("pg_get_event_logs", {"name": NAME}, to=METADATA)
    assert (found["delivered"], found["error"], found["tries"]) == (False, False, 0)
    await run(events, f"{done} now() where id = $1", event)
    answer = await events.refused("pg_redeliver_event", again, to=METADATA)
    assert (answer["code"], answer["error"]) == ("busy", "event is already being processed")


async def test_old_events_are_deleted_in_batches(events: Desk) -> None:
    made = [await invoke(events) for _ in range(5)]
    await run(
        events,
        """
        update hdb_catalog.event_log set delivered = true, created_at = now() - interval '5 hours'
            where id <> all($1::text[])
        """,
        made[:1],
    )
    call = "insert into hdb_catalog.event_invocation_logs (trigger_name, event_id) values ($1, $2)"
    for event in made:
        await run(events, call, NAME, event)
    given = {"event_trigger_name": NAME, "clear_older_than": 6}
    kept = await events.do("cleanup_event_trigger_logs", given, to=METADATA)
    assert kept["deleted_event_logs"] == 0
    given |= {"clear_older_than": 4, "batch_size": 2, "clean_invocation_logs": True}
    assert await events.do("cleanup_event_trigger_logs", given, to=METADATA) == {
        "message": "success",
        "deleted_event_logs": 4,
        "deleted_invocation_logs": 4,
    }
    [left] = await events.do("pg_get_event_logs", {"name": NAME}, to=METADATA)
    assert left["id"] == made[0]


async def test_invocations_outlive_their_events_unless_told(events: Desk) -> None:
    event = await invoke(events)
    await run(events, "update hdb_catalog.event_log set error = true, created_at = '2020-01-01'")
    call = "insert into hdb_catalog.event_invocation_logs (event_id) values ($1)"
    await run(events, call, event)
    given = {"event_trigger_name": NAME, "clear_older_than": 1}
    answer = await events.do("cleanup_event_trigger_logs", given, to=METADATA)
    assert (answer["deleted_event_logs"], answer["deleted_invocation_logs"]) == (1, 0)
    [left] = await events.do("pg_get_event_invocation_logs", {"name": NAME}, to=METADATA)
    assert left["event_id"] == event


@pytest.mark.parametrize(
    "chosen",
    [
        [{"event_triggers": [NAME]}],
        [{"source_name": "default", "event_triggers": [NAME]}],
        {"sources": "*"},
        {"sources": ["default"]},
    ],
)
async def test_cleanups_are_paused_and_resumed(events: Desk, chosen: Json) -> None:
    given = {"event_triggers": chosen}

    async def paused() -> list[Json]:
        document = await events.do("export_metadata", {}, to=METADATA)
        found = document["sources"][0]["tables"][0]["event_triggers"]
        return [one.get("cleanup_config", {}).get("paused") for one in found]

    await events.do("pause_event_trigger_cleanups", given, to=METADATA)
    assert await paused() == [True, None]
    await events.do("resume_event_trigger_cleanups", given, to=METADATA)
    assert await paused() == [False, None]


UNKNOWN = {"name": "nobody's"}


@pytest.mark.parametrize(
    ("kind", "given", "code", "path"),
    [
        ("pg_invoke_event_trigger", {"name": NAME}, "parse-failed", "$"),
        ("pg_invoke_event_trigger", {"payload": 1}, "parse-failed", "$"),
        ("pg_invoke_event_trigger", {"name": 7, "payload": 1}, "parse-failed", "$.name"),
        ("pg_invoke_event_trigger", UNKNOWN | {"payload": 1}, "not-exists", "$.args"),
        ("pg_invoke_event_trigger", {"name": "silent", "payload": 1}, "not-supported", "$.args"),
        (
            "pg_invoke_event_trigger",
            {"name": NAME, "payload": 1, "source": "other"},
            "not-exists",
            "$.args",
        ),
        ("pg_invoke_event_trigger", {"name": NAME, "payload": "\0"}, "data-exception", "$"),
        ("pg_redeliver_event", {}, "parse-failed", "$"),
        ("pg_redeliver_event", {"event_id": ["x"]}, "parse-failed", "$.event_id"),
        ("pg_redeliver_event", {"event_id": "x"}, "not-exists", "$.args"),
        ("pg_get_event_logs", [], "parse-failed", "$"),
        ("pg_get_event_logs", UNKNOWN, "not-exists", "$.args"),
        ("pg_get_event_logs", {"name": NAME, "status": "all"}, "parse-failed", "$.status"),
        ("pg_get_event_logs", {"name": NAME, "limit": -1}, "parse-failed", "$.limit"),
        ("pg_get_event_logs", {"name": NAME, "offset": "1"}, "parse-failed", "$.offset"),
        ("pg_get_event_logs", {"name": NAME, "limit": True}, "parse-failed", "$.limit"),
        ("pg_get_event_invocation_logs", UNKNOWN, "not-exists", "$.args"),
        ("pg_get_event_invocation_logs", {"name": ""}, "parse-failed", "$.name"),
        ("pg_get_event_by_id", {"event_id": 1}, "parse-failed", "$.event_id"),
        ("pg_get_event_by_id", {"event_id": "'; --"}, "not-exists", "$.args"),
        (
            "cleanup_event_trigger_logs",
            {"event_trigger_name": "x", "clear_older_than": 1},
            "not-exists",
            "$.args",
        ),
        ("cleanup_event_trigger_logs", {"event_trigger_name": NAME}, "parse-failed", "$"),
        (
            "cleanup_event_trigger_logs",
            {"event_trigger_name": NAME, "clear_older_than": -1},
            "parse-failed",
            "$.clear_older_than",
        ),
        (
            "cleanup_event_trigger_logs",
            {"event_trigger_name": NAME, "clear_older_than": 2**40},
            "parse-failed",
            "$.clear_older_than",
        ),
        (
            "cleanup_event_trigger_logs",
            {"event_trigger_name": NAME, "clear_older_than": 1, "batch_size": 0},
            "parse-failed",
            "$.batch_size",
        ),
        (
            "pause_event_trigger_cleanups",
            {"event_triggers": []},
            "parse-failed",
            "$.event_triggers",
        ),
        (
            "pause_event_trigger_cleanups",
            {"event_triggers": [{"event_triggers": ["silent"]}]},
            "not-exists",
            "$.args",
        ),
        (
            "resume_event_trigger_cleanups",
            {"event_triggers": {"sources": ["other"]}},
            "not-exists",
            "$.args",
        ),
        (
            "resume_event_trigger_cleanups",
            {"event_triggers": {"sources": []}},
            "parse-failed",
            "$.event_triggers.sources",
        ),
        (
            "pause_event_trigger_cleanups",
            {"event_triggers": "*"},
            "parse-failed",
            "$.event_triggers",
        ),
    ],
)
async def test_refusals(events: Desk, kind: str, given: Json, code: str, path: str) -> None:
    answer = await events.refused(kind, given, to=METADATA)
    assert (answer["code"], answer["path"]) == (code, path)


@pytest.mark.parametrize(
    "kind", ["pg_invoke_event_trigger", "pg_get_event_logs", "cleanup_event_trigger_logs"]
)
async def test_they_are_for_admins(events: Desk, kind: str) -> None:
    given = {"name": NAME, "payload": 1, "event_trigger_name": NAME, "clear_older_than": 0}
    command = {"type": kind, "args": given}
    status, answer = await events.send(command, session=Session("user"), to=METADATA)
    assert (status, answer["code"]) == (400, "access-denied")
