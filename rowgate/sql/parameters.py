"""Values as parameters: equal values share one `$n`, each cast to its Postgres type."""

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
from rowgate.catalog.types import PgType, TypeKind
from rowgate.sql.names import function_in, is_spatial, type_name
from rowgate.sql.types import TAKEN_AS_TEXT, GivenCount, GivenRows, Statement

_MOST = 32_767
"""How many parameters a statement may have: what the driver sends at most."""

Leaf = Constant | Variable | SessionValue | WholeSession | GivenRows | GivenCount


@dataclass(slots=True)
class Parameters:
    """The parameters of a statement in the making. `repeatable`: so far it calls nothing that may
    change anything."""

    repeatable: bool = True
    _numbers: dict[str, int] = field(default_factory=dict)
    _binders: list[Leaf] = field(default_factory=list)

    def number(self, leaf: Leaf) -> str:
        """The `$n` of a leaf; raises `ValidationFailed` where there are too many."""
        key = repr(leaf)
        found = self._numbers.get(key)
        if found is None:
            if len(self._binders) == _MOST:
                raise ValidationFailed(f"a field may hold at most {_MOST} values of its own")
            self._binders.append(leaf)
            found = self._numbers[key] = len(self._binders)
        return f"${found}"

    def statement(self, text: str) -> Statement:
        """The finished statement."""
        return Statement(text, tuple(self._binders), self.repeatable)  # type: ignore[arg-type]

    def cast(self, leaf: Constant | Variable | SessionValue, type_: PgType) -> str:
        """A leaf as an expression of `type_`."""
        number = self.number(leaf)
        if is_spatial(type_) and type_.name != "raster":
            if leaf.as_array:
                made = _from_geojson("u.x", type_)
                return f"array(select {made} from unnest({number}::text[]) as u(x))"
            return _from_geojson(f"{number}::text", type_)
        if type_.is_builtin and type_.name in TAKEN_AS_TEXT:
            name = "text" if type_.name == "text" else type_name(type_)
            return f"{number}::{name}{'[]' if leaf.as_array else ''}"
        if leaf.as_array:
            return f"({number}::text[])::{type_name(type_)}[]"
        if type_.kind is TypeKind.COMPOSITE:
            name = type_name(type_)
            return (
                f"case when {number}::text like '{{%' then "
                f"jsonb_populate_record(null::{name}, ({number}::text)::jsonb) "
                f"else ({number}::text)::{name} end"
            )
        return f"({number}::text)::{type_name(type_)}"

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
                return f"select u.x::{type_} from unnest({self.number(value)}::text[]) as u(x)"
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
                return f"{self.number(value)}::text"
        raise AssertionError(value)


def _from_geojson(text: str, type_: PgType) -> str:
    made = f"{function_in(type_, 'st_geomfromgeojson')}({text})"
    return made if type_.name == "geometry" else f"{made}::{type_name(type_)}"
