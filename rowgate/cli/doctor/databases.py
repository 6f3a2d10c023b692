"""The database: whether it answers, as whom, and which migrations it has."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from rowgate.cli import running
from rowgate.cli.doctor.types import Examined, failed, ok, unknown, warning
from rowgate.database.failures import FAILURES

OLDEST = 150_000
_ASK = """
    select current_user as name, rolsuper as is_superuser, rolbypassrls as bypasses,
        current_setting('server_version_num')::int as version,
        to_regclass('public.alembic_version') is not null as is_migrated
    from pg_roles where rolname = current_user
"""
_REVISIONS = Path("db/migrations/versions")


def examine() -> Iterator[Examined]:
    """Everything about the database of DATABASE_URL, or of the run under way."""
    url = running.database_url()
    if not url:
        advice = "Say `rowgate run`, which starts one, or set DATABASE_URL."
        yield unknown("database", "DATABASE_URL is not set, and nothing runs here", advice)
        return
    try:
        yield from asyncio.run(_ask(url))
    except (ValueError, *FAILURES) as error:
        reason = str(error) or type(error).__name__
        advice = "Check host, port, user and password of DATABASE_URL, and that the server runs."
        yield failed("database", f"it does not answer: {reason}", advice)


async def _ask(url: str) -> list[Examined]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        [row] = await connection.fetch(_ASK)
        applied = None
        if row["is_migrated"]:
            applied = await connection.fetchval("select version_num from public.alembic_version")
    finally:
        await connection.close()
    return [_version(row["version"]), _role(row), _migrations(applied)]


def _version(number: int) -> Examined:
    told = f"Postgres {number // 10_000}.{number % 10_000} answers"
    if number < OLDEST:
        return failed("database", told, "Use Postgres 15 or newer.")
    return ok("database", told)


def _role(row: asyncpg.Record) -> Examined:
    if row["is_superuser"] or row["bypasses"]:
        told = f"{row['name']} is a superuser: a flaw in a query would reach everything"
        advice = "Connect as a role of its own, which owns the tables and nothing else."
        return warning("database role", told, advice)
    return ok("database role", f"{row['name']} is no superuser")


def _migrations(applied: str | None) -> Examined:
    """By file name, of which the revision is the beginning; `migrate status` knows exactly."""
    files = sorted(file.stem for file in _REVISIONS.glob("[!_]*.py"))
    if not files:
        return ok("migrations", "there are none here")
    if applied is None:
        return warning("migrations", "none is applied", "rowgate migrate up")
    if not files[-1].startswith(applied):
        told = f"the database is at {applied}, the newest file is {files[-1]}"
        return warning("migrations", told, "Look at `rowgate migrate status`; `migrate up`.")
    return ok("migrations", f"at {applied}, the newest")
