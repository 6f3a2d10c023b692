"""What Hasura's command line tool sends for its commands, in its order and spelling, and what it
reads of the answers. The tool itself is not part of a test: it would have to be downloaded."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from rowgate.postgres import EmbeddedPostgres
from tests.conftest import fresh_database
from tests.processes import SECRET, Serving, starting

Json = Any
UP = """
create table author (id serial primary key, name text not null);
create table article (
    id serial primary key, title text, author_id integer references author (id)
);
"""
DOWN = "drop table article; drop table author;"
VERSION = "1650000000000"


@pytest.fixture
def source_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    yield from fresh_database(postgres_server)


@pytest.fixture
def engine(database_url: str, source_url: str, tmp_path: Path) -> Iterator[Serving]:
    with starting(database_url, tmp_path) as start:
        one = start("--admin-secret", SECRET, SOURCE=source_url)
        one.wait()
        one.do("replace_metadata", document())
        yield one


def document(*tables: Json) -> Json:
    configuration = {"connection_info": {"database_url": {"from_env": "SOURCE"}}}
    source = {"name": "default", "kind": "postgres", "configuration": configuration}
    return {"version": 3, "sources": [{**source, "tables": list(tables)}]}


AUTHOR = {
    "table": {"schema": "public", "name": "author"},
    "array_relationships": [
        {
            "name": "articles",
            "using": {
                "foreign_key_constraint_on": {
                    "column": "author_id",
                    "table": {"schema": "public", "name": "article"},
                }
            },
        }
    ],
}
ARTICLE = {"table": {"schema": "public", "name": "article"}}


def get(engine: Serving, path: str) -> httpx.Response:
    headers = {"x-hasura-admin-secret": SECRET}
    return httpx.get(f"http://127.0.0.1:{engine.port}{path}", headers=headers, timeout=10)


def run_sql(sql: str) -> Json:
    """As `migrate` and `seed` spell it."""
    arguments = {"sql": sql, "source": "default", "cascade": False, "read_only": False}
    return {"type": "run_sql", "args": arguments}


def migrated(engine: Serving) -> Json:
    """`migrate status`: the versions that the catalog state knows as applied."""
    state = engine.do("get_catalog_state", {})
    assert {"id", "cli_state", "console_state"} <= state.keys()
    return state["cli_state"].get("migrations", {}).get("default", {})


def migrate(engine: Serving, sql: str, versions: dict[str, bool]) -> None:
    """`migrate apply` of one version, upwards or downwards."""
    known = engine.do("get_catalog_state", {})["cli_state"]
    answer = engine.do("run_sql", run_sql(sql)["args"], "/v2/query")
    assert answer == {"result_type": "CommandOk", "result": None}
    state = {**known, "migrations": {"default": versions}}
    told = engine.do("set_catalog_state", {"type": "cli", "state": state})
    assert told == {"message": "success"}


def test_what_every_command_asks_first(engine: Serving) -> None:
    assert get(engine, "/healthz").text == "OK"
    answer = get(engine, "/v1/version").json()
    assert re.fullmatch(r"v2\.\d+\.\d+(\+[\w.]+)?", answer["version"])
    assert answer["server_type"] == "ce"
    assert get(engine, "/v1alpha1/config").json()["is_admin_secret_set"] is True


def test_deploy(engine: Serving) -> None:
    """`metadata apply`, `migrate apply --all-databases`, `metadata reload`, in `deploy`'s order."""
    declared = document(AUTHOR, ARTICLE)
    replace = {"type": "replace_metadata", "version": 2}
    arguments = {"allow_inconsistent_metadata": True, "metadata": declared}
    answer = post(engine, "/v1/metadata", {**replace, "args": arguments}).json()
    assert answer["is_consistent"] is False
    assert {one["type"] for one in answer["inconsistent_objects"]} >= {"table"}
    assert migrated(engine) == {}
    migrate(engine, UP, {VERSION: False})
    assert migrated(engine) == {VERSION: False}
    reloaded = engine.do("reload_metadata", {})
    assert reloaded["message"] == "success"
    assert engine.do("get_inconsistent_metadata", {}) == {
        "is_consistent": True,
        "inconsistent_objects": [],
    }
    answer = post(engine, "/v1/metadata", {**replace, "args": arguments}).json()
    assert answer["is_consistent"] is True
    assert engine.data("{ author { articles { title } } }") == {"author": []}


def post(engine: Serving, path: str, body: Json) -> httpx.Response:
    headers = {"x-hasura-admin-secret": SECRET}
    url = f"http://127.0.0.1:{engine.port}{path}"
    return httpx.post(url, json=body, headers=headers, timeout=30)


def test_metadata_export_diff_and_clear(engine: Serving) -> None:
    migrate(engine, UP, {VERSION: False})
    engine.do("replace_metadata", document(AUTHOR, ARTICLE))
    assert engine.do("export_metadata", {}) == document(AUTHOR, ARTICLE)
    exported = post(
        engine, "/v1/metadata", {"type": "export_metadata", "version": 2, "args": {}}
    ).json()
    assert exported["metadata"] == document(AUTHOR, ARTICLE)
    assert isinstance(exported["resource_version"], int)
    assert engine.do("clear_metadata", {}) == {"message": "success"}
    assert migrated(engine) == {VERSION: False}


