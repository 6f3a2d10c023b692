"""Where a permission's boolean expression names columns, relationships and tables.

It works on the declared JSON, not on resolved conditions, because its uses are to rewrite the
declaration when Postgres renames something, and to tell which declarations use a column.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rowgate.admin import document as doc
from rowgate.admin.arguments import read_name
from rowgate.admin.document import Entry
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import Catalog

_LISTS = frozenset({"_and", "_or", "$and", "$or"})
_NOT = frozenset({"_not", "$not"})
_EXISTS = frozenset({"_exists", "$exists"})
_COLUMN_OPERATORS = frozenset(
    f"{sign}{name}"
    for sign in "_$"
    for name in ("ceq", "cne", "cneq", "cgt", "clt", "cgte", "clte")
)


@dataclass(frozen=True, slots=True)
class Use:
    """A name in an expression: `name`, a field of `table`, stands in `container` as the key
    `key`, or as the value under it (`is_value`)."""

    table: QualifiedName
    name: str
    container: Json
    key: str | int
    is_value: bool = False


@dataclass(frozen=True, slots=True)
class TableUse:
    """A table's name in an expression: the value of `container[key]`."""

    table: QualifiedName
    container: Json
    key: str | int


class Fields:
    """What the fields of tables lead to, by the declarations of one source and its catalog."""

    def __init__(self, source: Entry, catalog: Catalog) -> None:
        self._tables = dict(doc.tables(source))
        self._catalog = catalog

    def target(self, table: QualifiedName, field: str) -> QualifiedName | None:
        """The table that the relationship or computed field `field` leads to."""
        entry = self._tables.get(table)
        if entry is None:
            return None
        for _, relationship in doc.relationships(entry):
            if relationship.get("name") == field:
                return self._of_relationship(table, relationship.get("using"))
        computed = doc.find(entry.get("computed_fields", []), "name", field)
        return self._of_function(computed) if computed is not None else None

    def is_column(self, table: QualifiedName, field: str) -> bool:
        """Whether `field` is a column of `table`."""
        relation = self._catalog.relations.get(table)
        return relation is not None and field in relation.columns

    def _of_relationship(self, table: QualifiedName, using: Json) -> QualifiedName | None:
        match using:
            case {"manual_configuration": {"remote_table": remote}}:
                return read_name(remote)
            case {"foreign_key_constraint_on": {"table": remote}}:
                return read_name(remote)
            case {"foreign_key_constraint_on": str(column)}:
                return self._of_foreign_key(table, {column})
            case {"foreign_key_constraint_on": list(columns)}:
                return self._of_foreign_key(table, set(columns))
        return None

    def _of_foreign_key(self, table: QualifiedName, columns: set[str]) -> QualifiedName | None:
        relation = self._catalog.relations.get(table)
        if relation is None:
            return None
        keys = (key for key in relation.foreign_keys if set(key.columns) == columns)
        return next((key.target for key in keys), None)

    def _of_function(self, computed: Entry) -> QualifiedName | None:
        definition = computed.get("definition") or {}
        name = read_name(definition.get("function"))
        overloads = self._catalog.functions.get(name, ())
        return next((one.returns_table for one in overloads), None)


def uses(expression: Json, table: QualifiedName, fields: Fields) -> Iterator[Use | TableUse]:
    """Every name in `expression`, a boolean expression over rows of `table`."""
    yield from _Walk(table, fields).uses(expression, table)


class _Walk:
    def __init__(self, root: QualifiedName, fields: Fields) -> None:
        self._root = root
        self._fields = fields

    def uses(self, expression: Json, table: QualifiedName) -> Iterator[Use | TableUse]:
        if not isinstance(expression, dict):
            return
        for key, value in expression.items():
            if key in _LISTS:
                for item in value if isinstance(value, list) else [value]:
                    yield from self.uses(item, table)
            elif key in _NOT:
                yield from self.uses(value, table)
            elif key in _EXISTS:
                yield from self._exists(value)
            else:
                yield from self._field(expression, key, table)

    def _exists(self, value: Json) -> Iterator[Use | TableUse]:
        if not isinstance(value, dict) or "_table" not in value:
            return
        table = read_name(value["_table"])
        yield TableUse(table, value, "_table")
        yield from self.uses(value.get("_where"), table)

    def _field(self, owner: Json, key: str, table: QualifiedName) -> Iterator[Use | TableUse]:
        yield Use(table, key, owner, key)
        target = self._fields.target(table, key)
        if target is not None and not self._fields.is_column(table, key):
            yield from self.uses(owner[key], target)
        elif isinstance(owner[key], dict):
            yield from self._comparisons(owner[key], table)

    def _comparisons(self, operators: Json, table: QualifiedName) -> Iterator[Use]:
        for operator, operand in operators.items():
            if operator not in _COLUMN_OPERATORS:
                continue
            match operand:
                case str(column):
                    yield Use(table, column, operators, operator, is_value=True)
                case ["$", str(column)]:
                    yield Use(self._root, column, operand, 1, is_value=True)
                case [str(relationship), str(column)]:
                    yield Use(table, relationship, operand, 0, is_value=True)
                    target = self._fields.target(table, relationship)
                    if target is not None:
                        yield Use(target, column, operand, 1, is_value=True)


def has_literal(operand: Json) -> bool:
    """Whether a comparison's operand, or one of its operators', is a value of the column's type
    that is written out: not null, not a session variable, not another column.

    >>> has_literal(True), has_literal({"_eq": "X-Hasura-User-Id"}), has_literal({"_is_null": True})
    (True, False, False)
    """
    match operand:
        case dict():
            return any(
                has_literal(value)
                for operator, value in operand.items()
                if operator not in _COLUMN_OPERATORS and operator[1:] != "is_null"
            )
        case list():
            return any(has_literal(one) for one in operand)
        case str():
            return not operand.lower().startswith("x-hasura-")
    return operand is not None
