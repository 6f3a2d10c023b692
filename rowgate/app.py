"""The composition root: which parts the engine is made of, opened and closed by ASGI's lifespan.

The only module that knows the pipeline as well as HTTP.
"""

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import urlsplit

import httpx

from rowgate.admin import (
    config_api,
    explain_api,
    metadata_api,
    pg_dump_api,
    query_api_v1,
    query_api_v2,
)
from rowgate.base.errors import AccessDenied, ApiError
from rowgate.base.json import Json, decode, encode
from rowgate.base.observation import Level, Log, capture_standard_logging
from rowgate.base.session import ADMIN, Session
from rowgate.base.webhook import Outgoing, WebhookFailed, post
from rowgate.database.failures import FAILURES
from rowgate.features.rest.merged import Part, merged, part_of
from rowgate.features.rest.openapi import describe
from rowgate.features.rest.types import RestCall
from rowgate.generation import Generation
from rowgate.http.application import Application
from rowgate.http.description import version
from rowgate.http.direct import DirectRoute
from rowgate.http.entrance import Entrance
from rowgate.http.exchange import Receive, Scope, Send
from rowgate.http.types import (
    Beginning,
    Calling,
    Endpoint,
    Headers,
    Health,
    Operation,
    Reply,
    Running,
    Services,
    Surface,
    Written,
)
from rowgate.http.websocket.polling import polled
from rowgate.pipeline import Endpoint as Spoken
from rowgate.pipeline import GraphQLRequest, graphql, run_operation, run_stored
from rowgate.settings import Settings, SettingsError
from rowgate.world import World

_SPOKEN = {
    Surface.GRAPHQL: Spoken.GRAPHQL,
    Surface.LEGACY: Spoken.GRAPHQL_LEGACY,
    Surface.RELAY: Spoken.RELAY,
}

_DOCUMENT_SECONDS = 10.0
"""For so long the document of all endpoints is kept, since anybody may ask for it."""

AdminApi = Callable[[World, Settings, bytes, Session], Awaitable[tuple[int, bytes]]]


