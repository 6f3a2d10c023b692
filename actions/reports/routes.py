"""The actions of reports, and the status of the whole."""

from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, StringConstraints

from actions.calls import Arguments, Call, WithPool, person_of
from actions.reports.drafts import MOST_FINDINGS, Draft, store
from actions.reports.model import ModelSettings, drafted
from service.failures import Refusal

Findings = Annotated[
    str, StringConstraints(min_length=1, max_length=MOST_FINDINGS, pattern=r"^[^\x00]*$")
]


class DraftReport(Arguments):
    """Arguments of `draftReport`."""

    findings: Findings = Field()


class NoArguments(Arguments):
    """Arguments of an action that takes none."""


class Status(BaseModel):
    """Whether the parts of the application answer."""

    status: str
    database: bool
    model: bool


def routes() -> APIRouter:
    """One route an action."""
    router = APIRouter()
    router.add_api_route("/draftReport", draft_report, methods=["POST"])
    router.add_api_route("/systemStatus", system_status, methods=["POST"])
    return router


def _model(request: Request) -> tuple[httpx.AsyncClient, ModelSettings]:
    return request.app.state.model_client, request.app.state.settings.model


WithModel = Annotated[tuple[httpx.AsyncClient, ModelSettings], Depends(_model)]


async def draft_report(call: Call[DraftReport], pool: WithPool, model: WithModel) -> Draft:
    """Have the model draft a report, and store it for the caller."""
    user = person_of(call).user_id
    if user is None:
        raise Refusal(403, "access-denied", "a draft is a user's: send x-hasura-user-id")
    client, settings = model
    text = await drafted(client, settings, call.input.findings)
    return await store(pool, user, call.input.findings, text, settings.model)


async def system_status(_call: Call[NoArguments], pool: WithPool, model: WithModel) -> Status:
    """Whether the application works: its database answers. `model` says whether drafting is set
    up."""
    answers = await pool.fetchval("select true")
    return Status(status="ok", database=bool(answers), model=bool(model[1].key))
