"""Synchronous actions: a webhook computes the field's value, and what it says is checked.

The shapes of request and answer, the messages and the codes are Hasura's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import UnionType

import httpx

from rowgate.base.errors import ApiError, Unexpected
from rowgate.base.json import Json, decode, encode
from rowgate.base.observation import CLIENT
from rowgate.base.session import Session
from rowgate.base.transforms.applying import transform_request, transform_response
from rowgate.base.transforms.types import TransformFailed, WebhookAnswer, WebhookRequest
from rowgate.base.webhook import (
    IGNORED_HEADERS,
    Answered,
    Outgoing,
    WebhookFailed,
    configured,
    forwarded,
    post,
    tracing,
    with_environment,
)
from rowgate.metadata.types import ActionDeclaration
from rowgate.operation.given import as_json
from rowgate.operation.types import Selected
from rowgate.schema.types import EnumType, ListOf, NonNull, ObjectType, Type


@dataclass(frozen=True, slots=True)
class ActionCall:
    """An action's field ready to be called."""

    field: Selected
    action: ActionDeclaration
    key: bytes


@dataclass(frozen=True, slots=True)
class Calling:
    """What a call needs of its request and of the process."""

    variables: Mapping[str, Json]
    session: Session
    headers: Mapping[str, str]
    query: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Called:
    """An action's answer: JSON of the selected fields, and cookies for the client."""

    value: bytes
    cookies: tuple[str, ...] = ()


async def call(client: httpx.AsyncClient, asked: ActionCall, calling: Calling) -> Called:
    """Call the webhook and shape its answer; raises `ApiError` with the webhook's own message
    where it refused, `Unexpected` where it failed."""
    request = _request(asked, calling)
    try:
        answer = await post(client, _outgoing(asked.action, request))
    except WebhookFailed as error:
        raise Unexpected(
            "http exception when calling webhook",
            status=200,
            internal={"error": {"type": "http_exception", "message": str(error)}},
        ) from None
    answered = _accepted(answer.status, _answered(asked.action, answer, request))
    assert asked.field.field is not None
    value = _shaped(answered, asked.field.field.type, asked.field.selections)
    return Called(encode(value), answer.cookies)


def _request(asked: ActionCall, calling: Calling) -> WebhookRequest:
    """What the webhook is sent where no transform changes it."""
    action = asked.action
    session = {**calling.session.variables, "x-hasura-role": calling.session.role}
    body = {
        "action": {"name": action.name},
        "input": {
            key: as_json(one, calling.variables) for key, one in asked.field.arguments.items()
        },
        "session_variables": session,
        "request_query": calling.query,
    }
    url = with_environment(action.handler, calling.environment)
    headers = tuple(_headers(action, calling).items())
    return WebhookRequest(url, "POST", headers, body, session)


def _outgoing(action: ActionDeclaration, request: WebhookRequest) -> Outgoing:
    if action.request_transform is None:
        content = encode(request.body)
        return Outgoing(request.url, dict(request.headers), content, action.timeout)
    try:
        made = transform_request(action.request_transform, request)
    except TransformFailed as error:
        raise Unexpected("Request Transformation Error", internal=error.failures) from None
    headers = dict(made.headers)
    return Outgoing(made.url, headers, made.content, action.timeout, made.method)


def _answered(action: ActionDeclaration, answer: Answered, request: WebhookRequest) -> Json:
    """The JSON of an answer, or what its transform makes of it; to that, no JSON is null."""
    if action.response_transform is None:
        return _decoded(answer.status, answer.payload)
    try:
        body = decode(answer.payload)
    except ApiError:
        body = None
    asked = None if action.request_transform is None else request
    whole = WebhookAnswer(body, answer.status, asked, request.session_variables)
    try:
        return transform_response(action.response_transform, whole)
    except TransformFailed as error:
        raise Unexpected("Response Transformation Error", internal=error.failures) from None


def _headers(action: ActionDeclaration, calling: Calling) -> dict[str, str]:
    """Configured headers; below them the client's where they are forwarded, and those of tracing:
    what the user configured, a client cannot replace."""
    headers = tracing(calling.headers)
    if action.forward_client_headers:
        ignored = action.ignored_client_headers
        headers |= forwarded(calling.headers, IGNORED_HEADERS if ignored is None else ignored)
        headers |= _through(headers)
    return headers | configured(action.headers, calling.environment)


