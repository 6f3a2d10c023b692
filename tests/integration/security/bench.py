"""A small database with rules, an engine over it, and ways to ask as anyone."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import asyncpg

from rowgate.base.session import Session
from rowgate.catalog.introspect import introspect
from rowgate.database.connections.pool import Database, PoolSettings
from rowgate.generation import Generation
from rowgate.metadata.read import read
from rowgate.pipeline import Endpoint, GraphQLRequest, graphql, run_operation
from rowgate.settings import Settings
from rowgate.snapshot.resolve import resolve

Json = Any

SCHEMA = """
create table person (id int primary key, name text not null, team int not null, secret text);
create table note (
    id int primary key,
    owner int not null references person (id),
    title text not null default 'untitled',
    status text not null default 'draft',
    body text,
    private boolean not null default true,
    written_by text
);
insert into person values
    (1, 'ann', 1, 'a1'), (2, 'bob', 1, 'b2'), (3, 'cid', 2, 'c3');
insert into note (id, owner, title, body, private) values
    (11, 1, 'mine', 'x', true), (12, 1, 'x-hasura-user-id', 'y', false),
    (21, 2, 'other', 'z', true), (22, 2, 'open', 'w', false), (31, 3, 'far', 'v', true);
create function notes_of(p person) returns setof note language sql stable as
    $$ select * from note where owner = p.id $$;
create function sign() returns trigger language plpgsql as $$
begin
    new.written_by := current_setting('hasura.user', true)::json ->> 'x-hasura-user-id';
    return new;
end $$;
create trigger signed before insert or update on note for each row execute function sign();
"""
OWN = {"owner": "X-Hasura-User-Id"}
SEEN = {"_or": [OWN, {"private": {"_eq": False}}]}
SHOWN = ["id", "owner", "title", "status", "private"]


def _role(role: str, **permission: Json) -> Json:
    return {"role": role, "permission": permission}


PERSON = {
    "table": "person",
    "array_relationships": [
        {
            "name": "notes",
            "using": {"foreign_key_constraint_on": {"table": "note", "column": "owner"}},
        }
    ],
    "computed_fields": [{"name": "found", "definition": {"function": "notes_of"}}],
    "select_permissions": [
        _role("user", columns=["id", "name"], filter={}),
        _role("team", columns=["id", "team"], filter={"team": "X-Hasura-Team"}, limit=1),
        _role("own", columns=["id", "secret"], filter={"id": "X-Hasura-User-Id"}, limit=2),
        _role("open", columns=["id", "name"], filter={"id": {"_eq": 3}}, limit=1),
        _role("peer", columns=["id"], filter={}),
    ],
    "insert_permissions": [
        _role("user", columns=["id", "name", "team"], check={"team": {"_eq": 1}}),
    ],
}
NOTE = {
    "table": "note",
    "object_relationships": [{"name": "person", "using": {"foreign_key_constraint_on": "owner"}}],
    "select_permissions": [
        _role("user", columns=SHOWN, filter=SEEN, allow_aggregations=True),
        _role("counted", columns=["id", "title"], filter=OWN, limit=1, allow_aggregations=True),
        _role("plain", columns=["id", "title"], filter=OWN),
        _role(
            "peer",
            columns=["id"],
            filter={"person": {"team": {"_ceq": "team"}, "id": {"_ceq": ["$", "owner"]}}},
        ),
    ],
    "insert_permissions": [
        _role(
            "user",
            columns=["id", "owner", "title", "status", "private"],
            check={**OWN, "status": {"_eq": "draft"}},
        ),
        _role("late", columns=["id", "title", "owner"], check={"status": {"_eq": "final"}}),
        {
            "role": "back",
            "permission": {"columns": ["id", "owner", "title"], "check": {}, "backend_only": True},
        },
    ],
    "update_permissions": [
        _role("user", columns=["title", "status"], filter=OWN, check={"status": {"_neq": "bad"}}),
    ],
    "delete_permissions": [_role("user", filter=OWN)],
}


def _document(url: str) -> Json:
    source = {
        "name": "default",
        "kind": "postgres",
        "configuration": {"connection_info": {"database_url": url}},
        "tables": [PERSON, NOTE],
    }
    return {
        "version": 3,
        "sources": [source],
        "inherited_roles": [
            {"role_name": "inner", "role_set": ["team", "own"]},
            {"role_name": "outer", "role_set": ["inner", "open"]},
        ],
    }


@dataclass
class Bench:
    """The engine and its database."""

    engine: Any
    database: Database

    @property
    def generation(self) -> Generation:
        """What is served now."""
        found: Generation = self.engine.world.current
        return found

    def forget(self) -> None:
        """Serve the same from cold memory."""
        old = self.generation
        self.engine.world.current = Generation(
            old.document, 1, old.metadata, old.catalogs, old.snapshot, old.settings
        )

    async def ask(
        self, text: str, role: str = "user", user: int = 1, variables: Json = None
    ) -> Json:
        """The decoded answer to a query or mutation."""
        return await self.asked(text, session_of(role, user), variables)

    async def asked(self, text: str, session: Session, variables: Json = None) -> Json:
        """The decoded answer to a session."""
        body = json.dumps({"query": text, "variables": variables}).encode()
        answer = await graphql(self.engine, body, session, {}, Endpoint.GRAPHQL)
        assert answer.status == 200
        return json.loads(answer.body)

    async def frame(self, text: str, session: Session, variables: Json = None) -> Json:
        """One poll of a subscription."""
        request = GraphQLRequest(text, variables, None, over_socket=True)
        answer = await run_operation(self.engine, request, session, {}, Endpoint.GRAPHQL)
        return json.loads(answer.body)

    async def sql(self, text: str) -> list[tuple[Json, ...]]:
        """What the database itself says."""
        async with self.database.connection() as connection:
            return [tuple(row) for row in await connection.fetch(text)]


def session_of(role: str, user: int = 1, **others: str) -> Session:
    """A session of a user."""
    variables = {"x-hasura-user-id": str(user), "x-hasura-team": "1"}
    return Session(role, {**variables, **others})


@asynccontextmanager
async def bench(url: str, connections: int = 8) -> AsyncIterator[Bench]:
    """The engine over a fresh database."""
    plain = await asyncpg.connect(url)
    try:
        await plain.execute(SCHEMA)
        catalog = await introspect(plain)
    finally:
        await plain.close()
    given = {"HASURA_GRAPHQL_DATABASE_URL": url, "ROWGATE_ALLOW_NO_ADMIN_SECRET": "true"}
    settings = Settings.read(given, {})
    document = _document(url)
    declared = read(document)
    snapshot = resolve(declared, {"default": catalog}, settings)
    assert not snapshot.inconsistencies, snapshot.inconsistencies
    generation = Generation(document, 1, declared, {"default": catalog}, snapshot, settings)
    database = await Database.connect(url, PoolSettings(maximum=connections))
    world = SimpleNamespace(
        current=generation, databases={"default": database}, look_again=lambda: None
    )
    try:
        yield Bench(SimpleNamespace(settings=settings, world=world), database)
    finally:
        await database.close()


def code_of(answer: Json) -> str:
    """The code of a refusal; fails where it is none."""
    assert set(answer) == {"errors"}, answer
    code: str = answer["errors"][0]["extensions"]["code"]
    return code
