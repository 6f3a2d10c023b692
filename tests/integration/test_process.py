"""The engine as a process among others: reloaded while it is asked, several on one port, ended in
order."""

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from websockets.sync.client import connect

from rowgate.postgres.ports import answers
from tests.processes import SECRET, TO_START, Serving, Start, frozen, starting

Json = Any
QUERY = "{ thing { id } }"
CALL = "{ slow(args: {seconds: %s}) { id } }"
ASLEEP = """
    select count(*) from pg_stat_activity
    where wait_event = 'PgSleep' and datname = current_database()
"""
TO_FOLLOW = 2.0


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    with psycopg.connect(database_url) as connection:
        connection.execute("create table thing (id int primary key)")
        connection.execute("create table later (id int primary key)")
        connection.execute("insert into thing values (1)")
        connection.execute(
            "create function slow (seconds float8) returns setof thing language sql stable"
            " as 'select thing.* from thing, pg_sleep(seconds)'"
        )
    with starting(database_url, tmp_path) as one:
        yield one


@pytest.fixture
def engine(start: Start, database_url: str) -> Serving:
    """One engine that serves `thing`, and does not look for changes by itself."""
    quiet = {"HASURA_GRAPHQL_SCHEMA_SYNC_POLL_INTERVAL": "0"}
    one: Serving = start("--admin-secret", SECRET, SOURCE=database_url, **quiet)
    one.wait()
    one.do("replace_metadata", document("thing"))
    return one


def document(*tables: str) -> Json:
    configuration = {"connection_info": {"database_url": {"from_env": "SOURCE"}}}
    tracked = [{"table": {"schema": "public", "name": name}} for name in tables]
    source = {"name": "default", "kind": "postgres", "configuration": configuration}
    return {"version": 3, "sources": [{**source, "tables": tracked}]}


class Asking:
    """Sends a query all the while over `threads` connections; `failures` are answers without
    data, or none at all."""

    def __init__(self, engine: Serving, threads: int = 4) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self._url = f"http://127.0.0.1:{engine.port}/v1/graphql"
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(threads)]

    def __enter__(self) -> "Asking":
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        self._ended.set()
        for one in self._threads:
            one.join()

    def _ask(self) -> None:
        with httpx.Client(headers={"x-hasura-admin-secret": SECRET}, timeout=30) as client:
            while not self._ended.is_set():
                try:
                    answer = client.post(self._url, json={"query": QUERY}).json()
                except httpx.HTTPError as error:
                    answer = {"errors": repr(error)}
                self.answers += 1
                if "data" not in answer:
                    self.failures.append(str(answer))


def until(holds: Any, patience: float = TO_START) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def reloads(engine: Serving) -> int:
    return sum(line["detail"].get("kind") == "reloaded" for line in engine.lines())


def has_column(engine: Serving, name: str) -> bool:
    return "errors" not in engine.graphql("{ thing { %s } }" % name)  # noqa: UP031


def test_sighup_reloads_without_a_failed_request(engine: Serving, database_url: str) -> None:
    with Asking(engine) as asking:
        until(lambda: asking.answers > 20)
        with psycopg.connect(database_url) as connection:
            connection.execute("alter table thing add column name text")
        assert not has_column(engine, "name")
        for number in range(5):
            engine.process.send_signal(signal.SIGHUP)
            until(lambda: reloads(engine) > number)  # noqa: B023
        assert has_column(engine, "name")
        seen = asking.answers
        until(lambda: asking.answers > seen + 20)
    assert asking.failures == []


def test_sighup_takes_what_another_has_saved(engine: Serving, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "update hdb_catalog.hdb_metadata set metadata = %s,"
            " resource_version = resource_version + 1",
            [json.dumps(document("thing", "later"))],
        )
    engine.process.send_signal(signal.SIGHUP)
    until(lambda: engine.graphql("{ later { id } }") == {"data": {"later": []}})


def test_sockets_stay_open_where_sighup_found_nothing_new(
    engine: Serving, database_url: str
) -> None:
    address = f"ws://127.0.0.1:{engine.port}/v1/graphql"
    with connect(address, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        headers = {"x-hasura-admin-secret": SECRET}
        socket.send(json.dumps({"type": "connection_init", "payload": {"headers": headers}}))
        assert json.loads(socket.recv(10))["type"] == "connection_ack"
        engine.process.send_signal(signal.SIGHUP)
        until(lambda: reloads(engine) > 0)
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": QUERY}}))
        while (message := json.loads(socket.recv(10)))["type"] == "ping":
            continue
        assert message["payload"] == {"data": {"thing": [{"id": 1}]}}


def test_sighup_with_the_metadata_database_away_is_one_line_and_serving_goes_on(
    engine: Serving, database_url: str
) -> None:
    name = database_url.rpartition("/")[2]
    admin = database_url.removesuffix(name) + "postgres"
    cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'alter database "{name}" allow_connections false')
        connection.execute(cut, [name])
        until(lambda: connection.execute(cut, [name]).fetchone() is None)
        engine.process.send_signal(signal.SIGHUP)
        until(lambda: "the metadata cannot be reloaded" in engine.log.read_text())
        connection.execute(f'alter database "{name}" allow_connections true')
    assert engine.data(QUERY) == {"thing": [{"id": 1}]}
    assert "Traceback" not in engine.log.read_text()


