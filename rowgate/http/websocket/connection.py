"""A socket's life: introduction, operations, their limits, and what ends it.

What is said goes through a `Channel`; how it is said and refused is the sub-protocol's.
"""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from rowgate.base.errors import ApiError
from rowgate.base.json import Json, decode
from rowgate.base.observation import REQUEST_ID, Level
from rowgate.base.session import Session
from rowgate.http.entrance import Entrance
from rowgate.http.exchange import Message, Receive, new_request_id
from rowgate.http.types import Headers, Reply, Running, Watching
from rowgate.http.websocket.channel import Channel, Gone
from rowgate.http.websocket.operations import Kind, is_refusal, kind_of, refusal
from rowgate.http.websocket.types import (
    Acknowledged,
    Alive,
    Answered,
    BadMessage,
    ClientMessage,
    Close,
    Completed,
    Failed,
    Init,
    Ping,
    Pong,
    Refused,
    Result,
    SocketClosed,
    Start,
    Stop,
    SubProtocol,
    Terminate,
)


@dataclass(frozen=True, slots=True)
class Work:
    """What the operations of a surface's sockets are run and watched by."""

    run: Running
    watch: Watching


class Connection:
    """One accepted socket; `serve` it to its end, `close` it from outside."""

    def __init__(
        self, entrance: Entrance, work: Work, protocol: SubProtocol, channel: Channel
    ) -> None:
        self.id = new_request_id()
        self.operations: dict[str, asyncio.Task[None]] = {}
        self._entrance = entrance
        self._work = work
        self._protocol = protocol
        self._channel = channel
        self._headers: Headers = {}
        self._session: Session | None = None
        self._failure: str | None = None
        self._timers: list[asyncio.Task[None]] = []
        self._abandoned = False
        self._main: asyncio.Task[Any] | None = None

    @property
    def role(self) -> str | None:
        """The role of its session, once there is one."""
        return None if self._session is None else self._session.role

    async def serve(self, receive: Receive, headers: Headers) -> None:
        """Hear messages until the client leaves or this end closes; `headers`: the handshake's."""
        self._headers = headers
        self._main = asyncio.current_task()
        self._later(self._end_uninitialised())
        try:
            await self._listen(receive)
        except SocketClosed as closing:
            await self._channel.close(closing.code, closing.reason)
        except Gone:
            pass
        except asyncio.CancelledError:
            if not self._abandoned or self._main is None:
                raise
            self._main.uncancel()
        finally:
            await self._finish()

    async def close(self, code: Close, reason: str) -> None:
        """End the socket; `serve` returns when the client has taken leave."""
        await self._channel.close(code, reason)

    async def _listen(self, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                heard = self._protocol.read(self._text_of(message))
            except BadMessage as bad:
                await self._refuse(self._protocol.bad_message(str(bad)))
                continue
            await self._hear(heard)

    def _text_of(self, message: Message) -> str:
        limit = self._entrance.settings.body_limit
        text: str | None = message.get("text")
        if text is None:
            text = (message.get("bytes") or b"").decode("utf-8", "replace")
        if limit and len(text) > limit:
            raise SocketClosed(Close.TOO_BIG, f"a message exceeds the limit of {limit}")
        return text

    async def _hear(self, message: ClientMessage) -> None:
        match message:
            case Init():
                await self._initialise(message)
            case Start():
                await self._start(message)
            case Stop(identity):
                task = self.operations.pop(identity, None)
                if task is not None:
                    task.cancel()
            case Ping(payload):
                await self._channel.say(Answered(payload))
            case Terminate():
                raise SocketClosed(Close.NORMAL, "GQL_CONNECTION_TERMINATE received")
            case Pong():
                return

    async def _initialise(self, message: Init) -> None:
        if self._session is not None:
            return await self._refuse(self._protocol.too_many_inits())
        headers = {**self._headers, **message.headers}
        try:
            identity = await self._entrance.gate.identify(headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            self._failure = self._entrance.refusals.known(error).message
            return await self._refuse(self._protocol.init_failed(self._failure))
        self._headers, self._session = headers, identity.session
        await self._channel.say(Acknowledged())
        self._later(self._keep_alive())
        if identity.session.expires_at is not None:
            self._later(self._end_expired(identity.session.expires_at))
        return None

    async def _refuse(self, refused: Refused) -> None:
        self.tell("conn_err", Level.ERROR, message=refused.reason)
        await self._channel.say(refused)

    async def _start(self, start: Start) -> None:
        session = self._session
        limit = self._entrance.settings.subscription_limit
        if session is None:
            await self._fail(start.id, refusal(self._protocol.not_started(self._failure)))
            if self._failure is None:
                raise SocketClosed(Close.UNAUTHORIZED, "Unauthorized")
        elif start.id in self.operations:
            error = refusal(self._protocol.duplicate(start.id))
            await self._channel.say(Failed(start.id, self._refused_body(error)))
        elif limit and len(self.operations) >= limit:
            text = f"a connection has at most {limit} operations at a time"
            await self._fail(start.id, refusal(text))
        else:
            task = asyncio.create_task(self._operate(start, session))
            self.operations[start.id] = task

    async def _operate(self, start: Start, session: Session) -> None:
        REQUEST_ID.set(new_request_id())
        self.tell("operation", operation_id=start.id, operation=start.operation.operation_name)
        try:
            if kind_of(start.operation, self._entrance.settings) is Kind.WATCHED:
                await self._watch(start, session)
            else:
                reply = await self._work.run(start.operation, session, self._headers)
                if await self._answer(start.id, reply):
                    await self._channel.say(Completed(start.id))
        except Gone:
            self._abandon()
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            await self._fail_safely(start.id, error)
        finally:
            if self.operations.get(start.id) is asyncio.current_task():
                del self.operations[start.id]

    async def _watch(self, start: Start, session: Session) -> None:
        first = True
        watching = self._work.watch(start.operation, session, self._headers)
        async with aclosing(watching) as replies:
            async for reply in replies:
                if not first:
                    await self._channel.say(Result(start.id, reply.body))
                elif not await self._answer(start.id, reply):
                    return
                first = False
        await self._channel.say(Completed(start.id))

    async def _answer(self, identity: str, reply: Reply) -> bool:
        """Tell an operation's first answer; whether it was run at all."""
        if not _is_refused(reply.body):
            await self._channel.say(Result(identity, reply.body))
            return True
        await self._channel.say(Failed(identity, reply.body))
        if self._protocol.completes_refused:
            await self._channel.say(Completed(identity))
        return False

    async def _fail(self, identity: str, error: ApiError) -> None:
        self.tell("operation_error", Level.ERROR, operation_id=identity, message=error.message)
        await self._channel.say(Failed(identity, self._refused_body(error)))
        if self._protocol.completes_refused:
            await self._channel.say(Completed(identity))

    async def _fail_safely(self, identity: str, error: Exception) -> None:
        try:
            await self._fail(identity, self._entrance.refusals.known(error))
        except Gone:
            self._abandon()

    def _refused_body(self, error: ApiError) -> bytes:
        written = self._entrance.refusals.graphql(error, self._session, keep_status=False)
        return written.body

    def _abandon(self) -> None:
        """Stop serving a client that does not read any more."""
        if not self._abandoned and self._main is not None:
            self._abandoned = True
            self._main.cancel()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        self._timers.append(asyncio.create_task(work))

    async def _end_uninitialised(self) -> None:
        await asyncio.sleep(self._entrance.settings.websocket_init_timeout)
        if self._session is None:
            await self.close(Close.INIT_TIMEOUT, "Connection initialisation timeout")

    async def _end_expired(self, expires_at: float) -> None:
        await asyncio.sleep(max(0.0, expires_at - time.time()))
        await self.close(Close.FORBIDDEN, "the session has expired")

    async def _keep_alive(self) -> None:
        pause = self._entrance.settings.websocket_keepalive
        try:
            while True:
                await self._channel.say(Alive())
                if not pause:
                    return
                await asyncio.sleep(pause)
        except Gone:
            self._abandon()

    async def _finish(self) -> None:
        self._channel.closed = True
        tasks = [*self._timers, *self.operations.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def tell(self, event: str, level: Level = Level.INFO, **detail: Json) -> None:
        """Log an event of this socket."""
        connection = {"websocket_id": self.id, "role": self.role}
        told = {"event": {"type": event, "detail": detail}, "connection_info": connection}
        self._entrance.log.write("websocket-log", told, level)


def _is_refused(body: bytes) -> bool:
    if not body.startswith(b'{"errors"'):
        return False
    answer = decode(body)
    if "data" in answer:
        return False
    code = (answer["errors"][0].get("extensions") or {}).get("code")
    return isinstance(code, str) and is_refusal(code)
