"""Values as parameters: equal values share one `$n`, each cast to its Postgres type."""

import re
from dataclasses import dataclass, field

from rowgate.algebra.types import (
    Constant,
    ListOf,
    SessionValue,
    Value,
    Variable,
    WholeSession,
)
from rowgate.base.errors import ValidationFailed
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import PgType, TypeKind
from rowgate.sql.names import function_in, is_spatial, type_name
from rowgate.sql.types import TAKEN_AS_TEXT, GivenCount, GivenRows, Statement

_MOST = 32_767
"""How many parameters a statement may have: what the driver sends at most."""
_MOST_TOGETHER = 64
"""How many a statement may have that is asked for several lists of arguments: each is a column."""
_GIVEN = '"$"'
"""The alias of the rows of arguments, which no other part of a statement takes."""

Leaf = Constant | Variable | SessionValue | WholeSession | GivenRows | GivenCount


_PLACE = re.compile("\0(\\d+)\0")
"""Where a parameter stands while its statement is in the making."""


@dataclass(slots=True)
class Parameters:
    """The parameters of a statement in the making, each of one type. `repeatable`: so far it calls
    nothing that may change anything. `reads`: the tables and views that it names so far."""

    repeatable: bool = True
    reads: set[QualifiedName] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)
    _binders: list[Leaf] = field(default_factory=list)
    _types: list[str] = field(default_factory=list)

    def number(self, leaf: Leaf, type_: str) -> str:
        """A leaf as an expression of the type with that name; raises `ValidationFailed` where there
        are too many."""
        key = f"{type_} {leaf!r}"
        found = self._numbers.get(key)
        if found is None:
            if len(self._binders) == _MOST:
                raise ValidationFailed(f"a field may hold at most {_MOST} values of its own")
            self._binders.append(leaf)
            self._types.append(type_)
            found = self._numbers[key] = len(self._binders)
        return f"\0{found}\0::{type_}"

    def statement(self, text: str, *, is_read: bool = False) -> Statement:
        """The finished statement; of a read, with its form for several lists of arguments."""
        return Statement(
            _PLACE.sub(r"$\1", text),
            tuple(self._binders),  # type: ignore[arg-type]
            self.repeatable,
            frozenset(self.reads),
            self._many(text) if is_read else None,
        )

    def _many(self, text: str) -> str | None:
        """The statement for several lists of arguments: a subselect of rows of them, each turned
        into its types once a row. Behind a `select` the planner does not see how long the arrays
        are, and comes to one plan for all."""
        if not (self.repeatable and 0 < len(self._binders) <= _MOST_TOGETHER):
            return None
        casts = list(enumerate(self._types, 1))
        arrays = ", ".join(f"(select ${number}::text[])" for number, _ in casts)
        names = ", ".join(f"p{number}" for number, _ in casts)
        typed = ", ".join(f"a.p{number}::{type_} as p{number}" for number, type_ in casts)
        placed = _PLACE.sub(rf"{_GIVEN}.p\1", text)
        return (
            f"select ({placed}) from (select {typed}, a.n from unnest({arrays}) "
            f"with ordinality as a({names}, n) offset 0) as {_GIVEN} order by {_GIVEN}.n"
        )

    def cast(self, leaf: Constant | Variable | SessionValue, type_: PgType) -> str:
        """A leaf as an expression of `type_`."""
        if is_spatial(type_) and type_.name != "raster":
            if leaf.as_array:
                made = _from_geojson("u.x", type_)
                return f"array(select {made} from unnest({self.number(leaf, 'text[]')}) as u(x))"
            return _from_geojson(self.number(leaf, "text"), type_)
        if type_.is_builtin and type_.name in TAKEN_AS_TEXT:
            name = "text" if type_.name == "text" else type_name(type_)
            return self.number(leaf, f"{name}[]" if leaf.as_array else name)
        if leaf.as_array:
            return f"({self.number(leaf, 'text[]')})::{type_name(type_)}[]"
        text = self.number(leaf, "text")
        if type_.kind is TypeKind.COMPOSITE:
            name = type_name(type_)
            return (
                f"case when {text} like '{{%' then "
                f"jsonb_populate_record(null::{name}, ({text})::jsonb) "
                f"else ({text})::{name} end"
            )
        return f"({text})::{type_name(type_)}"

    def array(self, items: ListOf) -> str:
        """Several values as an array."""
        inner = ", ".join(self.plain(one) for one in items.items)
        return f"array[{inner}]::{type_name(items.type)}[]"

    def arrays(self, value: Value) -> str:
        """Several arrays, each of the same array type, as a subselect: an array of arrays would be
        one array of more dimensions to Postgres."""
        match value:
            case Constant() | Variable() | SessionValue():
                type_ = type_name(value.type)
                return f"select u.x::{type_} from unnest({self.number(value, 'text[]')}) as u(x)"
            case ListOf(items=()):
                return f"select null::{type_name(value.type)} where false"
            case ListOf():
                return "values " + ", ".join(f"({self.plain(one)})" for one in value.items)
        raise AssertionError(value)

    def plain(self, value: Value) -> str:
        """A value that does not depend on a row."""
        match value:
            case Constant() | Variable() | SessionValue():
                return self.cast(value, value.type)
            case ListOf():
                return self.array(value)
            case WholeSession():
                return self.number(value, "text")
        raise AssertionError(value)


def _from_geojson(text: str, type_: PgType) -> str:
    made = f"{function_in(type_, 'st_geomfromgeojson')}({text})"
    return made if type_.name == "geometry" else f"{made}::{type_name(type_)}"
