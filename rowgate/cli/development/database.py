"""The databases of a run: an embedded Postgres with an owner that is no superuser, or one given."""

import asyncio
from dataclasses import dataclass

import asyncpg

from rowgate.cli.development.project import Project
from rowgate.cli.failures import CommandError
from rowgate.database.failures import FAILURES
from rowgate.postgres import EmbeddedPostgres

OWNER = "rowgate"
APPLICATION = "rowgate"
METADATA = "rowgate_metadata"


@dataclass(frozen=True, slots=True)
class Databases:
    """URLs of the application's tables and of the engine's metadata, as their owner."""

    application: str
    metadata: str


def given(project: Project) -> Databases | None:
    """The databases that the environment names, if it does."""
    url = project.values.get("DATABASE_URL")
    if not url:
        return None
    return Databases(url, project.values.get("HASURA_GRAPHQL_METADATA_DATABASE_URL") or url)


def embedded(project: Project) -> EmbeddedPostgres:
    """The project's own server, not started yet."""
    return EmbeddedPostgres(project.state / "postgres", port=project.ports["postgres"])


def prepared(server: EmbeddedPostgres, password: str) -> Databases:
    """Make owner and databases where they are missing, and give their URLs."""
    asyncio.run(_prepare(server.url, password))
    base = f"postgresql://{OWNER}:{password}@127.0.0.1:{server.port}"
    return Databases(f"{base}/{APPLICATION}", f"{base}/{METADATA}")


def require_answer(url: str) -> None:
    """Raise `CommandError` where the database that was given cannot be reached."""
    asyncio.run(_ask(url))


async def _prepare(url: str, password: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("select 1 from pg_roles where rolname = $1", OWNER):
            await connection.execute(f'create role "{OWNER}" login')
        sentence = await connection.fetchval(
            "select format('alter role %I password %L', $1::text, $2::text)", OWNER, password
        )
        await connection.execute(sentence)
        for name in (APPLICATION, METADATA):
            known = "select 1 from pg_database where datname = $1"
            if not await connection.fetchval(known, name):
                await connection.execute(f'create database "{name}" owner "{OWNER}"')
    finally:
        await connection.close()


async def _ask(url: str) -> None:
    try:
        connection = await asyncpg.connect(url, timeout=10)
        await connection.close()
    except (ValueError, *FAILURES) as error:
        reason = str(error) or type(error).__name__
        raise CommandError(f"The database of DATABASE_URL does not answer: {reason}.") from None
