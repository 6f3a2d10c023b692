"""The engine over a random world, without HTTP: requests in, JSON out."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import asyncpg

from rowgate.base.session import Session
from rowgate.catalog.introspect import introspect
from rowgate.database.bind import Argument, array_elements, encoded
from rowgate.database.connections.pool import Database, PoolSettings
from rowgate.database.sharing.express import Express
from rowgate.database.sharing.quick import together
from rowgate.generation import Generation
from rowgate.metadata.read import read
from rowgate.pipeline import Endpoint, graphql
from rowgate.settings import Settings
from rowgate.snapshot.resolve import resolve
from rowgate.sql.types import Statement
from tests.properties.model import Json, State, World
from tests.properties.worlds import ddl, load, metadata


class Together(Express):
    """Has every read asked elsewhere, and keeps it, to ask it together with another of its text."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, 0, 0)
        self.asked: list[tuple[Statement, list[Argument]]] = []
        self.before: dict[str, list[Argument]] = {}
        self.compared = 0

    def ask(self, statement: Statement, arguments: Sequence[Argument]) -> None:
        self.asked.append((statement, list(arguments)))

    async def compare(self, connection: asyncpg.Connection) -> None:
        """What is asked together must be what each is answered alone."""
        while self.asked:
            statement, arguments = self.asked.pop()
            both = [self.before.get(statement.text, arguments), arguments]
            self.before[statement.text] = arguments
            if statement.many is None:
                continue
            alone = [_sorted(await connection.fetchval(statement.text, *one)) for one in both]
            values = together([encoded(one) for one in both])
            given = [array_elements((one or b"").decode()) for one in values]
            rows = await connection.fetch(statement.many, *given)
            assert [_sorted(one[0]) for one in rows] == alone, (statement, both)
            self.compared += 1


def _sorted(answer: bytes | None) -> Json:
    """An answer, whatever order its lists are in."""

    def of(value: Json) -> Json:
        match value:
            case dict():
                return {key: of(one) for key, one in value.items()}
            case list():
                return sorted((of(one) for one in value), key=repr)
        return value

    return of(json.loads(answer or b"null"))


@dataclass
class Served:
    """A world that the engine serves."""

    world: World
    engine: Any
    database: Database
    loop: asyncio.AbstractEventLoop
    shared: Together

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
        if b'"errors"' in answer.body:
            self.shared.asked.clear()
        self.loop.run_until_complete(self._compare())
        return answer.body

    async def _compare(self) -> None:
        async with self.database.connection() as connection:
            await self.shared.compare(connection)

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
    database.express = shared = Together(database)
    served = SimpleNamespace(current=generation, databases={"default": database})
    engine = SimpleNamespace(settings=settings, world=served)
    return Served(world, engine, database, loop, shared)
