"""The systems under measurement as processes: started, warmed, asked once, stopped."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt

from bench.install import HERE, NODE_FOLDER, node, python
from bench.operations import ROLE, TENANT, Operation, metadata
from rowgate.postgres.ports import free_port

ROOT = HERE.parent
CONNECTIONS = 16
"""Of every system's pool; more would only make two cores switch more."""
_PATIENCE = 60.0
_SECRET = "bench-only"  # noqa: S105 - of a server that lives for a minute on the loopback interface
_KEY = "a key of the bench alone, long enough for HS256"


@dataclass(slots=True)
class Server:
    """A running system. `headers` are the client's."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    ready_after: float = 0.0

    def ask(self, query: str, variables: Mapping[str, Any]) -> Any:
        """The decoded data of one answer; raises `RuntimeError` with what came instead."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        answer = post(self.url, body, self.headers)
        if "errors" in answer or "data" not in answer:
            raise RuntimeError(f"{self.name} answered {str(answer)[:500]}")
        return answer["data"]

    def text(self, operation: Operation) -> str:
        """The operation in this system's language."""
        return operation.postgraphile if self.name == "PostGraphile" else operation.engine

    def stop(self) -> None:
        """End the process, and wait for it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def post(url: str, body: bytes, headers: Mapping[str, str], *, patience: float = 60) -> Any:
    """The decoded answer to a POST of JSON, whatever its status."""
    given = {"content-type": "application/json", "accept": "application/json", **headers}
    request = urllib.request.Request(url, body, given)
    try:
        with urllib.request.urlopen(request, timeout=patience) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


def launch(
    name: str, command: list[str], environment: Mapping[str, str], port: int, log: Path
) -> Server:
    """Start a process and wait until its port answers; raises `RuntimeError` with its log."""
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=output, stderr=output, cwd=ROOT
        )
    url = f"http://127.0.0.1:{port}/graphql"
    while time.perf_counter() - began < _PATIENCE and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5)
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.01)
            continue
        break
    else:
        process.kill()
        raise RuntimeError(f"{name} did not start:\n{log.read_text()[-3000:]}")
    return Server(name, process, url, ready_after=time.perf_counter() - began)


def engine_environment(url: str, port: int, **more: str) -> dict[str, str]:
    """The environment of an engine over the database at `url`."""
    key = {"type": "HS256", "key": _KEY}
    return {
        "HASURA_GRAPHQL_DATABASE_URL": url,
        "HASURA_GRAPHQL_METADATA_DATABASE_URL": url,
        "HASURA_GRAPHQL_ADMIN_SECRET": _SECRET,
        "HASURA_GRAPHQL_JWT_SECRET": json.dumps(key),
        "HASURA_GRAPHQL_SERVER_HOST": "127.0.0.1",
        "HASURA_GRAPHQL_SERVER_PORT": str(port),
        "HASURA_GRAPHQL_PG_CONNECTIONS": str(CONNECTIONS),
        "HASURA_GRAPHQL_ENABLE_TELEMETRY": "false",
        "HASURA_GRAPHQL_ENABLED_LOG_TYPES": "startup",
        **more,
    }


def start_engine(url: str, log: Path, *, declared: Any = None) -> Server:
    """Rowgate, with the bench's metadata or that `declared`; asked with the admin secret."""
    port = free_port()
    command = [sys.executable, "-m", "rowgate", "serve"]
    server = launch("Rowgate", command, engine_environment(url, port), port, log)
    server.headers = {"x-hasura-admin-secret": _SECRET}
    change = {"type": "replace_metadata", "args": declared or metadata(url)}
    answer = post(
        server.url.replace("/graphql", "/v1/metadata"), json.dumps(change).encode(), server.headers
    )
    if answer.get("message") != "success":
        server.stop()
        raise RuntimeError(f"the metadata was refused: {str(answer)[:1000]}")
    server.url = server.url.replace("/graphql", "/v1/graphql")
    return server


def with_role(server: Server) -> Server:
    """The same engine, asked with a token of the bench's role, whose rows are filtered."""
    return Server(
        f"{server.name}, JWT and role",
        server.process,
        server.url,
        {"authorization": f"Bearer {token(ROLE)}"},
    )


def token(role: str) -> str:
    """A token of a role; the bench's filters read its tenant."""
    claims = {
        "x-hasura-default-role": role,
        "x-hasura-allowed-roles": [role],
        "x-hasura-tenant-id": str(TENANT),
    }
    return jwt.encode({"sub": "1", "https://hasura.io/jwt/claims": claims}, _KEY, "HS256")


def start_postgraphile(url: str, log: Path) -> Server:
    """PostGraphile 5."""
    port = free_port()
    environment = {
        "BENCH_DATABASE_URL": url,
        "BENCH_PORT": str(port),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    return launch("PostGraphile", [node(), str(NODE_FOLDER / "server.mjs")], environment, port, log)


def start_python_peer(name: str, module: str, url: str, log: Path) -> Server:
    """A Python peer of bench/peers on uvicorn, with the event loop and parser that Rowgate has."""
    port = free_port()
    command = [python(), "-m", "uvicorn", f"{module}:app", "--app-dir", str(HERE / "peers")]
    command += ["--port", str(port), "--loop", "uvloop", "--http", "httptools"]
    command += ["--no-access-log", "--log-level", "warning"]
    return launch(name, command, {"BENCH_DATABASE_URL": url}, port, log)
