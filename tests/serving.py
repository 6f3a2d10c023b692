"""An engine over one database without HTTP: requests in, JSON out, and the statements it ran."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import asyncpg
from asyncpg.connection import LoggedQuery

from rowgate.base.names import QualifiedName
from rowgate.base.session import Session
from rowgate.catalog.introspect import introspect
from rowgate.database.connections.pool import Database, PoolSettings
from rowgate.generation import Generation
from rowgate.metadata.read import read
from rowgate.pipeline import Answer, Endpoint, graphql
from rowgate.settings import Settings
from rowgate.snapshot.resolve import resolve
from rowgate.sql.types import TAKEN_AS_TEXT

Json = Any
_ONE = PoolSettings(maximum=1)


@dataclass(frozen=True)
class Ran:
    """A statement that reached Postgres, with its arguments."""

    text: str
    arguments: tuple[Any, ...]


@dataclass
class Served:
    """An engine, its database and the loop that both live in."""

    loop: asyncio.AbstractEventLoop
    url: str
    document: Json
    options: Mapping[str, str]
    limits: PoolSettings
    engine: Any = None
    database: Database = field(init=False)

    async def open(self, enums: tuple[str, ...]) -> None:
        """Introspect, resolve, connect; every object of the metadata must be consistent."""
        connection = await asyncpg.connect(self.url)
        try:
            catalog = await introspect(
                connection, [QualifiedName("public", name) for name in enums]
            )
        finally:
            await connection.close()
        given = {"HASURA_GRAPHQL_DATABASE_URL": self.url, "ROWGATE_ALLOW_NO_ADMIN_SECRET": "true"}
        settings = Settings.read({**given, **self.options}, {})
        declared = read(self.document)
        catalogs = {"default": catalog}
        snapshot = resolve(declared, catalogs, settings)
        assert not snapshot.inconsistencies, snapshot.inconsistencies
        generation = Generation(self.document, 1, declared, catalogs, snapshot, settings)
        self.database = await Database.connect(self.url, self.limits)
        arrays = ", ".join(f"null::{name}[]" for name in sorted(TAKEN_AS_TEXT))
        async with self.database.connection() as connection:
            # The driver asks Postgres once what an array is; here, before anybody watches.
            await connection.fetchrow(f"select {arrays}")
        world = SimpleNamespace(
            current=generation, databases={"default": self.database}, look_again=lambda: None
        )
        self.engine = SimpleNamespace(settings=settings, world=world)

    def send(
        self,
        body: bytes,
        who: Session | None = None,
        endpoint: Endpoint = Endpoint.GRAPHQL,
    ) -> Answer:
        """The answer to a body as it is."""

        async def answered() -> Answer:
            return await graphql(self.engine, body, who or Session("admin"), {}, endpoint)

        return self.loop.run_until_complete(answered())

    def ask(
        self,
        query: str,
        variables: Json = None,
        who: Session | None = None,
        endpoint: Endpoint = Endpoint.GRAPHQL,
    ) -> Json:
        """The decoded answer to one operation."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        answer = self.send(body, who, endpoint)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def data(self, query: str, variables: Json = None, who: Session | None = None) -> Json:
        """The `data` of an operation that must succeed."""
        answer = self.ask(query, variables, who)
        assert "errors" not in answer, answer
        return answer["data"]

    def refusal(self, query: str, variables: Json = None, who: Session | None = None) -> Json:
        """The one error of an operation that must be refused, its extensions beside its message."""
        answer = self.ask(query, variables, who)
        assert set(answer) == {"errors"}, answer
        (error,) = answer["errors"]
        return {"message": error["message"], **error["extensions"]}

    def sql(self, text: str) -> Json:
        """Run a script, or a statement whose one value is given."""
        return self.loop.run_until_complete(self._sql(text))

    async def _sql(self, text: str) -> Json:
        async with self.database.connection() as connection:
            if text.lstrip().lower().startswith(("select", "explain")):
                return await connection.fetchval(text)
            return await connection.execute(text)

    @contextmanager
    def watched(self) -> Iterator[list[Ran]]:
        """The statements that run within the block, in order."""
        ran: list[Ran] = []

        def note(query: LoggedQuery) -> None:
            ran.append(Ran(query.query, tuple(query.args or ())))

        self.loop.run_until_complete(self._watch(note, start=True))
        try:
            yield ran
        finally:
            self.loop.run_until_complete(self._watch(note, start=False))

    async def _watch(self, note: Any, *, start: bool) -> None:
        async with self.database.connection() as connection:
            if start:
                connection.add_query_logger(note)
            else:
                connection.remove_query_logger(note)

    def close(self) -> None:
        """Close the connections."""
        self.loop.run_until_complete(self.database.close())


@contextmanager
def serving(
    url: str,
    script: str,
    document: Json,
    *,
    enums: tuple[str, ...] = (),
    options: Mapping[str, str] | None = None,
    limits: PoolSettings = _ONE,
) -> Iterator[Served]:
    """An engine over the database at `url` after `script` has run there."""
    loop = asyncio.new_event_loop()
    served = Served(loop, url, document, options or {}, limits)
    try:
        loop.run_until_complete(_prepare(url, script))
        loop.run_until_complete(served.open(enums))
        yield served
        served.close()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _prepare(url: str, script: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(script)
    finally:
        await connection.close()


def source(
    url: str, tables: Json, functions: Json = (), inherited: Mapping[str, Any] | None = None
) -> Json:
    """A metadata document of one source."""
    configuration = {"connection_info": {"database_url": url}}
    roles = [{"role_name": name, "role_set": parts} for name, parts in (inherited or {}).items()]
    return {
        "version": 3,
        "sources": [
            {
                "name": "default",
                "kind": "postgres",
                "configuration": configuration,
                "tables": list(tables),
                "functions": list(functions),
            }
        ],
        "inherited_roles": roles,
    }
