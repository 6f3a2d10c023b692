"""Session variables (contract A5): a text that names one stands for what the session holds."""

import json
from collections.abc import Mapping

from tests.properties.model import Json
from tests.properties.oracle.answers import Refused

_PREFIX = "x-hasura-"


def resolved(value: Json, type_: str, session: Mapping[str, str]) -> Json:
    """The value of a permission or preset, of that Postgres type; names take any case."""
    if not isinstance(value, str) or not value.lower().startswith(_PREFIX):
        return value
    found = session.get(value.lower())
    if found is None:
        raise Refused("not-found")
    return _parsed(found, type_)


def resolved_list(value: Json, type_: str, session: Mapping[str, str]) -> list[Json] | None:
    """What `_in` and its like are given: a list of values, or a variable that holds a literal of
    an array (`{a,b}`)."""
    if isinstance(value, list):
        return [resolved(one, type_, session) for one in value]
    found = resolved(value, f"{type_}[]", session)
    assert found is None or isinstance(found, list)
    return found


def _parsed(text: str, type_: str) -> Json:
    """The text as Postgres reads it where it is cast to the type."""
    if type_.endswith("[]"):
        inner = text.removeprefix("{").removesuffix("}")
        parts = inner.split(",") if inner else []
        return [_parsed(one.strip('"'), type_.removesuffix("[]")) for one in parts]
    match type_:
        case "int4":
            return int(text)
        case "float8":
            return float(text)
        case "bool":
            return text == "true"
        case "jsonb":
            return json.loads(text)
    return text
