"""What rendering gives: text, and what its parameters are bound to."""

from dataclasses import dataclass

from rowgate.algebra.types import Value
from rowgate.base.names import QualifiedName

TAKEN_AS_TEXT = frozenset(
    """bool date float4 float8 int2 int4 int8 interval json jsonb numeric text time timestamp
    timestamptz timetz uuid varchar""".split()
)
"""The built-in types that a parameter may be of; those of others are texts, cast in the SQL."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement. `$n` is bound to `binders[n - 1]`; every parameter is sent as text, or as
    an array of texts where the binder is `as_array`, whatever its type in the SQL.
    `repeatable`: it calls nothing that may change anything. `reads`: the tables and views that it
    names. `many`: itself for several lists of arguments, each parameter bound to an array of texts
    with an element for each list; it gives a row for each, in their order, with what the one would
    give. Statements of one text may have other constants: those are arguments like any other."""

    text: str
    binders: tuple[Value, ...]
    repeatable: bool = True
    reads: frozenset[QualifiedName] = frozenset()
    many: str | None = None


@dataclass(frozen=True, slots=True)
class GivenRows:
    """A binder for rows handed over at execution, as composite literals."""


@dataclass(frozen=True, slots=True)
class GivenCount:
    """A binder for how many rows were written before this statement."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is handed over at execution: the rows of a nested insert, and how many rows of all
    tables it wrote."""

    rows: list[str | None]
    affected: int
