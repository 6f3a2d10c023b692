"""An engine over a real Postgres with one table, one role and some stored operations."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from rowgate.app import Engine, create
from tests import http_doubles as doubles
from tests.http_doubles import SECRET, claims, token

TABLE = """
create table note (
    id int primary key, owner text not null, body text unique, done boolean not null default false,
    weight numeric, held uuid, at timestamptz
);
"""
ROWS = """
insert into note (id, owner, body, done, weight) values
    (1, '1', 'mine', true, 1.5), (2, '2', 'a/b', false, 2), (3, '2', 'a b+c', false, null);
"""
PERMISSION = {
    "table": "note",
    "source": "default",
    "role": "user",
    "permission": {"columns": ["id", "body"], "filter": {"owner": {"_eq": "X-Hasura-User-Id"}}},
}
QUERIES = {
    "all": "{ note(order_by: {id: asc}) { id body } }",
    "by_id": "query ($id: Int!) { note(where: {id: {_eq: $id}}) { id body } }",
    "by_body": "query ($body: String) { note(where: {body: {_eq: $body}}) { id } }",
    "done": "query ($done: Boolean) { note(where: {done: {_eq: $done}}, order_by: {id: asc}) "
    "{ id } }",
    "heavy": "query ($weight: numeric) { note(where: {weight: {_gte: $weight}}) { id } }",
    "some": "query ($ids: [Int!]) { note(where: {id: {_in: $ids}}, order_by: {id: asc}) { id } }",
    "default": 'query ($body: String = "mine") { note(where: {body: {_eq: $body}}) { id } }',
    "owned": "{ note { owner } }",
    "add": "mutation ($id: Int!, $body: String) "
    '{ insert_note_one(object: {id: $id, body: $body, owner: "1"}) { id } }',
    "live": "subscription { note { id } }",
    "two": "query A { note { id } } query B { note { id } }",
    "spread": "query { note(where: {id: {_eq: 1}}) { ...part } } fragment part on note { id body }",
}


@dataclass
class Rest:
    """A served engine and a client of it."""

    engine: Engine
    http: httpx.AsyncClient

    async def sql(self, text: str) -> None:
        """Run a script, which must succeed."""
        body = {"type": "run_sql", "args": {"sql": text, "check_metadata_consistency": False}}
        done = await self.http.post("/v2/query", json=body, headers=ADMIN)
        assert done.status_code == 200, done.text

    async def send(self, kind: str, **args: Any) -> httpx.Response:
        """A metadata command."""
        body = {"type": kind, "args": args}
        return await self.http.post("/v1/metadata", json=body, headers=ADMIN)

    async def command(self, kind: str, **args: Any) -> Any:
        """A metadata command that must succeed."""
        response = await self.send(kind, **args)
        assert response.status_code == 200, response.text
        return response.json()

    async def endpoint(self, query: str, url: str, *methods: str, **more: Any) -> httpx.Response:
        """Create an endpoint, named by its URL, for a query of the collection."""
        definition = {"query": {"collection_name": "notes", "query_name": query}}
        given = {"url": url, "methods": methods or ["GET"], "definition": definition, **more}
        return await self.send("create_rest_endpoint", **{"name": url, **given})

    async def open(self, query: str, url: str, *methods: str, **more: Any) -> None:
        """Create an endpoint, which must succeed."""
        response = await self.endpoint(query, url, *methods, **more)
        assert response.status_code == 200, response.text

    async def call(self, path: str, method: str = "GET", **more: Any) -> tuple[int, Any]:
        """Status and body of a call, the admin's unless other headers are given."""
        headers = more.pop("headers", ADMIN)
        response = await self.http.request(method, f"/api/rest/{path}", headers=headers, **more)
        return response.status_code, response.json()


ADMIN = {"x-hasura-admin-secret": SECRET}


def bearer() -> dict[str, str]:
    """The headers of the user with id 1."""
    return {"authorization": f"Bearer {token(claims())}"}


@pytest.fixture(scope="module", autouse=True)
def _logging() -> Iterator[None]:
    yield from doubles.logging_kept()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(module_database_url: str) -> AsyncIterator[Rest]:
    """An engine with the table tracked and the collection `notes` of `QUERIES`."""
    settings = doubles.with_jwt(
        settings_given={
            "metadata_database_url": module_database_url,
            "database_url": module_database_url,
            "body_limit": 100_000,
        }
    )
    engine = create(settings)
    async with (
        doubles.served(engine) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as http,
    ):
        made = Rest(engine, http)
        await made.sql(TABLE + ROWS)
        await made.command("pg_track_table", source="default", table="note")
        await made.command("pg_create_select_permission", **PERMISSION)
        queries = [{"name": name, "query": text} for name, text in QUERIES.items()]
        await made.command("create_query_collection", name="notes", definition={"queries": queries})
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def rest(opened: Rest) -> AsyncIterator[Rest]:
    """The engine without any endpoint; rows and metadata are put back afterwards."""
    document = await opened.command("export_metadata")
    yield opened
    await opened.command("replace_metadata", **document)
    await opened.sql(f"truncate note; {ROWS}")
