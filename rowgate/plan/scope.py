"""The one door to rows: what a role sees, adds, changes and deletes, and nothing beyond it.

Every `Rows`, `Insert`, `Update` and `Delete` is made here, with the role's filter conjoined, its
columns checked and its limit set; the renderer accepts only these types.
"""

import dataclasses
from collections.abc import Mapping

from rowgate.algebra.narrowing import Narrowing
from rowgate.algebra.types import (
    FALSE,
    TRUE,
    Computed,
    Condition,
    FunctionCall,
    Guarded,
    Join,
    Operand,
    Rooted,
    RowColumn,
    Value,
)
from rowgate.base.errors import ApiError, ValidationFailed
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import PgType
from rowgate.plan.origins import (
    FromField,
    FromFunction,
    FromGiven,
    FromNative,
    FromTable,
    FromWritten,
    Origin,
)
from rowgate.plan.types import (
    Assignment,
    Conflict,
    Delete,
    Insert,
    Rows,
    Update,
)
from rowgate.snapshot.types import (
    DeletePermission,
    InsertPermission,
    NativeQuery,
    NestedModel,
    SelectPermission,
    Snapshot,
    Table,
    UpdatePermission,
)


class Scope:
    """What `role` may reach in one source of a snapshot."""

    def __init__(self, snapshot: Snapshot, source: str, role: str) -> None:
        self.snapshot = snapshot
        self.source = source
        self.role = role
        self.tables = snapshot.sources[source].tables

    def table(self, name: QualifiedName) -> Table:
        """A tracked table."""
        return self.tables[name]

    def select(self, table: Table) -> SelectPermission:
        """The role's select permission; raises `ApiError` `permission-denied` without one."""
        permission = table.permission(self.role).select
        if permission is None:
            raise self._denied("select", table)
        return permission

    def insert_permission(self, table: Table) -> InsertPermission:
        """The role's insert permission; raises `ApiError` without one."""
        permission = table.permission(self.role).insert
        if permission is None:
            raise self._denied("insert", table)
        return permission

    def update_permission(self, table: Table) -> UpdatePermission:
        """The role's update permission; raises `ApiError` without one."""
        permission = table.permission(self.role).update
        if permission is None:
            raise self._denied("update", table)
        return permission

    def delete_permission(self, table: Table) -> DeletePermission:
        """The role's delete permission; raises `ApiError` without one."""
        permission = table.permission(self.role).delete
        if permission is None:
            raise self._denied("delete", table)
        return permission

    def _denied(self, operation: str, table: Table) -> ApiError:
        return ApiError(
            f'{operation} on "{table.name}" for role "{self.role}" is not allowed. ',
            code="permission-denied",
        )

    def column(self, table: Table, name: str) -> Operand:
        """A column as the role sees it: null where a cell is hidden; raises where all are."""
        guard = self.select(table).columns.get(name)
        if guard is None:
            raise self._denied("select", table)
        column = table.columns[name]
        operand = RowColumn(name, column.type, derived=column.column.derived)
        return operand if guard == TRUE else Guarded(guard, operand, column.type)

    def computed(self, table: Table, name: str, call: FunctionCall) -> Operand:
        """A scalar computed field as the role sees it."""
        guard = self.select(table).computed_fields.get(name)
        computed = table.computed_fields[name]
        if guard is None or computed.returns is None:
            raise self._denied("select", table)
        operand = Computed(call, computed.returns)
        return operand if guard == TRUE else Guarded(guard, operand, computed.returns)

    def rows(self, table: Table, origin: Origin | None = None) -> Rows:
        """The rows of a table that the role may see."""
        permission = self.select(table)
        return Rows(origin or FromTable(table.name), permission.filter, cap=permission.limit)

    def function_rows(self, table: Table, call: FunctionCall) -> Rows:
        """The rows that a function returns, as far as the role may see them."""
        return self.rows(table, FromFunction(call, table.name))

    def native_rows(self, query: NativeQuery, arguments: Mapping[str, Value]) -> Rows:
        """The rows of a native query, as far as the role may see those of its logical model."""
        parts = tuple(one if isinstance(one, str) else arguments[one.name] for one in query.parts)
        return self.rows(query.table, FromNative(parts))

    def nested(self, table: Table, nested: NestedModel) -> Operand:
        """A field that holds rows of another logical model, as the role sees it."""
        guard = nested.guards.get(self.role)
        if guard is None:
            raise self._denied("select", table)
        operand = nested.column
        return operand if guard == TRUE else Guarded(guard, operand, operand.type)

    def nested_rows(self, table: Table, nested: NestedModel) -> Rows:
        """The rows in that field, as far as the role may see those of their model."""
        model = self.snapshot.sources[self.source].logical_models[nested.model]
        columns = tuple((name, one.type) for name, one in model.relation.columns.items())
        return self.rows(model, FromField(self.nested(table, nested), columns))

    def written(self, table: Table, *, given: bool = False) -> Rows:
        """The rows that the role has just written: it may see the columns that it may select."""
        origin = FromGiven(table.name) if given else FromWritten(table.name)
        return Rows(origin, TRUE)

    def related(self, join: Join, condition: Condition) -> Condition:
        """`condition` on rows of a related table, limited to those that the role may see."""
        return self.among(self.table(join.target), condition)

    def among(self, table: Table, condition: Condition, *, computed: bool = False) -> Condition:
        """`condition` on those rows of another table that the role may see. `computed`: they are
        what a function gives."""
        return Narrowing(self.visible(table), computed).by(condition)

    def visible(self, table: Table) -> Condition:
        """Whether the role may see a row, as a condition inside another one."""
        rows = self.select(table).filter
        return rows if rows in (TRUE, FALSE) else Rooted(rows)

    def insert(
        self, table: Table, values: Mapping[str, Value | None], conflict: Conflict | None
    ) -> Insert:
        """One row to insert, presets included; raises `ApiError` for a column that the role may
        not set."""
        permission = self.insert_permission(table)
        for name in values:
            if name not in permission.columns:
                raise self._denied("insert", table)
        row: dict[str, Value | None] = {**values, **permission.presets}
        if not row:
            row = dict.fromkeys(list(table.relation.columns)[:1])
        types = {name: table.relation.columns[name].type for name in row}
        known = {name: column.type for name, column in table.relation.columns.items()}
        rows = (tuple(row.values()),)
        return Insert(table.name, types, rows, permission.check, conflict, known)

    def together(self, inserts: tuple[Insert, ...]) -> Insert:
        """Several rows of one table in one insert; a column that a row lacks takes its default."""
        first = inserts[0]
        types: dict[str, PgType] = {}
        for one in inserts:
            types.update(one.columns)
        rows = []
        for one in inserts:
            given = dict(zip(one.columns, one.rows[0], strict=True))
            rows.append(tuple(given.get(name) for name in types))
        return dataclasses.replace(first, columns=types, rows=tuple(rows))

    def conflict(
        self, table: Table, constraint: str, columns: tuple[str, ...], where: Condition
    ) -> Conflict:
        """What an upsert may overwrite: columns that the role may update, rows of its update
        filter, its update presets set; the insert's check holds where the update has none."""
        if not columns:
            return Conflict(constraint, {}, TRUE, TRUE)
        permission = self.update_permission(table)
        for name in columns:
            if name not in permission.columns:
                raise self._denied("update", table)
        assignments: dict[str, Value | None] = dict.fromkeys(columns)
        assignments.update(permission.presets)
        check = permission.check
        if check is None:
            check = self.insert_permission(table).check
        return Conflict(constraint, assignments, Narrowing(permission.filter).by(where), check)

    def update(self, table: Table, where: Condition, assignments: tuple[Assignment, ...]) -> Update:
        """Rows to change, presets included; raises `ApiError` for a column out of bounds."""
        permission = self.update_permission(table)
        for one in assignments:
            if one.column not in permission.columns:
                raise self._denied("update", table)
        presets = tuple(
            Assignment(name, table.relation.columns[name].type, "set", value)
            for name, value in permission.presets.items()
        )
        rows = Rows(FromTable(table.name), permission.filter, where)
        check = TRUE if permission.check is None else permission.check
        return Update(table.name, rows, (*assignments, *presets), check)

    def delete(self, table: Table, where: Condition) -> Delete:
        """Rows to delete."""
        permission = self.delete_permission(table)
        return Delete(table.name, Rows(FromTable(table.name), permission.filter, where))

    def writable_key(self, table: Table) -> tuple[str, ...]:
        """The primary key's columns; raises `ValidationFailed` where the table has none."""
        key = table.relation.primary_key
        if key is None:
            raise ValidationFailed(f'the table "{table.name}" has no primary key')
        return key.columns
