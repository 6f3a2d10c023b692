"""The world clock by itself: start, memory and changes with many tables and roles, a cold plan.

`python -m bench.schema_scale`; the figures that bound it are printed beside what was measured.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.measure import memory
from bench.servers import Server, engine_environment, launch, post, start_engine
from rowgate.metadata.directory import load
from rowgate.postgres import EmbeddedPostgres
from rowgate.postgres.ports import free_port

_TABLES, _ROLES = 1_000, 20
_SMALL = 60
_ROOT = Path(__file__).parents[1]
_KEY = {"x-hasura-admin-secret": "bench-only"}
Json = Any


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured, the most that it may be, and its unit."""

    what: str
    measured: float
    bound: float
    unit: str

    def line(self) -> str:
        """The figure as a row of a table."""
        held = "yes" if self.measured < self.bound else "**no**"
        bound = f"< {self.bound:g} {self.unit}"
        return f"| {self.what} | {self.measured:.4g} {self.unit} | {bound} | {held} |"


def main() -> int:
    """Measure and print all; 1 where a bound does not hold."""
    with tempfile.TemporaryDirectory(prefix="rowgate-scale-") as scratch:
        folder = Path(scratch)
        with EmbeddedPostgres(folder / "postgres", durable=False) as postgres:
            figures = [*_large(postgres, folder), *_cold(postgres, folder)]
            figures += _reference(postgres, folder)
    print("| what | measured | bound | holds |\n|---|---|---|---|")
    for figure in figures:
        print(figure.line())
    return 0 if all(one.measured < one.bound for one in figures) else 1


def _large(postgres: EmbeddedPostgres, folder: Path) -> Iterator[Figure]:
    url = _database(postgres, "large", _TABLES + 1)
    declared = _metadata(url, _TABLES)
    start_engine(url, folder / "first.log", declared=declared).stop()
    with _running(url, folder / "second.log") as server:
        what = f"{_TABLES:,} tables, {_ROLES} roles"
        yield Figure(f"{what}: start to ready", server.ready_after, 5, "s")
        for role in range(_ROLES):
            _data(server, f"query {{ thing_{role}(limit: 1) {{ id name }} }}", f"role_{role}")
        yield Figure(
            f"{what}: resident after a query of each role", memory(server.process.pid), 300, "MB"
        )
        args = {"table": {"schema": "public", "name": f"thing_{_TABLES}"}, "source": "default"}
        began = time.perf_counter()
        _command(server, {"type": "pg_track_table", "args": args})
        yield Figure(f"{what}: to track one more", time.perf_counter() - began, 1, "s")


def _cold(postgres: EmbeddedPostgres, folder: Path) -> Iterator[Figure]:
    """A never-seen operation of 200 characters, as Server-Timing or the clock around it tells."""
    url = _database(postgres, "small", _SMALL)
    server = start_engine(url, folder / "small.log", declared=_metadata(url, _SMALL))
    server.headers = _KEY
    try:
        for number in range(10):
            _data(server, _operation(number), "role_1")
        cold: list[float] = []
        warm: list[float] = []
        for number in range(10, 50):
            for times in (cold, warm):
                began = time.perf_counter()
                _data(server, _operation(number), "role_1")
                times.append((time.perf_counter() - began) * 1000)
    finally:
        server.stop()
    spent = sorted(cold)[len(cold) // 2] - sorted(warm)[len(warm) // 2]
    what = f"a never-seen operation of {len(_operation(10))} characters, {_SMALL} tables"
    yield Figure(f"{what}: more than the same again", spent, 5, "ms")


def _operation(number: int) -> str:
    one, two = number % _SMALL, (number + 1) % _SMALL
    return (
        f'query Cold{number} {{ thing_{one}(where: {{name: {{_like: "a%"}}, id: {{_gt: {number}}}'
        f"}}, order_by: {{id: desc}}, limit: 5) {{ id name amount }} "
        f"thing_{two}_aggregate(where: {{amount: {{_lt: 9}}}}) {{ aggregate {{ count }} }} }}"
    )


def _reference(postgres: EmbeddedPostgres, folder: Path) -> Iterator[Figure]:
    """The reference application's schema and metadata, at rest."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("create database reference")
    url = postgres.url_of("reference")
    migrate = [sys.executable, "-m", "rowgate", "migrate", "up"]
    environment = {**engine_environment(url, free_port()), "DATABASE_URL": url}
    ran = subprocess.run(
        migrate, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise RuntimeError(f"rowgate migrate up: {ran.stdout}{ran.stderr}")
    start_engine(url, folder / "reference.log", declared=_served(url)).stop()
    with _running(url, folder / "again.log") as server:
        yield Figure("reference application: `rowgate serve` ready", server.ready_after, 1.5, "s")
        time.sleep(2)
        yield Figure(
            "reference application: resident at rest", memory(server.process.pid), 80, "MB"
        )


def _served(url: str) -> Json:
    """The reference application's metadata, over the database at `url`, calling nobody."""
    document = load(_ROOT / "metadata")
    for source in document["sources"]:
        source["configuration"]["connection_info"]["database_url"] = url
    return document


@contextlib.contextmanager
def _running(url: str, log: Path) -> Iterator[Server]:
    """An engine on a metadata database that is filled already: its start is what is measured."""
    port = free_port()
    command = [sys.executable, "-m", "rowgate", "serve"]
    server = launch("Rowgate", command, engine_environment(url, port), port, log)
    server.url = server.url.replace("/graphql", "/v1/graphql")
    server.headers = _KEY
    try:
        yield server
    finally:
        server.stop()


def _data(server: Server, query: str, role: str) -> Json:
    headers = {**server.headers, "x-hasura-role": role, "x-hasura-user-id": "1"}
    answer = post(server.url, json.dumps({"query": query}).encode(), headers)
    if "data" not in answer:
        raise RuntimeError(f"{query}: {answer}")
    return answer["data"]


def _command(server: Server, command: Json) -> None:
    url = server.url.replace("/v1/graphql", "/v1/metadata")
    answer = post(url, json.dumps(command).encode(), server.headers)
    if answer.get("message") != "success":
        raise RuntimeError(f"{command}: {answer}")


def _database(postgres: EmbeddedPostgres, name: str, tables: int) -> str:
    """A database of tables that refer each to the one before."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    url = postgres.url_of(name)
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(tables):
            before = f"references thing_{number - 1}" if number else ""
            connection.execute(
                f"create table thing_{number} (id int primary key, owner_id int not null, "
                f"name text, amount numeric, made timestamptz default now(), note jsonb, "
                f"open boolean, before_id int {before})".encode()
            )
    return url


def _metadata(url: str, tables: int) -> Json:
    return {
        "version": 3,
        "sources": [
            {
                "name": "default",
                "kind": "postgres",
                "configuration": {"connection_info": {"database_url": url}},
                "tables": [_table(number) for number in range(tables)],
            }
        ],
    }


def _table(number: int) -> Json:
    own = {"owner_id": {"_eq": "X-Hasura-User-Id"}}
    seen = {"columns": "*", "filter": own, "allow_aggregations": True}
    table = {"schema": "public", "name": f"thing_{number}"}
    return {
        "table": table,
        "object_relationships": (
            [{"name": "before", "using": {"foreign_key_constraint_on": "before_id"}}]
            if number
            else []
        ),
        "select_permissions": [
            {"role": f"role_{role}", "permission": seen} for role in range(_ROLES)
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
