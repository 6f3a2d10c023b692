"""Events of event triggers in a source's database: the tables they wait in, and whether they are
there. Apart from `store`, which is about the metadata's own database.

Its layout is Hasura's own (`event_store.sql`). Nothing is made in a user's database until an event
is to be written there.
"""

from importlib.resources import files

import asyncpg

_LAYOUT = files("rowgate.metadata").joinpath("event_store.sql").read_text()
_ONE_AT_A_TIME = "select pg_catalog.pg_advisory_xact_lock(7239018)"
_IS_THERE = "select pg_catalog.to_regclass('hdb_catalog.event_log') is not null"
_IS_COMPLETE = """
    select pg_catalog.to_regclass('hdb_catalog.event_log') is not null
        and pg_catalog.to_regclass('hdb_catalog.hdb_event_log_cleanups') is not null
        and pg_catalog.to_regprocedure(
            'hdb_catalog.insert_event_log(text, text, text, text, json)'
        ) is not null
        and exists (
            select from pg_catalog.pg_attribute
            where attrelid = pg_catalog.to_regclass('hdb_catalog.event_invocation_logs')
                and attname = 'trigger_name' and not attisdropped
        )
"""


async def prepare(connection: asyncpg.Connection) -> None:
    """Creates what is missing; where all is there, nothing is touched. Safe when several engines
    do it at once. Raises what asyncpg raises where the role may not create what is missing."""
    if await connection.fetchval(_IS_COMPLETE):
        return
    async with connection.transaction():
        await connection.execute(_ONE_AT_A_TIME)
        if not await connection.fetchval(_IS_COMPLETE):
            await connection.execute("set local client_min_messages = warning")
            await connection.execute(_LAYOUT)


async def has_events(connection: asyncpg.Connection) -> bool:
    """Whether events were ever written here; where they were, their tables are made complete."""
    if not await connection.fetchval(_IS_THERE):
        return False
    await prepare(connection)
    return True