def test_inconsistencies_are_listed_and_dropped(engine: Serving) -> None:
    migrate(engine, UP, {VERSION: False})
    engine.do("replace_metadata", document(AUTHOR, ARTICLE))
    arguments = {
        "sql": "drop table article",
        "source": "default",
        "cascade": False,
        "check_metadata_consistency": False,
    }
    engine.do("run_sql", arguments, "/v2/query")
    broken = engine.do("get_inconsistent_metadata", {})
    assert broken["is_consistent"] is False
    for one in broken["inconsistent_objects"]:
        assert {"type", "reason", "definition"} <= one.keys()
    assert engine.do("drop_inconsistent_metadata", {}) == {"message": "success"}
    assert engine.do("get_inconsistent_metadata", {})["is_consistent"] is True


def test_migrations_up_and_down(engine: Serving, source_url: str) -> None:
    migrate(engine, UP, {VERSION: False})
    migrate(engine, DOWN, {})
    assert migrated(engine) == {}
    with psycopg.connect(source_url) as connection:
        assert connection.execute("select to_regclass('public.author')").fetchone() == (None,)
    broken = post(engine, "/v2/query", run_sql("create table author (id serial; "))
    assert broken.status_code == 400
    answer = broken.json()
    assert (answer["code"], answer["path"]) == ("postgres-error", "$.args")
    assert answer["internal"]["error"]["status_code"] == "42601"
    assert answer["internal"]["statement"] == "create table author (id serial; "


def test_migrate_create_from_server_can_be_applied_elsewhere(
    engine: Serving, postgres_server: EmbeddedPostgres
) -> None:
    migrate(engine, UP, {VERSION: False})
    options = ["-O", "-x", "--schema-only", "--schema", "public"]
    body = {"opts": options, "clean_output": True, "source": "default"}
    dump = post(engine, "/v1alpha1/pg_dump", body)
    assert dump.status_code == 200
    assert dump.headers["content-type"] == "application/sql"
    for other in fresh_database(postgres_server):
        with psycopg.connect(other) as connection:
            connection.execute(dump.text.encode())
            assert connection.execute("select count(*) from public.article").fetchone() == (0,)


def test_seed_create_and_seed_apply(engine: Serving) -> None:
    migrate(engine, UP, {VERSION: False})
    seeds = [run_sql("insert into author (name) values ('Ada')"), run_sql("select 1")]
    answer = post(engine, "/v2/query", {"type": "bulk", "source": "default", "args": seeds})
    assert answer.json() == [
        {"result_type": "CommandOk", "result": None},
        {"result_type": "TuplesOk", "result": [["?column?"], ["1"]]},
    ]
    table = ["--table", '"public"."author"']
    options = ["--no-owner", "--no-acl", "--data-only", "--column-inserts", *table]
    body = {"opts": options, "clean_output": False, "source": "default"}
    dump = post(engine, "/v1alpha1/pg_dump", body).text
    assert "INSERT INTO public.author (id, name) VALUES (1, 'Ada');" in dump


def test_a_project_of_version_2_keeps_its_state_in_a_table(
    database_url: str, tmp_path: Path
) -> None:
    """Migrations of an older project: all by `/v1/query`, its header the first there was."""
    with starting(database_url, tmp_path) as start:
        engine = start("--admin-secret", SECRET, HASURA_GRAPHQL_DATABASE_URL=database_url)
        engine.wait()
        assert legacy(engine, EXISTS) == {"result_type": "TuplesOk", "result": [["count"], ["0"]]}
        assert legacy(engine, CREATE)["result_type"] == "CommandOk"
        up = {"type": "run_sql", "args": {"sql": UP}}
        noted = (
            f"INSERT INTO hdb_catalog.schema_migrations (version, dirty) VALUES ({VERSION}, false)"
        )
        steps = [up, {"type": "run_sql", "args": {"sql": noted}}]
        track = {"type": "track_table", "args": {"name": "author", "schema": "public"}}
        assert old(engine, {"type": "bulk", "args": [*steps, track]}).status_code == 200
        known = f"SELECT version, dirty FROM {STATE}"
        assert legacy(engine, known)["result"] == [["version", "dirty"], [VERSION, "f"]]
        assert engine.data("{ author { id } }") == {"author": []}


STATE = "hdb_catalog.schema_migrations"
EXISTS = (
    "SELECT COUNT(1) FROM information_schema.tables WHERE table_name = 'schema_migrations' "
    "AND table_schema = 'hdb_catalog' LIMIT 1"
)
CREATE = f"CREATE TABLE {STATE} (version bigint not null primary key, dirty boolean not null)"


def old(engine: Serving, body: Json) -> httpx.Response:
    url = f"http://127.0.0.1:{engine.port}/v1/query"
    return httpx.post(url, json=body, headers={"X-Hasura-Access-Key": SECRET}, timeout=30)


def legacy(engine: Serving, sql: str) -> Json:
    answer = old(engine, {"type": "run_sql", "args": {"sql": sql}})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_wrong_secret_is_told(engine: Serving) -> None:
    url = f"http://127.0.0.1:{engine.port}/v1/metadata"
    body = {"type": "export_metadata", "args": {}}
    for headers in ({}, {"x-hasura-admin-secret": "wrong"}):
        answer = httpx.post(url, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "access-denied")
