"""Commands that change the metadata: what they store, what they refuse, and in which words."""

import pytest

from rowgate.base.json import Json
from rowgate.base.session import Session
from tests.integration.admin.conftest import Desk

SUCCESS = {"message": "success"}


async def test_tracking_twice_and_untracking_twice(desk: Desk) -> None:
    await desk.sql("create table author (id serial primary key)")
    assert await desk.do("pg_track_table", {"table": "author"}, to="/v1/metadata") == SUCCESS
    assert await desk.refused("track_table", "author") == {
        "error": 'view/table already tracked: "author"',
        "path": "$.args",
        "code": "already-tracked",
    }
    assert await desk.do("untrack_table", {"table": "author"}) == SUCCESS
    again = await desk.refused("untrack_table", {"table": "author"})
    assert again["code"] == "already-untracked"


async def test_a_table_made_by_other_hands_is_found(desk: Desk) -> None:
    async with desk.world.databases["default"].connection() as connection:
        await connection.execute("create table elsewhere (id int)")
    assert await desk.do("track_table", "elsewhere") == SUCCESS


async def test_a_table_that_is_not_there(desk: Desk) -> None:
    answer = await desk.refused("track_table", "nowhere")
    assert answer["code"] == "invalid-configuration"
    assert answer["internal"][0]["name"] == "table nowhere in source default"
    assert desk.table("nowhere") is None


async def test_an_unknown_source_and_an_unknown_table(library: Desk) -> None:
    missing = await library.refused("track_table", {"source": "pg1", "table": "t"})
    assert missing["error"] == 'source with name "pg1" does not exist'
    permission = {"table": "nobody", "role": "user", "permission": {"columns": [], "filter": {}}}
    assert await library.refused("create_select_permission", permission) == {
        "error": 'table "nobody" does not exist in source: default',
        "path": "$.args.table",
        "code": "not-exists",
    }


@pytest.mark.parametrize("role", ["admin", "user"])
async def test_a_permission_that_is_there(library: Desk, role: str) -> None:
    permission = {"table": "author", "role": role, "permission": {"columns": "*", "filter": {}}}
    answer = await library.refused("create_select_permission", permission)
    text = f'select permission already defined on table "author" with role "{role}"'
    assert (answer["code"], answer["error"]) == ("already-exists", text)


async def test_a_permission_on_an_unknown_column(library: Desk) -> None:
    permission = {"columns": ["nothing"], "filter": {}}
    args = {"table": "author", "role": "other", "permission": permission}
    answer = await library.refused("create_select_permission", args)
    assert answer["code"] == "invalid-configuration"
    assert (
        answer["internal"][0]["name"] == "select_permission other in table author in source default"
    )
    assert len(library.table("author")["select_permissions"]) == 1


async def test_dropping_what_others_depend_on(library: Desk) -> None:
    drop = {"table": "article", "relationship": "author"}
    assert await library.refused("drop_relationship", drop) == {
        "error": "cannot drop due to the following dependent objects: "
        'permission article.user.select in source "default"',
        "path": "$.args",
        "code": "dependency-error",
    }
    await library.do("drop_relationship", {**drop, "cascade": True})
    assert "select_permissions" not in library.table("article")


async def test_untracking_with_dependents(library: Desk) -> None:
    answer = await library.refused("untrack_table", {"table": "author"})
    assert answer["code"] == "dependency-error"
    assert 'relationship article.author in source "default"' in answer["error"]
    await library.do("untrack_table", {"table": "author", "cascade": True})
    assert library.table("author") is None
    assert "object_relationships" not in library.table("article")


async def test_a_renamed_relationship_is_renamed_in_permissions(library: Desk) -> None:
    await library.do(
        "rename_relationship", {"table": "article", "name": "author", "new_name": "writer"}
    )
    entry = library.table("article")
    assert entry["object_relationships"][0]["name"] == "writer"
    permission = entry["select_permissions"][0]["permission"]
    assert permission["filter"] == {"writer": {"active": {"_eq": True}}}


async def test_suggested_relationships(library: Desk) -> None:
    answer = await library.do("pg_suggest_relationships", {}, to="/v1/metadata")
    assert [(one["type"], one["from"]["table"]["name"]) for one in answer["relationships"]] == [
        ("object", "article"),
        ("array", "author"),
    ]
    left = await library.do("pg_suggest_relationships", {"omit_tracked": True}, to="/v1/metadata")
    assert left == {"relationships": []}


async def test_computed_fields(library: Desk) -> None:
    field = {"table": "author", "name": "full_name", "definition": {"function": "full_name"}}
    assert await library.do("add_computed_field", field) == SUCCESS
    assert (await library.refused("add_computed_field", field))["code"] == "already-exists"
    assert await library.do("drop_computed_field", {"table": "author", "name": "full_name"})
    assert "computed_fields" not in library.table("author")


async def test_another_role_may_not(library: Desk) -> None:
    command = {"type": "track_table", "args": "author"}
    status, answer = await library.send(command, session=Session("user"))
    assert (status, answer) == (
        400,
        {"error": "restricted access : admin only", "path": "$.args", "code": "access-denied"},
    )


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        (b"{", "invalid-json", "$"),
        (b'"text"', "parse-failed", "$"),
        (b"{}", "parse-failed", "$"),
        (b'{"type": "no_such_command", "args": {}}', "parse-failed", "$.type"),
        (b'{"type": "track_table", "version": 3, "args": "t"}', "parse-failed", "$.version"),
        (b'{"type": "bulk", "args": {}}', "parse-failed", "$.args"),
        (
            b'{"type": "bulk", "args": [{"type": "untrack_table", "args": {}}]}',
            "parse-failed",
            "$.args[0]",
        ),
        (b'{"type": "create_select_permission", "args": {"table": "t"}}', "parse-failed", "$"),
        (b'{"type": "run_sql", "args": {"sql": 7}}', "parse-failed", "$.sql"),
        (b'{"type": "bulk", "args": ' * 40 + b"[]" + b"}" * 40, "parse-failed", "$.args"),
    ],
)
async def test_bad_bodies(desk: Desk, body: bytes, code: str, path: str) -> None:
    status, answer = await desk.send(body)
    assert (status, answer["code"], answer["path"]) == (400, code, path)
    assert (await desk.send({"type": "export_metadata", "args": {}}))[0] == 200