def _through(headers: Mapping[str, str]) -> dict[str, str]:
    """`x-forwarded-for` with the client behind those that are named already, as a proxy adds it."""
    client, before = CLIENT.get(), headers.get("x-forwarded-for")
    if client is None:
        return {}
    return {"x-forwarded-for": f"{before}, {client}" if before else client}


def _decoded(status: int, payload: bytes) -> Json:
    try:
        return decode(payload)
    except ApiError:
        raise Unexpected(
            "not a valid json response from webhook",
            internal={"response": {"status": status}},
        ) from None


def _accepted(status: int, answered: Json) -> Json:
    """`answered` where the status says that it is the value; raises what it refuses with."""
    if 200 <= status < 300:
        return answered
    if (
        400 <= status < 500
        and isinstance(answered, dict)
        and isinstance(answered.get("message"), str)
    ):
        raise _refusal(answered)
    raise Unexpected("internal error", internal={"response": {"status": status, "body": answered}})


def _refusal(answered: Json) -> ApiError:
    code = answered.get("code")
    error = ApiError(
        answered["message"], code=code if isinstance(code, str) else "unexpected", status=400
    )
    extensions = answered.get("extensions")
    if isinstance(extensions, dict):
        error.extensions = extensions
        if isinstance(extensions.get("code"), str):
            error.code = extensions["code"]
    return error


def _shaped(value: Json, type_: Type, selections: Sequence[Selected]) -> Json:
    name = _type_name(type_)
    if isinstance(type_, NonNull):
        if value is None:
            raise Unexpected("got null for the action webhook response")
        return _shaped(value, type_.of, selections)
    if value is None:
        return None
    if isinstance(type_, ListOf):
        if not isinstance(value, list):
            raise Unexpected("expecting array for the action webhook response")
        return [_shaped(one, type_.of, selections) for one in value]
    if isinstance(value, list) and not _is_free(type_):
        raise Unexpected(f"got array for the action webhook response, expecting {name}")
    if isinstance(type_, ObjectType):
        return _object(value, type_, selections)
    _check_scalar(value, type_, name)
    return value


def _object(value: Json, type_: ObjectType, selections: Sequence[Selected]) -> Json:
    if not isinstance(value, dict):
        raise Unexpected(
            f"got scalar {_json_name(value)} for the action webhook response, expecting "
            f"{type_.name}"
        )
    for field in type_.fields.values():
        if isinstance(field.type, NonNull) and value.get(field.name) is None:
            if field.name not in value:
                raise Unexpected(
                    f'field "{field.name}" expected in webhook response, but not found'
                )
            raise Unexpected(f'expecting not null value for field "{field.name}"')
    shown = {}
    for one in selections:
        if one.field is None:
            shown[one.key] = one.parent
        else:
            shown[one.key] = _shaped(value.get(one.field.name), one.field.type, one.selections)
    return shown


_SCALARS: Mapping[str, type | UnionType] = {
    "Int": int,
    "Float": int | float,
    "String": str,
    "Boolean": bool,
    "ID": str | int,
}


def _check_scalar(value: Json, type_: Type, name: str) -> None:
    if isinstance(type_, EnumType):
        if value not in type_.values:
            raise Unexpected(f"got an unexpected value for the enum {name}")
        return
    wanted = _SCALARS.get(name)
    if wanted is None:
        return
    wrong = not isinstance(value, wanted) or (isinstance(value, bool) and name != "Boolean")
    if wrong:
        raise Unexpected(
            f"got scalar {_json_name(value)} for the action webhook response, expecting {name}"
        )


def _is_free(type_: Type) -> bool:
    return not isinstance(type_, ObjectType | EnumType) and _type_name(type_) not in _SCALARS


def _type_name(type_: Type) -> str:
    while isinstance(type_, NonNull | ListOf):
        type_ = type_.of
    return type_.name


def _json_name(value: Json) -> str:
    match value:
        case bool():
            return "Boolean"
        case str():
            return "String"
        case int() | float():
            return "Number"
    return "Object"
