"""Input validation: a webhook of the user's judges a mutation's input before anything is written.

It is asked before a database connection is taken, so that a slow one holds none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import httpx

from rowgate.base.errors import ApiError, Unexpected, ValidationFailed
from rowgate.base.json import Json, decode, encode
from rowgate.base.session import Session
from rowgate.base.webhook import (
    Answered,
    Outgoing,
    WebhookFailed,
    configured,
    forwarded,
    post,
    tracing,
    with_environment,
)
from rowgate.operation.given import as_json
from rowgate.plan.types import Told, Validation

_VERSION = 1
_TIMEOUT = 10
_FAILED = "internal error when validating input data"


@dataclass(frozen=True, slots=True)
class Judging:
    """What a validation needs of its request and of the process."""

    variables: Mapping[str, Json]
    session: Session
    headers: Mapping[str, str]
    environment: Mapping[str, str]


async def validate(
    client: httpx.AsyncClient, validations: Iterable[Validation], judging: Judging
) -> None:
    """Ask every webhook in turn. Raises `ValidationFailed` with the webhook's own message where
    one answers 400 with a message, `Unexpected` where one answers anything but success."""
    for one in validations:
        try:
            answer = await post(client, _outgoing(one, judging))
        except WebhookFailed as error:
            raise _failed({"type": "http_exception", "message": str(error)}) from None
        _judge(answer)


def _outgoing(validation: Validation, judging: Judging) -> Outgoing:
    definition, session = validation.definition, judging.session
    body = {
        "version": _VERSION,
        "role": session.role,
        "session_variables": {**session.variables, "x-hasura-role": session.role},
        "data": {"input": [_told(one, judging.variables) for one in validation.inputs]},
    }
    headers = tracing(judging.headers)
    if definition.get("forward_client_headers"):
        headers |= forwarded(judging.headers)
    headers |= configured(definition.get("headers") or (), judging.environment)
    url = with_environment(definition["url"], judging.environment)
    timeout = definition.get("timeout")
    return Outgoing(url, headers, encode(body), _TIMEOUT if timeout is None else timeout)


def _told(told: Told, variables: Mapping[str, Json]) -> Json:
    return {
        name: _told(one, variables) if isinstance(one, Mapping) else as_json(one, variables)
        for name, one in told.items()
    }


def _judge(answer: Answered) -> None:
    if 200 <= answer.status < 300:
        return
    if answer.status != 400:
        raise _failed(f"expecting 200 or 400 status code, but found {answer.status}")
    try:
        refusal = decode(answer.payload)
    except ApiError:
        refusal = None
    if not isinstance(refusal, dict) or not isinstance(refusal.get("message"), str):
        raise _failed("the answer with status 400 has no message")
    raise ValidationFailed(refusal["message"])


def _failed(detail: Json) -> Unexpected:
    return Unexpected(_FAILED, internal=detail)