async def test_a_bulk_that_fails_changes_nothing(library: Desk) -> None:
    before = library.world.current
    commands = [
        {"type": "drop_select_permission", "args": {"table": "author", "role": "user"}},
        {"type": "drop_select_permission", "args": {"table": "author", "role": "nobody"}},
    ]
    answer = await library.refused("bulk", commands)
    assert answer["path"] == "$.args[1].args"
    assert library.world.current is before


async def test_a_bulk_that_keeps_going(library: Desk) -> None:
    commands = [
        {"type": "pg_track_table", "args": {"table": "nowhere"}},
        {"type": "pg_untrack_table", "args": {"table": "article", "cascade": True}},
    ]
    failed, done = await library.do("bulk_keep_going", commands, to="/v1/metadata")
    assert failed["code"] == "invalid-configuration"
    assert done == SUCCESS
    assert library.table("article") is None


async def test_bulk_atomic_knows_few_commands(library: Desk) -> None:
    commands = [{"type": "pg_untrack_table", "args": {"table": "article"}}]
    body = {"type": "bulk_atomic", "args": commands}
    status, answer = await library.send(body, to="/v1/metadata")
    assert (status, answer["error"]) == (500, "Bulk atomic does not support this command")


async def test_collections_allow_list_and_endpoints(desk: Desk) -> None:
    query = {"name": "q", "query": "query { __typename }"}
    collection = {"name": "c", "definition": {"queries": [query]}}
    await desk.do("create_query_collection", collection)
    assert (await desk.refused("create_query_collection", collection))["code"] == "already-exists"
    await desk.do("add_collection_to_allowlist", {"collection": "c"})
    await desk.do("rename_query_collection", {"name": "c", "new_name": "d"})
    assert desk.world.current.document["allowlist"] == [
        {"collection": "d", "scope": {"global": True}}
    ]
    kept = await desk.refused("drop_query_collection", {"collection": "d"})
    assert kept["code"] == "dependency-error"
    await desk.do("drop_query_collection", {"collection": "d", "cascade": True})
    assert "allowlist" not in desk.world.current.document
    broken = {"name": "c", "definition": {"queries": [{"name": "q", "query": "query {"}]}}
    answer = await desk.refused("create_query_collection", broken)
    assert answer["path"] == "$.definition.queries[0].query"


async def test_headers_cannot_carry_the_engines_own_secrets(desk: Desk) -> None:
    header = {"name": "X", "value_from_env": "HASURA_GRAPHQL_ADMIN_SECRET"}
    definition = {"handler": "http://localhost", "output_type": "Int", "headers": [header]}
    answer = await desk.refused(
        "create_action", {"name": "a", "definition": definition}, to="/v1/metadata"
    )
    assert (answer["code"], answer["path"]) == ("parse-failed", "$.definition.headers[0]")


async def test_inherited_roles_do_not_run_in_circles(desk: Desk) -> None:
    await desk.do("add_inherited_role", {"role_name": "a", "role_set": ["b", "c"]})
    answer = await desk.refused("add_inherited_role", {"role_name": "b", "role_set": ["a"]})
    assert answer["code"] == "cyclic-dependency"
    await desk.do("drop_inherited_role", {"role_name": "a"})
    assert "inherited_roles" not in desk.world.current.document


async def test_sources(library: Desk) -> None:
    configuration = {"connection_info": {"database_url": library.source}}
    second = {"name": "second", "configuration": configuration}
    await library.do("pg_add_source", second, to="/v1/metadata")
    again = await library.refused("pg_add_source", second, to="/v1/metadata")
    assert again["code"] == "already-exists"
    tables = await library.do("pg_get_source_tables", {"source": "second"}, to="/v1/metadata")
    assert {"name": "author", "schema": "public"} in tables
    renamed = {"name": "second", "new_name": "other"}
    await library.do("rename_source", renamed, to="/v1/metadata")
    assert set(library.world.databases) == {"default", "other"}
    await library.do("pg_drop_source", {"name": "other"}, to="/v1/metadata")
    assert set(library.world.databases) == {"default"}


@pytest.mark.parametrize(
    "connection",
    [
        {"database_url": "postgresql://nobody@127.0.0.1:1/nothing"},
        {"database_url": {"from_env": "NO_SUCH_VARIABLE"}},
        {"database_url": "no url at all"},
        {"database_url": "postgresql://x@127.0.0.1:1/y", "ssl_configuration": {"sslmode": "full"}},
    ],
)
async def test_a_source_that_cannot_be_reached(desk: Desk, connection: Json) -> None:
    bad = {"name": "bad", "configuration": {"connection_info": connection}}
    answer = await desk.refused("pg_add_source", bad, to="/v1/metadata")
    assert answer["code"] == "invalid-configuration"
    assert answer["internal"][0]["type"] == "source"
    assert set(desk.world.databases) == {"default"}
