"""What is kept of one resolving for the next: tables that nothing has touched are not made again.

A table is the same where its declaration, its relation and the enum tables are; its permissions
are the same where, besides, every table that they look at is. Tables with a reason to complain are
always made again, so that the reason is told again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rowgate.base.names import QualifiedName
from rowgate.catalog.types import Catalog, Relation
from rowgate.metadata.types import TableDeclaration
from rowgate.snapshot.types import Permissions, Table


@dataclass(frozen=True, slots=True)
class Remembered:
    """A table as it was made: `bare` without permissions, which are by role, own ones only;
    `seen` are the tables that they look at."""

    declared: TableDeclaration
    relation: Relation
    bare: Table
    permissions: Mapping[str, Permissions] | None = None
    seen: Mapping[QualifiedName, Table] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceMemory:
    """The tables of one source, and what all of them were made with."""

    catalog: Catalog
    naming: object
    enums: Mapping[QualifiedName, Mapping[str, str | None]]
    tables: Mapping[QualifiedName, Remembered]


@dataclass(slots=True)
class Memory:
    """The last resolving, by source. Its owner resolves one world at a time."""

    sources: dict[str, SourceMemory] = field(default_factory=dict)
