"""The world clock: the current generation, the databases behind it, and the one way to change it.

Changes take turns. A change is made on a draft, saved under the version it was made from, and
becomes current by one assignment; requests under way keep the generation they began with. Other
engines' changes are heard by NOTIFY, and looked for in case a notification was lost.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial

import asyncpg

from rowgate.admin.connection import Lookup, defaults_of
from rowgate.admin.connections import NOTHING, Connections, Connector, close_unused
from rowgate.admin.draft import Draft, Tools
from rowgate.admin.types import Edit, OnBroken
from rowgate.admin.types import Generation as Made
from rowgate.base.errors import ApiError, Conflict
from rowgate.base.json import Json
from rowgate.base.session import ADMIN, Session
from rowgate.base.webhook import new_client
from rowgate.database.connections.pool import READ_COMMITTED, Database
from rowgate.database.failures import FAILURES, as_api_error, reason
from rowgate.generation import Generation
from rowgate.metadata import store
from rowgate.metadata.directory import load
from rowgate.metadata.read import Known, read
from rowgate.operation.document import Limits
from rowgate.settings.types import Settings
from rowgate.snapshot.memory import Memory
from rowgate.snapshot.resolve import resolve
from rowgate.snapshot.types import Inconsistency, Snapshot

_log = logging.getLogger("rowgate.metadata")
_STORE_CONNECTIONS = 10
_URL_VARIABLE = "HASURA_GRAPHQL_DATABASE_URL"
_RETRY_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
_KNOWN_TABLES = 20_000
_ADMIN = Session(ADMIN)


class World:
    """The current generation and how it changes. Made by `open`; `close` ends what it holds."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.store = database
        self.webhooks = new_client()
        """What calls the user's services."""
        self._connector = Connector(
            _lookup(settings),
            defaults_of(settings),
            check_queries=not settings.disable_native_query_validation,
        )
        self._connections = NOTHING
        self.databases: dict[str, Database] = {}
        """The pools of the reachable sources, by source name."""
        self._memory = Memory()
        self._known: Known = {}
        self._turn = asyncio.Lock()
        self._follower: asyncio.Task[None] | None = None
        self._ledger_connection: asyncpg.Connection | None = None
        self._heard = asyncio.Event()
        self._look: asyncio.Task[None] | None = None
        self._looked = -math.inf
        self.current = self._resolve(_empty(), 0, NOTHING)
        self.listeners: list[Callable[[Generation], None]] = []
        """Called with each new generation that serves anything else, after it has become
        current."""

    @classmethod
    async def open(cls, settings: Settings) -> "World":
        """Connect to the metadata database, prepare it, load the document, connect its sources.

        Raises `ApiError` where the metadata database cannot be used; a source that cannot be
        reached is an inconsistency.
        """
        limits = replace(
            defaults_of(settings), maximum=_STORE_CONNECTIONS, isolation=READ_COMMITTED
        )
        database = await Database.connect(settings.metadata_database_url, limits)
        world = cls(settings, database)
        try:
            await store.prepare(await world._ledger())
            await world.reload()
            await world._apply_settings()
        except BaseException:
            await world.close()
            raise
        world._follower = asyncio.create_task(world._follow())
        return world

    async def close(self) -> None:
        """Stop following other engines and close every connection."""
        for task in (self._follower, self._look):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        for database in self.databases.values():
            await database.close()
        if self._ledger_connection is not None:
            self._ledger_connection.terminate()
        await self.webhooks.aclose()
        await self.store.close()

    def reading(self, session: Session) -> Draft:
        """A view of the world as it is now, not to be changed."""
        return Draft(self._tools(), self.current, self._connections, session)

    @asynccontextmanager
    async def changing(
        self, session: Session, expected_version: int | None = None
    ) -> AsyncIterator[Draft]:
        """The turn to change the world. A block that ends well is saved and becomes current; of
        one that fails only what a database has already committed is kept.

        Raises `Conflict` where the metadata is not of `expected_version`, or was changed by
        another engine meanwhile.
        """
        async with self._turn:
            await self._catch_up()
            if expected_version not in (None, self.current.resource_version):
                raise _stale(expected_version)
            draft = Draft(self._tools(), self.current, self._connections, session)
            try:
                try:
                    yield draft
                except BaseException:
                    await self._keep_checkpoint(draft)
                    raise
                if draft.changed:
                    await self._save(draft)
                elif draft.generation is not self.current:
                    self._become(self._at(draft.generation), draft.connections)
            finally:
                await draft.close(self._connections)

    async def change(
        self,
        edit: Callable[[Json], Json],
        *,
        expected_version: int | None = None,
        allow_inconsistent: bool = False,
    ) -> Generation:
        """Make `edit`'s result of a copy of the document the document. Raises `ApiError` where it
        would bring new inconsistencies and those are not allowed, `Conflict` as `changing` does."""

        def apply(document: Json) -> None:
            made = edit(document)
            if made is not document:
                document.clear()
                document.update(made)

        on_broken = OnBroken.ALLOW if allow_inconsistent else OnBroken.REFUSE
        async with self.changing(_ADMIN, expected_version) as draft:
            await draft.apply(Edit(apply, on_broken=on_broken))
        return self.current

    async def reload(self) -> Generation:
        """Load the stored document and introspect every source again."""
        async with self._turn:
            await self._load()
        return self.current

    def look_again(self) -> None:
        """Introspect every source again, in the background: a statement named what a database no
        longer has. Within an interval of the settings only the first such statement does it."""
        interval, now = self.settings.reintrospection_interval, asyncio.get_running_loop().time()
        if (
            interval
            and now - self._looked >= interval
            and (self._look is None or self._look.done())
        ):
            self._looked = now
            self._look = asyncio.create_task(self._reload_or_tell())

    async def _reload_or_tell(self) -> None:
        try:
            await self.reload()
        except (ApiError, *FAILURES) as error:
            _log.error("the sources cannot be introspected again: %s", reason(error))

    async def refresh(self) -> None:
        """As `reload`, the metadata directory of the settings, if any, having been read again.
        What cannot be had is logged, and what was served goes on."""
        try:
            await self.reload()
            await self._apply_settings()
        except (ApiError, *FAILURES) as error:
            _log.error("the metadata cannot be reloaded: %s", reason(error))

    def _tools(self) -> Tools:
        return Tools(
            build=self._build,
            connector=self._connector,
            store=self.store,
            options=self.settings,
            webhooks=self.webhooks,
            environment=self.settings.environment,
            limits=partial(Limits.of, self.settings),
            script_timeout=self.settings.script_timeout,
        )

    async def _build(self, document: Json, version: int, connections: Connections) -> Generation:
        """As `_resolve`, in a thread: requests are answered while a large world is resolved."""
        return await asyncio.to_thread(self._resolve, document, version, connections)

    def _resolve(self, document: Json, version: int, connections: Connections) -> Generation:
        if len(self._known) > _KNOWN_TABLES:
            self._known.clear()
        metadata = read(document, self._known)
        catalogs = connections.catalogs
        snapshot = resolve(metadata, catalogs, self.settings, self._memory)
        unreachable = tuple(_unreachable(document, connections.failures))
        found = (*snapshot.inconsistencies, *unreachable)
        snapshot = replace(snapshot, inconsistencies=found)
        made = Generation(document, version, metadata, catalogs, snapshot, self.settings)
        return made.with_stored_queries_checked()

    async def _save(self, draft: Draft) -> None:
        made = draft.generation
        connection = await self._ledger()
        version = await store.save(connection, made.document, made.resource_version)
        self._become(self._at(made, version), draft.connections)

    def _at(self, made: Made, version: int | None = None) -> Generation:
        """A generation of what a draft has made, with memo tables of its own."""
        known = made.resource_version if version is None else version
        return Generation(
            made.document, known, made.metadata, made.catalogs, made.snapshot, self.settings
        )

    async def _keep_checkpoint(self, draft: Draft) -> None:
        """Keep what a database has committed although the request failed later on."""
        generation, connections = draft.checkpoint
        if generation is self.current:
            return
        draft.generation, draft.connections = generation, connections
        await self._save(draft)

    async def _ledger(self) -> asyncpg.Connection:
        """The connection on which the document is read and written: changes take turns, so that
        one is enough. Raises `ApiError` `postgres-error` where there is none to be had."""
        if self._ledger_connection is None or self._ledger_connection.is_closed():
            url = self.settings.metadata_database_url
            try:
                self._ledger_connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
            except (OSError, TimeoutError, asyncpg.PostgresError) as error:
                raise as_api_error(error) from error
        return self._ledger_connection

    def _become(self, generation: Generation, connections: Connections) -> None:
        before, self.current = self.current, generation
        _report(before.snapshot, generation.snapshot)
        self._connections = connections
        self.databases = connections.databases
        if generation.resource_version == before.resource_version and (
            generation.snapshot == before.snapshot
        ):
            return
        for listener in self.listeners:
            listener(generation)

    async def _catch_up(self) -> None:
        """Load what another engine has saved, so that a change starts from the newest state."""
        version = await (await self._ledger()).fetchval(_VERSION)
        if (version or 0) != self.current.resource_version:
            await self._load()

    async def _load(self) -> None:
        document, version = await store.load(await self._ledger())
        names = [one["name"] for one in document.get("sources", [])]
        before = self._connections
        connections = await self._connector.follow(before, document, names)
        self._become(await self._build(document, version, connections), connections)
        await close_unused(before, connections)

    async def _apply_settings(self) -> None:
        """The metadata directory and the default source that the settings ask for, if any."""
        directory, url = self.settings.metadata_directory, self.settings.database_url
        if directory is not None:
            await self._adopt(await asyncio.to_thread(load, directory))
        while url is not None and not self.current.document.get("sources"):
            await self._try(_with_default_source)

    async def _adopt(self, document: Json) -> None:
        """Make `document` the stored one, unless it is already."""
        while document != self.current.document:
            await self._try(lambda _: document)

    async def _try(self, edit: Callable[[Json], Json]) -> None:
        """Change the document, or load what another engine has made of it at the same moment."""
        try:
            await self.change(edit, allow_inconsistent=True)
        except Conflict:
            await self.reload()

    async def _follow(self) -> None:
        while True:
            try:
                await self._listen()
            except (ApiError, *FAILURES) as error:
                _log.warning("cannot follow the metadata: %s", as_api_error(error).message)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(
            self.settings.metadata_database_url, timeout=_CONNECT_SECONDS
        )
        try:
            await connection.add_listener(store.CHANNEL, self._hear)
            while not connection.is_closed():
                await self._wait()
                version = await connection.fetchval(_VERSION) or 0
                if version != self.current.resource_version or self._connections.failures:
                    await self._follow_up()
        finally:
            connection.terminate()

    async def _wait(self) -> None:
        """Until another engine says that it has changed something, or it is time to look."""
        interval = self.settings.schema_sync_poll_interval / 1000
        with suppress(TimeoutError):
            async with asyncio.timeout(interval or None):
                await self._heard.wait()
        self._heard.clear()

    async def _follow_up(self) -> None:
        async with self._turn:
            await self._catch_up()
        if self._connections.failures:
            await self._retry_sources()

    async def _retry_sources(self) -> None:
        """Try unreachable sources again, without keeping others from their turn meanwhile."""
        before, document = self._connections, self.current.document
        connections = await self._connector.follow(before, document, before.failures)
        async with self._turn:
            if self._connections is not before:
                await close_unused(connections, self._connections)
            elif connections.failures != before.failures:
                version = self.current.resource_version
                self._become(await self._build(document, version, connections), connections)

    def _hear(self, *_: object) -> None:
        self._heard.set()


