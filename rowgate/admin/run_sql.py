"""`run_sql`: SQL from an administrator, with the metadata kept true to what the SQL has done.

DDL runs in a transaction in which the catalog is read again before the commit: what Postgres
renamed is renamed in the metadata, and what would no longer hold refuses the SQL or, with
`cascade`, is dropped. See Note [What depends on what] in `draft`.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg

from rowgate.admin import document as doc
from rowgate.admin import script
from rowgate.admin.arguments import Arguments
from rowgate.admin.boolexp import Fields, Use, has_literal, uses
from rowgate.admin.connections import enum_tables
from rowgate.admin.document import ARGS
from rowgate.admin.draft import (
    Draft,
    Task,
    dependents_remain,
    drop_all,
    droppable,
    new_inconsistencies,
)
from rowgate.admin.identity import Declared, Index, objects
from rowgate.admin.renames import (
    dropped_columns,
    find_renaming,
    forget_columns,
    rename,
    retyped_columns,
)
from rowgate.admin.statements import split, words
from rowgate.base.errors import ApiError
from rowgate.base.json import Json, decode, encode
from rowgate.base.names import QualifiedName
from rowgate.catalog.introspect import introspect
from rowgate.catalog.types import Catalog
from rowgate.database.failures import FAILURES

_CONNECT_SECONDS = 10.0
_DDL = frozenset(
    {"alter", "create", "drop", "comment", "import", "do", "call", "reassign", "begin", "start"}
)
_QUERIES = frozenset({"select", "with"})


@dataclass(frozen=True, slots=True)
class Script:
    """The arguments of `run_sql`. `check` None: checked where the text looks like DDL."""

    source: str
    sql: str
    cascade: bool
    check: bool | None
    read_only: bool
    no_transaction: bool

    @property
    def may_change_schema(self) -> bool:
        """Whether the catalog is read again afterwards."""
        if self.read_only:
            return False
        return self.check is True or any(_is_ddl(one) for one in split(self.sql))


def _is_ddl(statement: str) -> bool:
    """Whether the statement may change what the catalog holds, by its first word: SQL that plainly
    does not is not followed by an introspection."""
    found = words(statement)
    first = found[0] if found else ""
    return first in _DDL or (first in _QUERIES and "into" in found)


def run_sql(arguments: Json) -> Task:
    """`run_sql {source, sql, cascade, check_metadata_consistency, read_only, no_transaction}`."""
    given = Arguments.of(arguments)
    sql = given.need("sql")
    if not isinstance(sql, str):
        given.text("sql")
    check = "check_metadata_consistency"
    wanted = Script(
        given.source(),
        sql,
        given.flag("cascade"),
        given.flag(check) if given.has(check) else None,
        given.flag("read_only"),
        given.flag("no_transaction"),
    )

    async def run(draft: Draft) -> Json:
        return await _run(wanted, draft)

    return Task(run, writes=wanted.may_change_schema)


async def _run(wanted: Script, draft: Draft) -> Json:
    address = draft.database(wanted.source).address
    connection = await script.connect(address, _CONNECT_SECONDS)
    run = _without_transaction if wanted.no_transaction else _in_transaction
    try:
        async with asyncio.timeout(draft.tools.script_timeout or None) as limit:
            return await run(wanted, draft, connection)
    except TimeoutError:
        if not limit.expired():
            raise
        text = "the script did not end within ROWGATE_SCRIPT_TIMEOUT"
        raise ApiError(text, code="timeout", path=ARGS) from None
    finally:
        await _close(connection)


async def _close(connection: asyncpg.Connection) -> None:
    """Say good-bye; Postgres rolls back what is open."""
    try:
        await connection.close(timeout=5)
    except FAILURES:
        connection.terminate()


async def _without_transaction(
    wanted: Script, draft: Draft, connection: asyncpg.Connection
) -> Json:
    try:
        return await script.execute(connection, wanted.sql)
    finally:
        if wanted.may_change_schema:
            catalog = await introspect(connection, _enums(draft, wanted.source))
            if wanted.source in draft.catalogs:
                document = _followed(draft, wanted.source, catalog)
                await draft.adopt(document, wanted.source, catalog)


async def _in_transaction(wanted: Script, draft: Draft, connection: asyncpg.Connection) -> Json:
    await connection.execute("begin read only" if wanted.read_only else "begin")
    answer = await script.execute(connection, wanted.sql)
    if not wanted.may_change_schema or wanted.source not in draft.catalogs:
        await _commit(connection, wanted.sql)
        return answer
    catalog = await introspect(connection, _enums(draft, wanted.source))
    document = await _checked(wanted, draft, catalog)
    await _commit(connection, wanted.sql)
    await draft.adopt(document, wanted.source, catalog)
    return answer


async def _commit(connection: asyncpg.Connection, sql: str) -> None:
    try:
        await connection.execute("commit")
    except asyncpg.PostgresError as error:
        raise script.failure(error, sql) from error


def _enums(draft: Draft, source: str) -> frozenset[QualifiedName]:
    return enum_tables(doc.need_source(draft.generation.document, source))


def _followed(draft: Draft, source: str, after: Catalog) -> Json:
    """The document with what Postgres renamed, and without what it dropped."""
    document = draft.copy()
    before = draft.catalogs[source]
    renaming = find_renaming(before, after)
    rename(document, source, renaming, before)
    owner = doc.need_source(document, source)
    for old, relation in before.relations.items():
        name = renaming.tables.get(old, old)
        table = doc.find_table(owner, name)
        if table is None:
            continue
        if name not in after.relations:
            owner["tables"].remove(table)
        elif dropped := dropped_columns(relation, after.relations[name]):
            forget_columns(table, dropped)
    for function, entry in list(doc.functions(owner)):
        if function in before.functions and function not in after.functions:
            doc.remove(owner, "functions", entry)
    return document


async def _checked(wanted: Script, draft: Draft, after: Catalog) -> Json:
    """The document that fits `after`; raises `ApiError` `dependency-error` where declared
    objects would not, unless they are to be dropped or not to be checked."""
    document = _followed(draft, wanted.source, after)
    if wanted.check is False:
        return document
    _refuse_overloads(draft, wanted.source, after)
    _settle_retyped(wanted, draft, document, after)
    while True:
        generation = await draft.preview(document, wanted.source, after)
        fresh = new_inconsistencies(draft.generation, generation)
        if wanted.cascade:
            fresh = droppable(fresh)
        if not fresh:
            return document
        if not wanted.cascade:
            raise dependents_remain(Index(document), fresh)
        document = decode(encode(document))
        if not drop_all(document, fresh):
            raise dependents_remain(Index(document), fresh)


def _refuse_overloads(draft: Draft, source: str, after: Catalog) -> None:
    owner = doc.need_source(draft.generation.document, source)
    before = draft.catalogs[source].functions
    overloaded = [
        f'"{name}"'
        for name, _ in doc.functions(owner)
        if len(after.functions.get(name, ())) > 1 and len(before.get(name, ())) == 1
    ]
    if overloaded:
        text = "the following tracked function(s) cannot be overloaded: " + ", ".join(overloaded)
        raise ApiError(text, code="not-supported", path=ARGS)


def _settle_retyped(wanted: Script, draft: Draft, document: Json, after: Catalog) -> None:
    """A column whose type changes may not stand in a permission's condition: what was written
    for the old type may mean something else for the new one."""
    by_oid = {relation.oid: relation for relation in after.relations.values()}
    for name, old in draft.catalogs[wanted.source].relations.items():
        new = by_oid.get(old.oid)
        for column in sorted(retyped_columns(old, new)) if new is not None else ():
            users = list(_permissions_on(draft, document, wanted.source, (name, column)))
            if users and not wanted.cascade:
                names = ", ".join(sorted({one.dependent for one in users}))
                text = (
                    f'cannot change type of column "{column}" in table "{name}" '
                    f"because of the following dependencies: {names}"
                )
                raise ApiError(text, code="dependency-error", path=ARGS)
            for one in users:
                one.drop()


def _permissions_on(
    draft: Draft, document: Json, source: str, column: tuple[QualifiedName, str]
) -> Iterable[Declared]:
    """The permissions of `document` whose conditions use the column (by its old names)."""
    before = doc.need_source(draft.generation.document, source)
    fields = Fields(before, draft.catalogs[source])
    wanted = set()
    for table, entry in doc.tables(before):
        for kind, permission in doc.permissions(entry):
            if _takes_literal(permission.get("permission") or {}, table, fields, column):
                wanted.add((table, kind, permission["role"]))
    for one in objects(document):
        for table, kind, role in wanted:
            if one.dependent == f'permission {table}.{role}.{kind} in source "{source}"':
                yield one


def _takes_literal(
    content: Json, table: QualifiedName, fields: Fields, column: tuple[QualifiedName, str]
) -> bool:
    """Whether a permission compares the column with a fixed value, or presets it to one: session
    variables are texts that are read anew as whatever type the column has."""
    presets = content.get("set") or {}
    if table == column[0] and has_literal(presets.get(column[1])):
        return True
    found = (
        *uses(content.get("filter"), table, fields),
        *uses(content.get("check"), table, fields),
    )
    return any(
        isinstance(use, Use)
        and (use.table, use.name) == column
        and not use.is_value
        and has_literal(use.container[use.key])
        for use in found
    )
