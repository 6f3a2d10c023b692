"""One source resolved: relations, enum tables, tables with relationships and computed fields."""

import dataclasses
from collections.abc import Callable, Mapping

from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.base.naming import Naming
from rowgate.catalog.types import Catalog, Relation
from rowgate.metadata.types import (
    ComputedFieldDeclaration,
    RelationshipDeclaration,
    SourceCustomization,
    SourceDeclaration,
    TableDeclaration,
)
from rowgate.snapshot.functions import FunctionReader
from rowgate.snapshot.inconsistencies import Attempts, Subject, inside
from rowgate.snapshot.memory import Memory, Remembered, SourceMemory
from rowgate.snapshot.permissions import (
    DefinerAccess,
    PermissionDeclaration,
    PermissionReader,
    admin_permissions,
)
from rowgate.snapshot.relationships import array_relationship, object_relationship
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
    Options,
    Permissions,
    Relationship,
    Table,
    TrackedFunction,
)

Tables = dict[QualifiedName, Table]


class SourceReader:
    """Resolves one source; failures go to `attempts`."""

    def __init__(
        self,
        declared: SourceDeclaration,
        catalog: Catalog,
        options: Options,
        attempts: Attempts,
    ) -> None:
        self.declared = declared
        self.catalog = catalog
        self.options = options
        self.attempts = attempts
        self.naming = naming_of(declared.customization, options.default_naming_convention)

    def tables(self, memory: Memory) -> Tables:
        """The tables, each with its relationships, computed fields and own permissions; those that
        `memory` has unchanged are taken from it, and it remembers the new ones."""
        relations = self._each(relation_of)
        enums = self._enum_tables(relations)
        values = {name: self.catalog.enum_tables.get(name, {}) for name in enums}
        before = self._remembered(memory, values)
        made: Tables = {}
        for declared in self.declared.tables:
            if declared.name in relations and declared.is_enum <= (declared.name in enums):
                relation = relations[declared.name]
                table = self._same(before, declared, relation) or self._attempted(
                    declared, relation, enums
                )
                if table is not None:
                    made[declared.name] = table
        tracked = self._only_tracked(self._without_collisions(made))
        final, after = self._with_permissions(tracked, before)
        memory.sources[self.declared.name] = SourceMemory(self.catalog, self.naming, values, after)
        return final

    def _remembered(
        self, memory: Memory, enums: Mapping[QualifiedName, Mapping[str, str | None]]
    ) -> Mapping[QualifiedName, Remembered]:
        before = memory.sources.get(self.declared.name)
        if before is None or before.enums != enums or before.naming != self.naming:
            return {}
        if before.catalog is self.catalog:
            return before.tables
        return {
            name: one for name, one in before.tables.items() if not one.declared.computed_fields
        }

    def _same(
        self,
        before: Mapping[QualifiedName, Remembered],
        declared: TableDeclaration,
        relation: Relation,
    ) -> Table | None:
        one = before.get(declared.name)
        if one is None or one.declared != declared:
            return None
        return one.bare if one.relation == relation else None

    def _attempted(
        self,
        declared: TableDeclaration,
        relation: Relation,
        enums: Mapping[QualifiedName, Relation],
    ) -> Table | None:
        return self.attempts.attempt(
            self._subject(declared), self._table, declared, relation, enums
        )

    def _without_collisions(self, tables: Tables) -> Tables:
        """The tables without those that would take another's names in GraphQL."""
        kept: Tables = {}
        taken: dict[str, QualifiedName] = {}
        for name, table in tables.items():
            names = [one.name or "" for one in table.root_names.values()]
            other = next((taken[one] for one in names if one in taken), None)
            if other is None or not table.graphql_name:
                kept[name] = table
                taken.update(dict.fromkeys(names if table.graphql_name else [], name))
                continue
            subject = Subject("table", self._of(name), _named(name))
            self.attempts.tell(
                subject,
                f'Inconsistent object: the GraphQL names of table "{name}" are already those of '
                f'table "{other}"; set a custom_name',
            )
        return kept

    def functions(self, tables: Mapping[QualifiedName, Table]) -> tuple[TrackedFunction, ...]:
        """The tracked functions."""
        infer = self.options.infer_function_permissions
        reader = FunctionReader(self.declared.name, self.catalog, tables, self.naming)
        made = []
        for item in self.declared.functions:
            name = f"function {item.name} in source {self.declared.name}"
            subject = Subject("function", name, _named(item.name))
            function = self.attempts.attempt(subject, reader.read, item, infer)
            if function is not None:
                made.append(function)
        return tuple(made)

    def _each(
        self, make: Callable[[TableDeclaration, Catalog], Relation]
    ) -> dict[QualifiedName, Relation]:
        made = {}
        for declared in self.declared.tables:
            one = self.attempts.attempt(self._subject(declared), make, declared, self.catalog)
            if one is not None:
                made[declared.name] = one
        return made

    def _subject(self, declared: TableDeclaration) -> Subject:
        return Subject("table", self._of(declared.name), _named(declared.name))

    def _of(self, table: QualifiedName) -> str:
        return f"table {table} in source {self.declared.name}"

    def _member(self, kind: str, table: QualifiedName, name: str) -> Subject:
        return Subject(kind, f"{kind} {name} in {self._of(table)}", {"name": name})

    def _enum_tables(
        self, relations: Mapping[QualifiedName, Relation]
    ) -> dict[QualifiedName, Relation]:
        enums = {}
        for declared in self.declared.tables:
            relation = relations.get(declared.name)
            if declared.is_enum and relation is not None:
                values = self.catalog.enum_tables.get(declared.name)
                checked = self.attempts.attempt(
                    self._subject(declared), check_enum, relation, values
                )
                if checked is not None:
                    enums[declared.name] = checked
        return enums

    def _table(
        self,
        declared: TableDeclaration,
        relation: Relation,
        enums: Mapping[QualifiedName, Relation],
    ) -> Table:
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
                subject = self._member(kind, declared.name, item.name)
                result = self.attempts.attempt(
                    subject, self._relationship, declared, relation, item, make
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
        with inside(f'in table "{declared.name}": in relationship "{item.name}"'):
            return make(item, relation, self.catalog)

    def _computed_fields(
        self, declared: TableDeclaration, relation: Relation
    ) -> dict[str, ComputedField]:
        made = {}
        for item in declared.computed_fields:
            subject = self._member("computed_field", declared.name, item.name)
            result = self.attempts.attempt(subject, self._computed_field, declared, relation, item)
            if result is not None:
                made[item.name] = result
        return made

    def _computed_field(
        self, declared: TableDeclaration, relation: Relation, item: ComputedFieldDeclaration
    ) -> ComputedField:
        check_name(item.name, declared, relation)
        with inside(f'in table "{declared.name}": in computed field "{item.name}"'):
            return computed_field(item, relation, self.catalog)

    def _only_tracked(self, tables: Tables) -> Tables:
        """The tables without relationships and computed fields to tables that are not tracked."""
        checked = {}
        for name, table in tables.items():
            kept = {}
            for item in table.relationships.values():
                if item.join.target in tables:
                    kept[item.name] = item
                else:
                    kind = "array_relation" if item.is_array else "object_relation"
                    self.attempts.tell(
                        self._member(kind, name, item.name),
                        f'Inconsistent object: table "{item.join.target}" is not tracked',
                    )
            fields = {}
            for field in table.computed_fields.values():
                if field.table is None or field.table in tables:
                    fields[field.name] = field
                else:
                    self.attempts.tell(
                        self._member("computed_field", name, field.name),
                        f'Inconsistent object: table "{field.table}" is not tracked',
                    )
            whole = len(kept) + len(fields) == len(table.relationships) + len(table.computed_fields)
            checked[name] = (
                table
                if whole
                else dataclasses.replace(table, relationships=kept, computed_fields=fields)
            )
        return checked

    def _with_permissions(
        self, tables: Tables, before: Mapping[QualifiedName, Remembered]
    ) -> tuple[Tables, dict[QualifiedName, Remembered]]:
        final: Tables = {}
        after: dict[QualifiedName, Remembered] = {}
        for declared in self.declared.tables:
            table = tables.get(declared.name)
            if table is None:
                continue
            known = before.get(declared.name)
            if known is None or known.bare is not table or not _unchanged(known, tables):
                known = self._made(declared, table, tables)
            if not self.attempts.about(self._of(declared.name)):
                after[declared.name] = known
            assert known.permissions is not None
            final[declared.name] = dataclasses.replace(table, permissions=known.permissions)
        return final, after

    def _made(self, declared: TableDeclaration, table: Table, tables: Tables) -> Remembered:
        access = DefinerAccess(tables)
        permissions = self._permissions(declared, table, PermissionReader(table, access))
        seen = {name: tables[name] for name in access.seen}
        return Remembered(declared, table.relation, table, permissions, seen)

    def _permissions(
        self, declared: TableDeclaration, table: Table, reader: PermissionReader
    ) -> dict[str, Permissions]:
        granted: dict[str, Permissions] = {}
        for operation in ("select", "insert", "update", "delete"):
            for item in getattr(declared, f"{operation}_permissions"):
                subject = self._member(f"{operation}_permission", declared.name, item.role)
                own = granted.get(item.role, Permissions())
                result = self.attempts.attempt(
                    subject, self._permission, table, reader, (item, own)
                )
                if result is not None:
                    granted[item.role] = result
        granted["admin"] = admin_permissions(table)
        return granted

    def _permission(
        self,
        table: Table,
        reader: PermissionReader,
        given: tuple[PermissionDeclaration, Permissions],
    ) -> Permissions:
        declared, own = given
        with inside(f'in table "{table.name}": in permission for role "{declared.role}"'):
            return reader.read(declared, own)


def _unchanged(one: Remembered, tables: Tables) -> bool:
    return all(tables.get(name) is table for name, table in one.seen.items())


def _named(name: QualifiedName) -> Json:
    return {"name": name.name, "schema": name.schema}


def naming_of(customization: SourceCustomization, default_convention: str) -> Naming:
    """The naming of a source that is customized so; raises `ApiError` for an unknown convention."""
    convention = customization.naming_convention or default_convention
    if convention not in ("hasura-default", "graphql-default"):
        raise ApiError(f'the naming convention "{convention}" is not known')
    return Naming(
        customization.root_namespace,
        customization.root_prefix,
        customization.root_suffix,
        customization.type_prefix,
        customization.type_suffix,
        convention == "graphql-default",
    )
