"""`introspect_remote_schema`: what a declared remote schema says of itself, asked just then."""

from collections.abc import Mapping

from graphql import get_introspection_query

from rowgate.admin.arguments import Arguments
from rowgate.admin.document import ARGS
from rowgate.admin.draft import Draft, Task
from rowgate.base.errors import ApiError
from rowgate.base.json import Json, decode, encode
from rowgate.base.webhook import (
    Answered,
    Outgoing,
    WebhookFailed,
    configured,
    post,
    with_environment,
)

_TIMEOUT = 60.0
_QUERY = encode(
    {"query": get_introspection_query(descriptions=True), "operationName": "IntrospectionQuery"}
)


def introspect_remote_schema(arguments: Json) -> Task:
    """`introspect_remote_schema {name}`: the answer of the schema's server to the introspection
    query, `{"data": {"__schema": …}}`."""
    name = Arguments.of(arguments).text("name")

    async def run(draft: Draft) -> Json:
        schemas = draft.generation.metadata.remote_schemas
        declared = next((one for one in schemas if one["name"] == name), None)
        if declared is None:
            text = f'remote schema: "{name}" not found'
            raise ApiError(text, code="not-exists", path=ARGS)
        try:
            outgoing = _outgoing(declared["definition"], draft.tools.environment)
            answer = await post(draft.tools.webhooks, outgoing)
        except ApiError as error:
            raise error if error.path else error.under(*ARGS) from None
        except WebhookFailed as error:
            raise _failed("it cannot be reached", str(error)) from None
        return _checked(answer)

    return Task(run)


def _outgoing(definition: Json, environment: Mapping[str, str]) -> Outgoing:
    """Raises `ApiError` where the environment lacks what the definition names, or the definition
    has another form."""
    url = definition.get("url")
    if url is None:
        url = "{{" + str(definition.get("url_from_env")) + "}}"
    timeout = definition.get("timeout_seconds")
    return Outgoing(
        with_environment(url, environment),
        configured(definition.get("headers") or (), environment),
        _QUERY,
        _TIMEOUT if timeout is None else float(timeout),
    )


def _checked(answer: Answered) -> Json:
    if not 200 <= answer.status < 300:
        raise _failed(f"it answers with status {answer.status}")
    try:
        body = decode(answer.payload)
    except ApiError:
        raise _failed("its answer is not JSON") from None
    match body:
        case {"data": {"__schema": {}}}:
            return body
        case {"errors": errors}:
            raise _failed("it refuses the introspection query", errors)
    raise _failed("its answer has no schema")


def _failed(reason: str, internal: Json = None) -> ApiError:
    text = f"the remote schema cannot be introspected: {reason}"
    return ApiError(text, code="remote-schema-error", path=ARGS, internal=internal)