class Engine:
    """The ASGI application: `settings` and `world` are what the pipeline works with.

    The world is opened by the lifespan, before the server listens; a failure ends the start with
    one sentence.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log = open_log(settings)
        self.world: World
        self.webhooks: httpx.AsyncClient
        self._entrance = Entrance.build(settings, self.log)
        self._application: Application | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._refreshing: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, a socket, or the lifespan."""
        if self._application is not None and scope["type"] != "lifespan":
            await self._application(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            raise RuntimeError("a request came before the lifespan's start")

    @property
    def direct(self) -> Mapping[bytes, DirectRoute]:
        """The routes that answer without ASGI, by path; none before the lifespan's start."""
        return {} if self._application is None else self._application.direct

    async def open(self) -> None:
        """Open the world and what serves it. The standard library's logging is taken over, and not
        given back: to its last line, a process logs JSON. Raises `ApiError` or `SettingsError`."""
        capture_standard_logging(self.log)
        self.world = await World.open(self.settings)
        self.webhooks = self.world.webhooks
        application = Application(self._entrance, _services(self))
        try:
            await application.open()
        except BaseException:
            await self.world.close()
            raise
        self._application = application
        self._loop = asyncio.get_running_loop()
        for warning in self.settings.warnings:
            self.log.write("startup", warning, Level.WARN)
        self.log.write("startup", {"kind": "started", "version": version()})

    async def close(self) -> None:
        """Close sockets, databases and the log."""
        self._loop = None
        for task in self._refreshing:
            task.cancel()
        await asyncio.gather(*self._refreshing, return_exceptions=True)
        if self._application is not None:
            await self._application.close()
            await self.world.close()
        self.log.flush()

    def refresh(self) -> None:
        """Have metadata and keys loaded again, soon: what SIGHUP asks for, and fit to be called
        by its handler. Requests go on meanwhile."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin_refresh)

    def _begin_refresh(self) -> None:
        task = asyncio.create_task(self._refresh())
        self._refreshing.add(task)
        task.add_done_callback(self._refreshing.discard)

    async def _refresh(self) -> None:
        await self.world.refresh()
        if self._application is not None:
            await self._application.refresh()
        self.log.write("startup", {"kind": "reloaded", "version": version()})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.open()
        except (ApiError, SettingsError, OSError) as error:
            message = _reason(error, self.settings)
            self.log.write("startup", {"kind": "failed", "message": message}, Level.ERROR)
            await send({"type": "lifespan.startup.failed"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})


def _reason(error: Exception, settings: Settings) -> str:
    """Why the start failed, in sentences that say where and what to do."""
    if not isinstance(error, ApiError):
        return str(error)
    cause = error.internal if error.internal is not None else error.message
    return (
        f"The metadata database at {_place(settings.metadata_database_url)} cannot be used, or the "
        f"metadata cannot be loaded: {cause}. Check that it runs and that "
        "HASURA_GRAPHQL_METADATA_DATABASE_URL, else HASURA_GRAPHQL_DATABASE_URL, names it."
    )


def _place(url: str) -> str:
    """Host, port and database of a URL, and nothing that could be secret."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or 'the default host'}:{parts.port or 5432}{parts.path}"
    except ValueError:
        return "an address that cannot be read"


def create(settings: Settings) -> Engine:
    """The engine for `settings`, not yet opened; raises `SettingsError` where they do not hold."""
    return Engine(settings)


def open_log(settings: Settings) -> Log:
    """The log that the settings ask for; it holds none of their secrets."""
    return Log(
        types=settings.enabled_log_types,
        level=settings.log_level,
        secrets=(*settings.admin_secrets, *_jwt_keys(settings)),
    )


def _jwt_keys(settings: Settings) -> list[str]:
    return [secret["key"] for secret in settings.jwt_secrets if isinstance(secret.get("key"), str)]


def _services(engine: Engine) -> Services:
    interval = engine.settings.live_queries_refetch_interval / 1000
    running = {surface: _running(engine, spoken) for surface, spoken in _SPOKEN.items()}
    return Services(
        graphql={surface: _beginning(engine, spoken) for surface, spoken in _SPOKEN.items()},
        run=running,
        watch={surface: polled(run, interval) for surface, run in running.items()},
        rest=_calling(engine),
        endpoints=_endpoints(engine),
        health=lambda: _health(engine.world),
        on_change=lambda call: engine.world.listeners.append(lambda _: call()),
        developer={
            "/dev/plan_cache": lambda: _memory(engine.world),
            "/dev/ekg": _process,
        },
    )


def _beginning(engine: Engine, spoken: Spoken) -> Beginning:
    return partial(graphql, engine, endpoint=spoken)


def _running(engine: Engine, spoken: Spoken) -> Running:
    async def running(operation: Operation, session: Session, headers: Headers) -> Reply:
        request = GraphQLRequest(
            operation.query, operation.variables, operation.operation_name, over_socket=True
        )
        return await run_operation(engine, request, session, headers, spoken)

    return running


def _calling(engine: Engine) -> Calling:
    async def calling(call: RestCall, session: Session, headers: Headers) -> Reply:
        return await run_stored(engine, call, session, headers)

    return calling


def _endpoints(engine: Engine) -> Mapping[tuple[str, str], Endpoint]:
    async def config(body: bytes, session: Session, headers: Headers) -> Reply:  # noqa: ARG001
        return Written(*await config_api(engine.settings, version(), session))

    async def pg_dump(body: bytes, session: Session, headers: Headers) -> Reply:  # noqa: ARG001
        status, dump = await pg_dump_api(engine.world, engine.settings, body, session)
        kind = (("content-type", "application/sql"),) if status == 200 else ()
        return Written(status, dump, kind)

    async def openapi(body: bytes, session: Session, headers: Headers) -> Reply:  # noqa: ARG001
        if not session.is_admin:
            raise AccessDenied("restricted access : admin only")
        return Written(200, encode(_description(engine)))

    kept: dict[Generation, tuple[float, bytes]] = {}

    async def whole(body: bytes, session: Session, headers: Headers) -> Reply:  # noqa: ARG001
        current, now = engine.world.current, time.monotonic()
        if current not in kept or kept[current][0] < now:
            document = encode(await _whole_description(engine))
            kept.clear()
            kept[current] = (now + _DOCUMENT_SECONDS, document)
        return Written(200, kept[current][1])

    documented = {("GET", "/openapi.json"): Endpoint(None, whole)}
    return {
        **(documented if engine.settings.openapi_documents else {}),
        ("GET", "/api/swagger/json"): Endpoint(None, openapi),
        ("POST", "/v1/metadata"): _administering(engine, metadata_api),
        ("POST", "/v1/graphql/explain"): _administering(engine, explain_api),
        ("POST", "/v1alpha1/graphql/explain"): _administering(engine, explain_api),
        ("POST", "/v1/query"): _administering(engine, query_api_v1),
        ("POST", "/v2/query"): _administering(engine, query_api_v2),
        ("POST", "/v1alpha1/pg_dump"): Endpoint("pgdump", pg_dump),
        ("GET", "/v1alpha1/config"): Endpoint("config", config),
    }


def _description(engine: Engine) -> Json:
    """The OpenAPI document of the RESTified endpoints."""
    generation = engine.world.current
    schema = generation.translated((ADMIN, False, False))
    return describe(generation.snapshot.endpoints, schema)


async def _whole_description(engine: Engine) -> Json:
    """The same, with the documents of the services that the settings name. One that does not
    answer is left out, and named."""
    parts, missing = [], []
    for prefix, url in map(part_of, engine.settings.openapi_documents):
        try:
            answer = await post(engine.webhooks, Outgoing(url, {}, b"", 5.0, "GET"))
            parts.append(Part(prefix, decode(answer.payload)))
        except (WebhookFailed, ApiError):
            missing.append(url)
    document = merged("All endpoints", _description(engine), parts)
    return {**document, "x-missing": missing} if missing else document


def _administering(engine: Engine, api: AdminApi) -> Endpoint:
    async def answering(body: bytes, session: Session, headers: Headers) -> Reply:  # noqa: ARG001
        return Written(*await api(engine.world, engine.settings, body, session))

    return Endpoint("metadata", answering)


async def _health(world: World) -> Health:
    try:
        async with world.store.connection() as connection:
            await connection.fetchval("select 1", timeout=5)
    except (ApiError, *FAILURES):
        return Health.UNREACHABLE
    return Health.INCONSISTENT if world.current.snapshot.inconsistencies else Health.OK


def _memory(world: World) -> Json:
    """Which version of the metadata is served; a generation's plans go when it goes."""
    return {"resource_version": world.current.resource_version}


def _process() -> Json:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "time": time.time(),
        "user_seconds": usage.ru_utime,
        "system_seconds": usage.ru_stime,
        "max_resident_kilobytes": usage.ru_maxrss,
    }
