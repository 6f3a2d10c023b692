"""Reads a database's `Catalog`: one query a kind of object, whatever the number of objects.

The only module that knows the columns of the `.sql` files beside it.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from itertools import groupby
from operator import itemgetter

import asyncpg

from rowgate.base.names import QualifiedName
from rowgate.catalog.kinds import IDENTITIES, RELATION_KINDS, VOLATILITIES, Row, TypeGraph
from rowgate.catalog.origins import is_expression, shown_places
from rowgate.catalog.types import (
    Catalog,
    Column,
    ForeignKey,
    Function,
    FunctionArgument,
    Relation,
    UniqueKey,
)

_QUERIES = {
    entry.name.removesuffix(".sql"): entry.read_text()
    for entry in files("rowgate.catalog").iterdir()
    if entry.name.endswith(".sql")
}
_OBJECTS = ("relations", "columns", "constraints", "rules", "types", "functions", "views")
_SERVER_VERSION = "select pg_catalog.current_setting('server_version_num')::pg_catalog.int4"
_UPDATE, _INSERT, _DELETE = 4, 8, 16
_INPUTS = frozenset("ibv")


async def introspect(
    connection: asyncpg.Connection, enum_tables: Collection[QualifiedName] = ()
) -> Catalog:
    """Everything outside the system's schemas and `hdb_catalog`, as one transaction sees it.

    Of `enum_tables`, those with a text primary key of one column and at most one more column, of
    text, appear in the result's `enum_tables`, their values sorted; the others are left out.
    Raises whatever asyncpg raises where the database cannot be asked.
    """
    async with _one_view(connection):
        rows = {name: await connection.fetch(_QUERIES[name]) for name in _OBJECTS}
        accepted = await connection.fetch(_QUERIES["aggregatable"])
        version = await connection.fetchval(_SERVER_VERSION)
        enums = await _enum_rows(connection, enum_tables)
    types = TypeGraph.of(rows["types"])
    relations = _relations(rows, types)
    by_oid = {relation.oid: relation.name for relation in relations}
    return Catalog(
        relations={relation.name: relation for relation in relations},
        functions=_functions(rows["functions"], types, by_oid),
        enum_tables=enums,
        aggregatable=types.aggregatable(frozenset(row["type"] for row in accepted)),
        server_version=version,
    )


@asynccontextmanager
async def _one_view(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """A repeatable-read transaction without JIT, unless the caller is in a transaction already."""
    if connection.is_in_transaction():
        yield
        return
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("set local jit = off")
        yield


async def _enum_rows(
    connection: asyncpg.Connection, tables: Collection[QualifiedName]
) -> dict[QualifiedName, Mapping[str, str | None]]:
    if not tables:
        return {}
    wanted = sorted(tables)
    statements = await connection.fetch(
        _QUERIES["enums"], [name.schema for name in wanted], [name.name for name in wanted]
    )
    found: dict[QualifiedName, Mapping[str, str | None]] = {}
    for row in statements:
        values = await connection.fetch(row["statement"])
        found[QualifiedName(row["schema"], row["name"])] = {
            value["value"]: value["comment"] for value in values
        }
    return found


def _relations(rows: Mapping[str, Sequence[Row]], types: TypeGraph) -> list[Relation]:
    columns = _by_relation(rows["columns"])
    constraints = _by_relation(rows["constraints"])
    rules = _by_relation(rows["rules"])
    shown = shown_places(rows["views"])
    return [
        _relation(
            row,
            [_column(one, types, shown) for one in columns.get(row["oid"], ())],
            constraints.get(row["oid"], ()),
            {one["name"]: frozenset(one["columns"]) for one in rules.get(row["oid"], ())},
        )
        for row in rows["relations"]
    ]


def _by_relation(rows: Iterable[Row]) -> dict[int, tuple[Row, ...]]:
    return {oid: tuple(group) for oid, group in groupby(rows, itemgetter("relation"))}


def _relation(
    row: Row,
    columns: Sequence[Column],
    constraints: Sequence[Row],
    rules: Mapping[str, frozenset[str]],
) -> Relation:
    keys = {
        kind: tuple(
            UniqueKey(key["name"], tuple(key["columns"]), key["immediate"])
            for key in constraints
            if key["kind"] == kind
        )
        for kind in ("p", "u")
    }
    return Relation(
        name=QualifiedName(row["schema"], row["name"]),
        kind=RELATION_KINDS[row["kind"]],
        columns={column.name: column for column in columns},
        primary_key=keys["p"][0] if keys["p"] else None,
        unique_keys=keys["u"],
        foreign_keys=tuple(_foreign_key(key) for key in constraints if key["kind"] == "f"),
        insertable=bool(row["writable"] & _INSERT),
        updatable=bool(row["writable"] & _UPDATE),
        deletable=bool(row["writable"] & _DELETE),
        description=row["description"],
        oid=row["oid"],
        inherited=row["inherited"],
        rules=rules,
    )


def _column(
    row: Row, types: TypeGraph, shown: Mapping[int, Mapping[int, tuple[int, int]]]
) -> Column:
    return Column(
        name=row["name"],
        type=types.type(row["type"]),
        nullable=row["nullable"],
        has_default=row["has_default"],
        identity=IDENTITIES.get(row["identity"]),
        generated=row["generated"],
        updatable=row["updatable"],
        description=row["description"],
        position=row["position"],
        derived=row["virtual"] or is_expression((row["relation"], row["position"]), shown),
    )


def _foreign_key(row: Row) -> ForeignKey:
    return ForeignKey(
        row["name"],
        tuple(row["columns"]),
        QualifiedName(row["target_schema"], row["target_name"]),
        tuple(row["target_columns"]),
    )


def _functions(
    rows: Iterable[Row], types: TypeGraph, relations: Mapping[int, QualifiedName]
) -> dict[QualifiedName, tuple[Function, ...]]:
    found: dict[QualifiedName, list[Function]] = defaultdict(list)
    for row in rows:
        relation = types.relation(row["returns"])
        function = Function(
            name=QualifiedName(row["schema"], row["name"]),
            arguments=_arguments(row, types),
            returns=types.type(row["returns"]),
            returns_set=row["returns_set"],
            returns_table=None if relation is None else relations.get(relation),
            volatility=VOLATILITIES[row["volatility"]],
            is_variadic=row["is_variadic"],
            description=row["description"],
            oid=row["oid"],
        )
        found[function.name].append(function)
    return {name: tuple(overloads) for name, overloads in found.items()}


def _arguments(row: Row, types: TypeGraph) -> tuple[FunctionArgument, ...]:
    """Input arguments only; the last `defaults` of them may be left out of a call."""
    count = len(row["types"])
    names = row["names"] or [""] * count
    modes = row["modes"] or ["i"] * count
    inputs = [
        (name, oid)
        for name, oid, mode in zip(names, row["types"], modes, strict=True)
        if mode in _INPUTS
    ]
    required = len(inputs) - row["defaults"]
    return tuple(
        FunctionArgument(name or None, types.type(oid), position >= required)
        for position, (name, oid) in enumerate(inputs)
    )
