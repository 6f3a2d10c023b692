"""`graphql-ws`, the protocol of subscriptions-transport-ws: Hasura's default.

It says what is wrong and leaves the socket open.
"""

from rowgate.base.json import encode_text
from rowgate.http.websocket.reading import read_id, read_init, read_object, read_start
from rowgate.http.websocket.types import (
    Acknowledged,
    Alive,
    BadMessage,
    ClientMessage,
    Close,
    Completed,
    Failed,
    Refused,
    Result,
    ServerMessage,
    Stop,
    Terminate,
)


class Legacy:
    """The words of `graphql-ws`."""

    name = "graphql-ws"
    completes_refused = True

    def read(self, text: str) -> ClientMessage:
        """The message in `text`; raises `BadMessage`."""
        message = read_object(text)
        match message.get("type"):
            case "connection_init":
                return read_init(message)
            case "start":
                return read_start(message)
            case "stop":
                return Stop(read_id(message))
            case "connection_terminate":
                return Terminate()
            case other:
                raise BadMessage(f"unexpected type for ClientMessage: {other}")

    def write(self, message: ServerMessage) -> str | None:
        """The text of a message; it has no pong."""
        match message:
            case Acknowledged():
                return '{"type":"connection_ack"}'
            case Alive():
                return '{"type":"ka"}'
            case Refused(reason):
                return f'{{"type":"connection_error","payload":{encode_text(reason)}}}'
            case Result(identity, body):
                return _about("data", identity, body)
            case Failed(identity, body):
                return _about("error", identity, body)
            case Completed(identity):
                return f'{{"type":"complete","id":{encode_text(identity)}}}'
        return None

    def bad_message(self, reason: str) -> Refused:
        """A `connection_error`."""
        return Refused(f"parsing ClientMessage failed: {reason}")

    def init_failed(self, reason: str) -> Refused:
        """A `connection_error`."""
        return Refused(reason)

    def too_many_inits(self) -> Refused:
        """A `connection_error`."""
        return Refused("the connection is already initialised")

    def not_started(self, failure: str | None) -> str:
        """The message of an `error`."""
        if failure is None:
            return "start received before the connection is initialised"
        return f"cannot start as connection_init failed with: {failure}"

    def duplicate(self, identity: str) -> str:
        """The message of an `error`."""
        return f"an operation already exists with this id: {identity}"

    def close_reason(self, code: Close, reason: str) -> str:  # noqa: ARG002 - the code is no part
        """The reason alone."""
        return reason


def _about(kind: str, identity: str, body: bytes) -> str:
    return f'{{"type":"{kind}","id":{encode_text(identity)},"payload":{body.decode()}}}'
