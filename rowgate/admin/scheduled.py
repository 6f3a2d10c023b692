"""Commands about scheduled events: one-off events are made, listed and deleted here, those of cron
triggers listed and deleted. The tables are in the metadata's database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rowgate.admin.arguments import Arguments, expect_list, expect_text
from rowgate.admin.document import ARGS
from rowgate.admin.draft import Draft, Task
from rowgate.admin.records import shown_all
from rowgate.admin.types import SUCCESS
from rowgate.admin.webhooks import CRON_TRIGGERS, check_headers
from rowgate.base.errors import ApiError, NotSupported, ParseFailed
from rowgate.base.json import Json, encode_text

ONE_OFF, CRON = "one_off", "cron"
_STATUSES = frozenset({"scheduled", "locked", "delivered", "error", "dead"})
_RETRY: Mapping[str, int] = {
    "num_retries": 0,
    "retry_interval_seconds": 10,
    "timeout_seconds": 60,
    "tolerance_seconds": 21_600,
}
_UNBUILT = ("request_transform", "response_transform")
_INSERT = """
    insert into hdb_catalog.hdb_scheduled_events
        (webhook_conf, scheduled_time, payload, retry_conf, header_conf, comment)
    values ($1::text::json, $2, $3::text::json, $4::text::json, $5::text::json, $6)
    returning id
"""
_DELETE = {
    ONE_OFF: "delete from hdb_catalog.hdb_scheduled_events where id = $1 returning id",
    CRON: "delete from hdb_catalog.hdb_cron_events where id = $1 returning id",
}
_CALL = """
    select i.id, i.event_id, i.status, i.request::text as "request$",
        i.response::text as "response$", i.created_at
