"""Input validation webhooks: a real server on loopback judges what an engine is about to write."""

import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from rowgate.app import create
from tests import http_doubles as doubles
from tests.http_doubles import SECRET

ADMIN = {"x-hasura-admin-secret": SECRET}
USER = {**ADMIN, "x-hasura-role": "user", "x-hasura-user-id": "7"}
TABLES = """
create table author (id int primary key, name text not null);
create table article (id int primary key, author_id int references author, title text);
insert into author values (1, 'Ann'); insert into article values (10, 1, 'old');
"""
FAILED = "internal error when validating input data"


@dataclass
class Judge:
    """A webhook: what it heard, by path, and what it answers next."""

    heard: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    status: int = 200
    body: bytes = b""
    delay: float = 0.0
    address: str = ""

    def inputs(self) -> list[tuple[str, Any]]:
        """Path and `data.input` of every call, in order."""
        return [(path, body["data"]["input"]) for path, _, body in self.heard]


@pytest.fixture
def judge() -> Iterator[Judge]:
    made = Judge()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.heard.append((self.path, headers, json.loads(content)))
            time.sleep(made.delay)
            self.send_response(made.status)
            self.send_header("content-length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Engine:
    http: httpx.AsyncClient

    async def post(
        self, path: str, body: Any, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return await self.http.post(path, json=body, headers=headers or ADMIN)

    async def done(self, kind: str, args: Any) -> None:
        response = await self.post("/v1/metadata", {"type": kind, "args": args})
        assert response.status_code == 200, response.text

    async def permit(self, operation: str, table: str, definition: Any, **extra: Any) -> None:
        validate = {"validate_input": {"type": "http", "definition": definition}}
        rows: dict[str, Any] = {"check": {}} if operation == "insert" else {"filter": {}}
        columns = {} if operation == "delete" else {"columns": "*"}
        permission = {**rows, **columns, **validate, **extra}
        args = {"source": "default", "table": table, "role": "user", "permission": permission}
        await self.done(f"pg_create_{operation}_permission", args)

    async def user(self, query: str, variables: Any = None, **headers: str) -> Any:
        body = {"query": query, "variables": variables or {}}
        return (await self.post("/v1/graphql", body, {**USER, **headers})).json()

    async def names(self) -> list[str]:
        query = "{ author(order_by: {id: asc}) { name } }"
        answer = (await self.post("/v1/graphql", {"query": query})).json()
        return [one["name"] for one in answer["data"]["author"]]


@asynccontextmanager
async def serving(database_url: str, **environment: str) -> AsyncIterator[Engine]:
    settings = doubles.settings(
        metadata_database_url=database_url, database_url=database_url, environment=environment
    )
    async with (
        doubles.served(create(settings)) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as http,
    ):
        engine = Engine(http)
        run = {"type": "run_sql", "args": {"sql": TABLES}}
        assert (await engine.post("/v2/query", run)).status_code == 200
        select = {"columns": "*", "filter": {}}
        for table in ("author", "article"):
            named = {"source": "default", "table": table}
            await engine.done("pg_track_table", named)
            await engine.done(
                "pg_create_select_permission", {**named, "role": "user", "permission": select}
            )
        articles = {"foreign_key_constraint_on": {"table": "article", "column": "author_id"}}
        await engine.done(
            "pg_create_array_relationship",
            {"source": "default", "table": "author", "name": "articles", "using": articles},
        )
        yield engine


INSERT = "mutation ($n: String!) { insert_author(objects: [{id: 2, name: $n}]) { affected_rows } }"


async def test_an_insert_is_written_once_the_webhook_agrees(
    database_url: str, judge: Judge
) -> None:
    async with serving(database_url) as engine:
        await engine.permit("insert", "author", {"url": f"{judge.address}/a"})
        answer = await engine.user(INSERT, {"n": "Bob"})
        assert answer == {"data": {"insert_author": {"affected_rows": 1}}}
        path, _, body = judge.heard[0]
        assert path == "/a"
        assert body == {
            "version": 1,
            "role": "user",
            "session_variables": {"x-hasura-role": "user", "x-hasura-user-id": "7"},
            "data": {"input": [{"id": 2, "name": "Bob"}]},
        }
        judge.status = 204
        again = 'mutation { insert_author_one(object: {id: 3, name: "Cid"}) { id } }'
        assert await engine.user(again) == {"data": {"insert_author_one": {"id": 3}}}
        assert await engine.names() == ["Ann", "Bob", "Cid"]


async def test_a_refusal_is_told_and_nothing_is_written(database_url: str, judge: Judge) -> None:
    async with serving(database_url) as engine:
        await engine.permit("insert", "author", {"url": judge.address})
        judge.status, judge.body = 400, b'{"message": "no such names here"}'
        answer = await engine.user(INSERT, {"n": "Bob"})
        assert answer == {
            "errors": [
                {
                    "message": "no such names here",
                    "extensions": {"path": "$", "code": "validation-failed"},
                }
            ]
        }
        two = (
            "mutation { delete_article(where: {}) { affected_rows } "
            'insert_author(objects: [{id: 2, name: "x"}]) { affected_rows } }'
        )
        await engine.done(
            "pg_create_delete_permission",
            {"source": "default", "table": "article", "role": "user", "permission": {"filter": {}}},
        )
        assert "errors" in await engine.user(two)
        left = await engine.user("{ article { id } }")
        assert left == {"data": {"article": [{"id": 10}]}}
        assert await engine.names() == ["Ann"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"message": "m"}'),
        (302, b""),
        (401, b'{"message": "m"}'),
        (400, b"not json"),
        (400, b'{"message": 5}'),
        (400, b"[]"),
        (400, b"\xff"),
    ],
)
async def test_any_other_answer_is_an_internal_error(
    database_url: str, judge: Judge, status: int, body: bytes
) -> None:
    async with serving(database_url) as engine:
        await engine.permit("insert", "author", {"url": judge.address})
        judge.status, judge.body = status, body
        answer = await engine.user(INSERT, {"n": "Bob"})
        (error,) = answer["errors"]
        assert error == {"message": FAILED, "extensions": {"path": "$", "code": "unexpected"}}
        assert await engine.names() == ["Ann"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "nonsense", "http://[", "ftp://host/x"])
