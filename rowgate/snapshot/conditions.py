"""Boolean expressions in JSON (permissions, the legacy API's `where`) → `Condition`.

One reader serves both: what differs is how a column, a relationship's rows and a value may be
reached, and that is the `Access` it is given.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from rowgate.algebra.types import (
    Cast,
    Compare,
    Computed,
    Condition,
    Constant,
    Exists,
    IsNull,
    ListOf,
    Not,
    Operand,
    Operator,
    Related,
    RelatedByFunction,
    RelatedColumn,
    RowColumn,
    SessionValue,
    Spatial,
    Value,
    conjunction,
    disjunction,
    value_type,
)
from rowgate.base.errors import ApiError, ParseFailed
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import FLOAT8, INT4, PgType, builtin
from rowgate.snapshot.types import ComputedField, Relationship, Table, call_of

_COLUMN_OPERATORS = {
    "ceq": Operator.EQ,
    "cne": Operator.NEQ,
    "cneq": Operator.NEQ,
    "cgt": Operator.GT,
    "clt": Operator.LT,
    "cgte": Operator.GTE,
    "clte": Operator.LTE,
}
_SPELLINGS = {"ne": "neq"}
_SPATIAL = frozenset(
    ("st_d_within", "st_3d_d_within", "st_intersects_nband_geom", "st_intersects_geom_nband")
)
_CASTS = {"String": "text", "geography": "geography", "geometry": "geometry"}


class Access(Protocol):
    """How a reader reaches what the expression names; each raises `ApiError` where it may not."""

    def table(self, name: QualifiedName) -> Table:
        """The tracked table of that name."""

    def column(self, table: Table, name: str) -> Operand | None:
        """The column of that name as an operand; None where there is none."""

    def rows(self, table: Table, condition: Condition, *, computed: bool = False) -> Condition:
        """The condition under which rows of another table count. `computed`: a function's."""


def session_variable(value: Json) -> str | None:
    """The lower-case name where `value` is the name of a session variable, else None."""
    if isinstance(value, str) and value[:9].lower() == "x-hasura-":
        return value.lower()
    return None


