"""What the operators of an update make of a value (contract A3; Postgres manual, 9.16)."""

from tests.properties.model import Json
from tests.properties.oracle.answers import Refused


def change(operator: str, old: Json, value: Json) -> Json:
    """The new value; refuses what Postgres refuses for a stored value that does not fit."""
    if operator == "_set":
        return value
    if old is None:
        return None
    match operator:
        case "_inc":
            return old + value
        case "_append":
            return _joined(old, value)
        case "_prepend":
            return _joined(value, old)
        case "_delete_key":
            return _without_key(old, value)
        case "_delete_elem":
            return _without_element(old, value)
    return _without_path(old, value)


def _joined(left: Json, right: Json) -> Json:
    if isinstance(left, dict) and isinstance(right, dict):
        return {**left, **right}
    parts = [one if isinstance(one, list) else [one] for one in (left, right)]
    return parts[0] + parts[1]


def _without_key(old: Json, key: str) -> Json:
    match old:
        case dict():
            return {name: value for name, value in old.items() if name != key}
        case list():
            return [value for value in old if value != key or not isinstance(value, str)]
    raise Refused("data-exception")


def _without_element(old: Json, index: int) -> Json:
    if not isinstance(old, list):
        raise Refused("data-exception")
    at = index if index >= 0 else len(old) + index
    return [value for place, value in enumerate(old) if place != at]


def _without_path(old: Json, path: list[str]) -> Json:
    match old:
        case dict():
            if path[0] not in old:
                return old
            if len(path) == 1:
                return _without_key(old, path[0])
            inner = old[path[0]]
            if not isinstance(inner, dict | list):
                return old
            return {**old, path[0]: _without_path(inner, path[1:])}
        case list():
            if not old:
                return old
            raise Refused("data-exception")
    raise Refused("data-exception")