async def test_a_webhook_that_cannot_be_reached_lets_nothing_through(
    database_url: str, url: str
) -> None:
    async with serving(database_url) as engine:
        await engine.permit("insert", "author", {"url": url})
        answer = await engine.user(INSERT, {"n": "Bob"})
        assert answer["errors"][0]["message"] == FAILED
        assert await engine.names() == ["Ann"]


async def test_a_slow_webhook_runs_into_its_time_limit(database_url: str, judge: Judge) -> None:
    async with serving(database_url) as engine:
        await engine.permit("insert", "author", {"url": judge.address, "timeout": 1})
        judge.delay = 2.0
        began = time.monotonic()
        answer = await engine.user(INSERT, {"n": "Bob"})
        assert time.monotonic() - began < 1.8
        assert answer["errors"][0]["message"] == FAILED
        assert await engine.names() == ["Ann"]


async def test_updates_and_deletes_tell_their_arguments(database_url: str, judge: Judge) -> None:
    async with serving(database_url) as engine:
        await engine.permit("update", "author", {"url": f"{judge.address}/u"})
        await engine.permit("delete", "author", {"url": f"{judge.address}/d"})
        for query in (
            'mutation { update_author(where: {id: {_eq: 1}}, _set: {name: "A"}) '
            "{ affected_rows } }",
            'mutation { update_author_by_pk(pk_columns: {id: 1}, _set: {name: "B"}) { id } }',
            'mutation { update_author_many(updates: [{where: {id: {_eq: 1}}, _set: {name: "C"}}, '
            '{where: {}, _set: {name: "D"}}]) { affected_rows } }',
            "mutation { delete_author(where: {id: {_eq: 5}}) { affected_rows } }",
            "mutation ($id: Int!) { delete_author_by_pk(id: $id) { id } }",
        ):
            variables = {"id": 6} if "$id" in query else {}
            assert "errors" not in await engine.user(query, variables), query
        assert judge.inputs() == [
            ("/u", [{"where": {"id": {"_eq": 1}}, "_set": {"name": "A"}}]),
            ("/u", [{"pk_columns": {"id": 1}, "_set": {"name": "B"}}]),
            (
                "/u",
                [
                    {"where": {"id": {"_eq": 1}}, "_set": {"name": "C"}},
                    {"where": {}, "_set": {"name": "D"}},
                ],
            ),
            ("/d", [{"where": {"id": {"_eq": 5}}}]),
            ("/d", [{"pk_columns": {"id": 6}}]),
        ]
        judge.status, judge.body = 400, b'{"message": "stays"}'
        kept = await engine.user("mutation { delete_author(where: {}) { affected_rows } }")
        assert kept["errors"][0]["message"] == "stays"
        assert await engine.names() == ["D"]


