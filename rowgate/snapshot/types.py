"""The resolved world: tables with names, relationships and, for each role, permissions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from rowgate.algebra.types import (
    Condition,
    FunctionCall,
    Join,
    RowColumn,
    Value,
    WholeSession,
)
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.base.naming import Naming
from rowgate.base.session import ADMIN
from rowgate.catalog.types import Column, Function, PgType, Relation, UniqueKey
from rowgate.metadata.types import (
    ActionDeclaration,
    CustomTypes,
    RootFieldName,
)


class Options(Protocol):
    """The settings that decide what the schema looks like (a part of the engine's settings)."""

    @property
    def stringify_numeric_types(self) -> bool:
        """Whether bigint, numeric, float8 and money leave as strings."""

    @property
    def infer_function_permissions(self) -> bool:
        """Whether a function is open to whoever may select from the table it returns."""

    @property
    def v1_boolean_null_collapse(self) -> bool:
        """Whether a null in a comparison means true."""

    @property
    def experimental_features(self) -> frozenset[str]:
        """Hasura's names of what is switched on."""

    @property
    def enable_apollo_federation(self) -> bool:
        """Whether Apollo federation's fields are served."""

    @property
    def default_naming_convention(self) -> str:
        """`hasura-default` or `graphql-default`."""


class RootKind(StrEnum):
    """The root fields of a table, by their names in the metadata."""

    SELECT = "select"
    SELECT_BY_PK = "select_by_pk"
    SELECT_AGGREGATE = "select_aggregate"
    SELECT_STREAM = "select_stream"
    INSERT = "insert"
    INSERT_ONE = "insert_one"
    UPDATE = "update"
    UPDATE_BY_PK = "update_by_pk"
    UPDATE_MANY = "update_many"
    DELETE = "delete"
    DELETE_BY_PK = "delete_by_pk"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """An object of the metadata that cannot be honoured; the rest is served."""

    kind: str
    name: str
    reason: str
    definition: Json = None


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column under its GraphQL name. `enum` names the enum table that it points at; `type` is
    the column's, a domain replaced by its base."""

    column: Column
    name: str
    type: PgType
    description: str | None = None
    enum: QualifiedName | None = None


@dataclass(frozen=True, slots=True)
class Relationship:
    """A way from a row to rows of `join.target`. `optional`: an object relationship may find none.
    `parent_first`: a nested insert writes this table before the target. `at_most_one`: a key of
    the target says that no row has two."""

    name: str
    join: Join
    is_array: bool
    optional: bool = True
    parent_first: bool = False
    description: str | None = None
    at_most_one: bool = False


@dataclass(frozen=True, slots=True)
class ComputedField:
    """A function of the row: scalar (`returns` set) or rows of `table`."""

    name: str
    function: Function
    row_position: int
    session_position: int | None
    returns: PgType | None
    table: QualifiedName | None
    description: str | None = None

    @property
    def takes_row_alone(self) -> bool:
        """Whether the function has no argument but the row and the session."""
        hidden = (self.row_position, self.session_position)
        return len(self.function.arguments) == sum(one is not None for one in hidden)


@dataclass(frozen=True, slots=True)
class SelectPermission:
    """What a role reads: column → the condition under which its value is shown (`TRUE` for plain
    permissions), rows by `filter`, at most `limit` of them. Root kinds None: all."""

    columns: Mapping[str, Condition]
    computed_fields: Mapping[str, Condition]
    filter: Condition
    limit: int | None = None
    aggregations: bool = False
    query_roots: frozenset[str] | None = None
    subscription_roots: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class InsertPermission:
    """What a role inserts: `check` must hold for the stored row."""

    columns: frozenset[str]
    check: Condition
    presets: Mapping[str, Value] = field(default_factory=dict)
    backend_only: bool = False
    validate_input: Json = None


@dataclass(frozen=True, slots=True)
class UpdatePermission:
    """What a role updates: rows of `filter`, and `check` must hold afterwards. Without one an
    upsert keeps to the check of the insert."""

    columns: frozenset[str]
    filter: Condition
    check: Condition | None
    presets: Mapping[str, Value] = field(default_factory=dict)
    backend_only: bool = False
    validate_input: Json = None


@dataclass(frozen=True, slots=True)
class DeletePermission:
    """What a role deletes."""

    filter: Condition
    backend_only: bool = False
    validate_input: Json = None


@dataclass(frozen=True, slots=True)
class Permissions:
    """A role's permissions on one table; None: no such operation."""

    select: SelectPermission | None = None
    insert: InsertPermission | None = None
    update: UpdatePermission | None = None
    delete: DeletePermission | None = None


NO_PERMISSIONS = Permissions()


@dataclass(frozen=True, slots=True)
class NestedModel:
    """A field of a logical model that holds one row of another (`is_array`: several) as JSON or a
    composite. `guards`: role → the condition under which it is shown; absent: never."""

    column: RowColumn
    model: str
    is_array: bool
    nullable: bool
    guards: Mapping[str, Condition] = field(default_factory=dict)
    description: str | None = None


@dataclass(frozen=True, slots=True)
class NativeRelationship:
    """A way from a native query's row to rows of another native query: our column = theirs."""

    name: str
    query: str
    pairs: tuple[tuple[str, str], ...]
    is_array: bool
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What a logical model's rows have beside plain columns."""

    nested: Mapping[str, NestedModel] = field(default_factory=dict)
    relationships: Mapping[str, NativeRelationship] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A tracked relation. `columns` by Postgres name, `fields` GraphQL name → Postgres name;
    `permissions` by role (`admin` included); `enum_values` where the table is an enum; `shape`
    where it is no relation but the rows of a logical model, which no name in SQL reaches."""

    source: str
    relation: Relation
    graphql_name: str
    root_names: Mapping[RootKind, RootFieldName]
    columns: Mapping[str, TableColumn]
    relationships: Mapping[str, Relationship]
    computed_fields: Mapping[str, ComputedField]
    permissions: Mapping[str, Permissions]
    enum_values: Mapping[str, str | None] | None = None
    description: str | None = None
    federated: bool = False
    shape: Shape | None = None

    @property
    def name(self) -> QualifiedName:
        """The relation's qualified name."""
        return self.relation.name

    def permission(self, role: str) -> Permissions:
        """What `role` may do here."""
        return self.permissions.get(role, NO_PERMISSIONS)

    def reached_columns(self, role: str) -> frozenset[str]:
        """The columns that `role` reads, writes, or has set by a preset."""
        own = self.permission(role)
        reached = frozenset(own.select.columns if own.select else ())
        for one in (own.insert, own.update):
            if one is not None:
                reached |= one.columns | frozenset(one.presets)
        return reached

    def upsert_keys(self, role: str) -> tuple[UniqueKey, ...]:
        """The keys that an upsert of `role` may name: those of columns that it reaches. Postgres
        takes none that is deferrable."""
        primary, reached = self.relation.primary_key, self.reached_columns(role)
        keys = dict.fromkeys((*((primary,) if primary else ()), *self.relation.unique_keys))
        return tuple(
            key for key in keys if key.immediate and (role == ADMIN or reached >= set(key.columns))
        )

    def knows_rule(self, role: str, name: str) -> bool:
        """Whether `role` reaches all columns that a constraint or unique index looks at."""
        over = self.relation.rules.get(name, frozenset())
        return bool(over) and over <= self.reached_columns(role)


@dataclass(frozen=True, slots=True)
class TrackedFunction:
    """A function as a root field. `roles` None: whoever may select from `table`."""

    source: str
    function: Function
    table: QualifiedName
    root_name: str
    aggregate_name: str
    arguments_type: str
    session_position: int | None
    is_mutation: bool
    roles: frozenset[str] | None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class NativeArgument:
    """An argument of a native query; where the code names it, a parameter of `type` stands."""

    name: str
    type: PgType
    nullable: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True)
