"""The nouns of a plan. Leaves are constants, variables and session values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rowgate.algebra.types import (
    TRUE,
    Condition,
    Constant,
    Join,
    Operand,
    Value,
)
from rowgate.base.json import Json
from rowgate.base.names import PathStep, QualifiedName
from rowgate.catalog.types import PgType
from rowgate.operation.types import Input
from rowgate.plan.origins import Origin

Path = tuple[PathStep, ...]

KEY_GIVEN = "(key)"
"""Where the values of keys stand among a request's variables, whose names cannot be this."""


@dataclass(frozen=True, slots=True)
class ThroughRelationship:
    """A sort key on the one row that an object relationship leads to. `at_most_one`: no more than
    one is there to be found."""

    rows: "Rows"
    join: Join
    key: "SortKey"
    at_most_one: bool = False


@dataclass(frozen=True, slots=True)
class ByAggregate:
    """An aggregate over related rows, or (`join` None) over those that a function gives for the
    row, as a sort key; operand None: `count(*)`."""

    rows: "Rows"
    join: Join | None
    function: str
    operand: Operand | None


SortKey = Operand | ThroughRelationship | ByAggregate


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key with its direction. `spelled`: the names that lead to it in `order_by`, without
    customisations; a cursor keeps its value under them."""

    key: SortKey
    descending: bool = False
    nulls_first: bool = False
    spelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table as a role may see them. `filter` is the role's, `where` the request's;
    `cap` is the role's limit. Made by `Scope` alone."""

    origin: Origin
    filter: Condition
    where: Condition = TRUE
    order_by: tuple[Order, ...] = ()
    distinct_on: tuple[Operand, ...] = ()
    limit: Value | None = None
    offset: Value | None = None
    cap: int | None = None


# --- what is shown of them


@dataclass(frozen=True, slots=True)
class Shown:
    """An operand as JSON; `path` into json, `as_text` for stringified numbers."""

    operand: Operand
    path: tuple[str, ...] | None = None
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A fixed text (`__typename`)."""

    text: str


@dataclass(frozen=True, slots=True)
class Nested:
    """The rows at a relationship's end, or of a function of the row. `many`: a list of them, null
    where `unless_null` is. `at_most_one`: no more than one is there to be found."""

    rows: Rows
    fields: "Fields"
    join: Join | None
    many: bool
    unless_null: Operand | None = None
    at_most_one: bool = False


@dataclass(frozen=True, slots=True)
class NestedAggregate:
    """An aggregate over a relationship's rows."""

    aggregate: "Aggregate"
    join: Join | None


@dataclass(frozen=True, slots=True)
class NestedConnection:
    """A Relay connection over a relationship's rows."""

    connection: "Connection"
    join: Join | None


@dataclass(frozen=True, slots=True)
class GlobalId:
    """Relay's id: base64 of `[1, schema, table, key…]`."""

    table: QualifiedName
    key: tuple[Operand, ...]


Output = Shown | Text | Nested | NestedAggregate | NestedConnection | GlobalId
Fields = tuple[tuple[str, Output], ...]


# --- aggregates


@dataclass(frozen=True, slots=True)
class Count:
    """`count(*)`, or of columns, perhaps distinct."""

    operands: tuple[Operand, ...] = ()
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """One function over several operands: key → operand, or a fixed text."""

    function: str
    over: tuple[tuple[str, Operand | Text], ...]
    as_text: frozenset[str] = frozenset()


Measures = tuple[tuple[str, Count | Applied | Text], ...]


@dataclass(frozen=True, slots=True)
class AggregatePart:
    """The `aggregate` object."""

    measures: Measures


