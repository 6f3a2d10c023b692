"""The bytes of an answer: what Postgres built is passed through undecoded."""

from collections.abc import Iterable, Sequence

from rowgate.base.errors import ApiError
from rowgate.base.json import encode


def data(results: Iterable[tuple[bytes, bytes]]) -> bytes:
    """`{"data":{…}}` of response keys (as JSON strings) and values (as JSON)."""
    return b'{"data":' + members(results) + b"}"


def members(results: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A JSON object of keys and values that are JSON already."""
    return b"{" + b",".join([key + b":" + value for key, value in results]) + b"}"


def items(values: Sequence[bytes]) -> bytes:
    """A JSON list of values that are JSON already."""
    return b"[" + b",".join(values) + b"]"


def errors(error: ApiError, *, with_internal: bool) -> bytes:
    """`{"errors":[…]}` of one refusal."""
    return encode({"errors": [error.as_graphql(with_internal=with_internal)]})
