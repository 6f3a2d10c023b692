"""Making appointments: the same request gives the same row, and no two of a therapist overlap."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import asyncpg

from service.database import Pool
from service.failures import Refusal

_SHOWN = "id, therapist_id, type, starts_at, duration_minutes, ends_at"
_INSERT = f"""
insert into clinic.appointments
    (created_by, therapist_id, type, starts_at, duration_minutes, idempotency_key)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing
returning {_SHOWN}
"""  # noqa: S608 - columns of this module
_BY_KEY = f"""
select {_SHOWN} from clinic.appointments where created_by = $1 and idempotency_key = $2
"""  # noqa: S608
_ALIKE = f"""
select {_SHOWN} from clinic.appointments
where created_by = $1 and therapist_id = $2 and type = $3 and starts_at = $4
    and duration_minutes = $5
"""  # noqa: S608

Kind = Literal["one-off", "consultation"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An appointment that `user` asks for; `key` is the client's Idempotency-Key, if any."""

    user: UUID
    therapist_id: UUID
    type: Kind
    starts_at: dt.datetime
    duration_minutes: int
    key: str | None

    @property
    def content(self) -> tuple[UUID, str, dt.datetime, int]:
        """What the appointment says."""
        return self.therapist_id, self.type, self.starts_at, self.duration_minutes


@dataclass(frozen=True, slots=True)
class Appointment:
    """A stored appointment."""

    id: UUID
    therapist_id: UUID
    type: str
    starts_at: dt.datetime
    duration_minutes: int
    ends_at: dt.datetime


async def create_appointment(pool: Pool, wanted: Wanted) -> Appointment:
    """The appointment that was asked for: a new one, or the one that the same request made before.

    Raises `Refusal`: 400 for a value that does not fit, 409 where the key was used for another
    appointment, or the therapist has another one at that time.
    """
    if wanted.key is not None and (made := await pool.fetchrow(_BY_KEY, wanted.user, wanted.key)):
        return _same(made, wanted)
    row = await _inserted(pool, wanted)
    if row is not None:
        return Appointment(**row)
    # Somebody was first: with the same key, with the same appointment, or with another one.
    if wanted.key is not None and (made := await pool.fetchrow(_BY_KEY, wanted.user, wanted.key)):
        return _same(made, wanted)
    if alike := await pool.fetchrow(_ALIKE, wanted.user, *wanted.content):
        return Appointment(**alike)
    raise Refusal(409, "appointment-overlaps", "the therapist has another appointment at that time")


async def _inserted(pool: Pool, wanted: Wanted) -> asyncpg.Record | None:
    try:
        return await pool.fetchrow(_INSERT, wanted.user, *wanted.content, wanted.key)
    except asyncpg.CheckViolationError as error:
        field = (error.constraint_name or "").removeprefix("appointments_").removesuffix("_check")
        raise Refusal(400, "parse-failed", f"{field}: is out of range") from None
    except asyncpg.ForeignKeyViolationError as error:
        if error.constraint_name == "appointments_therapist_id_fkey":
            raise Refusal(400, "parse-failed", "therapist_id: no such therapist") from None
        raise Refusal(403, "access-denied", "this user is gone") from None
    except (asyncpg.DataError, asyncpg.CharacterNotInRepertoireError):
        raise Refusal(400, "parse-failed", "a value is out of range") from None


def _same(made: asyncpg.Record, wanted: Wanted) -> Appointment:
    """The appointment that the key stands for. Raises `Refusal` 409 where it is another one."""
    found = Appointment(**made)
    said = (found.therapist_id, found.type, found.starts_at, found.duration_minutes)
    if said != wanted.content:
        told = "this Idempotency-Key was used for another appointment"
        raise Refusal(409, "idempotency-key-reused", told)
    return found
