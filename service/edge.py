"""The outermost layer: request ids, a cap on bodies, safe headers, failures as JSON, a log line.

Plain ASGI, since it has to see bodies and failures before anything else does.
"""

import logging
import re
import time
from collections.abc import Mapping
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.database import UNAVAILABLE
from service.failures import Refusal, busy
from service.logs import request_id, say

_GOOD_ID = re.compile(r"[\w.:-]{1,100}\Z", re.ASCII)
_SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


class Edge:
    """Wraps an application; `most_bytes` is the largest body that it will ever see, but at the
    paths of `larger`."""

    def __init__(
        self, app: ASGIApp, most_bytes: int, larger: Mapping[str, int] | None = None
    ) -> None:
        self.app, self.most_bytes, self.larger = app, most_bytes, larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request under its id (given in `x-request-id`, or a new one)."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        given = Headers(scope=scope).get("x-request-id", "")
        token = request_id.set(given if _GOOD_ID.match(given) else str(uuid4()))
        try:
            await _Exchange(self, scope, receive, send).run()
        finally:
            request_id.reset(token)


class _Exchange:
    """One request and its answer."""

    def __init__(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self.edge, self.scope, self.receive, self.send = edge, scope, receive, send
        self.most_bytes = edge.larger.get(scope["path"], edge.most_bytes)
        self.received, self.began = 0, time.perf_counter()
        self.status: int | None = None

    async def run(self) -> None:
        """Pass the request on; whatever goes wrong before an answer began becomes one."""
        try:
            announced = Headers(scope=self.scope).get("content-length", "0")
            self._count(int(announced) if announced.isdecimal() else 0)
            self.received = 0
            await self.edge.app(self.scope, self._receive, self._send)
        except Exception as error:
            if self.status is not None:
                raise
            refusal = _as_refusal(error)
            answer = JSONResponse(refusal.body(), refusal.status_code, refusal.headers)
            await answer(self.scope, self.receive, self._send)
        finally:
            seconds = round(time.perf_counter() - self.began, 6)
            asked = {"method": self.scope["method"], "path": self.scope["path"]}
            say("http-log", "answered", **asked, status=self.status, seconds=seconds)

    def _count(self, size: int) -> None:
        self.received += size
        if self.received > self.most_bytes:
            raise Refusal(413, "payload-too-large", "the request's body is too large")

    async def _receive(self) -> Message:
        message = await self.receive()
        self._count(len(message.get("body", b"")))
        return message

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = request_id.get() or ""
            for name, value in _SAFE.items():
                headers.setdefault(name, value)
        await self.send(message)


def _as_refusal(error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, UNAVAILABLE):
        say("database", "not available", logging.ERROR, reason=type(error).__name__)
        return busy("database-unavailable", "the database is not available")
    logging.getLogger("unexpected").error("unexpected failure", exc_info=error)
    return Refusal(500, "unexpected", "internal error")
