"""Native queries and logical models over a real Postgres: reading, permissions, refusals."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from rowgate.app import create
from tests import http_doubles as doubles
from tests.http_doubles import SECRET

ADMIN = {"x-hasura-admin-secret": SECRET}
USER = {**ADMIN, "x-hasura-role": "user", "x-hasura-user-id": "1"}
TABLES = """
create table author (id int primary key, name text not null, owner text not null);
create table article (id int primary key, author_id int not null, title text, tags text[]);
insert into author values (1, 'Ann', '1'), (2, 'Bob', '2'), (3, 'it''s', '1');
insert into article values (10, 1, 'a', '{x,y}'), (11, 1, null, null), (12, 2, 'c', '{}');
"""
AUTHOR = {
    "source": "default",
    "name": "author_row",
    "fields": [
        {"name": "id", "type": {"scalar": "integer"}},
        {"name": "name", "type": {"scalar": "text", "nullable": True}},
        {"name": "owner", "type": {"scalar": "text", "nullable": True}},
    ],
}
ARTICLE = {
    "source": "default",
    "name": "article_row",
    "fields": [
        {"name": "id", "type": {"scalar": "integer"}},
        {"name": "author_id", "type": {"scalar": "integer"}},
        {"name": "title", "type": {"scalar": "varchar", "nullable": True}},
        {"name": "tags", "type": {"array": {"scalar": "text"}, "nullable": True}},
    ],
}
ARTICLES = {
    "source": "default",
    "root_field_name": "articles_from",
    "code": "select * from article where id >= {{ first }}; ",
    "arguments": {"first": {"type": "int", "nullable": True}},
    "returns": "article_row",
}
AUTHORS = {
    "source": "default",
    "root_field_name": "authors_like",
    "code": "select id, name, owner from author where name ilike {{pattern}} -- all of them",
    "arguments": {"pattern": {"type": "text", "description": "a LIKE pattern"}},
    "returns": "author_row",
    "array_relationships": [
        {
            "name": "articles",
            "using": {
                "column_mapping": {"id": "author_id"},
                "remote_native_query": "articles_from",
            },
        }
    ],
}
PERMISSION = {
    "source": "default",
    "name": "author_row",
    "role": "user",
    "permission": {"columns": ["id", "name"], "filter": {"owner": {"_eq": "X-Hasura-User-Id"}}},
}


@dataclass
class Engine:
    http: httpx.AsyncClient

    async def command(self, kind: str, args: Any) -> httpx.Response:
        body = {"type": kind, "args": args}
        return await self.http.post("/v1/metadata", json=body, headers=ADMIN)

    async def done(self, kind: str, args: Any) -> Any:
        response = await self.command(kind, args)
        assert response.status_code == 200, response.text
        return response.json()

    async def sql(self, text: str) -> Any:
        body = {"type": "run_sql", "args": {"sql": text}}
        response = await self.http.post("/v2/query", json=body, headers=ADMIN)
        assert response.status_code == 200, response.text
        return response.json()

    async def query(
        self, text: str, variables: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        body = {"query": text, "variables": variables or {}}
        return (await self.http.post("/v1/graphql", json=body, headers=headers or ADMIN)).json()

    async def data(self, text: str, variables: Any = None, **given: Any) -> Any:
        answer = await self.query(text, variables, **given)
        assert "errors" not in answer, answer
        return answer["data"]


@asynccontextmanager
async def serving(database_url: str, **given: Any) -> AsyncIterator[Engine]:
    settings = doubles.settings(
        metadata_database_url=database_url, database_url=database_url, **given
    )
    async with (
        doubles.served(create(settings)) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as http,
    ):
        engine = Engine(http)
        await engine.sql(TABLES)
        yield engine


@asynccontextmanager
async def library(database_url: str) -> AsyncIterator[Engine]:
    async with serving(database_url) as engine:
        for model in (AUTHOR, ARTICLE):
            await engine.done("pg_track_logical_model", model)
        for query in (ARTICLES, AUTHORS):
            await engine.done("pg_track_native_query", query)
        await engine.done("pg_create_logical_model_select_permission", PERMISSION)
        yield engine


async def test_rows_by_arguments_filters_and_order(database_url: str) -> None:
    async with library(database_url) as engine:
        found = await engine.data(
            "query ($p: String!) { authors_like(args: {pattern: $p}, where: {id: {_lt: 3}}, "
            "order_by: {id: desc}, limit: 1, offset: 1) { id name __typename } }",
            {"p": "%"},
        )
        assert found == {"authors_like": [{"id": 1, "name": "Ann", "__typename": "authors_like"}]}
        distinct = await engine.data(
            '{ authors_like(args: {pattern: "%"}, distinct_on: owner, '
            "order_by: [{owner: asc}, {id: desc}]) { id owner } }"
        )
        assert distinct == {"authors_like": [{"id": 3, "owner": "1"}, {"id": 2, "owner": "2"}]}


async def test_an_argument_that_may_be_null_need_not_be_given(database_url: str) -> None:
    async with library(database_url) as engine:
        assert await engine.data("{ articles_from { id } }") == {"articles_from": []}
        given = await engine.data("{ articles_from(args: {first: 11}) { id tags } }")
        assert given == {"articles_from": [{"id": 11, "tags": None}, {"id": 12, "tags": []}]}
        missing = await engine.query("{ authors_like { id } }")
        assert missing["errors"][0]["extensions"]["code"] == "validation-failed"


@pytest.mark.parametrize(
    "hostile",
    ["it's", "'; drop table author; --", "$1", "{{pattern}}", "%s", "\\'", '"', "é\U0001f600"],
)
async def test_an_argument_is_never_text_of_the_statement(database_url: str, hostile: str) -> None:
    async with library(database_url) as engine:
        found = await engine.data(
            "query ($p: String!) { authors_like(args: {pattern: $p}) { name } }", {"p": hostile}
        )
        assert found == {"authors_like": [{"name": "it's"}] if hostile in ("it's", "%s") else []}
        literal = await engine.data(
            "query { authors_like(args: {pattern: " + _quoted(hostile) + "}) { name } }"
        )
        assert literal == found
        assert (
            len(
                (await engine.data('{ authors_like(args: {pattern: "%"}) { id } }'))["authors_like"]
            )
            == 3
        )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def test_relationships_between_native_queries(database_url: str) -> None:
    async with library(database_url) as engine:
        found = await engine.data(
            '{ authors_like(args: {pattern: "%"}, order_by: {id: asc}) { id '
            "articles(args: {first: 0}, where: {title: {_is_null: false}}) { id title } } }"
        )
        assert found == {
            "authors_like": [
                {"id": 1, "articles": [{"id": 10, "title": "a"}]},
                {"id": 2, "articles": [{"id": 12, "title": "c"}]},
                {"id": 3, "articles": []},
            ]
        }


async def test_a_role_sees_what_the_logical_model_permits(database_url: str) -> None:
    async with library(database_url) as engine:
        everyone = '{ authors_like(args: {pattern: "%"}, order_by: {id: asc}) { id name } }'
        own = await engine.data(everyone, headers=USER)
        assert own == {"authors_like": [{"id": 1, "name": "Ann"}, {"id": 3, "name": "it's"}]}
        for text in (
            '{ authors_like(args: {pattern: "%"}) { owner } }',
            '{ authors_like(args: {pattern: "%"}, where: {owner: {_eq: "2"}}) { id } }',
            '{ authors_like(args: {pattern: "%"}, order_by: {owner: asc}) { id } }',
            '{ authors_like(args: {pattern: "%"}) { articles { id } } }',
            "{ articles_from { id } }",
        ):
            refused = await engine.query(text, headers=USER)
            assert refused["errors"][0]["extensions"]["code"] == "validation-failed", text
        stranger = await engine.query(everyone, headers={**USER, "x-hasura-role": "stranger"})
        assert stranger["errors"][0]["extensions"]["code"] == "validation-failed"


async def test_inherited_roles_unite_the_models_permissions(database_url: str) -> None:
    async with library(database_url) as engine:
        owner = {"columns": ["id", "owner"], "filter": {"id": {"_eq": 2}}}
        await engine.done(
            "pg_create_logical_model_select_permission",
            {**PERMISSION, "role": "clerk", "permission": owner},
        )
        await engine.done(
            "add_inherited_role", {"role_name": "both", "role_set": ["user", "clerk"]}
        )
        seen = await engine.data(
            '{ authors_like(args: {pattern: "%"}, order_by: {id: asc}) { id name owner } }',
            headers={**USER, "x-hasura-role": "both"},
        )
        assert seen == {
            "authors_like": [
                {"id": 1, "name": "Ann", "owner": None},
                {"id": 2, "name": None, "owner": "2"},
                {"id": 3, "name": "it's", "owner": None},
            ]
        }


async def test_models_nest_as_json_and_as_composites(database_url: str) -> None:
    tag = {"source": "default", "name": "tag", "fields": [
        {"name": "word", "type": {"scalar": "text"}},
        {"name": "secret", "type": {"scalar": "integer", "nullable": True}},
    ]}  # fmt: skip
    page = {"source": "default", "name": "page", "fields": [
        {"name": "id", "type": {"scalar": "integer"}},
        {"name": "main", "type": {"logical_model": "tag", "nullable": True}},
        {"name": "all", "type": {"array": {"logical_model": "tag"}, "nullable": True}},
        {"name": "row", "type": {"logical_model": "author_row", "nullable": True}},
    ]}  # fmt: skip
    code = """
    select 1 as id, '{"word": "x", "secret": 1}'::jsonb as main,
      '[{"word": "y", "secret": 2}, null, {"word": "z"}]'::json as all,
      (select a from author as a where id = 2) as row
    union all select 2, null, null, null
    """
    async with library(database_url) as engine:
        early = await engine.command("pg_track_logical_model", page)
        assert early.status_code == 400
        assert 'the logical model "tag" could not be found' in early.json()["error"]
        some = {"columns": ["word"], "filter": {"secret": {"_eq": 1}}}
        for model, permission in ((tag, some), (page, {"columns": "*", "filter": {}})):
            await engine.done("pg_track_logical_model", model)
            await engine.done(
                "pg_create_logical_model_select_permission",
                {**PERMISSION, "name": model["name"], "permission": permission},
            )
        query = {"source": "default", "root_field_name": "pages", "code": code, "returns": "page"}
        await engine.done("pg_track_native_query", query)
        text = "{ pages(order_by: {id: asc}) { id main { word } all { w: word } row { name } } }"
        assert await engine.data(text) == {
            "pages": [
                {"id": 1, "main": {"word": "x"}, "all": [{"w": "y"}, {"w": "z"}],
                 "row": {"name": "Bob"}},
                {"id": 2, "main": None, "all": None, "row": None},
            ]
        }  # fmt: skip
        assert await engine.data(text, headers=USER) == {
            "pages": [
                {"id": 1, "main": {"word": "x"}, "all": [], "row": None},
                {"id": 2, "main": None, "all": None, "row": None},
            ]
        }
        hidden = await engine.query("{ pages { main { secret } } }", headers=USER)
        assert hidden["errors"][0]["extensions"]["code"] == "validation-failed"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": "select * from nowhere"}, 'relation "nowhere" does not exist'),
        ({"code": "select 1 as id; select 2"}, "syntax error"),
        ({"code": "select id from author"}, 'Return column "name"'),
        ({"code": "select id::text, name, owner from author"}, "type mismatch"),
        ({"code": "with x as (delete from author returning *) select * from x"}, "WITH clause"),
        ({"code": "select * from author where name = {{other}}"}, '"other"'),
        ({"code": "select * from author where name = '{{pattern}}'"}, "inside a text"),
        ({"code": "  ;"}, "empty"),
        ({"returns": "nothing"}, '"nothing"'),
        ({"arguments": {"pattern": {"type": "no_such"}}}, '"no_such"'),
        ({"root_field_name": "a-b"}, "GraphQL name"),
    ],
)
async def test_what_does_not_hold_together_is_not_tracked(
    database_url: str, change: dict[str, Any], reason: str
) -> None:
    async with serving(database_url) as engine:
        await engine.done("pg_track_logical_model", AUTHOR)
        query = {key: value for key, value in AUTHORS.items() if key != "array_relationships"}
        refused = await engine.command("pg_track_native_query", {**query, **change})
        assert refused.status_code == 400, refused.text
        assert reason in refused.json()["error"]
        assert await engine.done("pg_get_native_query", {"source": "default"}) == []
        await engine.done("pg_track_native_query", query)


async def test_validation_can_be_switched_off(database_url: str) -> None:
    async with serving(database_url, disable_native_query_validation=True) as engine:
        await engine.done("pg_track_logical_model", AUTHOR)
        await engine.done(
            "pg_track_native_query",
            {"source": "default", "root_field_name": "broken", "returns": "author_row",
             "code": "select * from nowhere"},
        )  # fmt: skip
        answer = await engine.query("{ broken { id } }")
        assert answer["errors"][0]["extensions"]["code"] == "unexpected"


async def test_a_query_that_a_migration_breaks_is_inconsistent_and_the_rest_is_served(
    database_url: str,
) -> None:
    async with library(database_url) as engine:
        await engine.sql("alter table author drop column owner")
        state = await engine.done("get_inconsistent_metadata", {})
        assert [one["name"] for one in state["inconsistent_objects"]] == [
            "native_query authors_like in source default"
        ]
        assert (await engine.data("{ articles_from(args: {first: 12}) { id } }"))["articles_from"]
        await engine.sql("alter table author add column owner text")
        assert await engine.data('{ authors_like(args: {pattern: "A%"}) { id owner } }') == {
            "authors_like": [{"id": 1, "owner": None}]
        }


async def test_a_model_in_use_and_a_related_query_are_not_dropped(database_url: str) -> None:
    async with library(database_url) as engine:
        model = await engine.command(
            "pg_untrack_logical_model", {"source": "default", "name": "article_row"}
        )
        assert model.json()["code"] == "dependency-error"
        query = {"source": "default", "root_field_name": "articles_from"}
        related = await engine.command("pg_untrack_native_query", query)
        assert related.json()["code"] == "dependency-error"
        await engine.done(
            "pg_untrack_native_query", {"source": "default", "root_field_name": "authors_like"}
        )
        await engine.done("pg_untrack_native_query", query)
        gone = await engine.query("{ articles_from { id } }")
        assert gone["errors"][0]["extensions"]["code"] == "validation-failed"


@pytest.mark.parametrize(
    "permission",
    [
        {"columns": ["nothing"], "filter": {}},
        {"columns": ["id"], "filter": {"nothing": {"_eq": 1}}},
        {"columns": ["id"], "filter": {"_exists": {"_table": "nowhere", "_where": {}}}},
        {"columns": ["id"]},
    ],
)
async def test_a_permission_that_does_not_fit_its_model_is_refused(
    database_url: str, permission: Any
) -> None:
    async with library(database_url) as engine:
        args = {**PERMISSION, "role": "other", "permission": permission}
        refused = await engine.command("pg_create_logical_model_select_permission", args)
        assert refused.status_code == 400, refused.text
        assert refused.json()["code"] == "invalid-configuration"
        answer = await engine.query(
            '{ authors_like(args: {pattern: "%"}) { id } }',
            headers={**USER, "x-hasura-role": "other"},
        )
        assert answer["errors"][0]["extensions"]["code"] == "validation-failed"


async def test_a_permission_may_ask_other_tables(database_url: str) -> None:
    async with library(database_url) as engine:
        await engine.done("pg_track_table", {"source": "default", "table": "article"})
        seen = {"_exists": {"_table": "article", "_where": {"id": {"_eq": "X-Hasura-Article"}}}}
        permission = {"columns": ["id"], "filter": seen, "limit": 2}
        args = {**PERMISSION, "role": "reader", "permission": permission}
        await engine.done("pg_create_logical_model_select_permission", args)
        text = '{ authors_like(args: {pattern: "%"}) { id } }'
        for article, rows in (("10", 2), ("99", 0)):
            found = await engine.data(
                text, headers={**ADMIN, "x-hasura-role": "reader", "x-hasura-article": article}
            )
            assert len(found["authors_like"]) == rows


async def test_names_of_tables_and_of_native_queries_do_not_meet(database_url: str) -> None:
    async with library(database_url) as engine:
        await engine.sql("create table author_row (id int primary key, hidden text)")
        await engine.sql("insert into author_row values (1, 'no')")
        reach = {"_exists": {"_table": {"schema": "", "name": "author_row"}, "_where": {}}}
        args = {**PERMISSION, "role": "other", "permission": {"columns": ["id"], "filter": reach}}
        refused = await engine.command("pg_create_logical_model_select_permission", args)
        assert refused.json()["code"] == "invalid-configuration"
        assert await engine.data('{ authors_like(args: {pattern: "A%"}) { name } }') == {
            "authors_like": [{"name": "Ann"}]
        }


async def test_an_event_trigger_is_kept_and_named_as_not_executed(database_url: str) -> None:
    async with library(database_url) as engine:
        await engine.done("pg_track_table", {"source": "default", "table": "article"})
        trigger = {"source": "default", "table": "article", "name": "told", "webhook": "http://h"}
        insert = {"insert": {"columns": "*"}}
        await engine.done("pg_create_event_trigger", {**trigger, **insert})
        state = await engine.done("get_inconsistent_metadata", {})
        assert state["is_consistent"] is True
        (warning,) = state["warnings"]
        assert warning["name"] == "event_trigger told in table article in source default"
        await engine.done("drop_inconsistent_metadata", {})
        kept = await engine.done("export_metadata", {})
        (table,) = kept["sources"][0]["tables"]
        assert [one["name"] for one in table["event_triggers"]] == ["told"]


async def test_a_subscription_follows_a_native_query(database_url: str) -> None:
    text = 'subscription { authors_like(args: {pattern: "Ann%"}) { name } }'
    async with library(database_url) as engine:
        address = str(engine.http.base_url).replace("http://", "ws://", 1)
        protocol = Subprotocol("graphql-transport-ws")
        async with connect(f"{address}/v1/graphql", subprotocols=[protocol]) as socket:

            async def hear() -> Any:
                while True:
                    message = json.loads(await asyncio.wait_for(socket.recv(), 10))
                    if message["type"] != "ping":
                        return message

            begin = {"type": "connection_init", "payload": {"headers": USER}}
            await socket.send(json.dumps(begin))
            assert (await hear())["type"] == "connection_ack"
            asked = {"type": "subscribe", "id": "1", "payload": {"query": text}}
            await socket.send(json.dumps(asked))
            first = await hear()
            assert first["payload"] == {"data": {"authors_like": [{"name": "Ann"}]}}
            await engine.sql("update author set name = 'Anna' where id = 1")
            second = await hear()
            assert second["payload"] == {"data": {"authors_like": [{"name": "Anna"}]}}


async def test_introspection_names_the_types_as_hasura_does(database_url: str) -> None:
    async with library(database_url) as engine:
        names = await engine.data("{ __schema { types { name } } }")
        found = {one["name"] for one in names["__schema"]["types"]}
        assert {
            "authors_like", "authors_like_arguments", "author_row_bool_exp", "author_row_order_by",
            "author_row_enum_name", "article_row", "articles_from_arguments",
        } <= found  # fmt: skip
        assert not any("aggregate" in name or "mutation" in name for name in found)
        text = '{ __type(name: "query_root") { fields { name } } }'
        roots = (await engine.data(text))["__type"]["fields"]
        assert [one["name"] for one in roots] == ["articles_from", "authors_like"]