async def test_a_nested_insert_asks_the_webhook_of_each_table(
    database_url: str, judge: Judge
) -> None:
    nested = (
        "mutation ($articles: [article_insert_input!]!) { insert_author(objects: ["
        '{id: 2, name: "Bob", articles: {data: $articles}}, {id: 3, name: "Cid", '
        'articles: {data: [{id: 22, title: "c"}]}}]) { affected_rows } }'
    )
    articles = [{"id": 20, "title": "a"}, {"id": 21, "title": None}]
    async with serving(database_url) as engine:
        await engine.permit("insert", "author", {"url": f"{judge.address}/author"})
        await engine.permit("insert", "article", {"url": f"{judge.address}/article"})
        answer = await engine.user(nested, {"articles": articles})
        assert answer == {"data": {"insert_author": {"affected_rows": 5}}}
        last = {"id": 22, "title": "c"}
        assert judge.inputs() == [
            (
                "/author",
                [
                    {"id": 2, "name": "Bob", "articles": {"data": articles}},
                    {"id": 3, "name": "Cid", "articles": {"data": [last]}},
                ],
            ),
            ("/article", [*articles, last]),
        ]


async def test_headers_come_from_the_environment_and_from_the_client(
    database_url: str, judge: Judge
) -> None:
    async with serving(
        database_url, HOOK=judge.address, KEY="k", HASURA_GRAPHQL_JWT_SECRET="s"
    ) as engine:
        definition = {
            "url": "{{HOOK}}/x",
            "forward_client_headers": True,
            "headers": [
                {"name": "X-Key", "value_from_env": "KEY"},
                {"name": "X-Plain", "value": "v-{{KEY}}"},
            ],
        }
        await engine.permit("insert", "author", definition)
        await engine.user(INSERT, {"n": "B"}, **{"x-mine": "m", "x-key": "forged"})
        path, headers, _ = judge.heard[0]
        assert path == "/x"
        assert headers["x-mine"] == "m"
        assert headers["x-key"] == "k"
        assert headers["x-plain"] == "v-k"
        assert headers["content-type"] == "application/json"
        assert "x-hasura-admin-secret" not in headers


@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"url": ""},
        {"url": "http://h", "timeout": 0},
        {"url": "http://h", "headers": [{"name": "a", "value_from_env": "HASURA_GRAPHQL_X"}]},
        {"url": "http://h", "extra": 1},
    ],
)
async def test_a_definition_that_cannot_be_honoured_grants_nothing(
    database_url: str, definition: Any
) -> None:
    async with serving(database_url) as engine:
        permission = {"check": {}, "columns": "*", "validate_input": {"definition": definition}}
        args = {"source": "default", "table": "author", "role": "user", "permission": permission}
        body = {"type": "pg_create_insert_permission", "args": args}
        assert (await engine.post("/v1/metadata", body)).status_code == 400
        answer = await engine.user(INSERT, {"n": "Bob"})
        assert answer["errors"][0]["extensions"]["code"] == "validation-failed"
        assert await engine.names() == ["Ann"]


async def test_secrets_of_the_engine_do_not_go_out_by_a_template(
    database_url: str, judge: Judge
) -> None:
    async with serving(database_url, HASURA_GRAPHQL_ADMIN_SECRET="s") as engine:
        url = judge.address + "/{{HASURA_GRAPHQL_ADMIN_SECRET}}"
        await engine.permit("insert", "author", {"url": url})
        answer = await engine.user(INSERT, {"n": "Bob"})
        assert answer["errors"][0]["extensions"]["code"] == "invalid-configuration"
        assert judge.heard == []
        assert await engine.names() == ["Ann"]


async def test_no_other_door_goes_past_the_webhook(database_url: str, judge: Judge) -> None:
    async with serving(database_url) as engine:
        for operation in ("insert", "update", "delete"):
            await engine.permit(operation, "author", {"url": judge.address})
        for kind, args in (
            ("insert", {"objects": [{"id": 2, "name": "x"}]}),
            ("update", {"where": {}, "$set": {"name": "x"}}),
            ("delete", {"where": {}}),
        ):
            body = {"type": kind, "args": {"table": "author", **args}}
            response = await engine.post("/v1/query", body, USER)
            assert response.json()["code"] == "not-supported"
        assert judge.heard == []
        assert await engine.names() == ["Ann"]
        query = {
            "query": 'mutation { insert_author(objects: [{id: 2, name: "y"}]) { affected_rows } }'
        }
        assert "errors" not in (await engine.post("/v1/graphql", query)).json()
        assert judge.heard == []
