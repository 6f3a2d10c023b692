"""The operators of comparisons (contract A2: booleans, strings, jsonb, arrays).

All are those of Postgres: strict, so that they are unknown where an operand is null (manual, 9.2).
"""

import operator
from collections.abc import Callable

from tests.properties.model import Json
from tests.properties.oracle import jsonb, patterns
from tests.properties.oracle.logic import Truth, conjunction, disjunction, negation

_ORDERED: dict[str, Callable[[Json, Json], bool]] = {
    "_gt": operator.gt,
    "_lt": operator.lt,
    "_gte": operator.ge,
    "_lte": operator.le,
}
_MATCHED: dict[str, Callable[[str, str], bool]] = {
    "_like": patterns.like,
    "_ilike": lambda text, pattern: patterns.like(text, pattern, ignoring_case=True),
    "_similar": patterns.similar,
    "_regex": patterns.regex,
    "_iregex": lambda text, pattern: patterns.regex(text, pattern, ignoring_case=True),
}
_KEYED: dict[str, Callable[[Json, Json], bool]] = {
    "_has_key": jsonb.has_key,
    "_has_keys_any": lambda value, keys: any(jsonb.has_key(value, key) for key in keys),
    "_has_keys_all": lambda value, keys: all(jsonb.has_key(value, key) for key in keys),
}


def compare(name: str, type_: str, left: Json, right: Json) -> Truth:
    """What `left <operator> right` gives for a left operand of that Postgres type."""
    match name:
        case "_is_null":
            return (left is None) is right
        case "_in":
            return _any_of(left, right)
        case "_nin":
            return negation(_any_of(left, right))
        case "_cast":
            return _cast(left, right)
    if left is None or right is None:
        return None
    return _strict(name, type_, left, right)


def equal(left: Json, right: Json) -> Truth:
    """`=`: unknown where either side is null."""
    if left is None or right is None:
        return None
    return jsonb.identity(left) == jsonb.identity(right)


def _strict(name: str, type_: str, left: Json, right: Json) -> bool:
    if name in ("_eq", "_neq"):
        return (jsonb.identity(left) == jsonb.identity(right)) == (name == "_eq")
    if name in _ORDERED:
        # Text columns have collation "C"; code points sort as their UTF-8 does. Arrays compare
        # element by element, then by length (manual, 9.19), as lists do.
        return _ORDERED[name](left, right)
    if name in _KEYED:
        return _KEYED[name](left, right)
    if name in ("_contains", "_contained_in"):
        whole, part = (left, right) if name == "_contains" else (right, left)
        return _contains(type_, whole, part)
    positive = name.replace("_n", "_", 1)
    if name in _MATCHED:
        return _MATCHED[name](left, right)
    return not _MATCHED[positive](left, right)


def _contains(type_: str, whole: Json, part: Json) -> bool:
    """`@>`: of arrays (manual, 9.19), every element of the one appears in the other."""
    if type_ == "jsonb":
        return jsonb.contains(whole, part)
    return {jsonb.identity(one) for one in part} <= {jsonb.identity(one) for one in whole}


def _any_of(left: Json, options: list[Json] | None) -> Truth:
    """`= any (array)` (manual, 9.25.3): false of an empty array, even for a null."""
    if options is None:
        return None
    return disjunction(equal(left, one) for one in options)


def _cast(left: Json, casts: Json) -> Truth:
    """`_cast: {String: {…}}` compares a jsonb value as text."""
    text = None if left is None else jsonb.as_text(left)
    return conjunction(
        compare(name, "text", text, value)
        for operators in casts.values()
        for name, value in operators.items()
    )
