"""The document in Postgres: the `hdb_catalog` schema of the metadata database.

Its layout is Hasura's own (`store.sql`), so that an existing metadata database can be taken over
and handed back. Every save takes the version it was made from and is refused where that is stale.
"""

from importlib.resources import files

import asyncpg

from rowgate.base.errors import Conflict
from rowgate.base.json import Json, decode, encode_text

CHANNEL = "rowgate_metadata"
"""NOTIFY channel of a change; the payload is the new resource version in decimal digits."""

_LAYOUT = files("rowgate.metadata").joinpath("store.sql").read_text()
_ONE_AT_A_TIME = "select pg_catalog.pg_advisory_xact_lock(7239017)"
_IS_PREPARED = "select pg_catalog.to_regclass($1) is not null"
_TABLES = (
    *("hdb_version", "hdb_metadata", "hdb_schema_notifications", "hdb_action_log"),
    *("hdb_cron_events", "hdb_cron_event_invocation_logs"),
    *("hdb_scheduled_events", "hdb_scheduled_event_invocation_logs"),
)
_LOAD = "select metadata::text, resource_version from hdb_catalog.hdb_metadata where id = 1"
_INSERT = """
    insert into hdb_catalog.hdb_metadata (id, metadata, resource_version) values (1, $1::json, 1)
    on conflict do nothing returning resource_version
"""
_UPDATE = """
    update hdb_catalog.hdb_metadata
    set metadata = $1::json, resource_version = resource_version + 1
    where id = 1 and resource_version = $2 returning resource_version
"""


async def prepare(connection: asyncpg.Connection) -> None:
    """Creates what is missing of `hdb_catalog`; where all is there, nothing is touched, so that a
    role without the right to create can start on it. Safe when several engines start at once.

    Raises what asyncpg raises where the role may not create what is missing.
    """
    if await _is_complete(connection):
        return
    async with connection.transaction():
        await connection.execute(_ONE_AT_A_TIME)
        if not await _is_complete(connection):
            await connection.execute("set local client_min_messages = warning")
            await connection.execute(_LAYOUT)


async def _is_complete(connection: asyncpg.Connection) -> bool:
    for table in _TABLES:
        if not await connection.fetchval(_IS_PREPARED, f"hdb_catalog.{table}"):
            return False
    return True


async def load(connection: asyncpg.Connection) -> tuple[Json, int]:
    """The document and its resource version; an empty document and 0 where none was saved yet."""
    row = await connection.fetchrow(_LOAD)
    if row is None:
        return {"version": 3, "sources": []}, 0
    return decode(row["metadata"]), row["resource_version"]


async def save(connection: asyncpg.Connection, document: Json, expected_version: int) -> int:
    """Stores `document` as what follows `expected_version` (0: nothing was stored) and tells the
    other engines; gives the new version.

    Raises `Conflict` where another version is stored by now, and leaves that as it is.
    """
    text = encode_text(document)
    async with connection.transaction():
        if expected_version == 0:
            version = await connection.fetchval(_INSERT, text)
        else:
            version = await connection.fetchval(_UPDATE, text, expected_version)
        if version is None:
            raise await _stale(connection, expected_version)
        await connection.execute("select pg_catalog.pg_notify($1, $2)", CHANNEL, str(version))
    return int(version)


async def _stale(connection: asyncpg.Connection, expected_version: int) -> Conflict:
    row = await connection.fetchrow(_LOAD)
    current = 0 if row is None else row["resource_version"]
    return Conflict(
        f"metadata resource version referenced ({expected_version}) did not match current version",
        internal={"current_version": current},
    )
