"""Logical models: shapes of rows with their own permissions, as tables without a relation.

The tables' names have an empty schema, which Postgres cannot have, so that nothing else in the
metadata can name them and no generated SQL could reach a relation by them.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from functools import partial

from rowgate.algebra.types import TRUE, Condition, RowColumn, array_of
from rowgate.base.errors import ApiError
from rowgate.base.names import QualifiedName, is_graphql_name
from rowgate.catalog.types import JSON, Catalog, Column, Relation, RelationKind
from rowgate.metadata.types import (
    ALL_COLUMNS,
    InheritedRole,
    LogicalModelDeclaration,
    LogicalModelField,
    SelectPermissionDeclaration,
    SourceDeclaration,
)
from rowgate.snapshot.inconsistencies import Attempts, Subject, inside
from rowgate.snapshot.permissions import DefinerAccess, PermissionReader
from rowgate.snapshot.roles import in_order, unite_selects
from rowgate.snapshot.tables import plain_type
from rowgate.snapshot.type_names import read_type
from rowgate.snapshot.types import (
    NestedModel,
    Permissions,
    SelectPermission,
    Shape,
    Table,
    TableColumn,
)

Models = dict[str, Table]
Selects = dict[str, SelectPermission]


def nameless(name: str) -> QualifiedName:
    """The name of a table that is no relation."""
    return QualifiedName("", name)


class ModelReader:
    """Resolves the logical models of one source; failures go to `attempts`. `tables` are those
    that permissions may refer to by `_exists`."""

    def __init__(
        self,
        declared: SourceDeclaration,
        catalog: Catalog,
        tables: Mapping[QualifiedName, Table],
        attempts: Attempts,
    ) -> None:
        self.declared = declared
        self.catalog = catalog
        self.tables = tables
        self.attempts = attempts

    def models(self, roles: tuple[InheritedRole, ...]) -> Models:
        """The models by name, with the permissions of every role."""
        made: Models = {}
        names = frozenset(one.name for one in self.declared.logical_models)
        for item in self.declared.logical_models:
            model = self.attempts.attempt(self._subject(item), self._model, item, names)
            if model is not None:
                made[item.name] = self._permitted(item, model, roles)
        return self._without_strays(made)

    def _without_strays(self, models: Models) -> Models:
        """The models without those that nest one which could not be resolved."""
        while True:
            stray = {
                name: one.model
                for name, table in models.items()
                for one in _nested_of(table).values()
                if one.model not in models
            }
            if not stray:
                return models
            for item in self.declared.logical_models:
                if item.name in stray:
                    self.attempts.tell(
                        self._subject(item),
                        f'Inconsistent object: the logical model "{stray[item.name]}" is '
                        "inconsistent",
                    )
                    del models[item.name]

    def _subject(self, item: LogicalModelDeclaration) -> Subject:
        name = f"logical_model {item.name} in source {self.declared.name}"
        return Subject("logical_model", name, {"name": item.name})

    def _model(self, item: LogicalModelDeclaration, names: frozenset[str]) -> Table:
        with inside(f'in logical model "{item.name}"'):
            _check_names(item)
            columns = {one.name: self._column(one) for one in item.fields}
            shown = {
                one.name: TableColumn(
                    columns[one.name],
                    one.name,
                    plain_type(columns[one.name].type),
                    one.description,
                )
                for one in item.fields
                if one.logical_model is None
            }
            nested = {one.name: _nested(one, names) for one in item.fields if one.logical_model}
        relation = Relation(
            nameless(item.name),
            RelationKind.VIEW,
            columns,
            insertable=False,
            updatable=False,
            deletable=False,
        )
        note = item.description or f'the logical model "{item.name}"'
        return Table(
            self.declared.name, relation, item.name, {}, shown, {}, {}, {}, None, note, False,
            Shape(nested),
        )  # fmt: skip

    def _column(self, item: LogicalModelField) -> Column:
        nullable = item.nullable
        if item.scalar is None:
            return Column(item.name, JSON, nullable)
        type_ = read_type(item.scalar, self.catalog)
        return Column(item.name, array_of(type_) if item.is_array else type_, nullable)

    def _permitted(
        self, item: LogicalModelDeclaration, table: Table, roles: tuple[InheritedRole, ...]
    ) -> Table:
        granted: Selects = {}
        for one in item.select_permissions:
            kind = "select_permission"
            within = f"in logical_model {item.name} in source {self.declared.name}"
            subject = Subject(kind, f"{kind} {one.role} {within}", {"role": one.role})
            read = partial(self._permission, table)
            permission = self.attempts.attempt(subject, read, one)
            if permission is not None:
                granted[one.role] = permission
        every = dict.fromkeys((*table.columns, *_nested_of(table)), TRUE)
        granted["admin"] = SelectPermission(every, {}, TRUE)
        _inherit(granted, roles)
        return _split(table, granted)

    def _permission(self, table: Table, declared: SelectPermissionDeclaration) -> SelectPermission:
        with inside(f'in logical model "{table.graphql_name}"'):
            permission = PermissionReader(table, DefinerAccess(self.tables)).select(declared)
        nested = (
            name
            for name in _nested_of(table)
            if declared.columns == ALL_COLUMNS or name in declared.columns
        )
        shown = {**permission.columns, **dict.fromkeys(nested, TRUE)}
        return dataclasses.replace(permission, columns=shown, aggregations=False)


def _check_names(item: LogicalModelDeclaration) -> None:
    if not is_graphql_name(item.name):
        raise ApiError(f'"{item.name}" is not a valid GraphQL name')
    if not item.fields:
        raise ApiError("a logical model needs a field")
    seen: set[str] = set()
    for one in item.fields:
        if not is_graphql_name(one.name):
            raise ApiError(f'the field "{one.name}" is not a valid GraphQL name')
        if one.name in seen:
            raise ApiError(f'the field "{one.name}" is there twice')
        seen.add(one.name)


def _nested(item: LogicalModelField, names: frozenset[str]) -> NestedModel:
    assert item.logical_model is not None
    if item.logical_model not in names:
        raise ApiError(f'the logical model "{item.logical_model}" could not be found')
    column = RowColumn(item.name, JSON)
    return NestedModel(
        column, item.logical_model, item.is_array, item.nullable, {}, item.description
    )


def _nested_of(table: Table) -> Mapping[str, NestedModel]:
    return table.shape.nested if table.shape else {}


def _inherit(granted: Selects, roles: tuple[InheritedRole, ...]) -> None:
    """Add what inherited roles see, where nothing is declared for them."""
    declared = {role.name: role.role_set for role in roles}
    for role in in_order(declared):
        parents = [granted[part] for part in declared[role] if part in granted]
        if parents and role not in granted:
            granted[role] = unite_selects(parents)


def _split(table: Table, granted: Selects) -> Table:
    """The table with its permissions, those on nested fields moved to the fields."""
    nested = {
        name: dataclasses.replace(one, guards=dict(_guards(name, granted)))
        for name, one in _nested_of(table).items()
    }
    permissions = {
        role: Permissions(
            dataclasses.replace(
                one, columns={k: guard for k, guard in one.columns.items() if k in table.columns}
            )
        )
        for role, one in granted.items()
    }
    return dataclasses.replace(table, permissions=permissions, shape=Shape(nested))


def _guards(name: str, granted: Selects) -> Iterator[tuple[str, Condition]]:
    for role, permission in granted.items():
        if name in permission.columns:
            yield role, permission.columns[name]
