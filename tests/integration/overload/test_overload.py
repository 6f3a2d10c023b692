"""More than the engine can take: requests without a connection, clients that leave or do not read,
sockets by the thousand. Each against the engine as a process of its own."""

import asyncio
import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from rowgate.postgres.ports import answers, free_port

SECRET = "an-admin-secret-of-thirty-two-characters"
KEY = {"x-hasura-admin-secret": SECRET}
POOL, PATIENCE = 2, 1.0
SCHEMA = """
create table note (id int primary key, body text not null);
insert into note values (1, repeat('x', 1000000));
create function slow_notes(seconds float8) returns setof note language plpgsql volatile as $$
begin
  perform pg_sleep(seconds);
  return query select * from note;
end $$;
"""
SLOW = "query ($s: float8!) { slow_notes(args: {seconds: $s}) { id } }"
QUICK = "{ note { id } }"
SOCKETS = 10_000
BYTES_A_SOCKET = 8_192


class Engine:
    """A running engine with a pool of `POOL` connections, for which a request waits `PATIENCE`."""

    def __init__(self, url: str, folder: Path) -> None:
        self.port, self.log = free_port(), folder / "engine.log"
        environment = {
            "PATH": os.defpath,
            "HASURA_GRAPHQL_DATABASE_URL": url,
            "HASURA_GRAPHQL_METADATA_DATABASE_URL": url,
            "HASURA_GRAPHQL_ADMIN_SECRET": SECRET,
            "HASURA_GRAPHQL_SERVER_HOST": "127.0.0.1",
            "HASURA_GRAPHQL_SERVER_PORT": str(self.port),
            "HASURA_GRAPHQL_PG_CONNECTIONS": str(POOL),
            "HASURA_GRAPHQL_PG_POOL_TIMEOUT": str(int(PATIENCE)),
        }
        command = [sys.executable, "-m", "rowgate", "serve"]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
        self.url = f"http://127.0.0.1:{self.port}/v1/graphql"

    def open(self) -> None:
        deadline = time.monotonic() + 30
        while not answers(self.port):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        self.command("pg_track_table", table="note")
        # A volatile function is a query only where the metadata says so.
        configuration = {"exposed_as": "query"}
        self.command("pg_track_function", function="slow_notes", configuration=configuration)

    def command(self, kind: str, **args: Any) -> None:
        url = self.url.replace("/v1/graphql", "/v1/metadata")
        answer = httpx.post(
            url, json={"type": kind, "args": {"source": "default", **args}}, headers=KEY
        )
        assert answer.status_code == 200, answer.text

    def ask(self, query: str, **variables: Any) -> httpx.Response:
        body = {"query": query, "variables": variables}
        return httpx.post(self.url, json=body, headers=KEY, timeout=30)

    def send(self, query: str, **variables: Any) -> socket.socket:
        """A request on a socket of its own, whose answer nobody has read."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        head = (
            f"POST /v1/graphql HTTP/1.1\r\nhost: engine\r\nx-hasura-admin-secret: {SECRET}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        client = socket.create_connection(("127.0.0.1", self.port))
        client.sendall(head.encode() + body)
        return client

    def resident(self) -> int:
        """Bytes of memory that the process holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def engine(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        connection.execute(SCHEMA)
    made = Engine(module_database_url, tmp_path_factory.mktemp("overload"))
    try:
        made.open()
        yield made
    finally:
        made.close()


def sleeping(url: str) -> int:
    """How many of the engine's statements sleep in Postgres now."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where state = 'active' "
            "and wait_event = 'PgSleep' and datname = current_database()"
        ).fetchone()
    assert row
    return int(row[0])


def until(condition: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_full_pool_answers_503_within_its_timeout(
    engine: Engine, module_database_url: str
) -> None:
    with ThreadPoolExecutor(POOL + 5) as threads:
        slow = [threads.submit(engine.ask, SLOW, s=4 * PATIENCE) for _ in range(POOL)]
        assert until(lambda: sleeping(module_database_url) == POOL, 3)
        began = time.monotonic()
        refused = [one.result() for one in [threads.submit(engine.ask, QUICK) for _ in range(5)]]
        took = time.monotonic() - began
        assert [one.status_code for one in refused] == [503] * 5
        (error,) = refused[0].json()["errors"]
        assert error["extensions"]["code"] == "postgres-max-connections-error"
        assert error["message"] == "max connections reached on postgres"
        assert PATIENCE * 0.9 < took < PATIENCE * 3
        assert [one.result().status_code for one in slow] == [200] * POOL
    assert engine.ask(QUICK).json() == {"data": {"note": [{"id": 1}]}}


def test_a_client_that_leaves_ends_its_query(engine: Engine, module_database_url: str) -> None:
    clients = [engine.send(SLOW, s=20) for _ in range(POOL)]
    assert until(lambda: sleeping(module_database_url) == POOL, 3)
    for client in clients:
        client.close()
    assert until(lambda: sleeping(module_database_url) == 0, 5)
    answers_after = [engine.ask(QUICK).json() for _ in range(2 * POOL)]
    assert answers_after == [{"data": {"note": [{"id": 1}]}}] * 2 * POOL


def test_slow_readers_hold_no_connection(engine: Engine) -> None:
    copies = " ".join(f"c{number}: body" for number in range(20))
    large = f"{{ note {{ {copies} }} }}"
    with ExitStack() as stack:
        readers = [stack.enter_context(engine.send(large)) for _ in range(3 * POOL)]
        firsts = [reader.recv(1) for reader in readers]
        assert firsts == [b"H"] * 3 * POOL  # each answer has begun, and waits for its reader
        began = time.monotonic()
        assert engine.ask(QUICK).json() == {"data": {"note": [{"id": 1}]}}
        assert time.monotonic() - began < PATIENCE


def test_ten_thousand_idle_sockets_cost_little(engine: Engine) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard > SOCKETS + 500, "ulimit -Hn is too low for this"
    limits = (SOCKETS + 500, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    resource.prlimit(engine.process.pid, resource.RLIMIT_NOFILE, limits)
    before = engine.resident()
    clients: list[asyncio.StreamWriter] = []
    try:
        growth = asyncio.run(_held(engine, before, clients))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert growth / SOCKETS < BYTES_A_SOCKET
    assert engine.ask(QUICK).status_code == 200


async def _held(engine: Engine, before: int, clients: list[asyncio.StreamWriter]) -> int:
    """The engine's growth in bytes while all sockets are open; it answers meanwhile."""
    for _ in range(SOCKETS):
        _, writer = await asyncio.open_connection("127.0.0.1", engine.port)
        clients.append(writer)
    answer = await asyncio.to_thread(engine.ask, QUICK)
    assert answer.status_code == 200
    growth = engine.resident() - before
    for writer in clients:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for writer in clients))
    return growth
