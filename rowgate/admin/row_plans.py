"""The legacy API's queries as plans: the same nouns, scope and conditions as GraphQL's."""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence

from rowgate.admin import row_queries as asked
from rowgate.admin.row_queries import ALL, ColumnPart, OnConflict, OrderPart, RowQuery
from rowgate.algebra.types import Condition, Constant, Operand, Value, conjunction
from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.base.names import PathStep, QualifiedName
from rowgate.catalog.types import INT8, UniqueKey
from rowgate.plan.outputs import nested
from rowgate.plan.scope import Scope
from rowgate.plan.types import (
    AffectedRows,
    Aggregate,
    AggregatePart,
    Assignment,
    Conflict,
    Count,
    Fields,
    Order,
    Output,
    ReadRows,
    Response,
    Returning,
    Rows,
    Shown,
    SortKey,
    ThroughRelationship,
    Write,
)
from rowgate.schema.types import STRINGIFIED
from rowgate.snapshot.conditions import ConditionReader
from rowgate.snapshot.types import (
    DeletePermission,
    InsertPermission,
    Options,
    Relationship,
    Table,
    UpdatePermission,
)

Path = tuple[PathStep, ...]
ARGS: Path = ("args",)
COUNT_KEY = "aggregate"
_LABELS = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*)?")
_OF_LABELS = frozenset({"ancestor", "descendant", "eq", "neq", "ne", "gt", "lt", "gte", "lte"})


def denied(code: str, message: str, path: Path) -> ApiError:
    """A refusal at `path`."""
    return ApiError(message, code=code, path=path)


