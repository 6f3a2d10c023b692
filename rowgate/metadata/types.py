"""What the user declared, typed: Hasura's v3 metadata as frozen values.

The JSON document stays the truth (nothing of it is ever dropped); these types are how the rest of
the engine reads it. Boolean expressions and webhook details stay JSON until `snapshot` resolves
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rowgate.base.json import Json
from rowgate.base.names import PathStep, QualifiedName
from rowgate.metadata.action_types import (
    ActionArgument,
    ActionDeclaration,
    CustomEnumType,
    CustomEnumValue,
    CustomInputType,
    CustomObjectType,
    CustomScalarType,
    CustomTypeField,
    CustomTypes,
)

__all__ = [
    "ALL_COLUMNS",
    "ActionArgument",
    "ActionDeclaration",
    "AllowlistEntry",
    "ColumnConfiguration",
    "Columns",
    "ComputedFieldDeclaration",
    "CustomEnumType",
    "CustomEnumValue",
    "CustomInputType",
    "CustomObjectType",
    "CustomScalarType",
    "CustomTypeField",
    "CustomTypes",
    "DeletePermissionDeclaration",
    "ForeignKeyOn",
    "FunctionDeclaration",
    "InheritedRole",
    "InsertPermissionDeclaration",
    "LogicalModelDeclaration",
    "LogicalModelField",
    "ManualMapping",
    "Metadata",
    "NativeQueryArgument",
    "NativeQueryDeclaration",
    "NativeQueryRelationship",
    "Problem",
    "QueryCollection",
    "RelationshipDeclaration",
    "RestEndpoint",
    "RootFieldName",
    "SelectPermissionDeclaration",
    "SourceCustomization",
    "SourceDeclaration",
    "TableConfiguration",
    "TableDeclaration",
    "UpdatePermissionDeclaration",
]

ALL_COLUMNS = "*"
Columns = tuple[str, ...] | str
"""Column names, or `"*"` for every column."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece of metadata that cannot be honoured: where it stands and why."""

    path: tuple[PathStep, ...]
    reason: str
    kind: str = "metadata"
    name: str = ""
    definition: Json = None


@dataclass(frozen=True, slots=True)
class RootFieldName:
    """A custom root field: its name (None keeps the default) and its description."""

    name: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnConfiguration:
    """A column's GraphQL name and description (None: from the catalog)."""

    custom_name: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class TableConfiguration:
    """A table's names in GraphQL. `custom_root_fields` keys: select, select_by_pk, …"""

    custom_name: str | None = None
    custom_root_fields: Mapping[str, RootFieldName] = field(default_factory=dict)
    column_config: Mapping[str, ColumnConfiguration] = field(default_factory=dict)
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignKeyOn:
    """`foreign_key_constraint_on`: columns of this table (table None) or of the named one."""

    columns: tuple[str, ...]
    table: QualifiedName | None = None


@dataclass(frozen=True, slots=True)
class ManualMapping:
    """`manual_configuration`: our column → the remote table's column."""

    remote_table: QualifiedName
    column_mapping: Mapping[str, str]
    insertion_order: str | None = None


@dataclass(frozen=True, slots=True)
class RelationshipDeclaration:
    """An object or array relationship as declared."""

    name: str
    using: ForeignKeyOn | ManualMapping
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ComputedFieldDeclaration:
    """A function that computes a field of a row."""

    name: str
    function: QualifiedName
    table_argument: str | None = None
    session_argument: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class SelectPermissionDeclaration:
    """Which rows and columns a role may read. `query_root_fields` None: all of them."""

    role: str
    columns: Columns
    computed_fields: tuple[str, ...] = ()
    filter: Json = field(default_factory=dict)
    limit: int | None = None
    allow_aggregations: bool = False
    query_root_fields: tuple[str, ...] | None = None
    subscription_root_fields: tuple[str, ...] | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class InsertPermissionDeclaration:
    """What a role may insert. `presets` is the metadata's `set`."""

    role: str
    columns: Columns
    check: Json = field(default_factory=dict)
    presets: Mapping[str, Json] = field(default_factory=dict)
    backend_only: bool = False
    validate_input: Json = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class UpdatePermissionDeclaration:
    """What a role may update, and what must hold afterwards (`check` None: the filter is not
    checked again, as in Hasura)."""

    role: str
    columns: Columns
    filter: Json = field(default_factory=dict)
    check: Json = None
    presets: Mapping[str, Json] = field(default_factory=dict)
    backend_only: bool = False
    validate_input: Json = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class DeletePermissionDeclaration:
    """What a role may delete."""

    role: str
    filter: Json = field(default_factory=dict)
    backend_only: bool = False
    validate_input: Json = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class TableDeclaration:
    """A tracked table with all that hangs on it. `event_triggers`, `remote_relationships` and
    `apollo_federation` stay JSON here."""

    name: QualifiedName
    configuration: TableConfiguration = field(default_factory=TableConfiguration)
    is_enum: bool = False
    object_relationships: tuple[RelationshipDeclaration, ...] = ()
    array_relationships: tuple[RelationshipDeclaration, ...] = ()
    computed_fields: tuple[ComputedFieldDeclaration, ...] = ()
    select_permissions: tuple[SelectPermissionDeclaration, ...] = ()
    insert_permissions: tuple[InsertPermissionDeclaration, ...] = ()
    update_permissions: tuple[UpdatePermissionDeclaration, ...] = ()
    delete_permissions: tuple[DeletePermissionDeclaration, ...] = ()
    event_triggers: tuple[Json, ...] = ()
    remote_relationships: tuple[Json, ...] = ()
    apollo_federation: Json = None


