"""Where rows come from: the nouns behind a `from` clause."""

from dataclasses import dataclass

from rowgate.algebra.types import FunctionCall, Operand, Value
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import PgType


@dataclass(frozen=True, slots=True)
class FromTable:
    """All rows of a table."""

    table: QualifiedName


@dataclass(frozen=True, slots=True)
class FromFunction:
    """The rows that a function returns; of the row at hand where it takes one."""

    call: FunctionCall
    table: QualifiedName


@dataclass(frozen=True, slots=True)
class FromWritten:
    """The rows that this statement's own insert, update or delete returned."""

    table: QualifiedName


@dataclass(frozen=True, slots=True)
class FromGiven:
    """Rows given as composite literals (`text[]`) at execution: the outcome of nested inserts."""

    table: QualifiedName


@dataclass(frozen=True, slots=True)
class FromNative:
    """The rows of a native query: its code in pieces, a value where an argument stands."""

    parts: tuple[str | Value, ...]


@dataclass(frozen=True, slots=True)
class FromField:
    """The rows that an operand of the row at hand holds as JSON or composites; none where it is
    null. `columns` are those that are read, with their types."""

    operand: Operand
    columns: tuple[tuple[str, PgType], ...]


Origin = FromTable | FromFunction | FromWritten | FromGiven | FromNative | FromField
