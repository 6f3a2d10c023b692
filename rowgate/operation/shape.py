"""The part of a request's variables that decides the SQL: the second key of the plan cache.

Keys, nulls, enum choices, list lengths of objects, the booleans that directives or `_is_null`
read, small limits; never another scalar's value, nor the length of a list of scalars.
"""

from collections.abc import Hashable, Mapping

from rowgate.base.json import Json
from rowgate.operation.document import Document
from rowgate.schema.meanings import Special
from rowgate.schema.types import Decides, EnumType, InputType, ListOf, Type, nullable

_SCALAR = "·"
_ABSENT = "-"


def is_count(value: Json, most: int) -> bool:
    """Whether a value is a whole number from 0 to `most`.

    >>> is_count(3, 3), is_count(4, 3), is_count(True, 3), is_count(1.0, 3), is_count("1", 3)
    (True, False, False, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def shape(document: Document, values: Mapping[str, Json]) -> Hashable:
    """The key under which this request's program is kept; `()` where no variable is declared."""
    if not document.variables:
        return ()
    scalars, conditions = document.scalars, document.conditions
    return tuple(
        [
            _SCALAR
            if name in scalars and name not in conditions and values.get(name) is not None
            else _of_variable(document, name, values)
            for name in document.variables
        ]
    )


def _of_variable(document: Document, name: str, values: Mapping[str, Json]) -> Hashable:
    if name not in values:
        return _ABSENT
    value = values[name]
    if value is None:
        return None
    if name in document.conditions:
        return _whole(value)
    if name in document.counts:
        return value if is_count(value, document.counts[name]) else _SCALAR
    type_ = document.usages.get(name)
    return _SCALAR if type_ is None else _of_value(value, type_)


def _of_value(value: Json, type_: Type) -> Hashable:
    if value is None:
        return None
    inner = nullable(type_)
    match inner:
        case ListOf():
            return _of_list(value, inner)
        case InputType():
            if not isinstance(value, dict):
                return _whole(value)
            return tuple((key, _of_entry(one, inner, key)) for key, one in value.items())
        case EnumType():
            return _whole(value)
    return _SCALAR


def _of_entry(value: Json, type_: InputType, key: str) -> Hashable:
    item = type_.fields.get(key)
    if item is None or item.meaning in (Special.IS_NULL, Decides.SQL):
        return _whole(value)
    return _of_value(value, item.type)


def _of_list(value: Json, type_: ListOf) -> Hashable:
    if not isinstance(value, list):
        return ("one", _of_value(value, type_.of))
    if isinstance(nullable(type_.of), InputType | EnumType | ListOf):
        return tuple(_of_value(one, type_.of) for one in value)
    if any(one is None for one in value):
        return tuple(_of_value(one, type_.of) for one in value)
    return ("many", _SCALAR)


def _whole(value: Json) -> Hashable:
    match value:
        case dict():
            return tuple((key, _whole(one)) for key, one in value.items())
        case list():
            return tuple(_whole(one) for one in value)
    return (type(value).__name__, value)
