"""Reads which columns indexes begin with. Apart from `introspect`, since serving needs no index:
only checks do."""

from collections import defaultdict
from collections.abc import Mapping
from importlib.resources import files

import asyncpg

from rowgate.base.names import QualifiedName

_QUERY = files("rowgate.catalog").joinpath("indexes.sql").read_text()


async def leading_columns(connection: asyncpg.Connection) -> Mapping[QualifiedName, frozenset[str]]:
    """By table, the columns that a complete index begins with; tables without one are left out.

    Raises what asyncpg raises where the database cannot be asked.
    """
    found: defaultdict[QualifiedName, set[str]] = defaultdict(set)
    for row in await connection.fetch(_QUERY):
        found[QualifiedName(row["schema"], row["relation"])].add(row["column"])
    return {name: frozenset(columns) for name, columns in found.items()}
