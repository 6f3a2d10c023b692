"""`serve` as a drop-in: Hasura's command line, an empty environment, JSON lines, an orderly end."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from rowgate.postgres.ports import free_port
from tests.processes import ENGINE, SECRET, TO_START, Serving, Start, starting


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    with starting(database_url, tmp_path) as one:
        yield one


def test_the_first_request_is_answered_as_soon_as_the_port_is_open(start: Start) -> None:
    engine = start("--admin-secret", SECRET)
    engine.wait()
    answer = engine.ask("export_metadata", {})
    assert answer.status_code == 200
    assert answer.json()["sources"] == []
    engine.process.send_signal(signal.SIGTERM)
    assert engine.process.wait(5) == 0
    lines = engine.lines()
    assert any(line["type"] == "startup" for line in lines)
    assert SECRET not in engine.log.read_text()


def test_nothing_of_it_stays_connected_after_sigterm(start: Start, database_url: str) -> None:
    engine = start("--admin-secret", SECRET)
    engine.wait()
    engine.process.terminate()
    engine.process.wait(5)
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> "
    with psycopg.connect(database_url) as connection:
        for _ in range(50):
            left = connection.execute(others + "pg_backend_pid()").fetchone()
            if left == (0,):
                break
            time.sleep(0.02)
    assert left == (0,)


def test_a_request_under_way_is_answered_after_sigterm(start: Start, database_url: str) -> None:
    engine = start("--admin-secret", SECRET, PG_URL=database_url)
    engine.wait()
    connection = {"database_url": {"from_env": "PG_URL"}}
    source = {"name": "default", "configuration": {"connection_info": connection}}
    assert engine.ask("pg_add_source", source).status_code == 200
    with ThreadPoolExecutor(1) as thread:
        slow = {"sql": "select pg_sleep(1), 7 as kept", "read_only": True}
        answer = thread.submit(engine.ask, "run_sql", slow, "/v2/query")
        time.sleep(0.4)
        engine.process.terminate()
        assert answer.result().status_code == 200
        assert answer.result().json()["result"][1][1] == "7"
    assert engine.process.wait(5) == 0


def test_without_an_admin_secret_it_says_so_in_json_and_ends(start: Start) -> None:
    engine = start()
    assert engine.process.wait(TO_START) == 1
    (line,) = engine.lines()
    assert (line["type"], line["level"]) == ("startup", "error")
    assert "HASURA_GRAPHQL_ADMIN_SECRET" in line["detail"]["message"]


def test_an_unknown_flag_ends_it(start: Start) -> None:
    engine = start("--admin-secret", SECRET, "--sever-host", "::1")
    assert engine.process.wait(TO_START) == 1
    assert "--sever-host" in engine.lines()[0]["detail"]["message"]


def test_a_port_that_is_taken_ends_it(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        engine = start(
            "--admin-secret", SECRET, "--server-host", "127.0.0.1", "--server-port", port
        )
        assert engine.process.wait(TO_START) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in engine.lines()[0]["detail"]["message"]


def test_a_database_that_is_away_ends_it(tmp_path: Path) -> None:
    engine = Serving(
        "postgresql://u:hidden-password@127.0.0.1:1/x",
        tmp_path / "engine.log",
        "--admin-secret",
        SECRET,
    )
    assert engine.process.wait(TO_START) != 0
    assert any(line["level"] == "error" for line in engine.lines())
    assert "hidden-password" not in engine.log.read_text()
    assert "Traceback" not in engine.log.read_text()


def test_several_workers_share_the_port_and_end_together(start: Start) -> None:
    engine = start("--admin-secret", SECRET, ROWGATE_WORKERS="2")
    engine.wait()
    answers_ = {engine.ask("export_metadata", {}).status_code for _ in range(10)}
    assert answers_ == {200}
    children = Path(f"/proc/{engine.process.pid}/task/{engine.process.pid}/children")
    workers = children.read_text().split()
    assert len(workers) == 2
    engine.process.terminate()
    assert engine.process.wait(10) == 0
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_metadata_goes_from_a_directory_to_the_engine_and_back(
    start: Start, database_url: str, tmp_path: Path
) -> None:
    engine = start("--admin-secret", SECRET, PG_URL=database_url)
    engine.wait()
    with psycopg.connect(database_url) as connection:
        connection.execute("create table public.thing (id int primary key)")
    directory = tmp_path / "metadata"
    source = {
        "name": "default",
        "kind": "postgres",
        "configuration": {"connection_info": {"database_url": {"from_env": "PG_URL"}}},
        "tables": [{"table": {"schema": "public", "name": "thing"}}],
    }
    before = engine.ask("replace_metadata", {"version": 3, "sources": [source]})
    assert before.status_code == 200, before.text
    assert command(engine, "export", directory).returncode == 0
    tables = directory / "databases" / "default" / "tables"
    assert (tables / "public_thing.yaml").exists()
    engine.ask("clear_metadata", {})
    applied = command(engine, "apply", directory)
    assert (applied.returncode, applied.stdout) == (0, "Metadata applied.\n"), applied.stderr
    exported = engine.ask("export_metadata", {}).json()
    assert [one["table"]["name"] for one in exported["sources"][0]["tables"]] == ["thing"]


def command(engine: Serving, name: str, directory: Path) -> subprocess.CompletedProcess[str]:
    line = (str(ENGINE), "metadata", name, "--directory", str(directory))
    return subprocess.run(
        (*line, "--endpoint", f"http://127.0.0.1:{engine.port}", "--admin-secret", SECRET),
        capture_output=True,
        text=True,
        check=False,
    )


def test_metadata_for_an_engine_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    line = (str(ENGINE), "metadata", "export", "--endpoint", f"http://127.0.0.1:{free_port()}")
    answer = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("rowgate: No engine answers at http://127.0.0.1:")
    assert answer.stderr.count("\n") == 1


def raw(engine: Serving, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", engine.port), timeout=20) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def test_limits_hold_on_its_own_port(start: Start) -> None:
    engine = start("--admin-secret", SECRET, "--head-limit", "2000", "--head-timeout", "1")
    engine.wait()
    lines = b"POST /v1/graphql HTTP/1.1\r\nhost: a\r\nx-hasura-admin-secret: %s\r\n"
    lines %= SECRET.encode()
    answer = raw(engine, lines + b"x: " + b"a" * 2_000 + b"\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert json.loads(body) == {
        "error": "the head of the request exceeds 2000 bytes",
        "path": "$",
        "code": "bad-request",
    }
    assert raw(engine, b"POST").startswith(b"HTTP/1.1 408 ")
    query = b'{"query": "{ __typename }"}'
    upgrade = b"connection: Upgrade, close\r\nupgrade: h2c\r\ncontent-length: %d\r\n\r\n"
    answer = raw(engine, lines + upgrade % len(query) + query)
    assert answer.endswith(b'{"data":{"__typename":"query_root"}}')
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_metadata_database_that_is_away_is_named_in_one_line() -> None:
    away = "postgresql://someone:secret@127.0.0.1:1/shop"
    flags = ("serve", "--server-port", str(free_port()), "--admin-secret", SECRET)
    answer = subprocess.run(
        (str(ENGINE), "--metadata-database-url", away, *flags),
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
        timeout=TO_START,
    )
    assert answer.returncode == 1
    [line] = [json.loads(line) for line in answer.stdout.splitlines()]
    assert "127.0.0.1:1/shop" in line["detail"]["message"]
    assert "secret" not in line["detail"]["message"].replace("ADMIN_SECRET", "")


def test_help_cuts_no_name_on_a_narrow_terminal() -> None:
    environment = {"PATH": os.defpath, "COLUMNS": "80"}
    command = (str(ENGINE), "serve", "--help")
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL" in told.stdout
    assert "--live-queries-multiplexed-refetch-interval" in told.stdout
    assert "…" not in told.stdout
    assert "Examples:" in told.stdout
