"""What a field or input means: the planner's vocabulary, free of GraphQL names."""

from dataclasses import dataclass
from enum import Enum, auto

from rowgate.algebra.types import Operator
from rowgate.catalog.types import PgType
from rowgate.metadata.types import ActionDeclaration
from rowgate.schema.types import Type
from rowgate.snapshot.types import (
    ComputedField,
    NativeQuery,
    NativeRelationship,
    NestedModel,
    Relationship,
    Table,
    TableColumn,
    TrackedFunction,
)

# --- fields of a row


@dataclass(frozen=True, slots=True)
class ColumnField:
    """A column of the row."""

    column: TableColumn


@dataclass(frozen=True, slots=True)
class RelationshipField:
    """The row or rows at a relationship's end."""

    relationship: Relationship
    table: Table


@dataclass(frozen=True, slots=True)
class RelationshipAggregateField:
    """An aggregate over an array relationship's rows."""

    relationship: Relationship
    table: Table


@dataclass(frozen=True, slots=True)
class RelationshipConnectionField:
    """An array relationship as a Relay connection."""

    relationship: Relationship
    table: Table


@dataclass(frozen=True, slots=True)
class ComputedScalarField:
    """A scalar computed field."""

    computed: ComputedField


@dataclass(frozen=True, slots=True)
class ComputedRowsField:
    """The rows of a table computed field."""

    computed: ComputedField
    table: Table


@dataclass(frozen=True, slots=True)
class ComputedAggregateField:
    """An aggregate over the rows of a table computed field."""

    computed: ComputedField
    table: Table


@dataclass(frozen=True, slots=True)
class NestedModelField:
    """The row or rows of a logical model (`table`) that a field of the row holds."""

    nested: NestedModel
    table: Table


@dataclass(frozen=True, slots=True)
class NativeRelationshipField:
    """The row or rows of another native query at a relationship's end."""

    relationship: NativeRelationship
    query: NativeQuery


@dataclass(frozen=True, slots=True)
class GlobalIdField:
    """Relay's opaque id of a row."""

    table: Table


# --- fields of aggregates, mutations and connections


class Part(Enum):
    """Fields whose meaning is their name."""

    AGGREGATE = auto()
    NODES = auto()
    GROUP_BY = auto()
    GROUP_KEY = auto()
    COUNT = auto()
    AFFECTED_ROWS = auto()
    RETURNING = auto()
    PAGE_INFO = auto()
    EDGES = auto()
    NODE = auto()
    CURSOR = auto()
    START_CURSOR = auto()
    END_CURSOR = auto()
    HAS_NEXT = auto()
    HAS_PREVIOUS = auto()
    NAMESPACE = auto()
    SDL = auto()


@dataclass(frozen=True, slots=True)
class FunctionOver:
    """An aggregate function over columns: `sum { … }`."""

    function: str


# --- root fields


@dataclass(frozen=True, slots=True)
class RowsRoot:
    """Rows of a table."""

    table: Table


@dataclass(frozen=True, slots=True)
class RowRoot:
    """One row by primary key."""

    table: Table


@dataclass(frozen=True, slots=True)
class AggregateRoot:
    """An aggregate over a table."""

    table: Table


@dataclass(frozen=True, slots=True)
class ConnectionRoot:
    """A table as a Relay connection."""

    table: Table


@dataclass(frozen=True, slots=True)
class NodeRoot:
    """Relay's `node(id)`."""

    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class EntityKey:
    """A column of the key by which a federated row is asked for, and the form of its values."""

    column: TableColumn
    type: Type


@dataclass(frozen=True, slots=True)
class Entity:
    """A type of Apollo federation: the rows of a table, told apart by `key`."""

    name: str
    table: Table
    key: tuple[EntityKey, ...]


@dataclass(frozen=True, slots=True)
class EntitiesRoot:
    """Apollo federation's `_entities`: rows by their keys."""

    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class ServiceRoot:
    """Apollo federation's `_service`: the schema as text."""

    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class StreamRoot:
    """Rows of a table from a cursor on, in batches."""

    table: Table


