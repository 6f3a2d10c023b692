"""Metadata over catalogs: the snapshot, and the list of what could not be honoured.

Every object is resolved on its own: what fails becomes an `Inconsistency` and is left out, the
rest is served.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from rowgate.base.errors import ApiError
from rowgate.base.names import QualifiedName
from rowgate.base.naming import Naming
from rowgate.catalog.types import Catalog, Relation
from rowgate.metadata.types import (
    ComputedFieldDeclaration,
    Metadata,
    RelationshipDeclaration,
    SourceCustomization,
    SourceDeclaration,
    TableDeclaration,
)
from rowgate.snapshot.functions import FunctionReader
from rowgate.snapshot.permissions import (
    PermissionDeclaration,
    PermissionReader,
    admin_permissions,
)
from rowgate.snapshot.relationships import array_relationship, object_relationship
from rowgate.snapshot.roles import in_order, unite
from rowgate.snapshot.tables import (
    check_enum,
    check_name,
    columns_of,
    computed_field,
    enum_columns,
    graphql_name_of,
    relation_of,
    root_names,
)
from rowgate.snapshot.types import (
    ComputedField,
    Inconsistency,
    Options,
    Permissions,
    Relationship,
    Snapshot,
    Source,
    Table,
    TrackedFunction,
)

Result = TypeVar("Result")
_OPERATIONS = ("select", "insert", "update", "delete")


def resolve(metadata: Metadata, catalogs: Mapping[str, Catalog], options: Options) -> Snapshot:
    """The snapshot of `metadata` over the catalogs of its sources (by source name). A source
    without a catalog could not be reached and is left out; the caller says so."""
    found: list[Inconsistency] = [
        Inconsistency(one.kind, one.name, one.reason, one.definition) for one in metadata.problems
    ]
    sources = {}
    for declared in metadata.sources:
        if declared.name in catalogs:
            reader = _SourceReader(declared, catalogs[declared.name], options, found)
            sources[declared.name] = reader.read(metadata)
    roles = frozenset(
        role
        for source in sources.values()
        for table in source.tables.values()
        for role in table.permissions
    )
    return Snapshot(
        sources,
        metadata.actions,
        metadata.custom_types,
        roles | {role for action in metadata.actions for role in action.permitted_roles},
        {role.name: role.role_set for role in metadata.inherited_roles},
        metadata.introspection_disabled_for,
        tuple(found),
    )


class _SourceReader:
    """Resolves one source; failures are appended to `found`."""

    def __init__(
        self,
        declared: SourceDeclaration,
        catalog: Catalog,
        options: Options,
        found: list[Inconsistency],
    ) -> None:
        self.declared = declared
        self.catalog = catalog
        self.options = options
        self.found = found
        self.naming = naming_of(declared.customization, options.default_naming_convention)

    def read(self, metadata: Metadata) -> Source:
        """The source with tables, relationships, permissions and functions."""
        relations = self._relations()
        enums = self._enum_tables(relations)
        tables = {}
        for declared in self.declared.tables:
            if declared.name in relations:
                table = self._attempt(
                    (
                        "table",
                        self._of(declared),
                        {"name": declared.name.name, "schema": declared.name.schema},
                    ),
                    lambda one=declared: self._table(one, relations[one.name], enums),
                )
                if table is not None:
                    tables[declared.name] = table
        tables = self._only_tracked(tables)
        tables = self._with_permissions(tables)
        tables = self._with_inherited(tables, metadata)
        return Source(
            self.declared.name,
            self.naming,
            tables,
            self._functions(tables),
            self.declared.native_queries,
            {},
            self.catalog.aggregatable,
        )

    def _of(self, declared: TableDeclaration) -> str:
        return f"table {declared.name} in source {self.declared.name}"

    def _attempt(
        self, subject: tuple[str, str, object], action: Callable[[], Result]
    ) -> Result | None:
        try:
            return action()
        except ApiError as error:
            kind, name, definition = subject
            reason = f"Inconsistent object: {error.message}"
            self.found.append(Inconsistency(kind, name, reason, definition))
            return None

    def _relations(self) -> dict[QualifiedName, Relation]:
        relations = {}
        for declared in self.declared.tables:
            relation = self._attempt(
                (
                    "table",
                    self._of(declared),
                    {"name": declared.name.name, "schema": declared.name.schema},
                ),
                lambda one=declared: relation_of(one, self.catalog),
            )
            if relation is not None:
                relations[declared.name] = relation
        return relations

    def _enum_tables(
        self, relations: Mapping[QualifiedName, Relation]
    ) -> dict[QualifiedName, Relation]:
        enums = {}
        for declared in self.declared.tables:
            if not declared.is_enum or declared.name not in relations:
                continue
            relation = relations[declared.name]
            values = self.catalog.enum_tables.get(declared.name)
            checked = self._attempt(
                (
                    "table",
                    self._of(declared),
                    {"name": declared.name.name, "schema": declared.name.schema},
                ),
                lambda one=relation, given=values: check_enum(one, given) or True,
            )
            if checked:
                enums[declared.name] = relation
        return enums

    def _table(
        self,
        declared: TableDeclaration,
        relation: Relation,
        enums: Mapping[QualifiedName, Relation],
    ) -> Table:
        if declared.is_enum and declared.name not in enums:
            raise ApiError(f'the table "{declared.name}" cannot be used as an enum')
        comment = declared.configuration.comment
        return Table(
            self.declared.name,
            relation,
            graphql_name_of(declared),
            root_names(declared, self.naming),
            columns_of(declared, relation, self.naming, dict(enum_columns(relation, enums))),
            self._relationships(declared, relation),
            self._computed_fields(declared, relation),
            {},
            self.catalog.enum_tables.get(declared.name) if declared.is_enum else None,
            relation.description if comment is None else comment or None,
            declared.apollo_federation is not None,
        )

    def _relationships(
        self, declared: TableDeclaration, relation: Relation
    ) -> dict[str, Relationship]:
        made: dict[str, Relationship] = {}
        for kind, items, make in (
            ("object_relation", declared.object_relationships, object_relationship),
            ("array_relation", declared.array_relationships, array_relationship),
        ):
            for item in items:
                result = self._attempt(
                    (kind, f"{kind} {item.name} in {self._of(declared)}", {"name": item.name}),
                    lambda one=item, how=make: self._relationship(declared, relation, one, how),
                )
                if result is not None:
                    made[item.name] = result
        return made

    def _relationship(
        self,
        declared: TableDeclaration,
        relation: Relation,
        item: RelationshipDeclaration,
        make: Callable[[RelationshipDeclaration, Relation, Catalog], Relationship],
    ) -> Relationship:
        check_name(item.name, declared, relation)
        with _inside(f'in table "{declared.name}": in relationship "{item.name}"'):
            return make(item, relation, self.catalog)

    def _computed_fields(
        self, declared: TableDeclaration, relation: Relation
    ) -> dict[str, ComputedField]:
        made = {}
        for item in declared.computed_fields:
            result = self._attempt(
                (
                    "computed_field",
                    f"computed_field {item.name} in {self._of(declared)}",
                    {"name": item.name},
                ),
                lambda one=item: self._computed_field(declared, relation, one),
            )
            if result is not None:
                made[item.name] = result
        return made

    def _computed_field(
        self, declared: TableDeclaration, relation: Relation, item: ComputedFieldDeclaration
    ) -> ComputedField:
        check_name(item.name, declared, relation)
        with _inside(f'in table "{declared.name}": in computed field "{item.name}"'):
            return computed_field(item, relation, self.catalog)

    def _only_tracked(self, tables: dict[QualifiedName, Table]) -> dict[QualifiedName, Table]:
        checked = {}
        for name, table in tables.items():
            kept = {}
            for item in table.relationships.values():
                if item.join.target in tables:
                    kept[item.name] = item
                    continue
                kind = "array_relation" if item.is_array else "object_relation"
                self.found.append(
                    Inconsistency(
                        kind,
                        f"{kind} {item.name} in table {name} in source {self.declared.name}",
                        f'Inconsistent object: in table "{name}": in relationship "{item.name}": '
                        f'table "{item.join.target}" is not tracked',
                        {"name": item.name},
                    )
                )
            fields = {
                key: computed
                for key, computed in table.computed_fields.items()
                if computed.table is None or computed.table in tables
            }
            checked[name] = dataclasses.replace(table, relationships=kept, computed_fields=fields)
        return checked

    def _with_permissions(self, tables: dict[QualifiedName, Table]) -> dict[QualifiedName, Table]:
        return {
            declared.name: dataclasses.replace(
                tables[declared.name],
                permissions=self._permissions(declared, tables[declared.name], tables),
            )
            for declared in self.declared.tables
            if declared.name in tables
        }

    def _permissions(
        self, declared: TableDeclaration, table: Table, tables: Mapping[QualifiedName, Table]
    ) -> dict[str, Permissions]:
        reader = PermissionReader(table, tables)
        made: dict[str, dict[str, object]] = {}
        for operation in _OPERATIONS:
            for item in getattr(declared, f"{operation}_permissions"):
                kind = f"{operation}_permission"
                result = self._attempt(
                    (kind, f"{kind} {item.role} in {self._of(declared)}", {"role": item.role}),
                    partial(self._permission, table, reader, item),
                )
                if result is not None:
                    made.setdefault(item.role, {})[operation] = result
        granted = {role: Permissions(**parts) for role, parts in made.items()}  # type: ignore[arg-type]
        granted["admin"] = admin_permissions(table)
        return granted

    def _permission(
        self, table: Table, reader: PermissionReader, item: PermissionDeclaration
    ) -> object:
        with _inside(f'in table "{table.name}": in permission for role "{item.role}"'):
            return reader.read(item)

    def _with_inherited(
        self, tables: dict[QualifiedName, Table], metadata: Metadata
    ) -> dict[QualifiedName, Table]:
        declared = {role.name: role.role_set for role in metadata.inherited_roles}
        order = in_order(declared)
        if not order:
            return tables
        made = {}
        for name, table in tables.items():
            permissions = dict(table.permissions)
            for role in order:
                parents = [permissions.get(part, Permissions()) for part in declared[role]]
                united, conflicts = unite(parents, permissions.get(role))
                permissions[role] = united
                self._tell_conflicts(role, table, conflicts)
            made[name] = dataclasses.replace(table, permissions=permissions)
        return made

    def _tell_conflicts(self, role: str, table: Table, conflicts: list[str]) -> None:
        for operation in conflicts:
            self.found.append(
                Inconsistency(
                    "inherited_role_permission",
                    f"{operation} permission of inherited role {role} on table {table.name}",
                    f"Could not inherit permission for the role '{role}' for the entity: "
                    f"'{operation} permission, table: {table.name}, source: '{self.declared.name}''",
                    {"role": role},
                )
            )

    def _functions(self, tables: Mapping[QualifiedName, Table]) -> tuple[TrackedFunction, ...]:
        reader = FunctionReader(self.declared.name, self.catalog, tables, self.naming)
        made = []
        for item in self.declared.functions:
            result = self._attempt(
                (
                    "function",
                    f"function {item.name} in source {self.declared.name}",
                    {"name": item.name.name},
                ),
                lambda one=item: reader.read(
                    one, infer_permissions=self.options.infer_function_permissions
                ),
            )
            if result is not None:
                made.append(result)
        return tuple(made)


def naming_of(customization: SourceCustomization, default_convention: str) -> Naming:
    """The naming of a source that is customized so."""
    convention = customization.naming_convention or default_convention
    return Naming(
        customization.root_namespace,
        customization.root_prefix,
        customization.root_suffix,
        customization.type_prefix,
        customization.type_suffix,
        convention == "graphql-default",
    )


@contextmanager
def _inside(where: str) -> Iterator[None]:
    """Say where a refusal happened, in front of its message."""
    try:
        yield
    except ApiError as error:
        raise ApiError(f"{where}: {error.message}") from None
