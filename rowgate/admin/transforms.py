"""`test_webhook_transform`: what a webhook would be sent, without sending it."""

import re
from collections.abc import Callable, Mapping

from rowgate.admin.arguments import Arguments, expect_list, expect_object, mismatch
from rowgate.admin.document import ARGS
from rowgate.admin.draft import Draft, Task
from rowgate.base.errors import ApiError, ParseFailed, ValidationFailed
from rowgate.base.json import Json, decode
from rowgate.base.transforms.applying import transform_request
from rowgate.base.transforms.reading import read_request_transform, read_response_transform
from rowgate.base.transforms.types import (
    Headers,
    Misshapen,
    Transformed,
    TransformFailed,
    WebhookRequest,
)

_VARIABLE = re.compile(r"\{\{([^{}]+)\}\}")
_METHOD = "GET"
"""What Hasura's test says of a request whose method no transform sets."""


_READERS: Mapping[str, Callable[[Json], object]] = {
    "request": read_request_transform,
    "response": read_response_transform,
}


def test_webhook_transform(arguments: Json) -> Task:
    """`test_webhook_transform {webhook_url, body, env, request_headers, session_variables,
    request_transform, response_transform}` → `{webhook_url, method, headers, body}`. Of the
    engine's environment nothing is read, `env` stands for it."""
    given = Arguments.of(arguments)
    environment = _texts(given, "env") or {}
    request = WebhookRequest(
        url=_url(given, environment),
        method=_METHOD,
        headers=_headers(given, environment),
        body=given.need("body"),
        session_variables=_session(given),
    )
    given.object("request_transform")
    check_transforms(given)
    transform = read_request_transform(given.get("request_transform"))

    async def run(_: Draft) -> Json:
        try:
            return _shown(transform_request(transform, request))
        except TransformFailed as error:
            raise _refused("request", error) from None

    return Task(run)


def check_transforms(given: Arguments) -> None:
    """Refuse a `request_transform` or `response_transform` that cannot be read: `parse-failed`
    where its form is wrong, `validation-failed` with every failure where a template is."""
    for which, read in _READERS.items():
        key = f"{which}_transform"
        if not given.has(key):
            continue
        try:
            read(given.get(key))
        except Misshapen as error:
            raise ParseFailed(error.message, path=(*given.at(key), *error.path)) from None
        except TransformFailed as error:
            raise _refused(which, error) from None


def _refused(which: str, error: TransformFailed) -> ApiError:
    text = f"{which} transform validation failed"
    return ValidationFailed(text, path=ARGS, internal=error.failures)


def _texts(given: Arguments, key: str) -> dict[str, str] | None:
    value = given.get(key)
    if value is None:
        return None
    for name, one in expect_object(value, given.at(key)).items():
        if not isinstance(one, str):
            raise mismatch("String", one, (*given.at(key), name))
    return dict(value)


def _session(given: Arguments) -> Mapping[str, str] | None:
    variables = _texts(given, "session_variables")
    return variables and {name.lower(): value for name, value in variables.items()}


def _url(given: Arguments, environment: Mapping[str, str]) -> str:
    value = given.need("webhook_url")
    if isinstance(value, dict):
        name = given.inner("webhook_url").text("from_env")
        return _of_environment(name, environment)
    return _interpolated(given.text("webhook_url"), environment)


def _headers(given: Arguments, environment: Mapping[str, str]) -> Headers:
    """A list of names with values, or an object."""
    value = given.get("request_headers", [])
    if isinstance(value, dict):
        pairs = list((_texts(given, "request_headers") or {}).items())
    else:
        pairs = []
        for index, item in enumerate(expect_list(value, given.at("request_headers"))):
            path = (*given.at("request_headers"), index)
            pair = expect_list(item, path)
            if len(pair) != 2 or not all(isinstance(one, str) for one in pair):
                raise ParseFailed("expected a name and a value", path=path)
            pairs.append((pair[0], pair[1]))
    return tuple((name.lower(), _interpolated(text, environment)) for name, text in pairs)


def _interpolated(text: str, environment: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: _of_environment(found.group(1), environment), text)


def _of_environment(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        text = (
            f"Missing Env Var: {name}. The engine's environment is not read by a test; "
            f"put a value for {name} into 'env'"
        )
        raise ApiError(text, code="not-found", path=ARGS)
    return environment[name]


def _shown(request: Transformed) -> Json:
    return {
        "webhook_url": request.url,
        "method": request.method,
        "headers": [list(pair) for pair in request.headers],
        "body": _body(request.content),
    }


def _body(content: bytes) -> Json:
    """JSON as such, a form as its text."""
    try:
        return decode(content)
    except ApiError:
        return content.decode()
