"""`graphql-transport-ws`, the protocol of the graphql-ws library: strict, it closes the socket.

Source: PROTOCOL.md of enisdenjo/graphql-ws, and the contract's texts.
"""

from typing import Never

from rowgate.base.json import decode, encode_text
from rowgate.http.websocket.reading import read_id, read_init, read_object, read_start
from rowgate.http.websocket.types import (
    Acknowledged,
    Alive,
    Answered,
    BadMessage,
    ClientMessage,
    Close,
    Completed,
    Failed,
    Ping,
    Pong,
    Refused,
    Result,
    ServerMessage,
    SocketClosed,
    Stop,
)


class Transport:
    """The words of `graphql-transport-ws`."""

    name = "graphql-transport-ws"
    completes_refused = False

    def read(self, text: str) -> ClientMessage:
        """The message in `text`; raises `BadMessage`."""
        message = read_object(text)
        match message.get("type"):
            case "connection_init":
                return read_init(message)
            case "subscribe":
                return read_start(message)
            case "complete":
                return Stop(read_id(message))
            case "ping":
                return Ping(message.get("payload"))
            case "pong":
                return Pong()
            case other:
                raise BadMessage(f"unexpected type for ClientMessage: {other}")

    def write(self, message: ServerMessage) -> str | None:
        """The text of a message; refusals close the socket and have none."""
        match message:
            case Acknowledged():
                return '{"type":"connection_ack"}'
            case Alive():
                return '{"type":"ping","payload":{"message":"keepalive"}}'
            case Result(identity, body):
                return _about("next", identity, body.decode())
            case Failed(identity, body):
                return _about("error", identity, encode_text(decode(body)["errors"]))
            case Completed(identity):
                return f'{{"type":"complete","id":{encode_text(identity)}}}'
            case Answered(None):
                return '{"type":"pong"}'
            case Answered(payload):
                return f'{{"type":"pong","payload":{encode_text(payload)}}}'
        return None

    def bad_message(self, reason: str) -> Refused:
        """Close with 4400."""
        _close(Close.BAD_MESSAGE, reason)

    def init_failed(self, reason: str) -> Refused:
        """Close with 4400."""
        _close(Close.BAD_MESSAGE, f"Connection initialization failed: {reason}")

    def too_many_inits(self) -> Refused:
        """Close with 4429."""
        _close(Close.TOO_MANY_INITS, "Too many initialisation requests")

    def not_started(self, failure: str | None) -> str:  # noqa: ARG002 - a failed one is closed
        """Close with 4401."""
        _close(Close.UNAUTHORIZED, "Unauthorized")

    def duplicate(self, identity: str) -> str:
        """Close with 4409."""
        _close(Close.DUPLICATE, f"Subscriber for {identity} already exists")

    def close_reason(self, code: Close, reason: str) -> str:
        """`{"server_error_msg": "CODE: REASON"}`, as Hasura does; short enough for a frame."""
        text = f"{code.value}: {reason}" if code >= Close.BAD_MESSAGE else reason
        while len(encoded := encode_text({"server_error_msg": text}).encode()) > LONGEST_REASON:
            text = text[: -max(1, len(encoded) - LONGEST_REASON)]
        return encoded.decode()


LONGEST_REASON = 123
"""Bytes that a close frame has for its reason (RFC 6455, 5.5)."""


def _close(code: Close, reason: str) -> Never:
    raise SocketClosed(code, reason)


def _about(kind: str, identity: str, payload: str) -> str:
    return f'{{"type":"{kind}","id":{encode_text(identity)},"payload":{payload}}}'
