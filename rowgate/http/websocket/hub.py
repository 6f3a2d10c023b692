"""All sockets: their handshakes, and what concerns them together: a changed world, the end.

Apart from `connection`, which knows of itself only.
"""

import asyncio

from rowgate.base.errors import AccessDenied, ApiError, NotFound
from rowgate.base.json import Json
from rowgate.base.observation import CLIENT, REQUEST_ID, Level
from rowgate.http.entrance import Entrance
from rowgate.http.exchange import Receive, Scope, Send, address_of, read_headers, request_id
from rowgate.http.types import Services, Surface
from rowgate.http.websocket.channel import Channel
from rowgate.http.websocket.connection import Connection, Work
from rowgate.http.websocket.legacy import Legacy
from rowgate.http.websocket.transport import Transport
from rowgate.http.websocket.types import Close, SubProtocol

_LEGACY = Legacy()
_TRANSPORT = Transport()
_HOP_BY_HOP = ("sec-websocket-key", "sec-websocket-version", "upgrade", "connection")
_CHANGED = "Closing all websocket connections as the metadata has changed"


class Hub:
    """Serves sockets, and closes them all where the metadata changes or the engine stops."""

    def __init__(self, entrance: Entrance, services: Services) -> None:
        self._entrance = entrance
        self._work = {
            surface.value: Work(services.run[surface], services.watch[surface])
            for surface in services.run
            if surface is not Surface.RELAY or entrance.settings.enable_relay
        }
        self._connections: set[Connection] = set()
        self._closing: set[asyncio.Task[None]] = set()
        if entrance.settings.close_websockets_on_metadata_change:
            services.on_change(self._world_changed)

    async def close(self) -> None:
        """Close every socket with 1001."""
        await self._close_all(Close.GOING_AWAY, "the server is shutting down")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket, from its handshake to its end."""
        await receive()
        CLIENT.set(address_of(scope))
        try:
            headers = read_headers(scope)
            REQUEST_ID.set(request_id(headers))
            work = self._admitted(scope, headers)
        except ApiError as error:
            return await self._reject(scope, send, error)
        protocol, chosen = _sub_protocol(scope)
        await send({"type": "websocket.accept", "subprotocol": chosen})
        connection = Connection(self._entrance, work, protocol, Channel(send, protocol))
        self._connections.add(connection)
        connection.tell("accepted")
        try:
            await connection.serve(receive, headers)
        finally:
            self._connections.discard(connection)
            connection.tell("closed")

    def overview(self) -> Json:
        """How many sockets there are, and operations running on them."""
        running = [len(connection.operations) for connection in self._connections]
        return {"connections": len(running), "operations": sum(running)}

    def detail(self) -> Json:
        """Every socket with its role and the ids of its operations."""
        return [
            {"id": one.id, "role": one.role, "operations": sorted(one.operations)}
            for one in self._connections
        ]

    def _admitted(self, scope: Scope, headers: dict[str, str]) -> Work:
        work = self._work.get(scope["path"])
        if work is None or "graphql" not in self._entrance.settings.enabled_apis:
            paths = [f"'{surface.value}'" for surface in Surface]
            listed = f"{', '.join(paths[:-1])} and {paths[-1]}"
            raise NotFound(f"only {listed} are supported on websockets")
        if self._entrance.origins.refuses_socket(headers):
            raise AccessDenied("received origin header does not match configured CORS domains")
        if "cookie" in headers:
            self._entrance.origins.drop_foreign_cookie(headers, socket=True)
        for name in _HOP_BY_HOP:
            headers.pop(name, None)
        return work

    async def _reject(self, scope: Scope, send: Send, error: ApiError) -> None:
        told = {"event": {"type": "rejected", "detail": {"message": error.message}}}
        self._entrance.log.write("websocket-log", told, Level.ERROR)
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": Close.FORBIDDEN.value})
            return
        reply = self._entrance.refusals.body(error, None)
        headers = [(b"content-type", b"application/json; charset=utf-8")]
        start = {"type": "websocket.http.response.start", "status": reply.status}
        await send({**start, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": reply.body})

    def _world_changed(self) -> None:
        if self._connections:
            task = asyncio.create_task(self._close_all(Close.RESTART, _CHANGED))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _close_all(self, code: Close, reason: str) -> None:
        closing = [connection.close(code, reason) for connection in self._connections]
        await asyncio.gather(*closing)


def _sub_protocol(scope: Scope) -> tuple[SubProtocol, str | None]:
    """The protocol that is spoken, and the one that the handshake names: the legacy one where the
    client offers none that is known."""
    for offered in scope.get("subprotocols") or ():
        for protocol in (_LEGACY, _TRANSPORT):
            if offered == protocol.name:
                return protocol, offered
    return _LEGACY, None
