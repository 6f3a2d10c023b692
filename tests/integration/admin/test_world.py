"""The world: whole documents, versions and conflicts, two engines on one metadata database."""

import asyncio
import copy
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from rowgate.base.errors import ApiError, Conflict
from rowgate.base.json import Json, decode, encode
from rowgate.base.session import Session
from rowgate.pipeline import Endpoint, graphql
from rowgate.world import World
from tests.integration.admin.conftest import Desk, settings_for

METADATA = "/v1/metadata"
_GRAPHQL = Endpoint.GRAPHQL


async def export(desk: Desk) -> Json:
    return await desk.do("export_metadata", {}, to=METADATA)


async def test_an_empty_world_exports_its_list_of_sources(empty: Desk) -> None:
    assert await export(empty) == {"version": 3, "sources": []}


async def test_export_and_replace_are_inverse(library: Desk) -> None:
    before = await export(library)
    await library.do("clear_metadata", {}, to=METADATA)
    cleared = await export(library)
    assert [source["tables"] for source in cleared["sources"]] == [[]]
    await library.do("replace_metadata", before, to=METADATA)
    assert await export(library) == before
    assert list((await export(library))["sources"][0]) == list(before["sources"][0])


async def test_version_two_tells_what_is_inconsistent(library: Desk) -> None:
    status, exported = await library.send(
        {"type": "export_metadata", "version": 2, "args": {}}, to=METADATA
    )
    assert status == 200
    assert exported["resource_version"] == library.world.current.resource_version
    document = exported["metadata"]
    nowhere = {"table": {"name": "nowhere", "schema": "public"}}
    document["sources"][0]["tables"].append(nowhere)
    refused = await library.refused("replace_metadata", document, to=METADATA)
    assert refused["error"] == "cannot continue due to inconsistent metadata"
    command = {
        "type": "replace_metadata",
        "version": 2,
        "args": {"allow_inconsistent_metadata": True, "metadata": document},
    }
    status, answer = await library.send(command, to=METADATA)
    assert (status, answer["is_consistent"]) == (200, False)
    assert [one["name"] for one in answer["inconsistent_objects"]] == [
        "table nowhere in source default"
    ]
    assert await export(library) == document, "what is inconsistent is kept"


@pytest.mark.parametrize(
    "document",
    [
        {"sources": "text"},
        {"sources": [7]},
        {"sources": [{}]},
        {"sources": [{"name": "s", "tables": [{"table": 7}]}]},
        {"sources": [{"name": "s", "tables": [{"table": "t", "select_permissions": [{}]}]}]},
        {"sources": [], "actions": {}},
    ],
)
async def test_documents_of_another_shape(empty: Desk, document: Json) -> None:
    answer = await empty.refused("replace_metadata", document, to=METADATA)
    assert answer["code"] == "parse-failed"
    assert await export(empty) == {"version": 3, "sources": []}


async def test_one_of_many_writers_with_the_same_version_wins(library: Desk) -> None:
    version = library.world.current.resource_version
    command = {
        "type": "replace_metadata",
        "args": await export(library),
        "resource_version": version,
    }
    answers = await asyncio.gather(*(library.send(command, to=METADATA) for _ in range(20)))
    assert sorted(status for status, _ in answers) == [200] + [409] * 19
    lost = next(answer for status, answer in answers if status == 409)
    assert (lost["code"], lost["path"]) == ("conflict", "$")
    assert lost["error"] == (
        f"metadata resource version referenced ({version}) did not match current version"
    )


async def test_another_engine_follows(library: Desk) -> None:
    other = await World.open(settings_for(library.settings.metadata_database_url))
    try:
        assert other.current.document == library.world.current.document
        await library.sql("create table news (id int)")
        await library.do("track_table", "news")
        changed = asyncio.Event()
        other.listeners.append(lambda _: changed.set())
        async with asyncio.timeout(2):
            while other.current.resource_version != library.world.current.resource_version:
                await changed.wait()
                changed.clear()
        assert other.current.document == library.world.current.document
        assert other.current.snapshot.inconsistencies == ()
    finally:
        await other.close()


