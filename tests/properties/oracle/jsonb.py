"""jsonb as Postgres has it (manual, 8.14 "JSON Types" and 9.16 "JSON Functions and Operators")."""

import json
from collections.abc import Hashable

from tests.properties.model import Json


def identity(value: Json) -> Hashable:
    """Equal for values that Postgres takes for equal: as jsonb (8.14.4: numbers by value, true is
    no number, an object's keys in any order), as arrays or as scalars."""
    match value:
        case bool():
            return ("boolean", value)
        case int() | float():
            return ("number", value)
        case list():
            return ("array", tuple(identity(one) for one in value))
        case dict():
            return ("object", frozenset((key, identity(one)) for key, one in value.items()))
    return value if value is None or isinstance(value, str) else repr(value)


def contains(left: Json, right: Json) -> bool:
    """`left @> right` (8.14.3). As a special exception an array may contain a primitive value."""
    if isinstance(left, list) and not isinstance(right, list | dict):
        return any(identity(one) == identity(right) for one in left)
    return _within(left, right)


def _within(left: Json, right: Json) -> bool:
    """Containment without the exception, which 8.14.3 grants at the top level alone."""
    if isinstance(left, dict) and isinstance(right, dict):
        return all(key in left and _within(left[key], value) for key, value in right.items())
    if isinstance(left, list) and isinstance(right, list):
        return all(any(_within(mine, theirs) for mine in left) for theirs in right)
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return False
    return identity(left) == identity(right)


def has_key(value: Json, key: str) -> bool:
    """`value ? key`: a key of an object, a string in an array, or that very string (8.14.3)."""
    if isinstance(value, list | dict):
        return any(isinstance(one, str) and one == key for one in value)
    return isinstance(value, str) and value == key


def as_text(value: Json) -> str:
    """`value::text`: one space after commas and colons, keys by length, then by bytes."""
    match value:
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            parts = [f"{as_text(key)}: {as_text(value[key])}" for key in keys]
            return "{" + ", ".join(parts) + "}"
        case list():
            return "[" + ", ".join(as_text(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
