"""An input as the client gave it: JSON again, variables filled in, names those of GraphQL."""

from collections.abc import Mapping
from typing import assert_never

from rowgate.base.json import Json
from rowgate.operation.types import Entries, Enumerated, FromVariable, Input, Items, Null, Scalar


def as_json(given: Input, variables: Mapping[str, Json]) -> Json:
    """The JSON value of an input. Raises `ApiError` for a variable that does not fit its type."""
    match given:
        case Null():
            return None
        case Scalar():
            return given.value
        case Enumerated():
            return given.value.name
        case Items():
            return [as_json(one, variables) for one in given.items]
        case Entries():
            return {item.name: as_json(one, variables) for item, one in given}
        case FromVariable():
            value: Json = variables
            for step in given.path:
                value = value[step]
            return given.check(value)
    assert_never(given)
