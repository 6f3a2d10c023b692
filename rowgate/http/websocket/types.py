"""What is said over a socket, in either sub-protocol, and the codes that end one.

The two protocols differ in words, in how they refuse, and in nothing that `connection` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from rowgate.base.json import Json
from rowgate.http.types import Operation


class Close(IntEnum):
    """Why a socket is closed (RFC 6455, 7.4, and graphql-transport-ws)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    TOO_BIG = 1009
    RESTART = 1012
    BAD_MESSAGE = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    INIT_TIMEOUT = 4408
    DUPLICATE = 4409
    TOO_MANY_INITS = 4429


class SocketClosed(Exception):
    """This end closes the socket, with a code and the reason that the client is told."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class BadMessage(Exception):
    """What the client sent is no message of the protocol."""


@dataclass(frozen=True, slots=True)
class Init:
    """The client introduces itself with headers."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Start:
    """The client starts an operation."""

    id: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class Stop:
    """The client has had enough of an operation."""

    id: str


@dataclass(frozen=True, slots=True)
class Ping:
    """The client asks for a sign of life."""

    payload: Json = None


@dataclass(frozen=True, slots=True)
class Pong:
    """The client gives a sign of life."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """The client ends the conversation."""


ClientMessage = Init | Start | Stop | Ping | Pong | Terminate


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The client's introduction is accepted."""


@dataclass(frozen=True, slots=True)
class Alive:
    """A sign of life."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The client's introduction, or a message, is refused; the socket stays open."""

    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """An answer of an operation: the bytes of a GraphQL response."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """An operation that was not run; `body` is `{"errors": [...]}`."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Completed:
    """An operation has no more answers."""

    id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a `Ping`."""

    payload: Json = None


ServerMessage = Acknowledged | Alive | Refused | Result | Failed | Completed | Answered


class SubProtocol(Protocol):
    """How one sub-protocol says things, and how it refuses."""

    name: str
    completes_refused: bool
    """Whether `Failed` is followed by `Completed`."""

    def read(self, text: str) -> ClientMessage:
        """The message in `text`; raises `BadMessage`."""

    def write(self, message: ServerMessage) -> str | None:
        """The text of a message, `None` where this protocol does not know it."""

    def bad_message(self, reason: str) -> Refused:
        """What to say about a message that cannot be read; raises `SocketClosed` to close."""

    def init_failed(self, reason: str) -> Refused:
        """What to say where authentication fails; raises `SocketClosed` to close."""

    def too_many_inits(self) -> Refused:
        """What to say to a second introduction; raises `SocketClosed` to close."""

    def not_started(self, failure: str | None) -> str:
        """What to say to a start without an introduction that went well (`failure` tells how it
        went); raises `SocketClosed` to close."""

    def duplicate(self, identity: str) -> str:
        """What to say to a second start with the id of a running operation; raises `SocketClosed`
        to close."""

    def close_reason(self, code: Close, reason: str) -> str:
        """The reason as it is put into the close frame."""
