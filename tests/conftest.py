"""What tests share: one real Postgres a run, and databases of their own in it."""

import gc
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from rowgate.postgres import EmbeddedPostgres
from rowgate.postgres.binaries import SYSTEM, account
from tests.certificates import Authority

settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")
"""What a property is must not depend on how busy the machine is."""

_LONGEST = (
    "cli/test_commands.py",
    "integration/test_run.py",
    "integration/test_process.py",
    "properties/test_permissions.py",
)


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are processors, since a worker often waits for a process of its own."""
    return min(8, (os.cpu_count() or 1) + 2)


def pytest_configure(config: pytest.Config) -> None:
    """Clients of tests trust one authority that nobody is: to read all the public ones takes 20 ms,
    which thousands of clients would do. What is collected is no garbage: nothing looks for any."""
    gc.disable()
    gc.set_threshold(10_000)
    if "SSL_CERT_FILE" not in os.environ:
        folder = tempfile.TemporaryDirectory()
        config.add_cleanup(folder.cleanup)
        file = Path(folder.name) / "nobody.pem"
        file.write_text(Authority("nobody").root.pem)
        os.environ["SSL_CERT_FILE"] = str(file)


def pytest_collection_finish() -> None:
    """What was collected stays: nothing looks for garbage in it again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first, so that none is begun when all the others have ended."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    path = item.path.as_posix()
    if path.endswith(_LONGEST):
        return 0
    return 1 if "/tests/integration/" in path or "/tests/e2e/" in path else 2


@pytest.fixture(scope="session", autouse=True)
def _folders_that_postgres_may_enter(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Where Postgres is run as somebody else (by root, in a container without user namespaces), the
    folders of tests let everybody through."""
    if account().user is None:
        yield
        return
    make = pytest.TempPathFactory.mktemp

    def opened(self: pytest.TempPathFactory, basename: str, numbered: bool = True) -> Path:
        made = make(self, basename, numbered)
        made.chmod(0o711)
        return made

    base = tmp_path_factory.getbasetemp()
    for folder in (base, *base.parents):
        if folder.owner() == "root" and "pytest-" in folder.as_posix():
            folder.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pytest.TempPathFactory, "mktemp", opened)
        yield


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One embedded server for the whole run, its safety against power cuts off: the newest below
    TEST_POSTGRES, else the system's; where there is none, the wheel's."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    system = Path(os.environ.get("TEST_POSTGRES", SYSTEM))
    with EmbeddedPostgres(folder, durable=False, system=system) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: EmbeddedPostgres) -> str:
    """The superuser's URL of the database `postgres` of that server."""
    return postgres_server.url


_EMPTIED = """
do $$
declare
    one record;
begin
    perform pg_terminate_backend(pid, 5000) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid();
    for one in
        select nspname from pg_namespace
        where nspname !~ '^pg_' and nspname <> 'information_schema'
    loop
        execute format('drop schema %I cascade', one.nspname);
    end loop;
    create schema public;
    alter schema public owner to pg_database_owner;
    grant usage on schema public to public;
    comment on schema public is 'standard public schema';
end $$
"""
_HELD = """
select array[
    (select count(*) from pg_class), (select count(*) from pg_proc),
    (select count(*) from pg_type), (select count(*) from pg_namespace),
    (select count(*) from pg_operator), (select count(*) from pg_cast),
    (select count(*) from pg_constraint), (select count(*) from pg_extension),
    (select count(*) from pg_event_trigger), (select count(*) from pg_publication),
    (select count(*) from pg_language), (select count(*) from pg_collation),
    (select count(*) from pg_description), (select count(*) from pg_default_acl),
    (select count(*) from pg_largeobject_metadata), (select count(*) from pg_foreign_server),
    (select count(*) from pg_db_role_setting where setdatabase <> 0),
    (select count(*) from pg_database where datacl is not null)
]
"""
_FREE: dict[str, list[str]] = {}
"""Databases that are empty again, by the server's URL: making one takes a tenth of a second."""
_EMPTY: dict[str, object] = {}
"""What a new database of the server holds."""


def fresh_database(server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of an empty database. It is emptied afterwards, whoever is still connected; where it
    then is not as a new one, it is dropped."""
    free = _FREE.setdefault(server.url, [])
    name = free.pop() if free else _made(server)
    yield server.url_of(name)
    if _emptied(server, name):
        free.append(name)
        return
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f'drop database if exists "{name}" with (force)')


def _made(server: EmbeddedPostgres) -> str:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
    if server.url not in _EMPTY:
        with psycopg.connect(server.url_of(name)) as connection:
            _EMPTY[server.url] = connection.execute(_HELD).fetchone()
    return name


def _emptied(server: EmbeddedPostgres, name: str) -> bool:
    try:
        with psycopg.connect(server.url_of(name), autocommit=True) as connection:
            connection.execute(_EMPTIED)
            return connection.execute(_HELD).fetchone() == _EMPTY[server.url]
    except psycopg.Error:
        return False


@pytest.fixture
def database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A database of its own for one test (superuser URL)."""
    yield from fresh_database(postgres_server)


@pytest.fixture(scope="module")
def module_database_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A database of its own for one test module (superuser URL)."""
    yield from fresh_database(postgres_server)
