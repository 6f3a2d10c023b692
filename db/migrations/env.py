"""What Alembic runs: one connection, one lock, only the schemas that the models name.

Schemas of others in the same database (`hdb_catalog`, extensions) are neither compared nor touched.
"""

import os

from alembic import context
from alembic.runtime.environment import NameFilterParentNames, NameFilterType
from sqlalchemy import Connection, create_engine, make_url, pool, text
from sqlalchemy.engine import URL

from db.models import Base

LOCK = 0x726F7767  # "rowg": two migrators at once take turns
OURS = frozenset(table.schema for table in Base.metadata.tables.values())


def _database_url() -> URL:
    given = context.config.get_main_option("sqlalchemy.url") or os.environ.get("DATABASE_URL")
    if not given:
        raise SystemExit("DATABASE_URL is not set: it names the database to migrate.")
    return make_url(given).set(drivername="postgresql+psycopg")


def _is_ours(name: str | None, kind: NameFilterType, parents: NameFilterParentNames) -> bool:
    match kind:
        case "schema":
            return name in OURS
        case "table" if name == "alembic_version":
            return False
        case _:
            return parents.get("schema_name") in OURS


def _run_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_schemas=True,
        include_name=_is_ours,
        compare_type=True,
        compare_server_default=True,
        version_table_schema="public",
    )
    with context.begin_transaction():
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        context.run_migrations()


def _run_online() -> None:
    engine = create_engine(_database_url(), poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            _run_on(connection)
    finally:
        engine.dispose()


def _run_offline() -> None:
    context.configure(
        url=_database_url(),
        target_metadata=Base.metadata,
        literal_binds=True,
        include_schemas=True,
        version_table_schema="public",
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _run_offline()
else:
    _run_online()
