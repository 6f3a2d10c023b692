"""JSON in and out: orjson, with the contract's answers to bad text, and numbers kept exactly.

A double holds some sixteen digits, `numeric` and `jsonb` hold more, and they keep zeros at the end.
A number that a double would not write as it was sent is read as an `ExactNumber`; whether a body
may hold one is seen at once from its digits.
"""

import json as stdlib_json
import re
from decimal import Decimal
from typing import Any

import orjson

from rowgate.base.errors import ApiError, ParseFailed

Json = Any
"""A decoded JSON value. The only place where `Any` is allowed in a signature."""

MOST_DIGITS = 1_000
"""How many digits a number may have when it is written without an exponent: the cost of some
conversions grows with the square of it."""

_KINDS = bytearray(b" " * 256)
_KINDS[ord("0") : ord("9") + 1] = b"d" * 10
_KINDS[ord("e")] = _KINDS[ord("E")] = ord("e")
for _sign in b".+-":
    _KINDS[_sign] = _sign
for _end in b",]} \t\r\n":
    _KINDS[_end] = ord(",")
_DIGITS = bytes(_KINDS)
_LONG = b"d" * 16
_POWER = re.compile(rb"de[+-]?d+(?:,|(?<=dddd))")
"""How a power of ten ends. Few UUIDs have that."""
_SPELLED = re.compile(
    rb"(?<![\w.])-?(?:\d[\d.]{15}|0\.0000|\d+\.\d*0(?![\d.])|\d+(?:\.\d+)?[eE][+-]?\d)"
)
"""A number that a double may write otherwise: long, tiny, with a zero at the end of its fraction or
with a power of ten."""


class ExactNumber(float):
    """A number that is written as it was sent, where a double would be written otherwise: rounded,
    or without zeros at the end. To arithmetic it is the nearest double (infinite beyond them). It
    equals numbers of exactly its value only."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "ExactNumber":
        """The number that `text` writes, as JSON does."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ExactNumber):
            return Decimal(self.text) == Decimal(other.text)
        if isinstance(other, float):
            return Decimal(self.text) == Decimal(repr(other))
        return Decimal(self.text) == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        near = float(self)
        return hash(near) if self == near else hash(Decimal(self.text))

    def is_integer(self) -> bool:
        """Whether nothing stands behind the point."""
        value = Decimal(self.text)
        return value == value.to_integral_value()

    def __int__(self) -> int:
        return int(Decimal(self.text))


def number(text: str) -> int | float:
    """The number that a JSON or GraphQL text writes; raises `ParseFailed` where it has more than
    `MOST_DIGITS` digits.

    >>> number("1.50"), number("123456789012345678901234567890.5"), number("1e400")
    (1.50, 123456789012345678901234567890.5, 1e400)
    """
    return _whole(text) if text.lstrip("-").isdecimal() else _real(text)


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > MOST_DIGITS:
        raise _too_long()
    return int(text)


def _real(text: str) -> float:
    value = float(text)
    return value if repr(value) == text else _exact(text)


def _exact(text: str) -> ExactNumber:
    if len(text) > 2 * MOST_DIGITS:
        raise _too_long()
    exponent = text.lower().partition("e")[2]
    if len(exponent.lstrip("+-0")) > len(str(MOST_DIGITS)):
        raise _too_long()
    _, digits, power = Decimal(text).as_tuple()
    assert isinstance(power, int)
    if max(len(digits) + power, 0) - min(power, 0) > MOST_DIGITS:
        raise _too_long()
    return ExactNumber(text)


def _too_long() -> ParseFailed:
    return ParseFailed(f"a number may have at most {MOST_DIGITS} digits")


def decode(body: bytes | str) -> Json:
    """The JSON value of `body`; raises `ApiError` `invalid-json` where it is not JSON, and
    `ParseFailed` for a number that is too long."""
    try:
        value = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError) as error:
        if "infinity" in str(error):
            return _beyond_doubles(body)
        raise ApiError(str(error), code="invalid-json") from None
    raw = body.encode() if isinstance(body, str) else body
    kinds = raw.translate(_DIGITS) + b","
    if (
        _LONG in kinds or b"d.d" in kinds or (b"de" in kinds and _POWER.search(kinds))
    ) and _SPELLED.search(raw):
        return _exactly(raw.decode())
    return value


def _beyond_doubles(body: bytes | str) -> Json:
    """The value of a body that orjson refuses since it has a number beyond all doubles."""
    try:
        value = _exactly(body if isinstance(body, str) else body.decode())
        encode(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise ApiError(str(error), code="invalid-json") from None
    return value


def _exactly(text: str) -> Json:
    return stdlib_json.loads(text, parse_float=_real, parse_int=_whole, parse_constant=_refuse)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def encode(value: Json) -> bytes:
    """Compact JSON bytes of `value`; integers beyond 64 bits and exact numbers are written as they
    are."""
    try:
        return orjson.dumps(value, default=_fragment)
    except TypeError:
        pieces: list[bytes] = []
        _write(value, pieces)
        return b"".join(pieces)


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, ExactNumber):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _write(value: Json, pieces: list[bytes]) -> None:
    """The pieces of a value that orjson does not write: nested too deeply, or with integers of more
    than 64 bits."""
    match value:
        case dict():
            before = b"{"
            for key, one in value.items():
                pieces.append(before + orjson.dumps(key) + b":")
                _write(one, pieces)
                before = b","
            pieces.append(b"}" if value else b"{}")
        case list() | tuple():
            before = b"["
            for one in value:
                pieces.append(before)
                _write(one, pieces)
                before = b","
            pieces.append(b"]" if value else b"[]")
        case int() if not isinstance(value, bool):
            pieces.append(int.__repr__(value).encode())
        case _:
            pieces.append(orjson.dumps(value, default=_fragment))


def encode_text(value: Json) -> str:
    """Compact JSON text of `value`."""
    return encode(value).decode()
