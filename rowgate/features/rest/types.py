"""The nouns of a REST call, apart so that HTTP can make one without knowing how it is answered."""

from dataclasses import dataclass

from rowgate.snapshot.types import StoredEndpoint


@dataclass(frozen=True, slots=True)
class RestCall:
    """A request below `/api/rest/`: upper-case method, the path's segments with their escapes
    undone one by one (so that an escaped slash stays in its segment), the raw query string and the
    raw body."""

    method: str
    segments: tuple[str, ...]
    query: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Matched:
    """The endpoint that a call means, and the path's variables."""

    endpoint: StoredEndpoint
    values: dict[str, str]
