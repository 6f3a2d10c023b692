"""The boolean expressions of permissions (contract A5, "BoolExp in metadata").

They see every row and every column, whoever asks; what they know of the session is its variables.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tests.properties.model import Json, Row, State, Table, World
from tests.properties.oracle.logic import Truth, conjunction, disjunction, negation
from tests.properties.oracle.operators import compare
from tests.properties.oracle.rows import related, scalar
from tests.properties.oracle.session import resolved, resolved_list

_LISTED = {"_in": None, "_nin": None, "_has_keys_any": "text", "_has_keys_all": "text"}
"""Operators that take a list, and of which type where it is not the column's."""
_ALIASES = {"_ne": "_neq", "_cne": "_cneq"}


@dataclass(frozen=True)
class Place:
    """The row that a condition is about; `root` is the row that the whole permission is about,
    which `$` means."""

    table: Table
    row: Row
    root: Row


@dataclass(frozen=True)
class Permissions:
    """Judges conditions on the rows of `state` for a session."""

    world: World
    state: State
    role: str
    session: Mapping[str, str]

    def allow(self, condition: Json, table: Table, row: Row) -> bool:
        """Whether a row passes: only where the condition is true (Postgres manual, 7.2.2)."""
        return self._holds(condition, Place(table, row, row)) is True

    def _holds(self, condition: Json, place: Place) -> Truth:
        """All entries of an object hold; of an empty one that is true (contract A2, `{}`)."""
        return conjunction(self._entry(key, value, place) for key, value in condition.items())

    def _each(self, conditions: Iterable[Json], place: Place) -> Iterable[Truth]:
        return (self._holds(one, place) for one in conditions)

    def _entry(self, key: str, value: Json, place: Place) -> Truth:
        match _plain(key):
            case "_and":
                return conjunction(self._each(value, place))
            case "_or":
                return disjunction(self._each(value, place))
            case "_not":
                return negation(self._holds(value, place))
            case "_exists":
                return self._exists(value, place)
        if place.table.type_of(key) is None:
            return self._related(key, value, place)
        return self._compared(key, value, place)

    def _exists(self, value: Json, place: Place) -> Truth:
        """Any row of any table at all; `$` still means the permission's own row."""
        table = self.world.tables[value["_table"]["name"]]
        inside = (Place(table, row, place.root) for row in self.state[table.name])
        return any(self._holds(value["_where"], one) is True for one in inside)

    def _related(self, name: str, value: Json, place: Place) -> Truth:
        """EXISTS (Postgres manual, 9.24.1): never unknown. The target's own permissions do not
        apply within a permission."""
        target = self.world.tables[place.table.target(name)]
        found = related(place.table, place.row, name, self.state)
        inside = (replace(place, table=target, row=row) for row in found)
        return any(self._holds(value, one) is True for one in inside)

    def _compared(self, name: str, value: Json, place: Place) -> Truth:
        """Operators on a column or a scalar computed field; a bare value is compared by `_eq`, and
        always as a nullable comparison (Hasura, `parseBoolExpOperations`)."""
        type_ = place.table.type_of(name)
        assert type_ is not None
        left = scalar(place.table, place.row, name, self.session, self.role)
        if not isinstance(value, dict):
            return _nullable("_eq", type_, left, resolved(value, type_, self.session))
        column = place.table.columns.get(name)
        nullable = column is None or column.nullable
        return conjunction(
            self._operator(_plain(key), (type_, nullable), left, operand, place)
            for key, operand in value.items()
        )

    def _operator(
        self, name: str, of: tuple[str, bool], left: Json, operand: Json, place: Place
    ) -> Truth:
        type_, nullable = of
        if name.startswith("_c") and name.removeprefix("_c") in _COLUMN_COMPARISONS:
            right = self._other_column(operand, place)
            return compare(f"_{name.removeprefix('_c')}", type_, left, right)
        if name in ("_is_null", "_cast"):
            return compare(name, type_, left, operand)
        if name in _LISTED:
            right = resolved_list(operand, _LISTED[name] or type_, self.session)
            return compare(name, type_, left, right)
        right = resolved(operand, "text" if name == "_has_key" else type_, self.session)
        if name in ("_eq", "_neq") and nullable:
            return _nullable(name, type_, left, right)
        return compare(name, type_, left, right)

    def _other_column(self, operand: Json, place: Place) -> Json:
        """`"col"`, `["$", "col"]` of the permission's own row, `["rel", "col"]` of the row that an
        object relationship leads to: null where there is none."""
        path = operand if isinstance(operand, list) else [operand]
        if len(path) == 1:
            return place.row[path[0]]
        if path[0] == "$":
            return place.root[path[1]]
        found = related(place.table, place.row, path[0], self.state)
        return found[0][path[1]] if found else None


_COLUMN_COMPARISONS = ("eq", "neq", "gt", "lt", "gte", "lte")


def _plain(key: str) -> str:
    """`$eq` means `_eq`; what has two names has the second here."""
    name = f"_{key[1:]}" if key.startswith("$") else key
    return _ALIASES.get(name, name)


def _nullable(name: str, type_: str, left: Json, right: Json) -> Truth:
    """Contract A5, "`_eq`, `_ne` and null in permissions": `(c = v or (c is null and v is null))`
    and `(c <> v or (c is not null and v is null))`. A column that is never null is compared plainly
    (Hasura, `parseOperation`), so with a null it compares as unknown."""
    both = [right is None, (left is None) == (name == "_eq")]
    return disjunction([compare(name, type_, left, right), conjunction(both)])
