"""A world on two real databases, and commands sent to it as the endpoints receive them."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from rowgate.admin import metadata_api, query_api_v1, query_api_v2
from rowgate.base.json import Json, decode, encode
from rowgate.base.session import Session
from rowgate.postgres import EmbeddedPostgres
from rowgate.settings import Settings
from rowgate.world import World
from tests.conftest import fresh_database

APIS = {"/v1/metadata": metadata_api, "/v1/query": query_api_v1, "/v2/query": query_api_v2}


@dataclass
class Desk:
    """Sends commands to a world; `source` is the URL of its source `default`."""

    world: World
    settings: Settings
    source: str

    async def send(
        self, command: Json, *, to: str = "/v1/query", session: Session | None = None
    ) -> tuple[int, Json]:
        who = session or Session("admin")
        body = command if isinstance(command, bytes) else encode(command)
        status, answer = await APIS[to](self.world, self.settings, body, who)
        return status, decode(answer)

    async def do(self, kind: str, args: Json, *, to: str = "/v1/query") -> Json:
        """The answer of a command that must succeed."""
        status, answer = await self.send({"type": kind, "args": args}, to=to)
        assert status == 200, answer
        return answer

    async def refused(self, kind: str, args: Json, *, to: str = "/v1/query") -> Json:
        """The answer of a command that must be refused."""
        status, answer = await self.send({"type": kind, "args": args}, to=to)
        assert status >= 400, answer
        return answer

    async def sql(self, text: str, **options: Json) -> Json:
        """The answer of `run_sql`, which must succeed."""
        return await self.do("run_sql", {"sql": text, **options})

    def table(self, name: str) -> Json:
        """The entry of a table of schema `public` in the document."""
        for source in self.world.current.document["sources"]:
            for entry in source["tables"]:
                if entry["table"] == {"name": name, "schema": "public"}:
                    return entry
        return None


def settings_for(url: str) -> Settings:
    return Settings.read(
        {
            "HASURA_GRAPHQL_METADATA_DATABASE_URL": url,
            "ROWGATE_ALLOW_NO_ADMIN_SECRET": "true",
            "HASURA_GRAPHQL_SCHEMA_SYNC_POLL_INTERVAL": "500",
        },
        {},
    )


@pytest.fixture
def metadata_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    yield from fresh_database(postgres_server)


@pytest.fixture
async def empty(metadata_url: str, database_url: str) -> AsyncIterator[Desk]:
    """A world that declares nothing yet."""
    settings = settings_for(metadata_url)
    world = await World.open(settings)
    try:
        yield Desk(world, settings, database_url)
    finally:
        await world.close()


@pytest.fixture
async def desk(empty: Desk) -> Desk:
    """A world with the source `default`, whose database is empty."""
    configuration = {"connection_info": {"database_url": empty.source}}
    await empty.do(
        "pg_add_source", {"name": "default", "configuration": configuration}, to="/v1/metadata"
    )
    return empty


SCHEMA = """
    create table author (id serial primary key, name text unique, active boolean default true);
    create table article (
        id serial primary key,
        title text not null,
        author_id integer references author (id)
    );
    create function full_name (author_row author) returns text language sql stable
        as $$ select author_row.name || '!' $$;
"""


@pytest.fixture
async def library(desk: Desk) -> Desk:
    """Authors and their articles, tracked, related, with what a user may read."""
    await desk.sql(SCHEMA)
    articles = {"foreign_key_constraint_on": {"table": "article", "column": "author_id"}}
    own = {"columns": ["id", "name"], "filter": {"id": "X-Hasura-User-Id"}}
    of_author = {"columns": "*", "filter": {"author": {"active": {"_eq": True}}}}
    await desk.do(
        "bulk",
        [
            {"type": "track_table", "args": "author"},
            {"type": "track_table", "args": {"table": "article"}},
            {
                "type": "create_array_relationship",
                "args": {"table": "author", "name": "articles", "using": articles},
            },
            {
                "type": "create_object_relationship",
                "args": {
                    "table": "article",
                    "name": "author",
                    "using": {"foreign_key_constraint_on": "author_id"},
                },
            },
            {
                "type": "create_select_permission",
                "args": {"table": "author", "role": "user", "permission": own},
            },
            {
                "type": "create_select_permission",
                "args": {"table": "article", "role": "user", "permission": of_author},
            },
        ],
    )
    return desk
