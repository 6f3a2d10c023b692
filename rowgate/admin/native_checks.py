"""Native queries judged by Postgres: each is prepared, never run, and its columns are compared."""

from collections.abc import Mapping
from dataclasses import replace

import asyncpg

from rowgate.base.json import Json
from rowgate.catalog.types import Catalog, PgType, TypeKind
from rowgate.database.connections.address import Opener
from rowgate.database.connections.pool import Database
from rowgate.database.failures import FAILURES, as_api_error, describe
from rowgate.metadata.read import read
from rowgate.snapshot.inconsistencies import Attempts
from rowgate.snapshot.models import ModelReader
from rowgate.snapshot.natives import NativeQueryReader
from rowgate.snapshot.types import NativeQuery
from rowgate.sql.natives import probe

_TO_CLOSE = 2.0
_TEXTS = frozenset(("text", "varchar", "bpchar", "name", "citext"))


async def refusals(database: Database, source: Json, catalog: Catalog) -> Mapping[str, str]:
    """Why Postgres does not accept those of a source's native queries that it does not, by root
    field name. Those that do not resolve are left to the resolver to name."""
    queries = _resolved(source, catalog)
    if not queries:
        return {}
    # Not of the pool, whose connections read numbers as texts: then the driver knows no composites.
    try:
        connection = await Opener(database.address, database.settings.terms()).open()
    except FAILURES as error:
        raise as_api_error(error) from error
    try:
        judged = {query.name: await _refusal(connection, query) for query in queries}
    finally:
        await connection.close(timeout=_TO_CLOSE)
    return {name: reason for name, reason in judged.items() if reason is not None}


def _resolved(source: Json, catalog: Catalog) -> list[NativeQuery]:
    declared = read({"version": 3, "sources": [{**source, "tables": [], "functions": []}]}).sources
    if not declared:
        return []
    catalog = replace(catalog, refused_queries={})
    models = ModelReader(declared[0], catalog, {}, Attempts()).models(())
    return list(NativeQueryReader(declared[0], catalog, models, Attempts()).queries().values())


async def _refusal(connection: asyncpg.Connection, query: NativeQuery) -> str | None:
    statement = probe(query)
    try:
        prepared = await connection.prepare(statement.text)
    except asyncpg.PostgresError as error:
        return f"Failed to validate query: {describe(error)['error']['message']}"  # type: ignore[index]
    if len(prepared.get_parameters()) != len(statement.binders):
        return "Failed to validate query: an argument stands inside a text or a comment"
    return _misfit(query, {one.name: one.type for one in prepared.get_attributes()})


def _misfit(query: NativeQuery, given: Mapping[str, asyncpg.Type]) -> str | None:
    """How the columns differ from the logical model; None where they do not. A nested field may
    be of any type, and none is needed where a relationship has its place."""
    nested = query.table.shape.nested if query.table.shape else {}
    for name in (*query.table.columns, *nested):
        if name not in given:
            return f'Return column "{name}" declared in the logical model is not in the query'
    for name, column in query.table.columns.items():
        if not _fits(column.column.type, given[name]):
            return (
                f'Return column "{name}" has a type mismatch. The expected type is '
                f'"{_shown(column.column.type)}", but the actual type is "{given[name].name}".'
            )
    return None


def _fits(declared: PgType, given: asyncpg.Type) -> bool:
    wanted = _shown(declared)
    return wanted == given.name or (wanted in _TEXTS and given.name in _TEXTS)


def _shown(type_: PgType) -> str:
    """A type as the driver names it: `int4[]` for arrays."""
    if type_.kind is TypeKind.ARRAY and type_.base is not None:
        return f"{_shown(type_.base)}[]"
    return type_.name
