"""The nouns of a request on its way: what comes in, what goes out, what runs between."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

import httpx

from rowgate.base.json import Json
from rowgate.base.session import Session
from rowgate.features.actions import ActionCall
from rowgate.features.federation import EntitiesField, ServiceField
from rowgate.features.tables.fields import TableField
from rowgate.generation import Generation, SchemaKey
from rowgate.operation.types import Introspect
from rowgate.settings import Settings
from rowgate.world import World


class Endpoint(Enum):
    """Where a GraphQL request came in."""

    GRAPHQL = auto()
    GRAPHQL_LEGACY = auto()
    RELAY = auto()


@dataclass(slots=True)  # not frozen: made once a request, in half the time
class Answer:
    """Status, JSON bytes and further headers of an answer."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)  # not frozen: made once a request, in half the time
class GraphQLRequest:
    """One operation as a client sent it; subscriptions need a socket."""

    query: str
    variables: Mapping[str, Json] | None = None
    operation_name: str | None = None
    over_socket: bool = False


class Engine(Protocol):
    """What the pipeline works with."""

    @property
    def world(self) -> World:
        """The current generation and its databases."""

    @property
    def settings(self) -> Settings:
        """The process's settings."""

    @property
    def webhooks(self) -> httpx.AsyncClient:
        """The client that calls webhooks; it follows no redirects."""


@dataclass(frozen=True, slots=True)
class Typename:
    """`__typename` of a root."""

    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Introspection:
    """An introspection field; `shares` of them stand in the operation and share its limit."""

    key: bytes
    asked: Introspect
    shares: int


@dataclass(frozen=True, slots=True)
class Namespace:
    """Fields under a source's namespace."""

    key: bytes
    fields: tuple["RootField", ...]


RootField = (
    TableField | ActionCall | EntitiesField | ServiceField | Typename | Introspection | Namespace
)


@dataclass(frozen=True, slots=True)
class Program:
    """An operation ready to run: its root fields in order."""

    kind: str
    fields: tuple[RootField, ...]


@dataclass(slots=True)  # not frozen: made once a request, in half the time
class Request:
    """Everything that belongs to one request."""

    engine: Engine
    generation: Generation
    asked: GraphQLRequest
    session: Session
    headers: Mapping[str, str]
    key: SchemaKey
    values: Mapping[str, Json]
