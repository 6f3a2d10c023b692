"""Transforms with their templates read, what they work on, and what can go wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rowgate.base.json import Json
from rowgate.base.kriti.types import Template
from rowgate.base.names import PathStep

Headers = tuple[tuple[str, str], ...]
"""Names in lower case, and values, in order."""


class Misshapen(Exception):
    """A transform of the wrong form: which part of it (`path`), and what was expected there."""

    def __init__(self, path: Sequence[PathStep], message: str) -> None:
        super().__init__(message)
        self.path = tuple(path)
        self.message = message


class TransformFailed(Exception):
    """Templates that cannot be read or filled: each failure as Hasura shows it."""

    def __init__(self, failures: Sequence[Json]) -> None:
        super().__init__("; ".join(str(one.get("message")) for one in failures))
        self.failures = list(failures)

    @classmethod
    def because(cls, message: str) -> "TransformFailed":
        """The one failure that a template was filled, and that the result cannot be used."""
        return cls([{"error_code": "TransformationError", "message": message}])


@dataclass(frozen=True, slots=True)
class RemoveBody:
    """There is no body any more."""


@dataclass(frozen=True, slots=True)
class JsonBody:
    """The body is what a template makes."""

    template: Template


@dataclass(frozen=True, slots=True)
class FormBody:
    """The body is a form, a template for each of its fields."""

    fields: tuple[tuple[str, Template], ...]


BodyTransform = RemoveBody | JsonBody | FormBody
Parameters = tuple[tuple[Template, Template | None], ...]


@dataclass(frozen=True, slots=True)
class RequestTransform:
    """What is changed of a request; None: it stays. `query_params` is a template of the whole query
    string, or of each name and value."""

    method: str | None = None
    url: Template | None = None
    query_params: Template | Parameters | None = None
    body: BodyTransform | None = None
    add_headers: tuple[tuple[str, Template], ...] = ()
    remove_headers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ResponseTransform:
    """What is changed of an answer."""

    body: BodyTransform | None = None


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request before it is transformed; `body` is to be sent as JSON."""

    url: str
    method: str
    headers: Headers
    body: Json
    session_variables: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Transformed:
    """A request as it is sent."""

    url: str
    method: str
    headers: Headers
    content: bytes


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """An answer before it is transformed: its JSON (null where it is none) and status; the request
    before its own transform, None where it has none; whose session it was."""

    body: Json
    status: int
    request: WebhookRequest | None = None
    session_variables: Mapping[str, str] | None = None