class NativeQuery:
    """A root field over SQL that the metadata holds. `parts` is the code with its arguments in
    place; `table` the rows it gives, `model` the logical model that they are of."""

    source: str
    name: str
    table: Table
    model: str
    parts: tuple["str | NativeArgument", ...]
    arguments: Mapping[str, NativeArgument]
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One database's part of the world."""

    name: str
    naming: Naming
    tables: Mapping[QualifiedName, Table]
    functions: tuple[TrackedFunction, ...] = ()
    native_queries: Mapping[str, NativeQuery] = field(default_factory=dict)
    logical_models: Mapping[str, Table] = field(default_factory=dict)
    aggregatable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredVariable:
    """A variable of a stored operation: the type inside its list, whether it is a list, and
    whether it may be null."""

    type: str
    is_list: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class StoredEndpoint:
    """A stored operation that answers at a URL. `segments` are those of `url`, a variable's with
    its colon; `query` is the GraphQL text, `variables` what its operation declares, `mutates`
    whether it is a mutation."""

    name: str
    url: str
    methods: tuple[str, ...]
    query: str
    segments: tuple[str, ...]
    variables: Mapping[str, StoredVariable]
    mutates: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The world as it is served now. `roles`: every role that some permission names; `warnings`:
    what the metadata declares and nothing executes yet."""

    sources: Mapping[str, Source]
    actions: tuple[ActionDeclaration, ...] = ()
    custom_types: CustomTypes = field(default_factory=CustomTypes)
    roles: frozenset[str] = frozenset()
    inherited_roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    introspection_disabled_for: frozenset[str] = frozenset()
    inconsistencies: tuple[Inconsistency, ...] = ()
    endpoints: tuple[StoredEndpoint, ...] = ()
    warnings: tuple[Inconsistency, ...] = ()


def call_of(computed: ComputedField, named: Mapping[str, Value]) -> FunctionCall:
    """The call behind a computed field: the row, the session where wanted, and named values."""
    values = dict(named)
    if computed.session_position is not None:
        argument = computed.function.arguments[computed.session_position]
        values[argument.name or ""] = WholeSession()
    return FunctionCall(computed.function, computed.row_position, (), values)


SCALARS = frozenset(
    (
        "Int", "Float", "String", "Boolean", "ID", "uuid", "bigint", "smallint", "numeric",
        "float8", "timestamp", "timestamptz", "date", "time", "timetz", "json", "jsonb", "citext",
        "bytea", "interval", "inet", "money",
    )
)  # fmt: skip
"""Scalars that custom types may use without declaring them: GraphQL's and Postgres'."""
