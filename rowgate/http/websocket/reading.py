"""The parts of client messages that both sub-protocols spell alike."""

from collections.abc import Mapping

from rowgate.base.errors import ApiError
from rowgate.base.json import Json, decode
from rowgate.http.types import Operation
from rowgate.http.websocket.types import BadMessage, Init, Start


def read_object(text: str) -> dict[str, Json]:
    """The JSON object in `text`; raises `BadMessage`."""
    try:
        value = decode(text)
    except ApiError as error:
        raise BadMessage(error.message) from None
    if not isinstance(value, dict):
        raise BadMessage("an object is expected")
    return value


def read_init(message: Mapping[str, Json]) -> Init:
    """The headers of a `connection_init`; raises `BadMessage`."""
    payload = message.get("payload")
    headers = payload.get("headers") if isinstance(payload, dict) else None
    if not isinstance(payload, dict | None) or not isinstance(headers, dict | None):
        raise BadMessage("payload.headers of connection_init must be an object")
    given = headers or {}
    if not all(isinstance(value, str) for value in given.values()):
        raise BadMessage("payload.headers of connection_init must hold texts")
    return Init({name.lower(): value for name, value in given.items()})


def read_id(message: Mapping[str, Json]) -> str:
    """The id of an operation; raises `BadMessage`."""
    identity = message.get("id")
    if not isinstance(identity, str) or not identity:
        raise BadMessage("the key id is missing, or no text")
    return identity


def read_start(message: Mapping[str, Json]) -> Start:
    """The operation that is started; raises `BadMessage`."""
    payload = message.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        raise BadMessage("payload.query is missing, or no text")
    variables, name = payload.get("variables"), payload.get("operationName")
    if not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise BadMessage("payload.variables must be an object and payload.operationName a text")
    return Start(read_id(message), Operation(payload["query"], variables, name))
