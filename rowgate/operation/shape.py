"""The part of a request's variables that decides the SQL: the second key of the plan cache.

Keys, nulls, enum choices, list lengths of objects, the booleans that directives or `_is_null`
read, small limits; never another scalar's value, nor the length of a list of scalars.
"""

import math
from collections.abc import Hashable, Mapping

from rowgate.base.json import Json
from rowgate.operation.document import Document
from rowgate.schema.meanings import Special
from rowgate.schema.types import Decides, EnumType, InputType, ListOf, Type, nullable

_Left = list[float]
"""How many tokens may still come, and whether (1) they are not counted, as in rows to insert."""
_SCALAR = "·"
_ABSENT = "-"


def is_count(value: Json, most: int) -> bool:
    """Whether a value is a whole number from 0 to `most`.

    >>> is_count(3, 3), is_count(4, 3), is_count(True, 3), is_count(1.0, 3), is_count("1", 3)
    (True, False, False, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def size(value: Json) -> int:
    """How many tokens a JSON value would be in a document.

    >>> size({"a": [1, 2]}), size(None), size([])
    (8, 1, 2)
    """
    match value:
        case dict():
            return 2 + sum(2 + size(one) for one in value.values())
        case list():
            return 2 + sum(size(one) for one in value)
    return 1


class _TooLarge(Exception):
    """The variables have more tokens than they may."""


def shape(document: Document, values: Mapping[str, Json], most: int = 0) -> Hashable:
    """The key under which this request's program is kept; `()` where no variable is declared. Where
    the variables have more than `most` tokens (0: no limit), it is one that nothing is kept under:
    whoever reads them refuses them."""
    if not document.variables:
        return ()
    scalars, conditions = document.scalars, document.conditions
    left = [most or math.inf, False]
    try:
        return tuple(
            [
                _SCALAR
                if name in scalars and name not in conditions and values.get(name) is not None
                else _of_variable(document, name, values, left)
                for name in document.variables
            ]
        )
    except _TooLarge:
        return object()


def _of_variable(
    document: Document, name: str, values: Mapping[str, Json], left: _Left
) -> Hashable:
    if name not in values:
        return _ABSENT
    value = values[name]
    if value is None:
        return None
    if name in document.conditions:
        return _whole(value, left)
    if name in document.counts:
        return value if is_count(value, document.counts[name]) else _SCALAR
    type_ = document.usages.get(name)
    return _SCALAR if type_ is None else _of_value(value, type_, left)


def _of_value(value: Json, type_: Type, left: _Left) -> Hashable:
    if value is None:
        return None
    inner = nullable(type_)
    match inner:
        case ListOf():
            return _of_list(value, inner, left)
        case InputType():
            return _of_object(value, inner, left)
        case EnumType():
            return _whole(value, left)
    return _SCALAR


def _of_object(value: Json, type_: InputType, left: _Left) -> Hashable:
    if not isinstance(value, dict):
        return _whole(value, left)
    before, left[1] = left[1], type_.is_rows
    if not left[1]:
        left[0] -= 2 + 2 * len(value)
        if left[0] < 0:
            raise _TooLarge
    found = tuple([(key, _of_entry(one, type_, key, left)) for key, one in value.items()])
    left[1] = before
    return found


def _of_entry(value: Json, type_: InputType, key: str, left: _Left) -> Hashable:
    item = type_.fields.get(key)
    if item is None or item.meaning in (Special.IS_NULL, Decides.SQL):
        return _whole(value, left)
    return _of_value(value, item.type, left)


def _of_list(value: Json, type_: ListOf, left: _Left) -> Hashable:
    if not isinstance(value, list):
        return ("one", _of_value(value, type_.of, left))
    if isinstance(nullable(type_.of), InputType | EnumType | ListOf):
        return tuple([_of_value(one, type_.of, left) for one in value])
    if not left[1]:
        left[0] -= len(value)
        if left[0] < 0:
            raise _TooLarge
    if None in value:
        return tuple([_of_value(one, type_.of, left) for one in value])
    return ("many", _SCALAR)


def _whole(value: Json, left: _Left) -> Hashable:
    if not left[1]:
        left[0] -= 1
        if left[0] < 0:
            raise _TooLarge
    match value:
        case dict():
            return tuple([(key, _whole(one, left)) for key, one in value.items()])
        case list():
            return tuple([_whole(one, left) for one in value])
    return (type(value).__name__, value)
