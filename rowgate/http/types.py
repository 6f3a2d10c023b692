"""The nouns of the HTTP room: what is served, and the verbs that it is handed from outside.

`http` stands below the pipeline, so the work itself arrives here as callables (see `Services`).
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from rowgate.base.json import Json
from rowgate.base.session import Session
from rowgate.features.rest.types import RestCall

Headers = Mapping[str, str]
"""A request's headers, names in lower case."""


class KnownHeaders(dict[str, str]):
    """The headers of a head that clients sent before, byte for byte; with it is kept who asks by
    them, where that is so for ever."""

    __slots__ = ("_gate", "_session")

    def __init__(self, headers: Headers) -> None:
        super().__init__(headers)
        self._gate: object = None
        self._session: Session | None = None

    def keep(self, gate: object, session: Session) -> None:
        """Remember what `gate` told."""
        self._gate, self._session = gate, session

    def kept(self, gate: object) -> Session | None:
        """What `gate` told, if it did."""
        return self._session if self._gate is gate else None


Pairs = tuple[tuple[str, str], ...]


class Reply(Protocol):
    """An answer ready to be written: status, JSON bytes, headers."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> bytes:
        """The bytes of the body."""

    @property
    def headers(self) -> Pairs:
        """Headers beyond the usual ones."""


@dataclass(slots=True)  # not frozen: made once a request, in half the time
class Written:
    """A reply made in this room."""

    status: int
    body: bytes
    headers: Pairs = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One GraphQL request as a client sent it over a socket."""

    query: str
    variables: dict[str, Json] | None = None
    operation_name: str | None = None


class Surface(StrEnum):
    """Where GraphQL is spoken; the value is the path."""

    GRAPHQL = "/v1/graphql"
    LEGACY = "/v1alpha1/graphql"
    RELAY = "/v1beta1/relay"

    @property
    def keeps_status(self) -> bool:
        """Whether errors have a status of their own; elsewhere every answer is a 200."""
        return self is Surface.LEGACY


class Health(StrEnum):
    """What `/healthz` tells."""

    OK = "OK"
    INCONSISTENT = "inconsistent objects in schema"
    UNREACHABLE = "ERROR"


class Begun(Protocol):
    """An answer under way, to be awaited. `waiting`: the one thing left to wait for, where it is;
    once that is done `now` may have the answer, and where it has none, to await it does."""

    @property
    def waiting(self) -> asyncio.Future[Any] | None:
        """What is waited for."""

    def now(self) -> Reply | None:
        """The answer, after `waiting`."""

    def __await__(self) -> Generator[Any, None, Reply]:
        """The answer."""


Beginning = Callable[[bytes, Session, Headers], Begun]
"""From a request's raw body, who asks, and its headers to the answer under way."""

Answering = Callable[[bytes, Session, Headers], Awaitable[Reply]]
"""As `Beginning`, of what is always waited for."""

Running = Callable[[Operation, Session, Headers], Awaitable[Reply]]
"""As `Answering`, for one operation of a socket."""

Watching = Callable[[Operation, Session, Headers], AsyncGenerator[Reply, None]]
"""A subscription: its first answer, then each that differs from the one before, until closed."""

Calling = Callable[[RestCall, Session, Headers], Awaitable[Reply]]
"""From a call of a stored operation, who asks, and its headers to the answer."""

Looking = Callable[[], Json]
"""Something to look at, for admins: a JSON value as of now."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers at a path, and the API (as in `HASURA_GRAPHQL_ENABLED_APIS`) it belongs to;
    None: it is always there."""

    api: str | None
    answering: Answering


@dataclass(frozen=True, slots=True)
class Services:
    """The work behind the paths, given by the composition root.

    `graphql` answers raw bodies, `run` single operations of sockets, `watch` subscriptions, each by
    surface, `rest` calls of stored operations. `endpoints` are all other authenticated paths, by
    method and path; `developer` are the `/dev/…` views, which admins may look at. `on_change` takes
    what is to be called when the world has changed.
    """

    graphql: Mapping[Surface, Beginning]
    run: Mapping[Surface, Running]
    watch: Mapping[Surface, Watching]
    rest: Calling
    endpoints: Mapping[tuple[str, str], Endpoint]
    health: Callable[[], Awaitable[Health]]
    on_change: Callable[[Callable[[], None]], None]
    developer: Mapping[str, Looking] = field(default_factory=dict)
