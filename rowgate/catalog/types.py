"""What Postgres has: relations, columns, types, constraints, functions. Facts only, no wishes."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum

from rowgate.base.names import QualifiedName


class RelationKind(StrEnum):
    """`pg_class.relkind`, in words."""

    TABLE = "table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    FOREIGN_TABLE = "foreign table"
    PARTITIONED_TABLE = "partitioned table"


class TypeKind(StrEnum):
    """`pg_type.typtype`, with arrays told apart from base types."""

    BASE = "base"
    ARRAY = "array"
    COMPOSITE = "composite"
    DOMAIN = "domain"
    ENUM = "enum"
    RANGE = "range"
    PSEUDO = "pseudo"


@dataclass(frozen=True, slots=True)
class PgType:
    """A Postgres type. `name` is the catalog's (`int4`, `_text`); `base` is a domain's base type
    or an array's element type; `labels` are an enum's values."""

    schema: str
    name: str
    kind: TypeKind = TypeKind.BASE
    base: "PgType | None" = None
    labels: tuple[str, ...] = ()

    @property
    def is_builtin(self) -> bool:
        """Whether the type lives in `pg_catalog`."""
        return self.schema == "pg_catalog"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `identity` is `always`, `by default` or None; `generated`: GENERATED AS.
    `derived`: it is not stored, but an expression (of a view, or virtual)."""

    name: str
    type: PgType
    nullable: bool = True
    has_default: bool = False
    identity: str | None = None
    generated: bool = False
    updatable: bool = True
    description: str | None = None
    position: int = 0
    derived: bool = False


@dataclass(frozen=True, slots=True)
class UniqueKey:
    """A primary key or unique constraint, its columns in the constraint's order. `immediate`: it
    holds within a transaction too, since it cannot be deferred."""

    name: str
    columns: tuple[str, ...]
    immediate: bool = True


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key: `columns` here point at `target_columns` of `target`, pairwise."""

    name: str
    columns: tuple[str, ...]
    target: QualifiedName
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or anything that can stand for one. The three flags say whether Postgres accepts
    INSERT, UPDATE and DELETE on it (auto-updatable views and INSTEAD OF triggers included).
    `inherited`: other tables inherit from it, so that reading it may find a key twice.
    `rules`: every constraint and unique index by name, with the columns that it looks at."""

    name: QualifiedName
    kind: RelationKind
    columns: Mapping[str, Column]
    primary_key: UniqueKey | None = None
    unique_keys: tuple[UniqueKey, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    insertable: bool = True
    updatable: bool = True
    deletable: bool = True
    description: str | None = None
    oid: int = 0
    inherited: bool = False
    rules: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def at_most_one(self, columns: Set[str]) -> bool:
        """Whether no two rows can have the same values, none of them null, in `columns`."""
        keys = [*((self.primary_key,) if self.primary_key else ()), *self.unique_keys]
        unique = any(key.immediate and columns >= set(key.columns) for key in keys)
        return unique and not self.inherited


@dataclass(frozen=True, slots=True)
class FunctionArgument:
    """An input argument of a function; `name` is None where Postgres has none."""

    name: str | None
    type: PgType
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One overload of a function. `volatility` is `immutable`, `stable` or `volatile`."""

    name: QualifiedName
    arguments: tuple[FunctionArgument, ...]
    returns: PgType
    returns_set: bool
    returns_table: QualifiedName | None
    volatility: str
    is_variadic: bool = False
    description: str | None = None
    oid: int = 0


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that introspection found in one database. `functions` holds every overload.
    `enum_tables` holds the rows of those tables that the metadata calls enums: value → comment."""

    relations: Mapping[QualifiedName, Relation] = field(default_factory=dict)
    functions: Mapping[QualifiedName, tuple[Function, ...]] = field(default_factory=dict)
    enum_tables: Mapping[QualifiedName, Mapping[str, str | None]] = field(default_factory=dict)
    aggregatable: frozenset[str] = frozenset()
    """Names of types that `min` and `max` accept in this server."""
    server_version: int = 0
    refused_queries: Mapping[str, str] = field(default_factory=dict)
    """Why Postgres does not accept those native queries of the metadata that it does not."""


@dataclass(frozen=True, slots=True)
class FunctionReach:
    """What a function reads by its text; whether it has its owner's rights (SECURITY DEFINER), and
    whether it sets the path by which it finds names."""

    reads: frozenset[QualifiedName]
    definer: bool = False
    has_path: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """What views and functions reach besides themselves: a view's relations with the columns that
    are used of each, views of views followed; a function's reach, of all its overloads."""

    views: Mapping[QualifiedName, Mapping[QualifiedName, frozenset[str]]] = field(
        default_factory=dict
    )
    functions: Mapping[QualifiedName, FunctionReach] = field(default_factory=dict)


def builtin(name: str) -> PgType:
    """The type `name` of `pg_catalog`; a leading underscore makes it the array of the rest."""
    if name.startswith("_"):
        return PgType("pg_catalog", name, TypeKind.ARRAY, builtin(name[1:]))
    return PgType("pg_catalog", name)


TEXT, BOOL, INT4, INT8, FLOAT8, NUMERIC, JSON, JSONB = map(
    builtin, ("text", "bool", "int4", "int8", "float8", "numeric", "json", "jsonb")
)
