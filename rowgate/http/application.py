"""The ASGI application of an opened engine: which of the rooms' parts serves a request.

The hot route is chosen first, by one look into a dictionary.
"""

from collections.abc import Mapping

from rowgate.http.direct import DirectRoute
from rowgate.http.entrance import Entrance
from rowgate.http.exchange import Receive, Scope, Send
from rowgate.http.graphql import GraphQLRoute
from rowgate.http.routes import Routes
from rowgate.http.types import Services, Surface
from rowgate.http.websocket.hub import Hub


class Application:
    """Serves requests and sockets by `services`; `open` it before the first, `close` it at last."""

    def __init__(self, entrance: Entrance, services: Services) -> None:
        self._entrance = entrance
        self._hub = Hub(entrance, services)
        views = {
            "/dev/subscriptions": self._hub.overview,
            "/dev/subscriptions/extended": self._hub.detail,
        }
        self._routes = Routes(entrance, services, {**services.developer, **views})
        settings = entrance.settings
        surfaces = services.graphql if "graphql" in settings.enabled_apis else {}
        self._hot = {
            surface.value: GraphQLRoute(surface, answering, entrance)
            for surface, answering in surfaces.items()
            if surface is not Surface.RELAY or settings.enable_relay
        }
        self._direct = {path.encode(): route for path, route in self._hot.items()}

    @property
    def direct(self) -> Mapping[bytes, DirectRoute]:
        """The routes that answer POSTs without ASGI, by path."""
        return self._direct

    async def open(self) -> None:
        """Fetch the keys that tokens are checked with; raises `SettingsError`."""
        await self._entrance.gate.open()

    async def refresh(self) -> None:
        """Fetch the keys again; those that there are stay where that fails."""
        await self._entrance.gate.refresh()

    async def close(self) -> None:
        """Close sockets and what was opened; write the log's last lines."""
        await self._hub.close()
        await self._entrance.gate.close()
        self._entrance.log.flush()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket."""
        if scope["type"] == "websocket":
            await self._hub(scope, receive, send)
            return
        hot = self._hot.get(scope["path"])
        if hot is not None and scope["method"] == "POST":
            await hot(scope, receive, send)
        else:
            await self._routes(scope, receive, send)
