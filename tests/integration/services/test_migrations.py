"""Migrations go up and down again, models and database agree, seeds sow once."""

import asyncpg
import psycopg
import pytest
from alembic import command
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from db.models import Base
from db.seeds.rows import ANIMALS, USERNAMES
from db.seeds.sow import HASHER, sow
from tests.integration.services.conftest import alembic_config

_OBJECTS = """
select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  and c.relname not in ('alembic_version', 'alembic_version_pkc')
union all
select n.nspname || '.' || p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname not in ('pg_catalog', 'information_schema')
  and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
union all
select nspname from pg_namespace
where nspname in ('identity', 'shelter', 'agenda', 'clinic', 'gallery', 'reports')
"""


def _objects(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute(_OBJECTS)}


def test_every_migration_goes_up_and_down_and_up_again(database_url: str) -> None:
    config = alembic_config(database_url)
    before = _objects(database_url)
    command.upgrade(config, "head")
    at_head = _objects(database_url)
    assert "identity.users" in at_head
    assert "shelter.photos" in at_head
    command.downgrade(config, "base")
    assert _objects(database_url) == before
    command.upgrade(config, "head")
    assert _objects(database_url) == at_head


def test_each_step_can_be_taken_back(database_url: str) -> None:
    config = alembic_config(database_url)
    command.upgrade(config, "0001_identity")
    first = _objects(database_url)
    command.upgrade(config, "+1")
    command.downgrade(config, "-1")
    assert _objects(database_url) == first


def test_a_gallery_that_is_taken_back_leaves_no_objects(database_url: str) -> None:
    config = alembic_config(database_url)
    command.upgrade(config, "0009_gallery")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "with owner as (insert into identity.users (username, email) values ('ann', '')"
            " returning id) insert into gallery.images (owner_id, object_key, title, content_type,"
            " width, height, bytes, descriptor) select id, 'gallery/one', 't', 'image/png', 1, 1,"
            " 1, array_fill(0::float8, array[16]) from owner"
        )
    command.downgrade(config, "-1")
    with psycopg.connect(database_url) as connection:
        queued = connection.execute("select object_key from shelter.deleted_objects").fetchall()
    assert queued == [("gallery/one",)]


def test_models_and_migrations_say_the_same(migrated_url: str) -> None:
    command.check(alembic_config(migrated_url))


def test_schemas_of_others_are_not_compared(database_url: str) -> None:
    command.upgrade(alembic_config(database_url), "head")
    with psycopg.connect(database_url) as connection:
        connection.execute("create schema hdb_catalog")
        connection.execute("create table hdb_catalog.hdb_metadata (id int)")
        connection.execute("create table public.of_somebody_else (id int)")
    command.check(alembic_config(database_url))


def test_only_extensions_that_every_server_has_are_needed(migrated_url: str) -> None:
    with psycopg.connect(migrated_url) as connection:
        found = connection.execute("select extname from pg_extension").fetchall()
    assert {name for (name,) in found} == {"plpgsql", "btree_gist", "cube"}


@pytest.mark.parametrize("password", ["a first password", "another password"])
def test_seeds_sow_once_and_set_the_password(migrated_url: str, password: str) -> None:
    for _ in range(2):
        sow(migrated_url, password)
    with psycopg.connect(migrated_url) as connection:
        animals = connection.execute("select count(*) from shelter.animals").fetchone()
        hashes = connection.execute(
            "select username, hash from identity.users join identity.passwords on id = user_id"
        ).fetchall()
    assert animals == (len(ANIMALS),)
    assert {name for name, _ in hashes} == set(USERNAMES)
    assert all(HASHER.verify(hashed, password) for _, hashed in hashes)


async def test_a_deleted_photo_queues_its_object(database: asyncpg.Connection) -> None:
    user = await database.fetchval(
        "insert into identity.users (username, email) values ('queuer', 'q@x') returning id"
    )
    store = await database.fetchval("insert into shelter.stores (name) values ('s') returning id")
    animal = await database.fetchval(
        "insert into shelter.animals (name, species, store_id, owner_id)"
        " values ('a', 'b', $1, $2) returning id",
        store,
        user,
    )
    await database.execute(
        "insert into shelter.photos"
        " (animal_id, object_key, url, content_type, width, height, bytes) values"
        " ($1, 'photos/one', 'u', 'image/png', 1, 1, 1)",
        animal,
    )
    await database.execute("delete from identity.users where id = $1", user)
    queued = await database.fetch("select object_key from shelter.deleted_objects")
    assert [row["object_key"] for row in queued] == ["photos/one"]
    await database.execute("delete from shelter.deleted_objects")


def test_every_foreign_key_is_indexed() -> None:
    for table in Base.metadata.tables.values():
        leading = {next(iter(index.columns)).name for index in table.indexes if index.columns}
        leading |= {
            next(iter(one.columns)).name
            for one in table.constraints
            if isinstance(one, PrimaryKeyConstraint | UniqueConstraint | ExcludeConstraint)
        }
        for column in table.columns:
            if column.foreign_keys:
                assert column.name in leading, f"{table.name}.{column.name}"
