"""The databases of all sources with what introspection found there, as one value that is replaced.

Kept apart from the draft because opening, asking and closing databases is all that it does.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import asyncpg

from rowgate.admin import document as doc
from rowgate.admin.connection import Lookup, fingerprint, primary, replicas
from rowgate.admin.native_checks import refusals
from rowgate.base.errors import ApiError
from rowgate.base.json import Json, encode
from rowgate.base.names import QualifiedName
from rowgate.catalog.introspect import introspect
from rowgate.catalog.types import Catalog
from rowgate.database.connections.pool import Database, PoolSettings
from rowgate.database.failures import FAILURES, reason
from rowgate.database.replicas import Replicas

Failure = str


@dataclass(frozen=True, slots=True)
class Connected:
    """One source: its pool and catalog, or why there is none (`failure`). `queries` is a digest of
    the native queries that the catalog has judged."""

    fingerprint: str
    enums: frozenset[QualifiedName]
    database: Database | None = None
    catalog: Catalog | None = None
    failure: Failure | None = None
    queries: str = ""


@dataclass(frozen=True, slots=True)
class Connections:
    """Every source by name."""

    by_source: Mapping[str, Connected]

    @property
    def databases(self) -> dict[str, Database]:
        """The pools of those sources that could be reached."""
        found = {name: one.database for name, one in self.by_source.items()}
        return {name: database for name, database in found.items() if database is not None}

    @property
    def catalogs(self) -> dict[str, Catalog]:
        """What the reachable sources have."""
        found = {name: one.catalog for name, one in self.by_source.items()}
        return {name: catalog for name, catalog in found.items() if catalog is not None}

    @property
    def failures(self) -> dict[str, Failure]:
        """Why the others could not be reached."""
        found = {name: one.failure for name, one in self.by_source.items()}
        return {name: failure for name, failure in found.items() if failure is not None}

    def with_catalog(self, source: str, catalog: Catalog) -> "Connections":
        """The same, `source` having been introspected elsewhere."""
        known = replace(self.by_source[source], catalog=catalog, queries="")
        return Connections({**self.by_source, source: known})


NOTHING = Connections({})


class Connector:
    """Opens sources as a document declares them."""

    def __init__(
        self,
        lookup: Lookup,
        defaults: PoolSettings,
        *,
        check_queries: bool = True,
    ) -> None:
        self._lookup = lookup
        self._defaults = defaults
        self._check_queries = check_queries

    async def follow(
        self, known: Connections, document: Json, again: Iterable[str] = ()
    ) -> Connections:
        """The connections that `document` asks for: those of `known` where nothing changed;
        sources in `again`, and those that failed before when named there, are introspected anew."""
        sources = document.get("sources", [])
        stale = frozenset(again)
        made = await asyncio.gather(
            *(self._judged(known.by_source.get(one["name"]), one, stale) for one in sources)
        )
        return Connections({one["name"]: done for one, done in zip(sources, made, strict=True)})

    async def _judged(
        self, known: Connected | None, source: Json, stale: frozenset[str]
    ) -> Connected:
        """The source followed, its native queries put to Postgres where they or it changed."""
        made = await self._follow(known, source, stale)
        digest = _digest(source)
        if made.database is None or made.catalog is None or made.queries == digest:
            return made
        refused: Mapping[str, str] = {}
        if self._check_queries and source.get("native_queries"):
            try:
                refused = await refusals(made.database, source, made.catalog)
            except (ApiError, *FAILURES) as error:
                return replace(made, catalog=None, failure=reason(error))
        catalog = replace(made.catalog, refused_queries=refused)
        return replace(made, catalog=catalog, queries=digest)

    async def _follow(
        self, known: Connected | None, source: Json, stale: frozenset[str]
    ) -> Connected:
        configuration = source.get("configuration")
        digest = fingerprint(configuration, self._lookup)
        enums = enum_tables(source)
        if known is None or known.fingerprint != digest:
            return await self._open(source, digest, enums)
        if source["name"] not in stale and known.enums == enums:
            return known
        if known.database is None:
            return await self._open(source, digest, enums)
        return await _ask(known.database, digest, enums)

    async def _open(self, source: Json, digest: str, enums: frozenset[QualifiedName]) -> Connected:
        configuration = source.get("configuration")
        try:
            main = primary(configuration, self._lookup, self._defaults)
            copies = replicas(configuration, self._lookup, self._defaults)
            pools = [Database(one.address, one.settings) for one in copies]
            database = await Database.connect(main.address, main.settings)
        except (ApiError, OSError, asyncpg.PostgresError, ValueError) as error:
            return Connected(digest, enums, failure=reason(error))
        if pools:
            database.replicas = Replicas(source["name"], pools)
        return await _ask(database, digest, enums)


async def _ask(database: Database, digest: str, enums: frozenset[QualifiedName]) -> Connected:
    try:
        async with database.connection() as connection:
            catalog = await introspect(connection, enums)
    except (ApiError, *FAILURES) as error:
        return Connected(digest, enums, database, failure=reason(error))
    return Connected(digest, enums, database, catalog)


def _digest(source: Json) -> str:
    """A digest of all that decides whether Postgres accepts a source's native queries."""
    judged = [source.get(key) or [] for key in ("native_queries", "logical_models")]
    return hashlib.sha256(encode(judged)).hexdigest()


def enum_tables(source: Json) -> frozenset[QualifiedName]:
    """The tables of a source that the metadata calls enums."""
    return frozenset(name for name, table in doc.tables(source) if table.get("is_enum") is True)


async def close_unused(old: Connections, new: Connections) -> None:
    """Close the pools of `old` that `new` does not have."""
    kept = {id(database) for database in new.databases.values()}
    for database in old.databases.values():
        if id(database) not in kept:
            await database.close()
