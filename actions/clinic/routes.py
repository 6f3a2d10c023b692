"""The actions of the clinic."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from pydantic import AwareDatetime, Field

from actions.calls import Arguments, Call, WithPool, person_of
from actions.clinic.appointments import Appointment, Kind, Wanted, create_appointment
from service.failures import Refusal


class CreateAppointment(Arguments):
    """Arguments of `createAppointment`; a start has its offset from UTC."""

    therapist_id: UUID
    type: Kind
    starts_at: AwareDatetime
    duration_minutes: Annotated[int, Field(ge=5, le=480)]


IdempotencyKey = Annotated[str | None, Header(max_length=200, min_length=1)]


def routes() -> APIRouter:
    """One route an action."""
    router = APIRouter()
    router.add_api_route("/createAppointment", create, methods=["POST"])
    return router


async def create(
    call: Call[CreateAppointment],
    pool: WithPool,
    idempotency_key: IdempotencyKey = None,
) -> Appointment:
    """Make an appointment; the same request again gives the same appointment."""
    user = person_of(call).user_id
    if user is None:
        raise Refusal(403, "access-denied", "an appointment is a user's: send x-hasura-user-id")
    given = call.input
    wanted = Wanted(
        user=user,
        therapist_id=given.therapist_id,
        type=given.type,
        starts_at=_in_utc(given.starts_at),
        duration_minutes=given.duration_minutes,
        key=idempotency_key,
    )
    return await create_appointment(pool, wanted)


def _in_utc(time: dt.datetime) -> dt.datetime:
    try:
        return time.astimezone(dt.UTC)
    except OverflowError:
        raise Refusal(400, "parse-failed", "starts_at: is out of range") from None
