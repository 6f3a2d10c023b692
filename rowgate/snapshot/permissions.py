"""Declared permissions meet their table: column sets checked, expressions read into conditions."""

import dataclasses
from collections.abc import Mapping

from rowgate.algebra.types import TRUE, Condition, Constant, Operand, RowColumn, SessionValue, Value
from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.metadata.types import (
    ALL_COLUMNS,
    Columns,
    DeletePermissionDeclaration,
    InsertPermissionDeclaration,
    SelectPermissionDeclaration,
    UpdatePermissionDeclaration,
)
from rowgate.snapshot.conditions import ConditionReader, session_variable
from rowgate.snapshot.types import (
    DeletePermission,
    InsertPermission,
    Permissions,
    SelectPermission,
    Table,
    UpdatePermission,
)

PermissionDeclaration = (
    SelectPermissionDeclaration
    | InsertPermissionDeclaration
    | UpdatePermissionDeclaration
    | DeletePermissionDeclaration
)


class DefinerAccess:
    """A permission's own expressions see every table and column of the source unfiltered."""

    def __init__(self, tables: Mapping[QualifiedName, Table]) -> None:
        self.tables = tables
        self.seen: set[QualifiedName] = set()
        """The tables that were looked at."""

    def table(self, name: QualifiedName) -> Table:
        """The tracked table of that name; raises `ApiError` `not-exists`."""
        table = self.tables.get(name)
        if table is None:
            raise ApiError(f'table "{name}" does not exist', code="not-exists")
        self.seen.add(name)
        return table

    def column(self, table: Table, name: str) -> Operand | None:
        """The column itself."""
        column = table.columns.get(name)
        return None if column is None else RowColumn(name, column.type)

    def rows(
        self,
        table: Table,  # noqa: ARG002
        condition: Condition,
        *,
        computed: bool = False,  # noqa: ARG002
    ) -> Condition:
        """Every row counts."""
        return condition


class PermissionReader:
    """Reads the permissions of one table."""

    def __init__(self, table: Table, access: DefinerAccess) -> None:
        self.table = table
        self.access = access

    def read(self, declared: PermissionDeclaration, own: Permissions) -> Permissions:
        """`own` with the permission that is declared; raises `ApiError` where it does not fit."""
        match declared:
            case SelectPermissionDeclaration():
                return dataclasses.replace(own, select=self.select(declared))
            case InsertPermissionDeclaration():
                return dataclasses.replace(own, insert=self.insert(declared))
            case UpdatePermissionDeclaration():
                return dataclasses.replace(own, update=self.update(declared))
            case DeletePermissionDeclaration():
                return dataclasses.replace(own, delete=self.delete(declared))

    def _check_computed(self, name: str) -> None:
        computed = self.table.computed_fields.get(name)
        if computed is None:
            raise ApiError(f'computed field "{name}" does not exist', code="not-exists")
        if computed.table is not None:
            raise ApiError(
                f'select permissions on computed field "{name}" are auto-derived from the '
                f'permissions on its returning table "{computed.table}" and cannot be specified '
                "manually"
            )

    def select(self, declared: SelectPermissionDeclaration) -> SelectPermission:
        """A select permission; raises `ApiError` where a column or expression does not fit."""
        for name in declared.computed_fields:
            self._check_computed(name)
        shown = declared.computed_fields
        tables = {n: f for n, f in self.table.computed_fields.items() if f.table is not None}
        return SelectPermission(
            dict.fromkeys(self._columns(declared.columns), TRUE),
            dict.fromkeys((*shown, *(n for n in tables if n not in shown)), TRUE),
            self._condition(declared.filter),
            declared.limit,
            declared.allow_aggregations,
            _roots(declared.query_root_fields),
            _roots(declared.subscription_root_fields),
        )

    def insert(self, declared: InsertPermissionDeclaration) -> InsertPermission:
        """An insert permission; preset columns are taken out of the column set."""
        presets = self._presets(declared.presets)
        return InsertPermission(
            frozenset(self._columns(declared.columns)) - frozenset(presets),
            self._condition(declared.check),
            presets,
            declared.backend_only,
            declared.validate_input,
        )

    def update(self, declared: UpdatePermissionDeclaration) -> UpdatePermission:
        """An update permission; preset columns are taken out of the column set."""
        presets = self._presets(declared.presets)
        return UpdatePermission(
            frozenset(self._columns(declared.columns)) - frozenset(presets),
            self._condition(declared.filter),
            None if declared.check is None else self._condition(declared.check),
            presets,
            declared.backend_only,
            declared.validate_input,
        )

    def delete(self, declared: DeletePermissionDeclaration) -> DeletePermission:
        """A delete permission."""
        return DeletePermission(
            self._condition(declared.filter), declared.backend_only, declared.validate_input
        )

    def _condition(self, expression: Json) -> Condition:
        return ConditionReader(self.access, self.table).read(expression)

    def _columns(self, declared: Columns) -> tuple[str, ...]:
        if declared == ALL_COLUMNS:
            return tuple(self.table.columns)
        for name in declared:
            if name not in self.table.relation.columns:
                raise ApiError(f'column "{name}" does not exist', code="not-exists")
        return tuple(name for name in declared if name in self.table.columns)

    def _presets(self, declared: Mapping[str, Json]) -> Mapping[str, Value]:
        presets: dict[str, Value] = {}
        for name, value in declared.items():
            column = self.table.relation.columns.get(name)
            if column is None:
                raise ApiError(f'column "{name}" does not exist', code="not-exists")
            variable = session_variable(value)
            presets[name] = (
                SessionValue(variable, column.type) if variable else Constant(value, column.type)
            )
        return presets


def _roots(declared: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if declared is None else frozenset(declared)


def admin_permissions(table: Table) -> Permissions:
    """What `admin` may do: everything that Postgres lets be done."""
    columns = table.columns
    relation = table.relation
    writable = frozenset(
        name
        for name, item in columns.items()
        if item.column.identity != "always" and not item.column.generated
    )
    return Permissions(
        SelectPermission(
            dict.fromkeys(columns, TRUE),
            dict.fromkeys(table.computed_fields, TRUE),
            TRUE,
            None,
            True,
        ),
        InsertPermission(writable, TRUE) if relation.insertable else None,
        UpdatePermission(writable, TRUE, TRUE) if relation.updatable else None,
        DeletePermission(TRUE) if relation.deletable else None,
    )