async def test_engines_that_start_at_once_agree_on_the_source_that_settings_ask_for(
    metadata_url: str,
) -> None:
    settings = replace(settings_for(metadata_url), database_url=metadata_url)
    worlds = await asyncio.gather(*(World.open(settings) for _ in range(4)))
    try:
        documents = [one.current.document for one in worlds]
        assert [source["name"] for source in documents[0]["sources"]] == ["default"]
        assert all(one == documents[0] for one in documents)
        assert {one.current.resource_version for one in worlds} == {1}
    finally:
        for one in worlds:
            await one.close()


async def test_a_change_starts_from_what_another_engine_saved(library: Desk) -> None:
    other = await World.open(settings_for(library.settings.metadata_database_url))
    try:
        await library.sql("create table news (id int)")
        await library.do("track_table", "news")

        def edit(document: Json) -> Json:
            document["sources"][0]["customization"] = {"root_fields": {"prefix": "x_"}}
            return document

        await other.change(edit)
        tables = other.current.document["sources"][0]["tables"]
        assert {"name": "news", "schema": "public"} in [one["table"] for one in tables]
    finally:
        await other.close()


async def test_change_refuses_what_would_be_inconsistent(library: Desk) -> None:
    before = copy.deepcopy(library.world.current.document)

    def edit(document: Json) -> Json:
        document["sources"][0]["tables"].append({"table": "nowhere"})
        return document

    with pytest.raises(ApiError, match="new inconsistent metadata"):
        await library.world.change(edit)
    assert library.world.current.document == before
    generation = await library.world.change(edit, allow_inconsistent=True)
    assert len(generation.snapshot.inconsistencies) == 1
    with pytest.raises(Conflict):
        await library.world.change(lambda document: document, expected_version=1)


async def test_reload_reads_the_catalogs_again(library: Desk) -> None:
    async with library.world.databases["default"].connection() as connection:
        await connection.execute("alter table article add column stars int")
    answer = await library.do("reload_metadata", {}, to=METADATA)
    assert answer == {"message": "success", "is_consistent": True}
    tables = library.world.current.snapshot.sources["default"].tables
    assert any("stars" in table.columns for table in tables.values())


async def test_the_state_of_command_line_and_console(empty: Desk) -> None:
    state = {"settings": {"migration_mode": "true"}, "migrations": {"default": {"1": False}}}
    await empty.do("set_catalog_state", {"type": "cli", "state": state}, to=METADATA)
    answer = await empty.do("get_catalog_state", {}, to=METADATA)
    assert (answer["cli_state"], answer["console_state"]) == (state, {})
    refused = await empty.refused("set_catalog_state", {"type": "x", "state": {}}, to=METADATA)
    assert refused["path"] == "$.type"


async def test_a_source_that_comes_back_is_served_again(library: Desk) -> None:
    document = await export(library)
    document["sources"][0]["configuration"]["connection_info"]["database_url"] = {
        "from_env": "NOT_THERE"
    }
    command = {"allow_inconsistent_metadata": True, "metadata": document}
    body = {"type": "replace_metadata", "version": 2, "args": command}
    status, answer = await library.send(body, to=METADATA)
    assert (status, answer["is_consistent"]) == (200, False)
    assert answer["inconsistent_objects"][0]["reason"] == (
        "Inconsistent object: environment variable 'NOT_THERE' not set"
    )
    assert library.world.databases == {}
    query = {"table": "author", "columns": ["id"]}
    assert (await library.refused("select", query))["code"] == "postgres-error"


async def test_a_document_of_the_time_of_one_source(library: Desk) -> None:
    await library.sql(
        "create function everyone () returns setof author language sql stable "
        "as $$ select * from author $$"
    )
    old = {"tables": [{"table": "author"}], "functions": [{"schema": "public", "name": "everyone"}]}
    await library.do("replace_metadata", old)
    source = (await export(library))["sources"][0]
    assert source["name"] == "default"
    assert source["tables"] == [{"table": "author"}]
    assert source["functions"] == [{"function": {"schema": "public", "name": "everyone"}}]
    assert set(library.world.databases) == {"default"}


