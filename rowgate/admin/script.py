"""Running SQL text as `psql` would, on a connection of its own, with the last result as text.

A connection of its own, because whatever a script sets (`SET TIME ZONE`, a role, a temporary
table) must not live on in a pooled one.
"""

import re
from io import BytesIO

import asyncpg

from rowgate.admin.statements import copies_over_connection, split
from rowgate.base.errors import ApiError, NotSupported
from rowgate.base.json import Json
from rowgate.database.connections.address import Address, Opener, Terms
from rowgate.database.failures import FAILURES, describe, unreachable

COMMAND_OK: Json = {"result_type": "CommandOk", "result": None}

_COPYABLE = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:\(|(?:select|with|values|table|insert|update|delete|merge)\b)",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NULL_TEXT = "NULL"


async def connect(address: Address, seconds: float) -> asyncpg.Connection:
    """A connection for one script, made within `seconds`. Raises `ApiError` `postgres-error`."""
    try:
        terms = Terms({"application_name": "rowgate run_sql"}, seconds)
        return await Opener(address, terms).open()
    except FAILURES as error:
        raise unreachable(error) from error


async def execute(connection: asyncpg.Connection, sql: str) -> Json:
    """Run the statements of `sql` in turn; the answer is that of the last: `CommandOk`, or
    `TuplesOk` with a header and rows of text. Raises `ApiError` in the form of `run_sql`; nothing
    has run where a statement wants rows of the client or sends it rows as `copy` does."""
    statements = split(sql)
    if any(copies_over_connection(one) for one in statements):
        text = "COPY FROM STDIN and COPY TO STDOUT are not supported; COPY a file, or use pg_dump"
        raise NotSupported(text, path=("args", "sql"))
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await _last(connection, statements[-1]) if statements else COMMAND_OK
    except FAILURES as error:
        raise failure(error, sql) from error


def failure(error: Exception, sql: str) -> ApiError:
    """`postgres-error` with Postgres' own words, and the script, under `internal`."""
    if not isinstance(error, asyncpg.PostgresError):
        return ApiError(str(error), code="postgres-error", path=("args",))
    internal = {
        "arguments": [],
        **describe(error),
        "prepared": False,
        "statement": sql,
    }
    text = "query execution failed"
    return ApiError(text, code="postgres-error", path=("args",), internal=internal)


async def _last(connection: asyncpg.Connection, statement: str) -> Json:
    if not _may_have_rows(statement):
        await connection.execute(statement)
        return COMMAND_OK
    prepared = await connection.prepare(statement)
    header = [attribute.name for attribute in prepared.get_attributes()]
    if not header:
        await connection.execute(statement)
        return COMMAND_OK
    if _COPYABLE.match(statement):
        rows = await _copied(connection, statement)
    else:
        rows = [[_as_text(cell) for cell in row.values()] for row in await prepared.fetch()]
    return {"result_type": "TuplesOk", "result": [header, *rows]}


def _may_have_rows(statement: str) -> bool:
    """Whether the statement is of a kind that can answer with rows; others are never prepared,
    since some cannot be."""
    if _COPYABLE.match(statement):
        return True
    word = re.search(r"[A-Za-z]+", re.sub(r"--[^\n]*\n|/\*.*?\*/", " ", statement, flags=re.DOTALL))
    return word is not None and word[0].lower() in {"show", "explain", "fetch", "execute", "call"}


async def _copied(connection: asyncpg.Connection, statement: str) -> list[list[str]]:
    """The rows of a query in Postgres' own text form, which is what `COPY` writes."""
    target = BytesIO()
    await connection.copy_from_query(statement + "\n", output=target)
    lines = target.getvalue().decode(errors="replace").split("\n")[:-1]
    return [[_cell(field) for field in line.split("\t")] for line in lines]


def _cell(field: str) -> str:
    if field == r"\N":
        return _NULL_TEXT
    return _ESCAPE.sub(lambda match: _UNESCAPED.get(match[1], match[1]), field)


def _as_text(value: object) -> str:
    return _NULL_TEXT if value is None else str(value)
