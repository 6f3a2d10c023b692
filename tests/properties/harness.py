"""The engine over a random world, without HTTP: requests in, JSON out."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import asyncpg

from rowgate.base.session import Session
from rowgate.catalog.introspect import introspect
from rowgate.database.pool import Database, PoolSettings
from rowgate.generation import Generation
from rowgate.metadata.read import read
from rowgate.pipeline import Endpoint, graphql
from rowgate.settings import Settings
from rowgate.snapshot.resolve import resolve
from tests.properties.model import Json, State, World
from tests.properties.worlds import ddl, load, metadata


@dataclass
class Served:
    """A world that the engine serves."""

    world: World
    engine: Any
    database: Database
    loop: asyncio.AbstractEventLoop

    def ask(
        self,
        body: Json,
        role: str,
        session: Mapping[str, str],
        endpoint: Endpoint = Endpoint.GRAPHQL,
    ) -> bytes:
        """The answer's bytes."""
        answer = self.loop.run_until_complete(
            graphql(
                self.engine,
                json.dumps(body).encode(),
                Session(role, session),
                {},
                endpoint,
            )
        )
        assert answer.status == 200, answer
        return answer.body

    def load(self, state: State) -> None:
        """Replace all rows."""
        self.loop.run_until_complete(self._execute(load(self.world, state)))

    def rows(self) -> State:
        """All rows as they are stored now."""
        return self.loop.run_until_complete(self._rows())

    async def _execute(self, text: str) -> None:
        async with self.database.connection() as connection:
            await connection.execute(text)

    async def _rows(self) -> State:
        parts = [
            f"'{name}', (select coalesce(json_agg(t order by id), '[]') "
            f"from {self.world.schema}.{name} as t)"
            for name in self.world.tables
        ]
        async with self.database.connection() as connection:
            text = await connection.fetchval(f"select json_build_object({', '.join(parts)})")
        found: State = json.loads(text)
        return found


def serve(world: World, url: str, loop: asyncio.AbstractEventLoop) -> Served:
    """Make the world's schema and rows, and an engine over them."""
    return loop.run_until_complete(_serve(world, url, loop))


async def _serve(world: World, url: str, loop: asyncio.AbstractEventLoop) -> Served:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(";\n".join(ddl(world)))
        await connection.execute(load(world, world.rows))
        catalog = await introspect(connection)
    finally:
        await connection.close()
    given = {"HASURA_GRAPHQL_DATABASE_URL": url, "ROWGATE_ALLOW_NO_ADMIN_SECRET": "true"}
    settings = Settings.read(given, {})
    document = metadata(world, url)
    declared = read(document)
    snapshot = resolve(declared, {"default": catalog}, settings)
    unexpected = [one for one in snapshot.inconsistencies if "inherit" not in one.reason]
    unexpected = [
        one for one in unexpected if one.kind != "inherited role permission inconsistency"
    ]
    assert not unexpected, unexpected
    generation = Generation(document, 1, declared, {"default": catalog}, snapshot, settings)
    database = await Database.connect(url, PoolSettings(maximum=2))
    served = SimpleNamespace(current=generation, databases={"default": database})
    engine = SimpleNamespace(settings=settings, world=served)
    return Served(world, engine, database, loop)