async def test_many_tables_are_tracked_at_once(library: Desk) -> None:
    names = [f"t{number}" for number in range(40)]
    await library.sql(";".join(f"create table {name} (id int)" for name in names))
    versions = []
    library.world.listeners.append(lambda one: versions.append(one.resource_version))
    tables = [{"table": name} for name in names[:20]]
    await library.do("pg_track_tables", {"tables": tables}, to=METADATA)
    commands = [{"type": "track_table", "args": name} for name in names[20:]]
    assert await library.do("bulk", commands) == [{"message": "success"}] * 20
    assert len(versions) == 2, "a request is one change"
    assert library.table("t39") is not None
    some = {"tables": [{"table": "t0"}, {"table": "nowhere"}, {"table": "article"}]}
    refused = await library.refused("pg_track_tables", some, to=METADATA)
    assert refused["code"] == "metadata-warnings"
    await library.do("untrack_table", {"table": "t0"})
    answer = await library.do("pg_track_tables", some, to=METADATA)
    assert [one["name"] for one in answer["warnings"]] == ["table nowhere", "table article"]


async def _asked(desk: Desk, query: str) -> Json:
    engine: Any = SimpleNamespace(world=desk.world, settings=desk.settings)
    body = encode({"query": query})
    answer = await graphql(engine, body, Session("user", {"x-hasura-user-id": "1"}), {}, _GRAPHQL)
    return decode(answer.body)


async def _elsewhere(desk: Desk, statement: str) -> None:
    """Somebody else changes the database."""
    connection = await asyncpg.connect(desk.source)
    await connection.execute(statement)
    await connection.close()


def _changed(desk: Desk) -> asyncio.Event:
    event = asyncio.Event()
    desk.world.listeners.append(lambda _: event.set())
    return event


async def test_a_column_that_is_gone_makes_the_engine_look_again(library: Desk) -> None:
    query = "{ author { id name } }"
    assert await _asked(library, query) == {"data": {"author": []}}
    await _elsewhere(library, "alter table author drop column name cascade")
    changed = _changed(library)
    (error,) = (await _asked(library, query))["errors"]
    assert error["message"] == 'database query error: column "name" does not exist'
    async with asyncio.timeout(30):
        await changed.wait()
    (error,) = (await _asked(library, query))["errors"]
    assert error["extensions"]["code"] == "validation-failed"
    told = await library.do("get_inconsistent_metadata", {}, to=METADATA)
    assert [one["type"] for one in told["inconsistent_objects"]] == ["select_permission"]
    assert "name" in told["inconsistent_objects"][0]["reason"]
    await _elsewhere(library, "alter table author add column name text")
    await library.do("reload_metadata", {}, to=METADATA)
    assert await _asked(library, query) == {"data": {"author": []}}


async def test_so_does_one_that_the_legacy_api_misses(library: Desk) -> None:
    await _elsewhere(library, "alter table article drop column title")
    changed = _changed(library)
    command = {"type": "select", "args": {"table": "article", "columns": ["title"]}}
    status, answer = await library.send(command)
    assert (status, answer["error"]) == (
        500,
        'database query error: column "title" does not exist',
    )
    async with asyncio.timeout(30):
        await changed.wait()
    status, answer = await library.send(command)
    assert answer["code"] == "permission-denied", answer


async def test_it_looks_again_once_in_an_interval(
    library: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []

    async def reload() -> None:
        looks.append(0)

    monkeypatch.setattr(library.world, "reload", reload)
    clock = 1000.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: clock)
    for clock, seen in ((1000.0, 1), (1009.0, 1), (1010.0, 2), (1011.0, 2)):
        library.world.look_again()
        await asyncio.sleep(0)
        assert len(looks) == seen, clock
    never = replace(library.settings, reintrospection_interval=0.0)
    monkeypatch.setattr(library.world, "settings", never)
    clock = 2000.0
    library.world.look_again()
    await asyncio.sleep(0)
    assert len(looks) == 2
