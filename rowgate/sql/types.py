"""What rendering gives: text, and what its parameters are bound to."""

from dataclasses import dataclass

from rowgate.algebra.types import Value

TAKEN_AS_TEXT = frozenset(
    """bool date float4 float8 int2 int4 int8 interval json jsonb numeric text time timestamp
    timestamptz timetz uuid varchar""".split()
)
"""The built-in types that a parameter may be of; those of others are texts, cast in the SQL."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement. `$n` is bound to `binders[n - 1]`; every parameter is sent as text, or as
    an array of texts where the binder is `as_array`, whatever its type in the SQL.
    `repeatable`: it calls nothing that may change anything."""

    text: str
    binders: tuple[Value, ...]
    repeatable: bool = True


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
