"""The three endpoints that take commands: `/v1/metadata`, `/v1/query` and `/v2/query`.

They differ in the commands they know; how a request is read, allowed, run and answered is one.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from itertools import takewhile
from typing import Protocol

from rowgate.admin import request as requests
from rowgate.admin.draft import Draft, run
from rowgate.admin.request import Bulk, BulkKind, Command, Endpoint, Single, singles
from rowgate.admin.types import Edit, OnBroken
from rowgate.base.errors import AccessDenied, ApiError, SchemaOutdated
from rowgate.base.json import Json, decode, encode
from rowgate.base.session import Session
from rowgate.database.failures import FAILURES, as_api_error
from rowgate.features.disclosure import disclosed
from rowgate.settings import Settings

Answer = tuple[int, bytes]
"""HTTP status and JSON body."""


class World(Protocol):
    """What the endpoints need of the world."""

    def reading(self, session: Session) -> Draft:
        """A view of the world as it is now, not to be changed."""

    def look_again(self) -> None:
        """Introspect the sources again, in the background."""

    def changing(
        self, session: Session, expected_version: int | None = None
    ) -> AbstractAsyncContextManager[Draft]:
        """The turn to change the world; what is done in the block is kept if it ends well.
        Raises `Conflict` where the metadata is not of `expected_version`."""


async def metadata_api(world: World, settings: Settings, body: bytes, session: Session) -> Answer:
    """`POST /v1/metadata`."""
    return await _answer(world, settings, (Endpoint.METADATA, body), session)


async def query_api_v1(world: World, settings: Settings, body: bytes, session: Session) -> Answer:
    """`POST /v1/query`: schema, metadata and rows in one, as in Hasura's first version."""
    return await _answer(world, settings, (Endpoint.QUERY_V1, body), session)


async def query_api_v2(world: World, settings: Settings, body: bytes, session: Session) -> Answer:
    """`POST /v2/query`: SQL and rows."""
    return await _answer(world, settings, (Endpoint.QUERY_V2, body), session)


async def _answer(
    world: World, settings: Settings, received: tuple[Endpoint, bytes], session: Session
) -> Answer:
    endpoint, body = received
    sent: Json = None
    try:
        sent = decode(body)
        asked = requests.read(sent, endpoint)
        authorize(asked.command, session)
        if not asked.command.writes and asked.resource_version is None:
            return 200, encode(await _run(asked.command, world.reading(session)))
        async with world.changing(session, asked.resource_version) as draft:
            value = await _run(asked.command, draft)
        return 200, encode(value)
    except (ApiError, *FAILURES) as error:
        snapshot = world.reading(session).generation.snapshot
        told = disclosed(as_api_error(error), snapshot, session, sent)
        if isinstance(told, SchemaOutdated):
            world.look_again()
        return refusal(told, settings, session)
    except RecursionError:
        return refusal(ApiError("the request is nested too deeply"), settings, session)


def authorize(command: Command, session: Session) -> None:
    """Raise `AccessDenied` where `command` has a part that is for admins, and `session` is not."""
    if not session.is_admin and not all(one.for_everyone for one in singles(command)):
        raise AccessDenied("restricted access : admin only", path=("args",))


def refusal(error: ApiError, settings: Settings, session: Session) -> Answer:
    """The status and body of `error`, with its internals for those who may see them."""
    shown = settings.dev_mode or (session.is_admin and settings.admin_internal_errors)
    return error.status, encode(error.as_body(with_internal=shown))


async def _run(command: Command, draft: Draft) -> Json:
    match command:
        case Single():
            return await run(command.step, draft)
        case Bulk(kind=BulkKind.KEEP_GOING):
            return [await _run_or_tell(item, draft) for item in command.items]
        case Bulk(kind=BulkKind.CONCURRENT):
            numbered = enumerate(command.items)
            return list(await asyncio.gather(*(_item(i, item, draft) for i, item in numbered)))
        case Bulk():
            return await _run_in_turn(command.items, draft)


async def _run_in_turn(items: Sequence[Command], draft: Draft) -> list[Json]:
    """The answers of `items`, one after another. Neighbouring edits are first tried at once: a
    script that tracks a thousand tables resolves the world once, not a thousand times."""
    answers: list[Json] = []
    while len(answers) < len(items):
        start = len(answers)
        edits = _edits_from(items, start)
        if len(edits) > 1 and await draft.apply_together(edits):
            answers += [edit.answer for edit in edits]
            continue
        for index in range(start, start + max(1, len(edits))):
            answers.append(await _item(index, items[index], draft))
    return answers


def _edits_from(items: Sequence[Command], start: int) -> list[Edit]:
    """The edits that stand side by side from `start` on, drops left out."""
    steps = (item.step if isinstance(item, Single) else None for item in items[start:])
    found = takewhile(
        lambda step: isinstance(step, Edit) and step.on_broken is OnBroken.REFUSE, steps
    )
    return [step for step in found if isinstance(step, Edit)]


async def _item(index: int, command: Command, draft: Draft) -> Json:
    try:
        return await _run(command, draft)
    except ApiError as error:
        raise error.under("args", index) from None


async def _run_or_tell(command: Command, draft: Draft) -> Json:
    try:
        return await _run(command, draft)
    except ApiError as error:
        return error.as_body(with_internal=True)