"""


@dataclass(frozen=True, slots=True)
class Listing:
    """A kind of rows that is listed: what of them (`shown`), which ones (`chosen`, whose first two
    parameters are given), and the order."""

    shown: str
    chosen: str
    order: str

    @property
    def page(self) -> str:
        """The query for a page: `$3` rows at most (null: all), without the first `$4`."""
        return f"{self.shown} {self.chosen} order by {self.order} limit $3 offset $4"

    @property
    def count(self) -> str:
        """The query for how many there are altogether."""
        return f"select count(*) {self.chosen}"


_EVENTS = {
    ONE_OFF: Listing(
        """
        select id, webhook_conf::text as "webhook_conf$", scheduled_time,
            retry_conf::text as "retry_conf$", payload::text as "payload$",
            header_conf::text as "header_conf$", status, tries, created_at, next_retry_at, comment
        """,
        """
        from hdb_catalog.hdb_scheduled_events
        where $1::text is null and ($2::text[] = '{}' or status = any($2))
        """,
        "scheduled_time, id",
    ),
    CRON: Listing(
        """
        select id, trigger_name, scheduled_time, status, tries, created_at, next_retry_at
        """,
        """
        from hdb_catalog.hdb_cron_events
        where trigger_name = $1::text and ($2::text[] = '{}' or status = any($2))
        """,
        "scheduled_time, id",
    ),
}
_CALLS = {
    ONE_OFF: Listing(
        _CALL,
        """
        from hdb_catalog.hdb_scheduled_event_invocation_logs i
        where $1::text is null and ($2::text is null or i.event_id = $2)
        """,
        "i.created_at desc, i.id",
    ),
    CRON: Listing(
        _CALL,
        """
        from hdb_catalog.hdb_cron_event_invocation_logs i
        join hdb_catalog.hdb_cron_events e on e.id = i.event_id
        where ($1::text is null or e.trigger_name = $1) and ($2::text is null or i.event_id = $2)
        """,
        "i.created_at desc, i.id",
    ),
}


def create_scheduled_event(arguments: Json) -> Task:
    """`create_scheduled_event {webhook, schedule_at, payload, headers, retry_conf, comment}`: note
    an event for later; answers its id."""
    given = Arguments.of(arguments)
    headers = _headers(given)
    for key in _UNBUILT:
        if given.has(key):
            text = f"'{key}' of a scheduled event is not supported"
            raise NotSupported(text, path=given.at(key))
    payload = given.get("payload")
    values = (
        encode_text(given.text("webhook")),
        _time(given, "schedule_at"),
        None if payload is None else encode_text(payload),
        encode_text(_retries(given)),
        encode_text(headers),
        given.comment(),
    )

    async def run(draft: Draft) -> Json:
        async with draft.tools.store.connection() as connection:
            event = await connection.fetchval(_INSERT, *values)
        return {"message": "success", "event_id": event}

    return Task(run)


def _headers(given: Arguments) -> list[Json]:
    check_headers(given.get("headers"), given.at("headers"))
    headers: list[Json] = given.get("headers", [])
    for index, item in enumerate(headers):
        one = Arguments(item, (*given.at("headers"), index))
        one.text("name")
        if one.has("value") == one.has("value_from_env"):
            text = "exactly one of 'value' and 'value_from_env' is needed"
            raise ParseFailed(text, path=one.path)
        one.text("value" if one.has("value") else "value_from_env")
    return headers


def _time(given: Arguments, key: str) -> datetime:
    try:
        time = datetime.fromisoformat(given.text(key))
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    text = "expected an ISO 8601 time with its zone, as 2030-01-02T03:04:05Z"
    raise ParseFailed(text, path=given.at(key))


def _retries(given: Arguments) -> Json:
    if not given.has("retry_conf"):
        return _RETRY
    inner = given.inner("retry_conf")
    return {key: inner.number(key, default) for key, default in _RETRY.items()}


def delete_scheduled_event(arguments: Json) -> Task:
    """`delete_scheduled_event {type, event_id}`: with the record of its invocations."""
    given = Arguments.of(arguments)
    kind, event = _kind(given), given.text("event_id")

    async def run(draft: Draft) -> Json:
        async with draft.tools.store.connection() as connection:
            deleted = await connection.fetchval(_DELETE[kind], event)
        if deleted is None:
            text = f"scheduled event {event} does not exist"
            raise ApiError(text, code="not-exists", path=ARGS)
        return SUCCESS

    return Task(run)


def get_scheduled_events(arguments: Json) -> Task:
    """`get_scheduled_events {type, trigger_name, status, limit, offset, get_rows_count}`: events by
    their time; how many there are altogether, if asked."""
    given = Arguments.of(arguments)
    kind = _kind(given)
    trigger = given.text("trigger_name") if kind == CRON else None
    wanted = (trigger, _statuses(given))
    return _list(given, ("events", _EVENTS[kind]), trigger, wanted)


def get_scheduled_event_invocations(arguments: Json) -> Task:
    """`get_scheduled_event_invocations {type, trigger_name | event_id, limit, offset,
    get_rows_count}`: what webhooks were sent and answered, newest first."""
    given = Arguments.of(arguments)
    kind = _kind(given)
    event = given.text_or_none("event_id")
    trigger = given.text("trigger_name") if kind == CRON and event is None else None
    return _list(given, ("invocations", _CALLS[kind]), trigger, (trigger, event))


def _list(
    given: Arguments, listed: tuple[str, Listing], trigger: str | None, wanted: Sequence[Json]
) -> Task:
    key, listing = listed
    limit = given.number("limit", 0) if given.has("limit") else None
    offset, counted = given.number("offset", 0), given.flag("get_rows_count")

    async def run(draft: Draft) -> Json:
        if trigger is not None and CRON_TRIGGERS.find(draft.generation.document, trigger) is None:
            text = f"cron trigger with name: {trigger} does not exist"
            raise ApiError(text, code="not-exists", path=ARGS)
        async with draft.tools.store.connection() as connection:
            rows = await connection.fetch(listing.page, *wanted, limit, offset)
            answer: dict[str, Json] = {key: shown_all(rows)}
            if counted:
                answer["count"] = await connection.fetchval(listing.count, *wanted)
        return answer

    return Task(run)


def _kind(given: Arguments) -> str:
    kind = given.text("type")
    if kind not in _DELETE:
        raise ParseFailed("expected one of one_off, cron", path=given.at("type"))
    return kind


def _statuses(given: Arguments) -> list[str]:
    statuses = expect_list(given.get("status", []), given.at("status"))
    for index, item in enumerate(statuses):
        if expect_text(item, (*given.at("status"), index)) not in _STATUSES:
            raise ParseFailed(f"unexpected status: {item}", path=(*given.at("status"), index))
    return statuses
