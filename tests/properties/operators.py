"""What Postgres' operators answer, in three-valued logic, over plain Python values."""

import json
import re
from collections.abc import Callable, Iterable

from tests.properties.model import Json

Truth = bool | None


def all_of(items: Iterable[Truth]) -> Truth:
    """Conjunction: false wins over unknown, unknown over true."""
    known: Truth = True
    for item in items:
        if item is False:
            return False
        known = None if item is None else known
    return known


def any_of(items: Iterable[Truth]) -> Truth:
    """Disjunction: true wins over unknown, unknown over false."""
    known: Truth = False
    for item in items:
        if item is True:
            return True
        known = None if item is None else known
    return known


def negated(item: Truth) -> Truth:
    """Negation; unknown stays unknown."""
    return None if item is None else not item


def jsonb_text(value: Json) -> str:
    """A value as Postgres writes jsonb."""
    match value:
        case dict():
            keys = sorted(value, key=lambda key: (len(key), key))
            inner = ", ".join(f"{json.dumps(key)}: {jsonb_text(value[key])}" for key in keys)
            return "{" + inner + "}"
        case list():
            return "[" + ", ".join(jsonb_text(one) for one in value) + "]"
    return json.dumps(value)


def canonical(value: Json) -> Json:
    """Something hashable that is equal exactly where the values are."""
    return jsonb_text(value) if isinstance(value, dict | list | bool) else value


def _same(left: Json, right: Json) -> bool:
    return jsonb_text(left) == jsonb_text(right)


def jsonb_contains(left: Json, right: Json) -> bool:
    """`left @> right`."""
    if isinstance(left, list) and not isinstance(right, list | dict):
        return any(_same(one, right) for one in left)
    return _contains(left, right)


def _contains(left: Json, right: Json) -> bool:
    match left, right:
        case dict(), dict():
            return all(key in left and _contains(left[key], right[key]) for key in right)
        case list(), list():
            return all(any(_contains(one, wanted) for one in left) for wanted in right)
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        return False
    return _same(left, right)


def _has_key(value: Json, key: str) -> bool:
    match value:
        case dict():
            return key in value
        case list():
            return any(isinstance(one, str) and one == key for one in value)
    return isinstance(value, str) and value == key


def _like(value: str, pattern: str, *, fold: bool = False) -> bool:
    signs = {"%": ".*", "_": "."}
    made = "".join(signs.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(made, value, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None


def _similar(value: str, pattern: str) -> bool:
    return re.fullmatch(pattern.replace("%", ".*").replace("_", "."), value) is not None


def _matches(value: str, pattern: str, *, fold: bool = False) -> bool:
    return re.search(pattern, value, re.IGNORECASE if fold else 0) is not None


def _array_contains(left: list[Json], right: list[Json]) -> bool:
    return set(right) <= set(left)


_TESTS: dict[str, Callable[[Json, Json], bool]] = {
    "eq": _same,
    "neq": lambda a, b: not _same(a, b),
    "gt": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
    "gte": lambda a, b: a >= b,
    "lte": lambda a, b: a <= b,
    "like": _like,
    "nlike": lambda a, b: not _like(a, b),
    "ilike": lambda a, b: _like(a, b, fold=True),
    "nilike": lambda a, b: not _like(a, b, fold=True),
    "similar": _similar,
    "nsimilar": lambda a, b: not _similar(a, b),
    "regex": _matches,
    "nregex": lambda a, b: not _matches(a, b),
    "iregex": lambda a, b: _matches(a, b, fold=True),
    "niregex": lambda a, b: not _matches(a, b, fold=True),
    "has_key": _has_key,
    "has_keys_any": lambda a, b: any(_has_key(a, one) for one in b),
    "has_keys_all": lambda a, b: all(_has_key(a, one) for one in b),
}


def compare(name: str, type_: str, left: Json, right: Json) -> Truth:
    """`left name right` where `left` is of `type_`; unknown where a side is null."""
    if name in ("in", "nin"):
        found = any_of(compare("eq", type_, left, one) for one in right)
        return found if name == "in" else negated(found)
    if left is None or right is None:
        return None
    if name in ("contains", "contained_in"):
        whole, part = (left, right) if name == "contains" else (right, left)
        return (jsonb_contains if type_ == "jsonb" else _array_contains)(whole, part)
    return _TESTS[name](left, right)
