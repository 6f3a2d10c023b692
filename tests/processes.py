"""The engine as a process of its own, started as scripts start Hasura's."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from rowgate.postgres.ports import answers, free_port

Json = Any
SECRET = "an-admin-secret-of-thirty-two-characters"
ENGINE = Path(sys.executable).with_name("graphql-engine")
TO_START = 30.0


class Serving:
    """An engine started as scripts start Hasura's, with next to no environment."""

    def __init__(self, url: str, log: Path, *flags: str, **environment: str) -> None:
        self.port = free_port()
        self.log = log
        before = (str(ENGINE), "--metadata-database-url", url, "serve", "--enable-telemetry=false")
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                (*before, "--server-port", str(self.port), "--stringify-numeric-types", *flags),
                env={"PATH": os.defpath} | environment,
                cwd="/",
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> None:
        deadline = time.monotonic() + TO_START
        while not answers(self.port):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def ask(self, kind: str, arguments: object, path: str = "/v1/metadata") -> httpx.Response:
        return httpx.post(
            f"http://127.0.0.1:{self.port}{path}",
            json={"type": kind, "args": arguments},
            headers={"x-hasura-admin-secret": SECRET},
            timeout=30,
        )

    def do(self, kind: str, arguments: object, path: str = "/v1/metadata") -> Json:
        """The answer of a command that must succeed."""
        answer = self.ask(kind, arguments, path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sql(self, text: str, source: str = "default") -> Json:
        """The rows that `run_sql` gives, as texts, without their header."""
        arguments = {"sql": text, "source": source}
        answer = self.do("run_sql", arguments, "/v2/query")
        return (answer["result"] or [None])[1:]

    def graphql(self, query: str, **variables: Json) -> Json:
        """The whole answer to an admin's operation."""
        body = {"query": query, "variables": variables}
        headers = {"x-hasura-admin-secret": SECRET}
        url = f"http://127.0.0.1:{self.port}/v1/graphql"
        return httpx.post(url, json=body, headers=headers, timeout=30).json()

    def data(self, query: str, **variables: Json) -> Json:
        """The `data` of an operation that must succeed."""
        answer = self.graphql(query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def lines(self) -> list[Json]:
        """The log; every line of it must be a JSON object with a type."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        assert all({"type", "timestamp", "level", "detail"} <= line.keys() for line in lines)
        return lines


Start = Callable[..., Serving]


@contextmanager
def starting(url: str, folder: Path) -> Iterator[Start]:
    """Starts engines on the metadata database at `url`, and ends those that have not ended."""
    started: list[Serving] = []

    def start(*flags: str, **environment: str) -> Serving:
        log = folder / f"engine-{len(started)}.log"
        started.append(Serving(url, log, *flags, **environment))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


OTHERS = """
    select pid from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""


@contextmanager
def frozen(url: str) -> Iterator[list[int]]:
    """The sessions of a database, none of which goes on."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = [row[0] for row in connection.execute(OTHERS)]
    for one in found:
        os.kill(one, signal.SIGSTOP)
    try:
        yield found
    finally:
        for one in found:
            os.kill(one, signal.SIGCONT)
