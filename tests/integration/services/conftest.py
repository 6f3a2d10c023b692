"""The services as applications in this process, over a real Postgres and a real S3 server."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest
from alembic import command
from alembic.config import Config
from fastapi import FastAPI

import actions.app
import auth.app
from rowgate.postgres.ports import free_port
from service.settings import Environment

ROOT = Path(__file__).parents[3]
GATEWAY_SECRET = "a gateway secret for tests only"
_addresses = itertools.count(1)


def alembic_config(url: str) -> Config:
    """Alembic on that database."""
    config = Config(str(ROOT / "db" / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


@pytest.fixture(scope="module")
def migrated_url(module_database_url: str) -> str:
    """A database with every table of the reference application."""
    command.upgrade(alembic_config(module_database_url), "head")
    return module_database_url


@pytest.fixture(scope="session")
def key_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Signing keys, made once a run."""
    return tmp_path_factory.mktemp("keys")


@dataclass
class Service:
    """A running application and a client of it."""

    app: FastAPI
    client: httpx.AsyncClient

    def from_address(self, address: str) -> httpx.AsyncClient:
        """A client that calls from `address`."""
        return _client(self.app, address)

    async def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """Post JSON."""
        return await self.client.post(path, json=body, headers=headers)


def _client(app: FastAPI, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://service")


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[Service]:
    """Start and stop an application."""
    address = f"10.1.{next(_addresses)}.1"
    async with app.router.lifespan_context(app), _client(app, address) as client:
        yield Service(app, client)


StartAuth = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture
def start_auth(migrated_url: str, key_directory: Path) -> StartAuth:
    """Starts an auth service; its arguments are environment variables."""

    def start(**variables: str) -> AbstractAsyncContextManager[Service]:
        values = {
            "DATABASE_URL": migrated_url,
            "AUTH_PRIVATE_KEY_DIR": str(key_directory),
            "AUTH_ISSUER": "https://auth.test",
            "AUTH_AUDIENCE": "rowgate-test",
            "ACTIONS_SECRET": GATEWAY_SECRET,
        }
        return running(auth.app.create(Environment(values | variables)))

    return start


@pytest.fixture
async def auth_service(start_auth: StartAuth) -> AsyncIterator[Service]:
    """An auth service with its default limits."""
    async with start_auth() as service:
        yield service


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to look at what the services did."""
    connection = await asyncpg.connect(migrated_url)
    yield connection
    await connection.close()


@dataclass(frozen=True)
class ObjectStore:
    """An S3 server of this run."""

    endpoint: str
    access_key: str = "test-access"
    secret_key: str = "test-secret-0123456789"

    def environment(self) -> dict[str, str]:
        """The variables that point the actions service at it."""
        return {
            "S3_ENDPOINT_URL": self.endpoint,
            "S3_ACCESS_KEY": self.access_key,
            "S3_SECRET_KEY": self.secret_key,
            "S3_BUCKET": "photos-of-tests",
        }


def free_ports(count: int) -> list[int]:
    """Ports where nobody listens, each another."""
    ports: dict[int, None] = {}
    while len(ports) < count:
        ports[free_port()] = None
    return list(ports)


def _store_command(folder: Path, ports: list[int]) -> list[str]:
    named = ("master", "volume", "filer", "s3")
    flags = [f"-{name}.port={ports[2 * at]}" for at, name in enumerate(named)]
    flags += [f"-{name}.port.grpc={ports[2 * at + 1]}" for at, name in enumerate(named)]
    return [
        str(Path(sys.executable).with_name("weed")),
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-filer",
        "-s3",
        f"-s3.config={folder / 's3.json'}",
        "-s3.autoCreateBucket=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=16",
        *flags,
    ]


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """SeaweedFS, which checks signatures, expiry and policies."""
    folder = tmp_path_factory.mktemp("objects")
    ports = free_ports(8)
    store = ObjectStore(f"http://127.0.0.1:{ports[6]}")
    keys = {"accessKey": store.access_key, "secretKey": store.secret_key}
    identity = {"name": "app", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            _store_command(folder, ports),
            stdout=log,
            stderr=log,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        )
    try:
        _await_store(store.endpoint)
        yield store
    finally:
        process.kill()
        process.wait()


def _await_store(endpoint: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(endpoint).status_code in (200, 403):
                return
        time.sleep(0.1)
    raise RuntimeError("the object store did not start")


StartActions = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture
def start_actions(migrated_url: str, object_store: ObjectStore) -> StartActions:
    """Starts an actions service; its arguments are environment variables."""

    def start(**variables: str) -> AbstractAsyncContextManager[Service]:
        values = {
            "DATABASE_URL": migrated_url,
            "AUTH_URL": "http://127.0.0.1:9",
            "AUTH_ISSUER": "https://auth.test",
            "ACTIONS_SECRET": GATEWAY_SECRET,
            "ACTIONS_PUBLIC_URL": "http://service",
            "SWEEP_SECONDS": "1",
            **object_store.environment(),
        }
        return running(actions.app.create(Environment(values | variables)))

    return start
