"""Scheduled events: noted, listed, deleted, in Hasura's tables of the metadata's database."""

import asyncpg
import pytest

from rowgate.base.json import Json
from tests.integration.admin.conftest import Desk

METADATA = "/v1/metadata"
LATER = "2030-01-02T03:04:05.5+02:00"
HOOK = "http://h/{{X}}?a='\""
TRIGGER = {"name": "it's", "webhook": "http://h", "schedule": "* * * * *"}


async def run(desk: Desk, text: str, *values: Json) -> None:
    connection = await asyncpg.connect(desk.settings.metadata_database_url)
    try:
        await connection.execute(text, *values)
    finally:
        await connection.close()


async def note(desk: Desk, at: str = LATER, **more: Json) -> str:
    given = {"webhook": HOOK, "schedule_at": at, **more}
    answer = await desk.do("create_scheduled_event", given, to=METADATA)
    assert answer["message"] == "success"
    return str(answer["event_id"])


async def listed(desk: Desk, **given: Json) -> Json:
    return await desk.do("get_scheduled_events", {"type": "one_off", **given}, to=METADATA)


@pytest.fixture
async def cron(empty: Desk) -> Desk:
    """A cron trigger with three events, the second of which was tried twice."""
    trigger = {**TRIGGER, "include_in_metadata": True}
    await empty.do("create_cron_trigger", trigger, to=METADATA)
    await run(
        empty,
        """
        insert into hdb_catalog.hdb_cron_events (id, trigger_name, scheduled_time, status)
        values ('a', $1, '2026-01-01T00:00Z', 'dead'), ('b', $1, '2026-01-01T00:01Z', 'error'),
            ('c', $1, '2026-01-01T00:02Z', 'scheduled'), ('d', 'other', '2026-01-01Z', 'dead')
        """,
        TRIGGER["name"],
    )
    await run(
        empty,
        """
        insert into hdb_catalog.hdb_cron_event_invocation_logs
            (id, event_id, status, request, response, created_at)
        values ('1', 'b', 500, '{"n": 1}', '{"m": 1}', '2026-01-01T00:01:01Z'),
            ('2', 'b', null, null, null, '2026-01-01T00:01:02Z'),
            ('3', 'd', 200, null, null, '2026-01-01T00:01:03Z')
        """,
    )
    return empty


async def test_an_event_is_noted_and_listed(empty: Desk) -> None:
    payload = {"a": [1, None, "it's"], "n": 123456789012345678901234567890}
    headers = [{"name": "x", "value": "y"}, {"name": "z", "value_from_env": "Z"}]
    event = await note(empty, payload=payload, headers=headers, comment='"c"')
    answer = await listed(empty)
    [found] = answer.pop("events")
    assert answer == {}
    assert found.pop("created_at").endswith("Z")
    assert found == {
        "id": event,
        "webhook_conf": HOOK,
        "scheduled_time": "2030-01-02T01:04:05.5Z",
        "retry_conf": {
            "num_retries": 0,
            "retry_interval_seconds": 10,
            "timeout_seconds": 60,
            "tolerance_seconds": 21600,
        },
        "payload": payload,
        "header_conf": headers,
        "status": "scheduled",
        "tries": 0,
        "next_retry_at": None,
        "comment": '"c"',
    }


async def test_what_is_left_out_has_its_default(empty: Desk) -> None:
    await note(empty, retry_conf={"num_retries": 3})
    [found] = (await listed(empty))["events"]
    assert (found["payload"], found["header_conf"], found["comment"]) == (None, [], None)
    assert found["retry_conf"]["num_retries"] == 3
    assert found["retry_conf"]["timeout_seconds"] == 60


async def test_events_by_status_in_pages_with_their_count(empty: Desk) -> None:
    made = [await note(empty, f"2030-01-0{day}T00:00:00Z") for day in (3, 1, 2)]
    in_order = [made[1], made[2], made[0]]
    await run(
        empty, "update hdb_catalog.hdb_scheduled_events set status = 'dead' where id = $1", made[2]
    )

    async def ids(**given: Json) -> list[str]:
        return [one["id"] for one in (await listed(empty, **given))["events"]]

    assert await ids() == in_order
    assert await ids(status=["scheduled"]) == [made[1], made[0]]
    assert await ids(status=["dead", "error"]) == [made[2]]
    assert await ids(status=[]) == in_order
    assert await ids(limit=1, offset=1) == [made[2]]
    counted = await listed(empty, limit=1, get_rows_count=True, status=["scheduled"])
    assert (counted["count"], len(counted["events"])) == (2, 1)
    assert "count" not in await listed(empty, get_rows_count=False)


async def test_an_event_is_deleted_with_its_invocations(empty: Desk) -> None:
    event, other = await note(empty), await note(empty)
    call = "insert into hdb_catalog.hdb_scheduled_event_invocation_logs (event_id) values ($1)"
    for one in (event, other):
        await run(empty, call, one)
    given = {"type": "one_off", "event_id": event}
    assert await empty.do("delete_scheduled_event", given, to=METADATA) == {"message": "success"}
    assert [one["id"] for one in (await listed(empty))["events"]] == [other]
    calls = await empty.do("get_scheduled_event_invocations", {"type": "one_off"}, to=METADATA)
    assert [one["event_id"] for one in calls["invocations"]] == [other]
    again = await empty.refused("delete_scheduled_event", given, to=METADATA)
    assert again["code"] == "not-exists"