@dataclass(frozen=True, slots=True)
class InsertRoot:
    """Inserts rows; `one` gives the row instead of a response object."""

    table: Table
    one: bool


@dataclass(frozen=True, slots=True)
class UpdateRoot:
    """Updates rows by `where`."""

    table: Table


@dataclass(frozen=True, slots=True)
class UpdateByPkRoot:
    """Updates one row by primary key."""

    table: Table


@dataclass(frozen=True, slots=True)
class UpdateManyRoot:
    """Several updates in order."""

    table: Table


@dataclass(frozen=True, slots=True)
class DeleteRoot:
    """Deletes rows by `where`."""

    table: Table


@dataclass(frozen=True, slots=True)
class DeleteByPkRoot:
    """Deletes one row by primary key."""

    table: Table


@dataclass(frozen=True, slots=True)
class FunctionRoot:
    """The rows that a tracked function returns."""

    function: TrackedFunction
    table: Table


@dataclass(frozen=True, slots=True)
class FunctionAggregateRoot:
    """An aggregate over the rows that a tracked function returns."""

    function: TrackedFunction
    table: Table


@dataclass(frozen=True, slots=True)
class FunctionConnectionRoot:
    """The rows that a tracked function returns, as a Relay connection."""

    function: TrackedFunction
    table: Table


@dataclass(frozen=True, slots=True)
class NativeRoot:
    """The rows of a native query (`table` is their type)."""

    query: NativeQuery
    table: Table


@dataclass(frozen=True, slots=True)
class ActionRoot:
    """A webhook computes the value."""

    action: ActionDeclaration


@dataclass(frozen=True, slots=True)
class ActionField:
    """A field of an action's answer, passed through."""

    name: str


# --- inputs


@dataclass(frozen=True, slots=True)
class ColumnInput:
    """A column, to compare, order or write."""

    column: TableColumn


@dataclass(frozen=True, slots=True)
class ComputedInput:
    """A scalar computed field, to compare or order."""

    computed: ComputedField


@dataclass(frozen=True, slots=True)
class ComputedAggregateInput:
    """An aggregate over the rows of a table computed field, to order by."""

    computed: ComputedField
    table: Table


@dataclass(frozen=True, slots=True)
class ComputedRowsInput:
    """A table computed field, to filter by."""

    computed: ComputedField
    table: Table


@dataclass(frozen=True, slots=True)
class RelationshipInput:
    """A relationship, to filter, order or insert through."""

    relationship: Relationship
    table: Table


@dataclass(frozen=True, slots=True)
class RelationshipAggregateInput:
    """An aggregate over a relationship, to filter or order by."""

    relationship: Relationship
    table: Table


class Logic(Enum):
    """Boolean connectives of a `bool_exp`."""

    AND = auto()
    OR = auto()
    NOT = auto()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison operator; `many`: against a list."""

    operator: Operator
    type: PgType
    many: bool = False


@dataclass(frozen=True, slots=True)
class CastTo:
    """Compare the operand as another type."""

    type: PgType


class Special(Enum):
    """Operators that are not a plain comparison."""

    IS_NULL = auto()
    WITHIN = auto()
    WITHIN_3D = auto()
    BAND_THEN_GEOMETRY = auto()
    GEOMETRY_THEN_BAND = auto()


@dataclass(frozen=True, slots=True)
class Direction:
    """One value of `order_by`: `asc nulls last` and so on."""

    descending: bool
    nulls_first: bool


class Change(Enum):
    """The update operators."""

    SET = "_set"
    INC = "_inc"
    APPEND = "_append"
    PREPEND = "_prepend"
    DELETE_KEY = "_delete_key"
    DELETE_ELEM = "_delete_elem"
    DELETE_AT_PATH = "_delete_at_path"
