"""Inputs as values of the algebra."""

from rowgate.algebra.types import Constant, ListOf, Value, Variable
from rowgate.base.errors import ValidationFailed
from rowgate.base.json import Json
from rowgate.catalog.types import PgType, TypeKind
from rowgate.operation.types import (
    Entries,
    Enumerated,
    FromVariable,
    Input,
    Items,
    Null,
    Path,
    Scalar,
)
from rowgate.schema.types import ListOf as ListType


def value_of(given: Input, type_: PgType, at: Path = ()) -> Value | None:
    """One value of `type_`; None for null. Raises `ValidationFailed` for what is no value."""
    match given:
        case Null():
            return None
        case Scalar():
            return Constant(given.value, type_)
        case Enumerated():
            return Constant(_text(given), type_)
        case FromVariable():
            return Variable(given.path, type_, False, given.at, given.check)
        case Items():
            return _array(given, type_, at)
    raise ValidationFailed("a value cannot be an object here", path=at)


def _array(given: Items, type_: PgType, at: Path) -> Value:
    element = type_.base if type_.kind is TypeKind.ARRAY and type_.base else type_
    if all(isinstance(one, Scalar | Null | Enumerated) for one in given.items):
        return Constant([_plain(one) for one in given.items], type_)
    values = tuple(value_of(one, element, (*at, index)) for index, one in enumerate(given.items))
    return ListOf(tuple(_known(one, at) for one in values), element)


def _plain(given: Input) -> Json:
    match given:
        case Scalar():
            return given.value
        case Enumerated():
            return _text(given)
    return None


def _text(given: Enumerated) -> str:
    """The value that an enum's stands for: that of an enum table, else its name."""
    value = given.value
    return value.meaning if isinstance(value.meaning, str) else value.name


def _known(value: Value | None, at: Path) -> Value:
    if value is None:
        raise ValidationFailed("null cannot stand in this list", path=at)
    return value


def required(given: Input, type_: PgType, at: Path) -> Value:
    """One value that is not null; raises `ValidationFailed` at `at` for null."""
    value = value_of(given, type_, at)
    if value is None:
        raise ValidationFailed(f"unexpected null value for type '{type_.name}'", path=at)
    return value


def members(given: Input, type_: PgType, at: Path) -> Value:
    """A list of values of `type_`, as the right side of `_in` and its like."""
    if isinstance(given, FromVariable):
        if isinstance(given.type, ListType):
            return Variable(given.path, type_, True, given.at, given.check)
        return ListOf((required(given, type_, at),), type_)
    if not isinstance(given, Items):
        raise ValidationFailed("expected a list", path=at)
    if type_.kind is not TypeKind.ARRAY and all(
        isinstance(one, Scalar | Enumerated) for one in given.items
    ):
        return Constant([_plain(one) for one in given.items], type_, as_array=True)
    items = tuple(required(one, type_, (*at, index)) for index, one in enumerate(given.items))
    return ListOf(items, type_)


def constant(given: Input | None) -> Json:
    """The JSON behind an input that may not come from a variable; None where it is not given."""
    match given:
        case Scalar():
            return given.value
        case Enumerated():
            return _text(given)
        case Items():
            return [constant(one) for one in given.items]
        case Entries():
            return {item.name: constant(one) for item, one in given}
    return None
