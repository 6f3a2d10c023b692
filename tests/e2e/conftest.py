"""Everything that `make run` starts, started once for the walk-throughs, on free ports."""

import contextlib
import gzip
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chat_double import Chat, served_chat

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90.0
CHAT_KEY = "the-key-of-the-chat-api-in-tests"
Json = Any


@dataclass(frozen=True)
class Running:
    """A run: where its parts are, its secrets, as `.env` of its state folder has them, the folder
    of its logs, and the endpoint that the services report failures to."""

    urls: dict[str, str]
    objects: str
    database_url: str
    secrets: dict[str, str]
    logs: Path
    sentry: "Sentry"

    def graphql(
        self,
        query: str,
        variables: dict[str, Json] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Json]:
        """The engine's whole answer, asked over HTTP."""
        answer = httpx.post(
            f"{self.urls['engine']}/v1/graphql",
            json={"query": query, "variables": variables or {}},
            headers=headers,
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        body: dict[str, Json] = answer.json()
        return body

    def data(
        self,
        query: str,
        variables: dict[str, Json] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Json]:
        """The data of an answer without errors."""
        body = self.graphql(query, variables, headers)
        assert "errors" not in body, body
        data: dict[str, Json] = body["data"]
        return data


class Sentry:
    """An endpoint that takes what Sentry takes: envelopes, whose lines are JSON."""

    def __init__(self) -> None:
        events = self.events = list[Json]()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                lines = [json.loads(line) for line in body.splitlines() if line[:1] == b"{"]
                events.extend(line for line in lines if "exception" in line)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://public@127.0.0.1:{self.server.server_port}/1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def event(self, kind: str) -> Json:
        """An event of that kind of exception, waited for."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for event in self.events:
                if event["exception"]["values"][-1]["type"] == kind:
                    return event
            time.sleep(0.1)
        pytest.fail(f"no {kind} was reported: {self.events}")


@pytest.fixture(scope="session")
def chat() -> Iterator[Chat]:
    with served_chat(CHAT_KEY) as made:
        yield made


@pytest.fixture(scope="session")
def sentry() -> Iterator[Sentry]:
    made = Sentry()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, sentry: Sentry, chat: Chat) -> Iterator[Running]:
    """`rowgate run` in a state folder of its own."""
    state = tmp_path_factory.mktemp("run")
    log = state / "output"
    command = [sys.executable, "-m", "rowgate", "run", "--free-ports", "--state-folder", str(state)]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment["SENTRY_DSN"] = sentry.address
    environment |= {
        "OPENAI_BASE_URL": f"{chat.url}/v1",
        "OPENAI_API_KEY": CHAT_KEY,
        "OPENAI_MODEL": "stand-in",
        "OPENAI_SECONDS": "2",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        told = _await_start(process, state, log)
        yield Running(
            urls=told["urls"],
            objects=told["pages"]["objects"],
            database_url=told["database_url"],
            secrets=_secrets(state / ".env"),
            logs=state / "logs",
            sentry=sentry,
        )
    finally:
        _stop(process)


def _await_start(process: "subprocess.Popen[bytes]", state: Path, log: Path) -> dict[str, Json]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(FileNotFoundError):
            told: dict[str, Json] = json.loads((state / "run.json").read_text())
            return told
        time.sleep(0.1)
    logs = "\n".join(
        path.read_text(errors="replace")[-2000:] for path in (state / "logs").glob("*")
    )
    pytest.fail(f"`rowgate run` did not come up:\n{log.read_text(errors='replace')}\n{logs}")


def _secrets(file: Path) -> dict[str, str]:
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
