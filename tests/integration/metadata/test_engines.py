"""Engines on one metadata database, over HTTP: one of many writers wins, all serve what it wrote;
and a metadata database that Hasura made is opened as it is."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from rowgate.postgres.ports import answers, free_port

Json = Any
SECRET = "an-admin-secret-of-thirty-two-characters"
HEADERS = {"x-hasura-admin-secret": SECRET}
TO_START = 60.0
WRITERS = 100
TO_FOLLOW = 2.0


class Engine:
    """An engine as a process."""

    def __init__(self, url: str, log: Path) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        command = ("serve", "--server-port", str(self.port), "--metadata-database-url", url)
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "rowgate", *command, "--admin-secret", SECRET),
                env={"PATH": os.defpath, "TABLES": url},
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.log = log

    def ready(self) -> "Engine":
        deadline = time.monotonic() + TO_START
        while not answers(self.port):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return self

    def post(self, path: str, body: Json) -> httpx.Response:
        return httpx.post(self.base + path, json=body, headers=HEADERS, timeout=60)

    def ask(self, kind: str, arguments: Json, version: int = 1) -> Json:
        answer = self.post("/v1/metadata", {"type": kind, "version": version, "args": arguments})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def query(self, text: str) -> Json:
        return self.post("/v1/graphql", {"query": text}).json()


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Any]:
    started: list[Engine] = []

    def starting() -> Engine:
        started.append(Engine(database_url, tmp_path / f"engine-{len(started)}.log"))
        return started[-1]

    yield starting
    for one in started:
        one.process.kill()
        one.process.wait()


def source(*tables: str) -> Json:
    """A document whose source is the test's database."""
    configuration = {"connection_info": {"database_url": {"from_env": "TABLES"}}}
    entries = [{"table": {"name": name, "schema": "public"}} for name in tables]
    one = {"name": "default", "kind": "postgres", "configuration": configuration}
    return {"version": 3, "sources": [{**one, "tables": entries}]}


def test_one_of_a_hundred_writers_wins_and_the_other_engine_follows(
    start: Any, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("create table old (id int); insert into old values (1)")
        connection.execute("create table new (id int); insert into new values (2)")
    first, second = start(), start()
    first.ready().ask("replace_metadata", source("old"))
    second.ready()
    until(lambda: "data" in second.query("{ old { id } }"))
    version = first.ask("export_metadata", {}, version=2)["resource_version"]
    body = {"type": "replace_metadata", "args": source("old", "new"), "resource_version": version}

    with Asking(second, "{ old { id } }") as asking:
        with ThreadPoolExecutor(16) as pool:
            posts = pool.map(lambda _: first.post("/v1/metadata", body), range(WRITERS))
            statuses = sorted(answer.status_code for answer in posts)
        assert statuses == [200] + [409] * (WRITERS - 1)
        until(lambda: "data" in second.query("{ new { id } }"), TO_FOLLOW)
    assert asking.failures == []
    assert asking.count > 0
    assert second.query("{ new { id } }") == {"data": {"new": [{"id": 2}]}}
    assert first.ask("export_metadata", {}, version=2)["resource_version"] == version + 1


class Asking:
    """Sends the same query all the while; `failures` are the answers without data."""

    def __init__(self, engine: Engine, query: str) -> None:
        self.count = 0
        self.failures: list[Json] = []
        self._engine, self._query = engine, query
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._ended.is_set():
            answer = self._engine.query(self._query)
            self.count += 1
            if "data" not in answer:
                self.failures.append(answer)


def until(holds: Any, patience: float = TO_START) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


LAYOUT = """
    create schema hdb_catalog;
    create function hdb_catalog.gen_hasura_uuid() returns uuid
        language sql as 'select gen_random_uuid()';
    create table hdb_catalog.hdb_version (
        hasura_uuid uuid primary key default hdb_catalog.gen_hasura_uuid(),
        version text not null,
        upgraded_on timestamptz not null,
        cli_state jsonb not null default '{}'::jsonb,
        console_state jsonb not null default '{}'::jsonb,
        ee_client_id text,
        ee_client_secret text
    );
    create unique index hdb_version_one_row
        on hdb_catalog.hdb_version ((version is not null));
    create table hdb_catalog.hdb_metadata (
        id integer primary key,
        metadata json not null,
        resource_version integer not null default 1 unique
    );
    create table hdb_catalog.hdb_schema_notifications (
        id integer primary key check (id = 1),
        notification json not null,
        resource_version integer not null default 1,
        instance_id uuid not null,
        updated_at timestamptz default now()
    );
    create table hdb_catalog.hdb_action_log (
        id uuid primary key default hdb_catalog.gen_hasura_uuid(),
        action_name text, input_payload jsonb not null, request_headers jsonb not null,
        session_variables jsonb not null, response_payload jsonb, errors jsonb,
        created_at timestamptz not null default now(), response_received_at timestamptz,
        status text not null check (status in ('created', 'processing', 'completed', 'error'))
    );
    insert into hdb_catalog.hdb_version
        (hasura_uuid, version, upgraded_on, cli_state, console_state) values (
        'b6d2a2f4-6d3f-4f8a-8f0e-2c1d5a7e9b01', '48', '2024-05-06 07:08:09+00',
        '{"settings": {"migration_mode": "true"}}', '{"telemetryNotificationShown": true}'
    );
    insert into hdb_catalog.hdb_schema_notifications values (
        1, '{"metadata": false, "sources": [], "remote_schemas": []}', 41,
        '7f0c7f5e-3c62-4f7f-9b1c-7a3f7c2d1e00'
    );
    create table author (id int primary key, name text);
    insert into author values (1, 'Ann');
"""


def test_a_metadata_database_of_hasura_opens_as_it_is(start: Any, database_url: str) -> None:
    document = source("author")
    document["sources"][0]["tables"][0]["select_permissions"] = [
        {"role": "user", "permission": {"columns": ["name"], "filter": {}}}
    ]
    document["inherited_roles"] = [{"role_name": "both", "role_set": ["user"]}]
    with psycopg.connect(database_url) as connection:
        connection.execute(LAYOUT)
        insert = "insert into hdb_catalog.hdb_metadata values (1, %s, 41)"
        connection.execute(insert, [json.dumps(document)])
    engine = start().ready()
    assert engine.query("{ author { id name } }") == {
        "data": {"author": [{"id": 1, "name": "Ann"}]}
    }
    as_user = httpx.post(
        f"{engine.base}/v1/graphql",
        json={"query": "{ author { name } }"},
        headers={**HEADERS, "x-hasura-role": "both"},
    )
    assert as_user.json() == {"data": {"author": [{"name": "Ann"}]}}
    exported = engine.ask("export_metadata", {}, version=2)
    assert exported == {"resource_version": 41, "metadata": document}
    state = engine.ask("get_catalog_state", {})
    assert state["id"] == "b6d2a2f4-6d3f-4f8a-8f0e-2c1d5a7e9b01"
    assert state["cli_state"] == {"settings": {"migration_mode": "true"}}
    assert state["console_state"] == {"telemetryNotificationShown": True}
    engine.ask("pg_untrack_table", {"source": "default", "table": "author"})
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "select version, resource_version, metadata -> 'inherited_roles' is not null"
            " from hdb_catalog.hdb_version, hdb_catalog.hdb_metadata"
        ).fetchone()
    assert row == ("48", 42, True)
