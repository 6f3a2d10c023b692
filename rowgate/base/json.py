"""JSON in and out: orjson, with the contract's answers to bad text."""

import json as stdlib_json
from typing import Any

import orjson

from rowgate.base.errors import ApiError

Json = Any
"""A decoded JSON value. The only place where `Any` is allowed in a signature."""


def decode(body: bytes | str) -> Json:
    """The JSON value of `body`; raises `ApiError` `invalid-json` where it is not JSON."""
    try:
        return orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise ApiError(str(error), code="invalid-json") from None


def encode(value: Json) -> bytes:
    """Compact JSON bytes of `value`; integers beyond 64 bits are written as they are."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return _encode_slowly(value)


def _encode_slowly(value: Json) -> bytes:
    return stdlib_json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def encode_text(value: Json) -> str:
    """Compact JSON text of `value`."""
    return encode(value).decode()