def test_sighup_reads_the_metadata_directory_again(
    start: Start, database_url: str, tmp_path: Path
) -> None:
    directory = tmp_path / "metadata"
    tables = directory / "databases" / "default" / "tables"
    tables.mkdir(parents=True)
    (directory / "version.yaml").write_text("version: 3\n")
    (directory / "databases" / "databases.yaml").write_text(
        "- name: default\n  kind: postgres\n  configuration:\n    connection_info:\n"
        "      database_url: {from_env: SOURCE}\n"
        '  tables: "!include default/tables/tables.yaml"\n'
    )
    (tables / "tables.yaml").write_text("- table: {schema: public, name: thing}\n")
    flags = {"SOURCE": database_url, "ROWGATE_METADATA_DIRECTORY": str(directory)}
    engine = start("--admin-secret", SECRET, **flags)
    engine.wait()
    assert engine.data(QUERY) == {"thing": [{"id": 1}]}
    (tables / "tables.yaml").write_text("- table: {schema: public, name: later}\n")
    engine.process.send_signal(signal.SIGHUP)
    until(lambda: engine.graphql("{ later { id } }") == {"data": {"later": []}})
    (tables / "tables.yaml").write_text("- table: {schema: public\n")
    engine.process.send_signal(signal.SIGHUP)
    until(lambda: "the metadata cannot be reloaded" in engine.log.read_text())
    assert engine.graphql("{ later { id } }") == {"data": {"later": []}}


@pytest.fixture
def several(start: Start, database_url: str) -> Serving:
    """Two workers that serve `thing`."""
    one: Serving = start("--admin-secret", SECRET, SOURCE=database_url, ROWGATE_WORKERS="2")
    one.wait()
    one.do("replace_metadata", document("thing"))
    until(lambda: len(ready(one)) == 2)
    until(lambda: all("data" in one.graphql(QUERY) for _ in range(20)))
    return one


def ready(engine: Serving) -> list[int]:
    """The workers that can answer; each says in the log that it has started."""
    started = sum(line["detail"].get("kind") == "started" for line in engine.lines())
    return workers(engine)[:started]


def workers(engine: Serving) -> list[int]:
    children = Path(f"/proc/{engine.process.pid}/task/{engine.process.pid}/children")
    return [int(one) for one in children.read_text().split()]


def test_every_worker_follows_a_change(several: Serving) -> None:
    first, second = workers(several)
    for awake, asleep in ((first, second), (second, first)):
        os.kill(asleep, signal.SIGSTOP)
        try:
            several.do("pg_track_table", {"table": "later"})
            assert several.data("{ later { id } }") == {"later": []}
        finally:
            os.kill(asleep, signal.SIGCONT)
        os.kill(awake, signal.SIGSTOP)
        try:
            until(lambda: "data" in several.graphql("{ later { id } }"), TO_FOLLOW)
            several.do("pg_untrack_table", {"table": "later"})
        finally:
            os.kill(awake, signal.SIGCONT)
        until(lambda: all("errors" in several.graphql("{ later { id } }") for _ in range(20)), 5)


def test_a_worker_that_is_killed_is_replaced_and_the_other_serves_on(several: Serving) -> None:
    first, second = workers(several)
    os.kill(first, signal.SIGKILL)
    until(lambda: len(workers(several)) == 2 and first not in workers(several))
    assert second in workers(several)
    for _ in range(20):
        assert several.data(QUERY) == {"thing": [{"id": 1}]}
    started = Counter(line["detail"].get("kind") for line in several.lines())
    assert started["worker-replaced"] == 1
    until(lambda: kinds(several)["started"] == 3)
    os.kill(second, signal.SIGSTOP)
    try:
        assert several.data(QUERY) == {"thing": [{"id": 1}]}
    finally:
        os.kill(second, signal.SIGCONT)
    several.process.terminate()
    assert several.process.wait(10) == 0


def kinds(engine: Serving) -> Counter[str]:
    return Counter(line["detail"].get("kind") for line in engine.lines())


def test_workers_are_reloaded_together(several: Serving, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("alter table thing add column name text")
    with Asking(several) as asking:
        several.process.send_signal(signal.SIGHUP)
        until(lambda: kinds(several)["reloaded"] == 2)
        assert all(has_column(several, "name") for _ in range(20))
    assert asking.failures == []


def test_workers_end_when_their_parent_is_killed(several: Serving) -> None:
    left = workers(several)
    several.process.kill()
    several.process.wait()
    until(lambda: not any(is_running(one) for one in left), 10)


def is_running(process: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


def test_workers_that_cannot_start_end_the_whole(start: Start) -> None:
    engine = start(
        *("--admin-secret", SECRET, "--metadata-database-url", "postgresql://x@127.0.0.1:1/x"),
        ROWGATE_WORKERS="2",
    )
    assert engine.process.wait(TO_START) == 1
    assert "Traceback" not in engine.log.read_text()


@pytest.mark.parametrize("count", ["1", "2"])
def test_requests_under_way_at_sigterm_are_answered_and_no_more_are_taken(
    count: str, start: Start, database_url: str
) -> None:
    engine = start("--admin-secret", SECRET, SOURCE=database_url, ROWGATE_WORKERS=count)
    engine.wait()
    engine.do("replace_metadata", document("thing"))
    engine.do("pg_track_function", {"function": "slow"})
    until(lambda: all("data" in engine.graphql(CALL % 0) for _ in range(20)))
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(engine.graphql, CALL % 1.5) for _ in range(8)]
        with psycopg.connect(database_url, autocommit=True) as connection:
            until(lambda: connection.execute(ASLEEP).fetchone() == (8,))
        engine.process.terminate()
        until(lambda: not answers(engine.port), 1)
        assert [one.result() for one in asked] == [{"data": {"slow": [{"id": 1}]}}] * 8
    assert engine.process.wait(5) == 0


def test_it_stops_while_postgres_stands_still(engine: Serving, database_url: str) -> None:
    assert engine.data(QUERY) == {"thing": [{"id": 1}]}
    with frozen(database_url) as sessions:
        assert sessions
        engine.process.terminate()
        assert engine.process.wait(10) == 0
