"""What a boolean expression of a permission tells without a database: which columns it compares,
and which it holds to the session of whoever asks."""

from collections.abc import Iterator

from rowgate.base.json import Json

ColumnPath = tuple[str, ...]
"""Relationships and, last, a column."""

_HOLDING = ("_eq", "$eq", "_in", "$in")
_ALL = ("_and", "$and")
_ANY = ("_or", "$or")
_OPAQUE = ("_not", "$not", "_exists", "$exists")
_LOGIC = (*_ALL, *_ANY, *_OPAQUE)


def is_session_variable(value: Json) -> bool:
    """Whether a value stands for a session variable other than the role.

    >>> is_session_variable("X-Hasura-User-Id"), is_session_variable("x-hasura-role")
    (True, False)
    """
    if not isinstance(value, str):
        return False
    name = value.lower()
    return name.startswith("x-hasura-") and name != "x-hasura-role"


def session_variables(value: Json) -> Iterator[str]:
    """Every session variable within a value, the role among them."""
    match value:
        case str() if value.lower().startswith("x-hasura-"):
            yield value
        case list():
            for item in value:
                yield from session_variables(item)
        case dict():
            for item in value.values():
                yield from session_variables(item)


def held(expression: Json, prefix: ColumnPath = ()) -> frozenset[ColumnPath]:
    """The columns that equal a session variable in every row that `expression` accepts.

    >>> held({"_and": [{"owner_id": {"_eq": "X-Hasura-User-Id"}}, {"a": {"_gt": 1}}]})
    frozenset({('owner_id',)})
    >>> held({"_or": [{"owner_id": "X-Hasura-User-Id"}, {"public": {"_eq": True}}]})
    frozenset()
    """
    if isinstance(expression, list):
        return _union(held(one, prefix) for one in expression)
    if not isinstance(expression, dict):
        return frozenset()
    return _union(_held_by(key, value, prefix) for key, value in expression.items())


def _held_by(key: str, value: Json, prefix: ColumnPath) -> frozenset[ColumnPath]:
    if key in _ALL:
        return held(value, prefix)
    if key in _ANY:
        branches = [held(one, prefix) for one in value] if isinstance(value, list) else []
        return frozenset.intersection(*branches) if branches else frozenset()
    if key in _OPAQUE:
        return frozenset()
    here = (*prefix, key)
    if is_session_variable(value):
        return frozenset({here})
    if not isinstance(value, dict):
        return frozenset()
    if any(is_session_variable(value.get(operator)) for operator in _HOLDING):
        return frozenset({here})
    return held(value, here)


def _union(parts: Iterator[frozenset[ColumnPath]]) -> frozenset[ColumnPath]:
    return frozenset().union(*parts)


def compared(expression: Json, prefix: ColumnPath = ()) -> Iterator[ColumnPath]:
    """Every column that `expression` compares, wherever in it."""
    match expression:
        case list():
            for one in expression:
                yield from compared(one, prefix)
        case dict():
            for key, value in expression.items():
                yield from _compared_by(key, value, prefix)


def _compared_by(key: str, value: Json, prefix: ColumnPath) -> Iterator[ColumnPath]:
    if key in ("_exists", "$exists"):
        return
    if key in _LOGIC:
        yield from compared(value, prefix)
    elif _is_comparison(value):
        yield (*prefix, key)
    else:
        yield from compared(value, (*prefix, key))


def _is_comparison(value: Json) -> bool:
    """Whether a value is one of a column: of a relationship it would be an object again."""
    if not isinstance(value, dict):
        return True
    return any(key[:1] in ("_", "$") and key not in _LOGIC for key in value)
