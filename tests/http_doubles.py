"""Keys, tokens and stand-in services for the tests of the HTTP room."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager
from io import StringIO
from typing import Any, Protocol

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from rowgate.base.json import decode, encode
from rowgate.base.observation import Log, capture_standard_logging
from rowgate.base.session import Session
from rowgate.features.rest.types import RestCall
from rowgate.http.application import Application
from rowgate.http.entrance import Entrance
from rowgate.http.exchange import Receive, Scope, Send
from rowgate.http.types import (
    Endpoint,
    Headers,
    Health,
    Operation,
    Reply,
    Services,
    Surface,
    Written,
)
from rowgate.http.websocket.polling import polled
from rowgate.settings import Settings

SECRET = "an-admin-secret-of-thirty-two-characters"
HMAC_KEY = "a-shared-key-of-more-than-thirty-two-characters"
NAMESPACE = "https://hasura.io/jwt/claims"

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


def public_pem(private: Any) -> str:
    pem: bytes = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


def jwk(private: rsa.RSAPrivateKey, identity: str | None, **extra: Any) -> dict[str, Any]:
    described = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key()))
    described |= {"use": "sig", **extra}
    described.pop("key_ops", None)
    return described if identity is None else {**described, "kid": identity}


def claims(**others: Any) -> dict[str, Any]:
    hasura = {
        "x-hasura-allowed-roles": ["user", "editor"],
        "x-hasura-default-role": "user",
        "x-hasura-user-id": "1",
    }
    return {"sub": "1", "exp": int(time.time()) + 600, NAMESPACE: hasura, **others}


def token(
    payload: dict[str, Any], key: Any = HMAC_KEY, algorithm: str = "HS256", **header: Any
) -> str:
    return jwt.encode(payload, key, algorithm, headers=header or None)


def settings(**given: Any) -> Settings:
    return Settings(**{"admin_secrets": (SECRET,), **given})


def with_jwt(*, settings_given: dict[str, Any] | None = None, **secret: Any) -> Settings:
    declared = {"type": "HS256", "key": HMAC_KEY, **secret}
    declared = {name: value for name, value in declared.items() if value is not None}
    return settings(jwt_secrets=(declared,), **(settings_given or {}))


def _role(_: object, session: Session) -> bytes:
    return encode({"data": {"role": session.role}})


class UnderWay:
    """An answer that needs a task."""

    waiting: asyncio.Future[Any] | None = None

    def __init__(self, answer: Coroutine[Any, Any, Reply]) -> None:
        self._answer = answer

    def now(self) -> Reply | None:
        raise AssertionError("nothing is waited for")

    def __await__(self) -> Generator[Any, None, Reply]:
        return self._answer.__await__()


class Desk:
    """Stands in for the pipeline: what it was asked, and the answers it is told to give."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, Session]] = []
        self.answer: Callable[[Any, Session], bytes] = _role
        self.health = Health.OK
        self.on_change: list[Callable[[], None]] = []
        self.cancelled = 0
        self.delay = 0.0

    def begin(self, body: bytes, session: Session, headers: Headers) -> "UnderWay":
        return UnderWay(self.graphql(body, session, headers))

    async def graphql(self, body: bytes, session: Session, _: Headers) -> Reply:
        return await self._answered(decode(body), session)

    async def run(self, operation: Operation, session: Session, _: Headers) -> Reply:
        return await self._answered(operation, session)

    async def rest(self, call: RestCall, session: Session, _: Headers) -> Reply:
        return await self._answered(call, session)

    async def _answered(self, asked: Any, session: Session) -> Reply:
        self.asked.append((asked, session))
        try:
            await asyncio.sleep(self.delay)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Written(200, self.answer(asked, session))

    def services(self) -> Services:
        async def health() -> Health:
            return self.health

        return Services(
            graphql=dict.fromkeys(Surface, self.begin),
            run=dict.fromkeys(Surface, self.run),
            watch={surface: polled(self.run, 0.02) for surface in Surface},
            rest=self.rest,
            endpoints={
                ("POST", "/v1/metadata"): Endpoint("metadata", self.graphql),
                ("POST", "/v1alpha1/pg_dump"): Endpoint("pgdump", self.graphql),
            },
            health=health,
            on_change=self.on_change.append,
            developer={"/dev/plan_cache": lambda: {"plans": 0}},
        )


def application(given: Settings, desk: Desk, log: StringIO | None = None) -> Application:
    written = Log(types=given.enabled_log_types, stream=log or StringIO())
    return Application(Entrance.build(given, written), desk.services())


def logging_kept() -> Iterator[None]:
    """For fixtures: an engine takes over the standard library's logging; this gives it back."""
    undo = capture_standard_logging(Log(stream=StringIO()))
    yield
    undo()


class Served(Protocol):
    """An ASGI application that is opened and closed by whom it is served by."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


@asynccontextmanager
async def served(app: Served) -> AsyncIterator[str]:
    """`app` behind a real server on a free port; gives its host and port."""
    config = uvicorn.Config(
        app, port=0, log_config=None, lifespan="off", ws="websockets-sansio", server_header=False
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    await app.open()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await app.close()
        server.should_exit = True
        await task
