"""Rows of events, each written for its owner."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from actions.agenda.reading import read_date, read_time
from service.database import Pool
from service.failures import Refusal

_INSERT = """
insert into agenda.events (owner_id, date, time, venue, address) values ($1, $2, $3, $4, $5)
returning id, date, time, venue, address
"""
_UPDATE = """
update agenda.events set
    date = coalesce($3, date), time = coalesce($4, time),
    venue = coalesce($5, venue), address = coalesce($6, address)
where id = $1 and owner_id = $2
returning id, date, time, venue, address
"""


@dataclass(frozen=True, slots=True)
class Written:
    """An event as somebody wrote it; what is None stays as it is."""

    date: str | None
    time: str | None
    venue: str | None
    address: str | None

    def values(self) -> tuple[dt.date | None, dt.time | None, str | None, str | None]:
        """The values of the columns. Raises `Refusal` 400, naming the field."""
        date = None if self.date is None else read_date(self.date)
        time = None if self.time is None else read_time(self.time)
        return date, time, self.venue, self.address


@dataclass(frozen=True, slots=True)
class Event:
    """A stored event; `date` and `time` are in the form of ISO 8601."""

    id: UUID
    date: str
    time: str
    venue: str
    address: str


async def create_event(pool: Pool, owner: UUID, written: Written) -> Event:
    """Store a new event of `owner`. Raises `Refusal` 400 for a value that does not fit."""
    return _event(await _one(pool, _INSERT, owner, *written.values()))


async def update_event(pool: Pool, owner: UUID, event: UUID, written: Written) -> Event:
    """Change an event of `owner`. Raises `Refusal`: 400 for a value that does not fit, 404 where
    there is no such event of theirs."""
    return _event(await _one(pool, _UPDATE, event, owner, *written.values()))


async def _one(pool: Pool, sql: str, *values: object) -> asyncpg.Record:
    try:
        row = await pool.fetchrow(sql, *values)
    except asyncpg.CheckViolationError as error:
        field = (error.constraint_name or "").split("_")[1]
        raise Refusal(400, "parse-failed", f"{field}: is empty or too long") from None
    except asyncpg.ForeignKeyViolationError:
        raise Refusal(403, "access-denied", "this user is gone") from None
    except asyncpg.CharacterNotInRepertoireError:
        raise Refusal(400, "parse-failed", "a text holds a character that is none") from None
    if row is None:
        raise Refusal(404, "not-found", "no such event")
    return row


def _event(row: asyncpg.Record) -> Event:
    shown = row["time"].isoformat(timespec="seconds")
    return Event(row["id"], row["date"].isoformat(), shown, row["venue"], row["address"])
