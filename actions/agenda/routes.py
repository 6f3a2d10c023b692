"""The actions of the agenda."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from actions.agenda.events import Event, Written, create_event, update_event
from actions.calls import Arguments, Call, WithPool, person_of
from service.failures import Refusal


class CreateEvent(Arguments):
    """Arguments of `createEvent`; date and time as people write them."""

    date: str
    time: str
    venue: str
    address: str


class UpdateEvent(Arguments):
    """Arguments of `updateEvent`; what is left out stays as it is."""

    id: UUID
    date: str | None = None
    time: str | None = None
    venue: str | None = None
    address: str | None = None


def routes() -> APIRouter:
    """One route an action."""
    router = APIRouter()
    router.add_api_route("/createEvent", create, methods=["POST"])
    router.add_api_route("/updateEvent", update, methods=["POST"])
    return router


async def create(call: Call[CreateEvent], pool: WithPool) -> Event:
    """Add an event to the caller's agenda."""
    given = call.input
    written = Written(given.date, given.time, given.venue, given.address)
    return await create_event(pool, _owner(call), written)


async def update(call: Call[UpdateEvent], pool: WithPool) -> Event:
    """Change an event of the caller's agenda."""
    given = call.input
    written = Written(given.date, given.time, given.venue, given.address)
    return await update_event(pool, _owner(call), given.id, written)


def _owner(call: Call[Any]) -> UUID:
    """The user whose agenda it is. Raises `Refusal` 403 where the caller is no user."""
    user = person_of(call).user_id
    if user is None:
        raise Refusal(403, "access-denied", "an agenda is a user's: send x-hasura-user-id")
    return user
