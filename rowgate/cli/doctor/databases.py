"""The database: whether it answers, as whom, and which migrations it has."""

import asyncio
from collections.abc import Iterator

import asyncpg

from rowgate.cli import running
from rowgate.cli.doctor.types import Examined, failed, ok, unknown, warning
from rowgate.cli.failures import CommandError
from rowgate.cli.revisions import CONFIGURATION, steps
from rowgate.database.failures import FAILURES

OLDEST = 150_000
_ASK = """
    select current_user as name, rolsuper as is_superuser, rolbypassrls as bypasses,
        current_setting('server_version_num')::int as version
    from pg_roles where rolname = current_user
"""


def examine() -> Iterator[Examined]:
    """Everything about the database of DATABASE_URL, or of the run under way."""
    url = running.database_url()
    if not url:
        advice = "Say `rowgate run`, which starts one, or set DATABASE_URL."
        yield unknown("database", "DATABASE_URL is not set, and nothing runs here", advice)
        return
    try:
        yield from asyncio.run(_ask(url))
        yield _migrations(url)
    except (ValueError, *FAILURES) as error:
        reason = str(error) or type(error).__name__
        advice = "Check host, port, user and password of DATABASE_URL, and that the server runs."
        yield failed("database", f"it does not answer: {reason}", advice)


async def _ask(url: str) -> list[Examined]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        [row] = await connection.fetch(_ASK)
    finally:
        await connection.close()
    return [_version(row["version"]), _role(row)]


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


def _migrations(url: str) -> Examined:
    """Which migrations the database lacks, by their graph and not by the names of files."""
    if not CONFIGURATION.is_file():
        return ok("migrations", "there are none here")
    try:
        found = steps(url)
    except CommandError as error:
        return failed("migrations", str(error), "Get the migrations that the database was made by.")
    missing = [step.revision for step in found if not step.is_applied]
    current = ", ".join(step.revision for step in found if step.is_current)
    if missing:
        told = f"{', '.join(reversed(missing))} {'is' if len(missing) == 1 else 'are'} not applied"
        return warning("migrations", told, "rowgate migrate up")
    return ok("migrations", f"at {current}, the newest" if current else "there are none yet")
