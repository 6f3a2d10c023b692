"""The functions that every template has; each takes one JSON value and gives one, in time and size
that its argument's size bounds."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from rowgate.base.json import Json
from rowgate.base.kriti.types import Function, Functions

_UNRESERVED = "~"
"""What `quote` leaves besides letters, digits and `_.-`, of RFC 3986's unreserved characters."""


def kind_of(value: Json) -> str:
    """What JSON calls the type of `value`: `Object`, `String`, …"""
    if isinstance(value, bool):
        return "Boolean"
    names: Mapping[type, str] = {dict: "Object", list: "Array", str: "String"}
    if isinstance(value, int | float):
        return "Number"
    return names.get(type(value), "Null")


def is_number(value: Json) -> bool:
    """Whether `value` is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_text(function: Callable[[str], Json]) -> Function:
    def checked(value: Json) -> Json:
        if not isinstance(value, str):
            raise ValueError(f"expected String, but encountered {kind_of(value)}")
        return function(value)

    return checked


def _items(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise ValueError(f"expected Array, but encountered {kind_of(value)}")
    return value


def _empty(value: Json) -> bool:
    if isinstance(value, bool):
        raise ValueError("Cannot define emptiness for a boolean")
    return value.strip() == "" if isinstance(value, str) else not value


def _size(value: Json) -> int | float:
    if value is None or isinstance(value, bool):
        return int(value or 0)
    return len(value) if isinstance(value, str | list | dict) else value


def _inverse(value: Json) -> Json:
    if isinstance(value, bool):
        return not value
    if is_number(value):
        if not value:
            raise ValueError("There is no inverse of 0")
        inverse = _reciprocal(value)
        return int(inverse) if inverse.is_integer() else inverse
    return value[::-1] if isinstance(value, str | list) else value


def _reciprocal(value: int | float) -> float:
    try:
        return 1 / float(value)
    except OverflowError:
        return 0.0


def _head(value: Json) -> Json:
    if not isinstance(value, str | list):
        raise ValueError("Expected an array or string")
    if not value:
        raise ValueError("Empty string" if isinstance(value, str) else "Empty array")
    return value[0]


def _tail(value: Json) -> Json:
    if not isinstance(value, str | list):
        raise ValueError("Expected an array or string")
    return value[1:]


def _negated(value: Json) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected Bool, but encountered {kind_of(value)}")
    return not value


def _to_pairs(value: Json) -> list[Json]:
    if not isinstance(value, dict):
        raise ValueError(f"expected Object, but encountered {kind_of(value)}")
    return [[key, one] for key, one in value.items()]


def _from_pairs(value: Json) -> dict[str, Json]:
    made = {}
    for pair in _items(value):
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            text = "Expected an array of shape [ [k1,v1], [k2,v2] ... ] - With String keys."
            raise ValueError(text)
        made[pair[0]] = pair[1]
    return made


def _without_nulls(value: Json) -> list[Json]:
    return [one for one in _items(value) if one is not None]


def _concatenated(value: Json) -> Json:
    items = _items(value)
    if all(isinstance(one, list) for one in items):
        return [inner for one in items for inner in one]
    if all(isinstance(one, str) for one in items):
        return "".join(items)
    if all(isinstance(one, dict) for one in items):
        return {key: inner for one in items for key, inner in one.items()}
    raise ValueError("Expected an array of arrays, of strings or of objects")


def _escaped(value: str) -> str:
    return quote(value, safe=_UNRESERVED)


FUNCTIONS: Functions = {
    "empty": _empty,
    "size": _size,
    "length": _size,
    "inverse": _inverse,
    "head": _head,
    "tail": _tail,
    "toCaseFold": _of_text(str.casefold),
    "toLower": _of_text(str.lower),
    "toUpper": _of_text(str.upper),
    "toTitle": _of_text(str.title),
    "escapeUri": _of_text(_escaped),
    "fromPairs": _from_pairs,
    "toPairs": _to_pairs,
    "removeNulls": _without_nulls,
    "concat": _concatenated,
    "not": _negated,
}
"""By name."""


def of_session(variables: Mapping[str, str] | None) -> Functions:
    """`getSessionVariable`, over the session's variables, whose names have no case."""
    known = {name.lower(): value for name, value in (variables or {}).items()}

    def variable(value: Json) -> Json:
        if value is None:
            return None
        if not isinstance(value, str):
            raise ValueError("Session variable name should be a string")
        if value.lower() not in known:
            raise ValueError(f'Session variable "{value}" not found')
        return known[value.lower()]

    return {"getSessionVariable": variable}
