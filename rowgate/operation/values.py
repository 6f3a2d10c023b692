"""Scalars: what a value is called in messages, and whether it may stand for a type."""

import math
import re
from decimal import Context, Decimal
from typing import NoReturn

import graphql

from rowgate.base.errors import ParseFailed, ValidationFailed
from rowgate.base.json import MOST_DIGITS, ExactNumber, Json, number
from rowgate.operation.geojson import check_geometry
from rowgate.operation.types import Path
from rowgate.schema.types import Coercion, ScalarType

_LABEL_PATH = re.compile(r"([\w-]+(\.[\w-]+)*)?\Z")
_WHOLE = re.compile(r"-?[0-9]{1,20}\Z")
_INT_RANGE = range(-(2**31), 2**31)
_EXACTLY = Context(prec=MOST_DIGITS)


class EnumName(str):
    """An enum value written in a document, told apart from a string."""

    __slots__ = ()


def from_literal(node: graphql.ValueNode) -> Json:
    """The JSON value of a literal without variables; enum names come as `EnumName`."""
    match node:
        case graphql.NullValueNode():
            return None
        case graphql.IntValueNode() | graphql.FloatValueNode():
            return number(node.value)
        case graphql.EnumValueNode():
            return EnumName(node.value)
        case graphql.StringValueNode() | graphql.BooleanValueNode():
            return node.value
        case graphql.ListValueNode():
            return [from_literal(item) for item in node.values]
        case graphql.ObjectValueNode():
            return {item.name.value: from_literal(item.value) for item in node.fields}
    raise ValidationFailed("a variable cannot stand in a default value")


def called(value: Json) -> str:
    """What a JSON value is called in messages.

    >>> called(1.5), called("x"), called(None), called([])
    ('a float', 'a string', 'null', 'a list')
    """
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case EnumName():
            return "an enum value"
        case str():
            return "a string"
        case int():
            return "an integer"
        case float():
            return "a float"
        case list():
            return "a list"
    return "an object"


def mismatch(type_name: str, wanted: str, value: Json, at: Path) -> NoReturn:
    """Refuse a value: `expected … for type 'T', but found …`."""
    raise ValidationFailed(
        f"expected {wanted} for type '{type_name}', but found {called(value)}", path=at
    )


def check(value: Json, type_: ScalarType, at: Path) -> Json:
    """`value` as the scalar takes it; raises `ValidationFailed` or `ParseFailed` at `at`."""
    if value is None:
        raise ValidationFailed(f"unexpected null value for type '{type_.name}'", path=at)
    match type_.coercion:
        case Coercion.INT:
            return _integer(_digits_of(value), type_.name, at)
        case Coercion.NON_NEGATIVE_INT:
            return _non_negative(value, type_.name, at)
        case Coercion.FLOAT:
            return _float(value, type_.name, at)
        case Coercion.BOOLEAN:
            return _boolean(value, type_.name, at)
        case Coercion.STRING | Coercion.ID:
            return _text(value, type_, at)
    return _column_value(value, type_, at)


def _float(value: Json, name: str, at: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        mismatch(name, "a float", value, at)
    return _finite(value, at)


def _boolean(value: Json, name: str, at: Path) -> bool:
    if not isinstance(value, bool):
        mismatch(name, "a boolean", value, at)
    return value


def _column_value(value: Json, type_: ScalarType, at: Path) -> Json:
    match type_.coercion:
        case Coercion.BIG_INTEGER:
            return _big_integer(value, type_.name, at)
        case Coercion.NUMBER:
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                mismatch(type_.name, "a number", value, at)
            return value if isinstance(value, str | ExactNumber) else _finite(value, at)
        case Coercion.LABEL_PATH:
            text = _text(value, type_, at)
            if not _LABEL_PATH.match(text):
                raise ParseFailed(
                    "Expecting label path: a sequence of zero or more labels separated by dots, "
                    "for example L1.L2.L3",
                    path=at,
                )
            return text
        case Coercion.GEOJSON:
            return _geojson(value, at)
        case Coercion.TEXT if not isinstance(value, str):
            raise ParseFailed(f"A string is expected for type: {type_.name}", path=at)
    return value


def _geojson(value: Json, at: Path) -> Json:
    try:
        check_geometry(value)
    except ParseFailed as error:
        raise error.under(*at) from None
    return value


def _text(value: Json, type_: ScalarType, at: Path) -> str:
    if isinstance(value, EnumName) or not isinstance(value, str):
        if type_.coercion is Coercion.ID and isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        mismatch(type_.name, "a string", value, at)
    return value


def _finite(value: float, at: Path) -> float:
    if isinstance(value, float) and not math.isfinite(value):
        raise ParseFailed("a number must be finite", path=at)
    return value


def _integer(value: Json, name: str, at: Path, wanted: str = "a 32-bit integer") -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        mismatch(name, wanted, value, at)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or value not in _INT_RANGE:
        raise ParseFailed(
            f"The value {scientific(value)} lies outside the bounds or is not an integer. Maybe it "
            "is a float, or is there integer overflow?",
            path=at,
        )
    return value


def _digits_of(value: Json) -> Json:
    """An integer that is sent as a text, as the integer; everything else as it is."""
    if isinstance(value, str) and not isinstance(value, EnumName) and _WHOLE.match(value):
        return int(value)
    return value


def _non_negative(value: Json, name: str, at: Path) -> int:
    wanted = "a non-negative 32-bit integer"
    whole = _integer(value, name, at, wanted)
    if whole < 0:
        mismatch(name, wanted, value, at)
    return whole


def _big_integer(value: Json, name: str, at: Path) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        mismatch(name, "an integer", value, at)
    if isinstance(value, float):
        if not value.is_integer():
            raise ParseFailed(
                f"The value {scientific(value)} lies outside the bounds or is not an integer. "
                "Maybe it is a float, or is there integer overflow?",
                path=at,
            )
        return int(value)
    return value


def scientific(value: float) -> str:
    """A number as Haskell's `Scientific` shows it, which is what messages quote.

    >>> scientific(2147483648), scientific(1.5), scientific(0.01)
    ('2.147483648e9', '1.5', '1.0e-2')
    """
    if value == 0:
        return "0.0"
    magnitude = abs(value)
    exact = Decimal(repr(value))
    if 0.1 <= magnitude < 10**7:
        text = f"{exact.normalize(_EXACTLY):f}"
        return text if "." in text else f"{text}.0"
    digits, exponent = _digits(exact)
    return f"{digits}e{exponent}"


def _digits(exact: Decimal) -> tuple[str, int]:
    """The decimal digits of a number, as `d.ddd`, and its power of ten."""
    sign, figures, _ = exact.as_tuple()
    text = "".join(map(str, figures)).rstrip("0") or "0"
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}", exact.adjusted()
