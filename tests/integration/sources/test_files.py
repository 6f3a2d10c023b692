"""`dynamic_from_file`: an address in a file, rotated while the engine runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from rowgate.postgres import EmbeddedPostgres
from tests.conftest import fresh_database
from tests.integration.sources.conftest import Add
from tests.processes import SECRET, Serving, starting

Json = Any
CUT = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rotated'"


@pytest.fixture(scope="module")
def url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    for one in fresh_database(postgres_server):
        with psycopg.connect(one, autocommit=True) as connection:
            connection.execute("create table item (id int primary key)")
            connection.execute("insert into item values (7)")
            connection.execute("create role rotated login password 'first-password'")
            connection.execute("grant select on item to rotated")
        yield one
        with psycopg.connect(one, autocommit=True) as connection:
            connection.execute("drop owned by rotated; drop role rotated")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    prefix = "HASURA_GRAPHQL_DYNAMIC_SECRETS_ALLOWED_PATH_PREFIX"
    return {prefix: str(tmp_path_factory.mktemp("secrets"))}


def as_rotated(url: str, password: str) -> str:
    return f"postgresql://rotated:{password}@{url.partition('@')[2]}"


def dynamic(path: Path) -> Json:
    return {"database_url": {"dynamic_from_file": str(path)}, "pool_settings": {"retries": 0}}


def test_a_rotated_password_is_taken_without_a_restart(
    engine: Serving, add: Add, folder: Path, url: str
) -> None:
    file = folder / "url"
    file.write_text(as_rotated(url, "first-password") + "\n")
    assert add(dynamic(file)).status_code == 200
    engine.do("pg_track_table", {"table": "item"})
    assert engine.data("{ item { id } }") == {"item": [{"id": 7}]}
    rotate(url, "second-password")
    answer = engine.graphql("{ item { id } }")
    assert "errors" in answer
    assert "password" not in str(answer).replace("password authentication failed", "")
    file.write_text(as_rotated(url, "second-password"))
    assert engine.data("{ item { id } }") == {"item": [{"id": 7}]}
    assert engine.sql("select current_user") == [["rotated"]]
    file.unlink()
    cut(url)
    assert engine.data("{ item { id } }") == {"item": [{"id": 7}]}
    for password in ("first-password", "second-password"):
        assert password not in engine.log.read_text()
        assert password not in engine.ask("export_metadata", {}).text


def rotate(url: str, password: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"alter role rotated password '{password}'")
    cut(url)


def cut(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(CUT)
        while connection.execute(CUT).fetchall():
            pass


def test_links_within_the_folder_are_followed(add: Add, folder: Path, url: str) -> None:
    version = folder / "..2024"
    version.mkdir()
    (version / "mounted").write_text(url)
    (folder / "mounted").symlink_to(version / "mounted")
    assert add(dynamic(folder / "mounted")).status_code == 200


@pytest.mark.parametrize("kind", ["outside", "above", "linked out", "absent", "a folder", "binary"])
def test_other_files_are_refused_and_not_shown(
    kind: str, add: Add, folder: Path, tmp_path: Path, url: str
) -> None:
    outside = tmp_path / "outside"
    outside.write_text(url)
    (folder / "link").unlink(missing_ok=True)
    (folder / "link").symlink_to(outside)
    (folder / "bytes").write_bytes(b"\xff\xfe")
    path = {
        "outside": outside,
        "above": folder / ".." / folder.name / ".." / outside.name,
        "linked out": folder / "link",
        "absent": folder / "nothing",
        "a folder": folder,
        "binary": folder / "bytes",
    }[kind]
    answer = add(dynamic(path))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-configuration")
    assert url not in answer.text


def test_an_address_that_is_none_is_not_quoted(add: Add, folder: Path) -> None:
    (folder / "url").write_text("postgresql://me:part/of#a:password@127.0.0.1:5432/x")
    answer = add(dynamic(folder / "url"))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-configuration")
    assert "the database URL is not understood" in answer.text
    assert "part" not in answer.text


def test_without_the_setting_no_file_is_read(
    module_database_url: str, folder: Path, tmp_path: Path, url: str
) -> None:
    (folder / "url").write_text(url)
    with starting(module_database_url, tmp_path) as start:
        engine = start("--admin-secret", SECRET)
        engine.wait()
        source = {"name": "default", "configuration": {"connection_info": dynamic(folder / "url")}}
        answer = engine.ask("pg_add_source", source)
    assert answer.status_code == 400
    assert "HASURA_GRAPHQL_DYNAMIC_SECRETS_ALLOWED_PATH_PREFIX" in answer.text