class ConditionReader:
    """Reads the expressions about one table. With `client_values`, strings that look like session
    variables are literals. `root` is the table that `["$", "column"]` refers to; `levels` is how
    many relationships deep the expression may go (None: any)."""

    def __init__(
        self,
        access: Access,
        table: Table,
        *,
        client_values: bool = False,
        root: Table | None = None,
        levels: int | None = None,
    ) -> None:
        self.access = access
        self.table = table
        self.client_values = client_values
        self.root = root or table
        self.levels = levels

    def _about(self, table: Table) -> "ConditionReader":
        if self.levels == 0:
            raise ApiError("too many levels of relationships", code="validation-failed")
        return ConditionReader(
            self.access,
            table,
            client_values=self.client_values,
            root=self.root,
            levels=None if self.levels is None else self.levels - 1,
        )

    def read(self, expression: Json) -> Condition:
        """The condition that a JSON object means; all its keys must hold."""
        if not isinstance(expression, dict):
            raise ParseFailed("expecting an object for a boolean expression")
        return conjunction([self._entry(key, value) for key, value in expression.items()])

    def _entry(self, key: str, value: Json) -> Condition:
        match key:
            case "_and" | "$and":
                return conjunction([self.read(item) for item in _list(key, value)])
            case "_or" | "$or":
                return disjunction([self.read(item) for item in _list(key, value)])
            case "_not" | "$not":
                return Not(self.read(value))
            case "_exists" | "$exists":
                return self._exists(value)
        operand = self.access.column(self.table, key)
        if operand is not None:
            nullable = self.table.columns[key].column.nullable
            return self._comparisons(operand, value, nullable=nullable)
        if relationship := self.table.relationships.get(key):
            return self._related(relationship, value)
        if computed := self.table.computed_fields.get(key):
            return self._computed(computed, value)
        raise ApiError(
            f'column "{key}" does not exist in table "{self.table.name}"',
            code="not-exists",
        )

    def _exists(self, value: Json) -> Condition:
        if not isinstance(value, dict) or set(value) - {"_table", "_where"}:
            raise ParseFailed("expecting an object with _table and _where for _exists")
        name = table_name(value.get("_table"))
        table = self.access.table(name)
        condition = self._about(table).read(value.get("_where", {}))
        return Exists(name, self.access.rows(table, condition))

    def _related(self, relationship: Relationship, value: Json) -> Condition:
        table = self.access.table(relationship.join.target)
        condition = self._about(table).read(value)
        return Related(relationship.join, self.access.rows(table, condition))

    def _computed(self, computed: ComputedField, value: Json) -> Condition:
        call = call_of(computed, {})
        if computed.returns is not None:
            return self._comparisons(Computed(call, computed.returns), value)
        assert computed.table is not None
        table = self.access.table(computed.table)
        condition = self._about(table).read(value)
        return RelatedByFunction(call, self.access.rows(table, condition, computed=True))

    def _comparisons(self, operand: Operand, value: Json, *, nullable: bool = True) -> Condition:
        if isinstance(value, dict) and all(key[:1] in "_$" for key in value):
            return conjunction(
                [
                    self._comparison(operand, key, val, nullable=nullable)
                    for key, val in value.items()
                ]
            )
        return self._compared(operand, "_eq", value, nullable=True)

    def _comparison(self, operand: Operand, key: str, value: Json, *, nullable: bool) -> Condition:
        name = _SPELLINGS.get(key[1:], key[1:])
        if name == "is_null":
            if not isinstance(value, bool):
                raise ParseFailed("expecting a boolean for _is_null")
            return IsNull(operand, value)
        if name == "cast":
            return self._cast(operand, value, nullable=nullable)
        if name in _SPATIAL:
            return self._spatial(operand, name, value)
        if name in _COLUMN_OPERATORS:
            return Compare(operand, _COLUMN_OPERATORS[name], self._column_value(value))
        return self._compared(operand, key, value, nullable=nullable)

    def _compared(self, operand: Operand, key: str, value: Json, *, nullable: bool) -> Condition:
        """A comparison with a value. To a column that may be null, `_eq` and `_neq` of null are
        tests for null, as Hasura has it; to any other comparison null is unknown."""
        try:
            operator = Operator("_" + _SPELLINGS.get(key[1:], key[1:]))
        except ValueError:
            raise ParseFailed(f"unexpected operator: {key}") from None
        compared = Compare(operand, operator, self._operator_value(operator, operand, value))
        if value is None and nullable and operator in (Operator.EQ, Operator.NEQ):
            return disjunction([compared, IsNull(operand, wanted=operator is Operator.EQ)])
        return compared

    def _spatial(self, operand: Operand, name: str, value: Json) -> Condition:
        if name.endswith("d_within"):
            return self._within(operand, name, value)
        return self._raster(operand, name, value)

    def _cast(self, operand: Operand, value: Json, *, nullable: bool) -> Condition:
        if not isinstance(value, dict):
            raise ParseFailed("expecting an object for _cast")
        items = []
        for target, comparisons in value.items():
            if target not in _CASTS:
                raise ParseFailed(f'cannot cast to "{target}"')
            own = type_of(operand)
            name = _CASTS[target]
            schema = "pg_catalog" if name == "text" else own.schema
            cast = Cast(operand, PgType(schema, name))
            items.append(self._comparisons(cast, comparisons, nullable=nullable))
        return conjunction(items)

    def _within(self, operand: Operand, name: str, value: Json) -> Condition:
        if not isinstance(value, dict) or not {"distance", "from"} <= set(value):
            raise ParseFailed(f"expecting an object with distance and from for _{name}")
        arguments = [
            self._present(value["from"], type_of(operand)),
            self._present(value["distance"], FLOAT8),
        ]
        if type_of(operand).name == "geography":
            arguments.append(self._value(value.get("use_spheroid", True), builtin("bool")))
        function = "st_3ddwithin" if name == "st_3d_d_within" else "st_dwithin"
        return Spatial(operand, function, tuple(arguments))

    def _raster(self, operand: Operand, name: str, value: Json) -> Condition:
        if not isinstance(value, dict) or "geommin" not in value:
            raise ParseFailed(f"expecting an object with geommin and nband for _{name}")
        geometry = self._present(value["geommin"], PgType(type_of(operand).schema, "geometry"))
        band = value.get("nband")
        if band is None:
            return Spatial(operand, "st_intersects", (geometry,))
        number = self._value(band, INT4)
        first = name == "st_intersects_nband_geom"
        arguments = (number, geometry) if first else (geometry, number)
        return Spatial(operand, "st_intersects", arguments)

    def _operator_value(self, operator: Operator, operand: Operand, value: Json) -> Value:
        type_, many = value_type(operator, type_of(operand))
        if not many:
            return self._value(value, type_)
        if (name := session_variable(value)) and not self.client_values:
            return SessionValue(name, type_, as_array=True)
        if not isinstance(value, list):
            raise ParseFailed(f"expecting a list for {operator}")
        if any(session_variable(item) for item in value) and not self.client_values:
            return ListOf(tuple(self._value(item, type_) for item in value), type_)
        return Constant(value, type_, as_array=True)

    def _value(self, value: Json, type_: PgType) -> Value:
        if not self.client_values and (name := session_variable(value)):
            return SessionValue(name, type_)
        return Constant(value, type_)

    def _present(self, value: Json, type_: PgType) -> Value:
        if value is None:
            raise ParseFailed("null is not a value to compare with")
        return self._value(value, type_)

    def _column_value(self, value: Json) -> Value:
        root = False
        if isinstance(value, list) and len(value) == 2 and value[0] == "$":
            root, value = True, value[1]
        if isinstance(value, list) and len(value) == 2:
            return self._related_column(value)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        table = self.root if root else self.table
        if not isinstance(value, str) or value not in table.columns:
            raise ApiError(
                f'column "{value}" does not exist in table "{table.name}"', code="not-exists"
            )
        return RowColumn(value, table.columns[value].type, root)

    def _related_column(self, path: Sequence[Json]) -> Value:
        relationship = self.table.relationships.get(path[0])
        if relationship is None or relationship.is_array:
            raise ApiError(f'no object relationship "{path[0]}"', code="not-exists")
        target = self.access.table(relationship.join.target)
        if path[1] not in target.columns:
            raise ApiError(f'column "{path[1]}" does not exist', code="not-exists")
        return RelatedColumn(relationship.join, path[1], target.columns[path[1]].type)


def type_of(operand: Operand) -> PgType:
    """The Postgres type of an operand."""
    return operand.type


def table_name(value: Json) -> QualifiedName:
    """A table's name in either of its JSON forms; raises `ParseFailed`."""
    if isinstance(value, str):
        return QualifiedName("public", value)
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        return QualifiedName(value.get("schema", "public"), value["name"])
    raise ParseFailed("expecting a table: its name, or an object with schema and name")


def _list(key: str, value: Json) -> Iterable[Json]:
    if not isinstance(value, list):
        raise ParseFailed(f"expecting a list for {key}")
    return value