_VERSION = "select resource_version from hdb_catalog.hdb_metadata where id = 1"


def _report(before: Snapshot, after: Snapshot) -> None:
    """Log what has become inconsistent, and what is newly declared and not executed."""
    known = {(one.kind, one.name) for one in (*before.inconsistencies, *before.warnings)}
    for one in (*after.inconsistencies, *after.warnings):
        if (one.kind, one.name) not in known:
            _log.warning("%s: %s", one.name, one.reason)


def _empty() -> Json:
    return {"version": 3, "sources": []}


def _lookup(settings: Settings) -> Lookup:
    """What sources may refer to; the default source's URL is there even if a flag gave it."""
    environment = settings.environment
    if settings.database_url is not None:
        environment = {**environment, _URL_VARIABLE: settings.database_url}
    folder = settings.dynamic_secrets_allowed_path_prefix
    return Lookup(environment, folder, settings.workers)


def _stale(version: int | None) -> Conflict:
    return Conflict(
        f"metadata resource version referenced ({version}) did not match current version"
    )


def _with_default_source(document: Json) -> Json:
    configuration = {"connection_info": {"database_url": {"from_env": _URL_VARIABLE}}}
    source = {"name": "default", "kind": "postgres", "tables": [], "configuration": configuration}
    return {**document, "sources": [source]}


def _unreachable(document: Json, failures: Mapping[str, str]) -> list[Inconsistency]:
    """One inconsistency for each source that could not be reached."""
    return [
        Inconsistency(
            "source", f"source {one['name']}", f"Inconsistent object: {failures[one['name']]}", one
        )
        for one in document.get("sources", [])
        if one["name"] in failures
    ]