@dataclass(frozen=True, slots=True)
class NodesPart:
    """The rows themselves, at most `cap` of them."""

    fields: Fields
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class GroupsPart:
    """Groups by some operands: for each its key object and its aggregate object."""

    keys: tuple[Operand, ...]
    parts: tuple[tuple[str, "Fields | AggregatePart | Text"], ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate over rows, its parts under their response keys."""

    rows: Rows
    parts: tuple[tuple[str, AggregatePart | NodesPart | GroupsPart | Text], ...]


# --- Relay


@dataclass(frozen=True, slots=True)
class Connection:
    """A page of rows with cursors. `cursor` names the values that a cursor holds; `after` and
    `before` hold a cursor's values, one for each sort key."""

    rows: Rows
    cursor: tuple[tuple[tuple[str, ...], Order], ...]
    first: int | None
    last: int | None
    after: tuple[Constant, ...] | None
    before: tuple[Constant, ...] | None
    parts: tuple[tuple[str, "ConnectionPart"], ...]


@dataclass(frozen=True, slots=True)
class PagePart:
    """`pageInfo`: response key → which of its four members."""

    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EdgesPart:
    """`edges`: response key → `cursor`, the node's fields, or a fixed text."""

    members: tuple[tuple[str, "Fields | str | Text"], ...]


ConnectionPart = PagePart | EdgesPart | Text


# --- reading


@dataclass(frozen=True, slots=True)
class ReadRows:
    """A list of objects, or (`one`) an object or null."""

    rows: Rows
    fields: Fields
    one: bool = False


Read = ReadRows | Aggregate | Connection


# --- writing


@dataclass(frozen=True, slots=True)
class Conflict:
    """`on conflict on constraint … do update`; no assignments: do nothing. `assignments`: column →
    its new value, None for the excluded row's."""

    constraint: str
    assignments: Mapping[str, Value | None]
    where: Condition
    check: Condition


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows to insert into a table: a value for each column, None for its default. `known` are the
    types of all the table's columns, for those that a relative determines. Made by `Scope`."""

    table: QualifiedName
    columns: Mapping[str, PgType]
    rows: tuple[tuple[Value | None, ...], ...]
    check: Condition
    conflict: Conflict | None = None
    known: Mapping[str, PgType] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A column's change: `operator` is `set`, `inc`, `mul`, `append`, `prepend`, `delete_key`,
    `delete_elem` or `delete_at_path`; value None: null. `default`: the column's own default."""

    column: str
    type: PgType
    operator: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class Update:
    """Rows to change. Made by `Scope`."""

    table: QualifiedName
    rows: Rows
    assignments: tuple[Assignment, ...]
    check: Condition


@dataclass(frozen=True, slots=True)
class Delete:
    """Rows to delete. Made by `Scope`."""

    table: QualifiedName
    rows: Rows


@dataclass(frozen=True, slots=True)
class AffectedRows:
    """How many rows were written."""


@dataclass(frozen=True, slots=True)
class Returning:
    """The written rows."""

    fields: Fields


Response = tuple[tuple[str, AffectedRows | Returning | Text], ...]


@dataclass(frozen=True, slots=True)
class Write:
    """A change and what is shown of it: `response`, or (`one`) the row's fields. `path` is where
    errors of the statement point. `reread`: other rows are shown too, and as they are after the
    change, so that the answer is a statement of its own over these rows."""

    change: Insert | Update | Delete
    response: Response = ()
    one: Fields | None = None
    path: Path = ()
    reread: Rows | None = None


Told = Mapping[str, "Input | Told"]
"""One member of what a validation webhook is told: a row, or a mutation's arguments."""


@dataclass(frozen=True, slots=True)
class Validation:
    """A webhook that judges a mutation's input first. `definition` is the metadata's."""

    definition: Json
    inputs: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class InsertRow:
    """One row of a nested insert: an insert of its own values, the row's parents (object
    relationships written first), children (written after), each with its join."""

    insert: Insert
    before: tuple[tuple[str, Join, "InsertRow"], ...] = ()
    after: tuple[tuple[str, Join, tuple["InsertRow", ...]], ...] = ()
    path: Path = ()


@dataclass(frozen=True, slots=True)
class NestedWrite:
    """Rows inserted with their relatives, several statements in one transaction; then read back
    as `FromGiven`."""

    rows: tuple[InsertRow, ...]
    written: Rows
    response: Response = ()
    one: Fields | None = None
    path: Path = ()


@dataclass(frozen=True, slots=True)
class WriteMany:
    """Several writes in order; their answers are a list."""

    writes: tuple["Write | Fixed", ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """An answer known without the database, as JSON."""

    value: Json = None


Work = Read | Write | NestedWrite | WriteMany | Fixed


@dataclass(frozen=True, slots=True)
class Plan:
    """Work on one source, under a response key, after its `validations` have passed."""

    source: str
    key: str
    work: Work
    path: Path = ()
    validations: tuple[Validation, ...] = ()