async def test_events_of_a_cron_trigger(cron: Desk) -> None:
    given: Json = {"type": "cron", "trigger_name": TRIGGER["name"]}
    answer = await cron.do("get_scheduled_events", given, to=METADATA)
    assert [one["id"] for one in answer["events"]] == ["a", "b", "c"]
    assert set(answer["events"][0]) == {
        *("id", "trigger_name", "scheduled_time", "status", "tries", "created_at"),
        "next_retry_at",
    }
    deleted = {"type": "cron", "event_id": "c"}
    await cron.do("delete_scheduled_event", deleted, to=METADATA)
    given |= {"status": ["dead", "error"], "get_rows_count": True, "offset": 1}
    answer = await cron.do("get_scheduled_events", given, to=METADATA)
    assert ([one["id"] for one in answer["events"]], answer["count"]) == (["b"], 2)


async def test_invocations_of_a_trigger_and_of_an_event(cron: Desk) -> None:
    given = {"type": "cron", "trigger_name": TRIGGER["name"], "get_rows_count": True, "limit": 1}
    answer = await cron.do("get_scheduled_event_invocations", given, to=METADATA)
    assert ([one["id"] for one in answer["invocations"]], answer["count"]) == (["2"], 2)
    given = {"type": "cron", "event_id": "b", "offset": 1}
    answer = await cron.do("get_scheduled_event_invocations", given, to=METADATA)
    assert answer == {
        "invocations": [
            {
                "id": "1",
                "event_id": "b",
                "status": 500,
                "request": {"n": 1},
                "response": {"m": 1},
                "created_at": "2026-01-01T00:01:01Z",
            }
        ]
    }


EVENT = {"webhook": "http://h", "schedule_at": LATER}
ONE_OFF = {"type": "one_off"}


@pytest.mark.parametrize(
    ("kind", "given", "code", "path"),
    [
        ("create_scheduled_event", {"webhook": "http://h"}, "parse-failed", "$"),
        ("create_scheduled_event", {"schedule_at": LATER}, "parse-failed", "$"),
        ("create_scheduled_event", EVENT | {"webhook": {}}, "parse-failed", "$.webhook"),
        (
            "create_scheduled_event",
            EVENT | {"schedule_at": "soon"},
            "parse-failed",
            "$.schedule_at",
        ),
        (
            "create_scheduled_event",
            EVENT | {"schedule_at": "2030-01-01T00:00:00"},
            "parse-failed",
            "$.schedule_at",
        ),
        (
            "create_scheduled_event",
            EVENT | {"schedule_at": "0001-01-01T00:00:00+14:00"},
            "parse-failed",
            "$.schedule_at",
        ),
        ("create_scheduled_event", EVENT | {"schedule_at": 5}, "parse-failed", "$.schedule_at"),
        ("create_scheduled_event", EVENT | {"comment": 5}, "parse-failed", "$.comment"),
        ("create_scheduled_event", EVENT | {"headers": {}}, "parse-failed", "$.headers"),
        ("create_scheduled_event", EVENT | {"headers": [{}]}, "parse-failed", "$.headers[0]"),
        (
            "create_scheduled_event",
            EVENT | {"headers": [{"name": "x", "value": "y", "value_from_env": "Z"}]},
            "parse-failed",
            "$.headers[0]",
        ),
        (
            "create_scheduled_event",
            EVENT | {"headers": [{"name": "x", "value_from_env": "HASURA_GRAPHQL_ADMIN_SECRET"}]},
            "parse-failed",
            "$.headers[0]",
        ),
        (
            "create_scheduled_event",
            EVENT | {"retry_conf": {"num_retries": -1}},
            "parse-failed",
            "$.retry_conf.num_retries",
        ),
        (
            "create_scheduled_event",
            EVENT | {"request_transform": {}},
            "not-supported",
            "$.request_transform",
        ),
        ("create_scheduled_event", EVENT | {"comment": "\0"}, "data-exception", "$"),
        ("delete_scheduled_event", {"event_id": "x"}, "parse-failed", "$"),
        ("delete_scheduled_event", {"type": "daily", "event_id": "x"}, "parse-failed", "$.type"),
        ("delete_scheduled_event", ONE_OFF | {"event_id": "'; --"}, "not-exists", "$.args"),
        ("delete_scheduled_event", ONE_OFF | {"event_id": 7}, "parse-failed", "$.event_id"),
        ("get_scheduled_events", {"type": "cron"}, "parse-failed", "$"),
        (
            "get_scheduled_events",
            {"type": "cron", "trigger_name": "nobody's"},
            "not-exists",
            "$.args",
        ),
        ("get_scheduled_events", ONE_OFF | {"status": ["new"]}, "parse-failed", "$.status[0]"),
        ("get_scheduled_events", ONE_OFF | {"status": "dead"}, "parse-failed", "$.status"),
        ("get_scheduled_events", ONE_OFF | {"limit": -1}, "parse-failed", "$.limit"),
        ("get_scheduled_events", ONE_OFF | {"limit": 2**70}, "data-exception", "$"),
        ("get_scheduled_events", ONE_OFF | {"offset": 0.5}, "parse-failed", "$.offset"),
        (
            "get_scheduled_events",
            ONE_OFF | {"get_rows_count": "yes"},
            "parse-failed",
            "$.get_rows_count",
        ),
        ("get_scheduled_event_invocations", {"type": "cron"}, "parse-failed", "$"),
        (
            "get_scheduled_event_invocations",
            {"type": "cron", "trigger_name": "x"},
            "not-exists",
            "$.args",
        ),
        ("get_scheduled_event_invocations", {}, "parse-failed", "$"),
    ],
)
async def test_refusals(empty: Desk, kind: str, given: Json, code: str, path: str) -> None:
    answer = await empty.refused(kind, given, to=METADATA)
    assert (answer["code"], answer["path"]) == (code, path)