@dataclass(frozen=True, slots=True)
class FunctionDeclaration:
    """A tracked function. `exposed_as`: `query`, `mutation` or None (by volatility)."""

    name: QualifiedName
    custom_name: str | None = None
    custom_root_fields: Mapping[str, str] = field(default_factory=dict)
    session_argument: str | None = None
    exposed_as: str | None = None
    permitted_roles: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class LogicalModelField:
    """A field of a logical model: a scalar or a reference to another model, perhaps in an array."""

    name: str
    scalar: str | None = None
    logical_model: str | None = None
    is_array: bool = False
    nullable: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True)
class LogicalModelDeclaration:
    """The shape of a native query's rows, with its own select permissions."""

    name: str
    fields: tuple[LogicalModelField, ...]
    select_permissions: tuple[SelectPermissionDeclaration, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class NativeQueryArgument:
    """An argument of a native query."""

    name: str
    type: str
    nullable: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True)
class NativeQueryRelationship:
    """A relationship from one native query to another."""

    name: str
    column_mapping: Mapping[str, str]
    remote_native_query: str
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class NativeQueryDeclaration:
    """Raw SQL behind a root field; `code` holds `{{argument}}` placeholders."""

    root_field_name: str
    code: str
    returns: str
    arguments: tuple[NativeQueryArgument, ...] = ()
    object_relationships: tuple[NativeQueryRelationship, ...] = ()
    array_relationships: tuple[NativeQueryRelationship, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class SourceCustomization:
    """Names of a whole source: prefixes, suffixes, a namespace, a naming convention."""

    root_namespace: str | None = None
    root_prefix: str = ""
    root_suffix: str = ""
    type_prefix: str = ""
    type_suffix: str = ""
    naming_convention: str | None = None


@dataclass(frozen=True, slots=True)
class SourceDeclaration:
    """One database. `configuration` (connection info, pool settings), `query_tags` and
    `health_check` stay JSON."""

    name: str
    kind: str = "postgres"
    configuration: Json = None
    customization: SourceCustomization = field(default_factory=SourceCustomization)
    tables: tuple[TableDeclaration, ...] = ()
    functions: tuple[FunctionDeclaration, ...] = ()
    logical_models: tuple[LogicalModelDeclaration, ...] = ()
    native_queries: tuple[NativeQueryDeclaration, ...] = ()
    query_tags: Json = None
    health_check: Json = None


@dataclass(frozen=True, slots=True)
class InheritedRole:
    """A role that unites others."""

    name: str
    role_set: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueryCollection:
    """Named operations: name → GraphQL text."""

    name: str
    queries: Mapping[str, str]
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class AllowlistEntry:
    """A collection on the allow list; `roles` None: for every role."""

    collection: str
    roles: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RestEndpoint:
    """A RESTified operation of a collection."""

    name: str
    url: str
    methods: tuple[str, ...]
    collection: str
    query: str
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """The whole declaration. Limits, triggers, remote schemas and what follows stay JSON."""

    sources: tuple[SourceDeclaration, ...] = ()
    actions: tuple[ActionDeclaration, ...] = ()
    custom_types: CustomTypes = field(default_factory=CustomTypes)
    inherited_roles: tuple[InheritedRole, ...] = ()
    query_collections: tuple[QueryCollection, ...] = ()
    allowlist: tuple[AllowlistEntry, ...] = ()
    rest_endpoints: tuple[RestEndpoint, ...] = ()
    introspection_disabled_for: frozenset[str] = frozenset()
    api_limits: Json = None
    cron_triggers: tuple[Json, ...] = ()
    remote_schemas: tuple[Json, ...] = ()
    network: Json = None
    opentelemetry: Json = None
    metrics_config: Json = None
    problems: tuple[Problem, ...] = ()
