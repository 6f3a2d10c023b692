"""The reference application's metadata: reads without a problem, and hides what must be hidden."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.models import Base
from rowgate.base.json import Json
from rowgate.metadata.directory import load, save
from rowgate.metadata.read import read
from rowgate.metadata.types import DeletePermissionDeclaration as Delete
from rowgate.metadata.types import InsertPermissionDeclaration as Insert
from rowgate.metadata.types import Metadata, TableDeclaration
from rowgate.metadata.types import SelectPermissionDeclaration as Select
from rowgate.metadata.types import UpdatePermissionDeclaration as Update

DIRECTORY = Path(__file__).parents[3] / "metadata"
SECRET_TABLES = {
    "passwords",
    "refresh_tokens",
    "api_keys",
    "linked_identities",
    "one_time_tokens",
    "provider_sign_ins",
    "recovery_codes",
    "second_factors",
    "attempts",
    "uploads",
    "deleted_objects",
}


@pytest.fixture(scope="module")
def document() -> Json:
    """The directory as one document."""
    return load(DIRECTORY)


@pytest.fixture(scope="module")
def metadata(document: Json) -> Metadata:
    """The same, typed."""
    return read(document)


@pytest.fixture(scope="module")
def tables(metadata: Metadata) -> dict[str, TableDeclaration]:
    """The tracked tables by name."""
    return {
        table.name.name: table
        for table in metadata.sources[0].tables
        if table.name.schema != "marts"  # dbt's, and no models
    }


def test_nothing_in_it_is_a_problem(metadata: Metadata) -> None:
    assert metadata.problems == ()
    assert {one.name for one in metadata.actions} >= {"login", "uploadImage", "createEvent"}


def test_saving_it_again_changes_no_byte(document: Json, tmp_path: Path) -> None:
    copy = tmp_path / "metadata"
    shutil.copytree(DIRECTORY, copy)
    save(document, copy)
    files = {path.relative_to(DIRECTORY) for path in DIRECTORY.rglob("*") if path.is_file()}
    assert {path.relative_to(copy) for path in copy.rglob("*") if path.is_file()} == files
    for path in files:
        assert (copy / path).read_bytes() == (DIRECTORY / path).read_bytes(), path


def test_tables_with_secrets_are_not_tracked(tables: dict[str, TableDeclaration]) -> None:
    every = {table.name for table in Base.metadata.tables.values()}
    assert every >= SECRET_TABLES
    assert set(tables) == every - SECRET_TABLES


def test_every_column_that_is_named_exists(tables: dict[str, TableDeclaration]) -> None:
    for table in tables.values():
        columns = set(Base.metadata.tables[f"{table.name.schema}.{table.name.name}"].columns.keys())
        permissions: tuple[Select | Insert | Update, ...] = (
            *table.select_permissions,
            *table.insert_permissions,
            *table.update_permissions,
        )
        assert permissions
        for permission in permissions:
            assert set(permission.columns) <= columns


def test_anonymous_only_reads_the_shelter_and_public_images(
    tables: dict[str, TableDeclaration],
) -> None:
    for table in tables.values():
        changing: tuple[Insert | Update | Delete, ...] = (
            *table.insert_permissions,
            *table.update_permissions,
            *table.delete_permissions,
        )
        assert "anonymous" not in {permission.role for permission in changing}
        reads = {permission.role for permission in table.select_permissions}
        open_to_all = table.name.schema == "shelter" or table.name.name == "images"
        assert ("anonymous" in reads) == open_to_all
    [images] = (
        permission
        for permission in tables["images"].select_permissions
        if permission.role == "anonymous"
    )
    assert images.filter == {"access": {"_eq": "public"}}


def test_no_role_writes_the_columns_that_decide_who_owns(
    tables: dict[str, TableDeclaration],
) -> None:
    for table in tables.values():
        writes: tuple[Insert | Update, ...] = (*table.insert_permissions, *table.update_permissions)
        for permission in writes:
            assert "owner_id" not in permission.columns
            assert permission.check
        for insert in table.insert_permissions:
            if insert.check == {"image": {"owner_id": {"_eq": "X-Hasura-User-Id"}}}:
                continue
            assert insert.presets == {"owner_id": "X-Hasura-User-Id"}


def test_every_change_is_filtered_by_owner(tables: dict[str, TableDeclaration]) -> None:
    me = {"_eq": "X-Hasura-User-Id"}
    mine = {"owner_id": me}
    for table in tables.values():
        filtered: tuple[Update | Delete, ...] = (
            *table.update_permissions,
            *table.delete_permissions,
        )
        for permission in filtered:
            assert permission.filter in (
                mine,
                {"animal": mine},
                {"created_by": me},
                {"image": mine},
            )


def test_the_audit_log_is_read_by_its_owner_and_changed_by_nobody(
    tables: dict[str, TableDeclaration],
) -> None:
    log = tables["audit_log"]
    [select] = log.select_permissions
    assert (select.role, select.filter) == ("user", {"user_id": {"_eq": "X-Hasura-User-Id"}})
    assert not any((log.insert_permissions, log.update_permissions, log.delete_permissions))


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for item in value.values():
                yield from _texts(item)


def test_no_secret_stands_in_it(document: Json, metadata: Metadata) -> None:
    assert not [text for text in _texts(document) if "postgres://" in text or "://" in text]
    for action in metadata.actions:
        assert action.headers == ({"name": "x-actions-secret", "value_from_env": "ACTIONS_SECRET"},)
        assert action.handler == "{{ACTIONS_BASE_URL}}/actions/" + action.name
        forwards = action.name in ("login", "register", "createAppointment")
        assert action.forward_client_headers is forwards
        if action.forward_client_headers:
            assert {"authorization", "cookie"} < set(action.ignored_client_headers or ())


def test_pictures_are_added_by_signed_in_users_only(metadata: Metadata) -> None:
    roles = {action.name: set(action.permitted_roles) for action in metadata.actions}
    for name in ("uploadImage", "requestImageUpload", "completeImageUpload"):
        assert roles[name] == {"user"}
    for name in ("login", "register", "refresh"):
        assert roles[name] == {"anonymous", "user"}