class Planner:
    """Plans queries of one role about one source. `levels` is how many relationships deep they may
    go (None: any)."""

    def __init__(self, scope: Scope, options: Options, levels: int | None = None) -> None:
        self.scope = scope
        self.options = options
        self.levels = levels

    # --- Access, for the condition reader

    def table(self, name: QualifiedName) -> Table:
        """A tracked table; raises `ApiError` `not-exists`."""
        found = self.scope.tables.get(name)
        if found is None:
            raise denied("not-exists", f'table "{name}" does not exist', (*ARGS, "table"))
        return found

    def column(self, table: Table, name: str) -> Operand | None:
        """A column that the role may see; None where there is none of that name."""
        if name not in table.columns:
            return None
        return self._column(table, name, "select", ARGS)

    def rows(self, table: Table, condition: Condition, *, computed: bool = False) -> Condition:
        """`condition` on those rows of a related table that the role may see."""
        return self.scope.among(table, condition, computed=computed)

    # --- the five queries

    def select(self, table: Table, query: RowQuery) -> ReadRows:
        """A list of rows."""
        return ReadRows(*self._read(table, query, ARGS))

    def count(self, table: Table, where: Json, distinct: Sequence[str]) -> Aggregate:
        """How many rows, or how many distinct values of some columns."""
        rows = self._rows(table, RowQuery((), where), ARGS)
        operands = []
        for index, name in enumerate(distinct):
            path = (*ARGS, "distinct", index)
            if name not in table.columns:
                raise _no_such_column(name, path)
            operands.append(self._column(table, name, "select", path))
        measure = Count(tuple(operands), bool(operands))
        return Aggregate(rows, ((COUNT_KEY, AggregatePart((("count", measure),))),))

    def insert(
        self, table: Table, objects: Sequence[Mapping[str, Json]], how: OnConflict | None
    ) -> Write:
        """Rows to insert; a row without a value takes every default."""
        permission = self.scope.insert_permission(table)
        _refuse_unvalidated(permission)
        given = [self._values(table, one, permission.columns) for one in objects]
        if not given:
            raise denied("bad-request", "no objects to insert", (*ARGS, "objects"))
        columns = tuple(dict.fromkeys(name for one in given for name in one))
        if not columns and permission.columns:
            given[0][min(permission.columns)] = None
        conflict = None if how is None else self._conflict(table, how, columns)
        inserts = tuple(self.scope.insert(table, one, conflict) for one in given)
        return Write(self.scope.together(inserts), path=ARGS)

    def update(self, table: Table, where: Json, changes: Iterable[tuple[str, Json]]) -> Write:
        """Rows to change; `changes`: operator and column → value."""
        assignments = []
        permission = self.scope.update_permission(table)
        _refuse_unvalidated(permission)
        for operator, values in changes:
            path = (*ARGS, f"${operator}")
            for name, value in values.items():
                self._check_column(table, name, (permission.columns, "update"), path)
                assignments.append(_assignment(table, name, operator, value))
        _check_assignments([one.column for one in assignments], permission)
        change = self.scope.update(table, self._where(table, where), tuple(assignments))
        return Write(change, path=ARGS)

    def delete(self, table: Table, where: Json) -> Write:
        """Rows to delete."""
        _refuse_unvalidated(self.scope.delete_permission(table))
        change = self.scope.delete(table, self._where(table, where))
        return Write(change, path=ARGS)

    def response(self, table: Table, returning: Sequence[str] | None) -> Response:
        """What is told of written rows: how many, and the columns of `returning` where given."""
        affected: Response = (("affected_rows", AffectedRows()),)
        if returning is None:
            return affected
        path = (*ARGS, "returning")
        fields = tuple(
            (name, self._shown(self._column(table, name, "select", path)))
            for name in self._names(table, returning, path)
        )
        return (*affected, ("returning", Returning(fields)))

    # --- parts

    def _names(self, table: Table, names: Sequence[str], path: Path) -> list[str]:
        found: list[str] = []
        for name in names:
            if name == ALL:
                visible = self.scope.select(table).columns
                found += [one for one in table.columns if one in visible]
            elif name not in table.columns:
                raise _no_such_column(name, path)
            else:
                found.append(name)
        return list(dict.fromkeys(found))

    def _read(self, table: Table, query: RowQuery, path: Path) -> tuple[Rows, Fields]:
        return self._rows(table, query, path), self._fields(table, query, path)

    def _rows(self, table: Table, query: RowQuery, path: Path) -> Rows:
        return dataclasses.replace(
            self.scope.rows(table),
            where=self._where(table, query.where, (*path, "where")),
            order_by=tuple(self._order(table, one, path) for one in query.order_by),
            limit=None if query.limit is None else Constant(query.limit, INT8),
            offset=None if query.offset is None else Constant(query.offset, INT8),
        )

    def _where(self, table: Table, where: Json, path: Path = (*ARGS, "where")) -> Condition:
        try:
            _check_labels(table, where, path)
            reader = ConditionReader(self, table, client_values=True, levels=self.levels)
            return reader.read(where)
        except ApiError as error:
            raise error if error.path else error.under(*path) from None

    def _fields(self, table: Table, query: RowQuery, path: Path) -> Fields:
        fields: dict[str, Output] = {}
        for index, part in enumerate(query.parts):
            here = (*path, "columns", index)
            if isinstance(part, ColumnPart):
                for name in self._names(table, [part.name], here):
                    fields[name] = self._shown(self._column(table, name, "select", here))
            else:
                fields[part.alias] = self._nested(table, part, here)
        return tuple(fields.items())

    def _nested(self, table: Table, part: asked.RelationshipPart, path: Path) -> Output:
        relationship = self._relationship(table, part.name, path)
        target = self.table(relationship.join.target)
        inner = Planner(self.scope, self.options, self._levels_behind(1, path))
        rows, fields = inner._read(target, part.query, path)
        return nested(rows, fields, relationship)

    def _levels_behind(self, crossed: int, path: Path) -> int | None:
        """How many levels are left behind so many relationships."""
        if self.levels is None:
            return None
        if self.levels < crossed:
            raise denied("validation-failed", "too many levels of relationships", path)
        return self.levels - crossed

    def _relationship(self, table: Table, name: str, path: Path) -> Relationship:
        relationship = table.relationships.get(name)
        if relationship is None:
            text = f'"{name}" does not exist'
            raise denied("not-exists", text, path)
        return relationship

    def _order(self, table: Table, order: OrderPart, path: Path) -> Order:
        self._levels_behind(len(order.path) - 1, (*path, "order_by"))
        key = self._sort_key(table, order.path, (*path, "order_by"))
        nulls_first = order.descending if order.nulls_first is None else order.nulls_first
        return Order(key, order.descending, nulls_first)

    def _sort_key(self, table: Table, names: Sequence[str], path: Path) -> SortKey:
        if len(names) == 1:
            if names[0] not in table.columns:
                raise _no_such_column(names[0], path)
            return self._column(table, names[0], "select", path)
        relationship = self._relationship(table, names[0], path)
        if relationship.is_array:
            text = f"\"{names[0]}\" is an array relationship and can't be used in 'order_by'"
            raise denied("unexpected-payload", text, path)
        target = self.table(relationship.join.target)
        key = self._sort_key(target, names[1:], path)
        return ThroughRelationship(
            self.scope.rows(target), relationship.join, key, relationship.at_most_one
        )

    def _shown(self, operand: Operand) -> Shown:
        numeric = operand.type.name.lstrip("_") in STRINGIFIED
        return Shown(operand, as_text=numeric and self.options.stringify_numeric_types)

    def _column(self, table: Table, name: str, operation: str, path: Path) -> Operand:
        visible = self.scope.select(table).columns
        self._check_column(table, name, (frozenset(visible), operation), path)
        return self.scope.column(table, name)

    def _check_column(
        self, table: Table, name: str, allowed: tuple[frozenset[str], str], path: Path
    ) -> None:
        columns, operation = allowed
        if name not in table.columns:
            raise _no_such_column(name, path)
        if name not in columns:
            text = (
                f'role "{self.scope.role}" does not have permission to {operation} column "{name}"'
            )
            raise denied("permission-denied", text, path)

    def _values(
        self, table: Table, given: Mapping[str, Json], columns: frozenset[str]
    ) -> dict[str, Value | None]:
        for name in given:
            self._check_column(table, name, (columns, "insert"), (*ARGS, "objects"))
        types = table.relation.columns
        return {name: Constant(value, types[name].type) for name, value in given.items()}

    def _conflict(self, table: Table, how: OnConflict, columns: tuple[str, ...]) -> Conflict:
        keys = table.upsert_keys(self.scope.role)
        constraint = how.constraint or _constraint_on(table, keys, how.columns)
        if constraint is None:
            constraint = _only_constraint(keys, how)
        if all(key.name != constraint for key in keys):
            text = f'constraint "{constraint}" for table "{table.name}" does not exist'
            raise denied("unexpected", text, (*ARGS, "on_conflict", "constraint"))
        overwritten = self._updatable(table, columns) if how.update else ()
        return self.scope.conflict(table, constraint, overwritten, conjunction([]))

    def _updatable(self, table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
        permission = self.scope.update_permission(table)
        return tuple(name for name in columns if name in permission.columns)


def _no_such_column(name: str, path: Path) -> ApiError:
    return denied("permission-denied", f'no such column exists: "{name}"', path)


def _check_labels(table: Table, where: Json, path: Path) -> None:
    """Refuse comparisons of an `ltree` column with a text that is no path of labels."""
    for name, operators in where.items():
        column = table.columns.get(name)
        if column is None or column.type.name != "ltree" or not isinstance(operators, dict):
            continue
        for operator, value in operators.items():
            wrong = isinstance(value, str) and not _LABELS.fullmatch(value)
            if operator[1:] in _OF_LABELS and wrong:
                text = (
                    "Expecting label path: a sequence of zero or more labels separated by dots, "
                    "for example L1.L2.L3"
                )
                raise denied("parse-failed", text, (*path, name, operator))


def _check_assignments(columns: list[str], permission: UpdatePermission) -> None:
    """Refuse an update that changes nothing, or a column more than once."""
    if not columns and not permission.presets:
        text = "atleast one of $set, $inc, $mul has to be present"
        raise denied("unexpected-payload", text, ARGS)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        text = f"Column found in multiple operators: {twice}."
        raise denied("validation-failed", text, ARGS)


def _assignment(table: Table, name: str, operator: str, value: Json) -> Assignment:
    type_ = table.relation.columns[name].type
    return Assignment(name, type_, operator, None if value is None else Constant(value, type_))


def _constraint_on(
    table: Table, keys: tuple[UniqueKey, ...], columns: tuple[str, ...]
) -> str | None:
    """The name of the key over exactly `columns`; None where no columns are given."""
    if not columns:
        return None
    for name in columns:
        if name not in table.columns:
            raise _no_such_column(name, (*ARGS, "on_conflict", "constraint_on"))
    for key in keys:
        if set(key.columns) == set(columns):
            return key.name
    text = "there is no unique or exclusion constraint on target column(s)"
    raise denied("constraint-error", text, ARGS)


def _only_constraint(keys: tuple[UniqueKey, ...], how: OnConflict) -> str:
    """The key that `ignore` without a constraint is about, where there is no choice."""
    path = (*ARGS, "on_conflict")
    if how.update:
        text = "Expecting 'constraint' or 'constraint_on' when the 'action' is 'update'"
        raise denied("unexpected-payload", text, path)
    names = [key.name for key in keys]
    if len(names) != 1:
        text = "'constraint' is needed for a table that has not exactly one unique key"
        raise denied("not-supported", text, path)
    return names[0]


def _refuse_unvalidated(
    permission: InsertPermission | UpdatePermission | DeletePermission,
) -> None:
    """Refuse what a webhook would have to judge first: this API asks none."""
    if permission.validate_input is not None:
        text = "input validation webhooks are only called by GraphQL mutations"
        raise denied("not-supported", text, ARGS)
