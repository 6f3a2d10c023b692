"""What tests share: one real Postgres a run, and databases of their own in it."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from rowgate.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One embedded server for the whole run, its safety against power cuts off."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(folder, durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: EmbeddedPostgres) -> str:
    """The superuser's URL of the database `postgres` of that server."""
    return postgres_server.url


def fresh_database(server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a new, empty database, dropped afterwards whoever is still connected."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
    yield server.url_of(name)
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f'drop database if exists "{name}" with (force)')


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A database of its own for one test (superuser URL)."""
    yield from fresh_database(postgres_server)


@pytest.fixture(scope="module")
def module_database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A database of its own for one test module (superuser URL)."""
    yield from fresh_database(postgres_server)
