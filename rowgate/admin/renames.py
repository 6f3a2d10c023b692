"""The metadata follows Postgres: what a renaming or a dropped column does to the declarations."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from rowgate.admin import document as doc
from rowgate.admin.arguments import read_name, write_name
from rowgate.admin.boolexp import Fields, TableUse, Use, uses
from rowgate.admin.document import Entry
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import Catalog, Relation

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Renaming:
    """Old name → new name: of tables; of columns and of relationships by the table's old name."""

    tables: Mapping[QualifiedName, QualifiedName] = field(default_factory=dict)
    columns: Mapping[QualifiedName, Names] = field(default_factory=dict)
    relationships: Mapping[QualifiedName, Names] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.tables or self.columns or self.relationships)

    def field(self, table: QualifiedName, name: str) -> str:
        """The new name of a column or relationship."""
        named = self.relationships.get(table, {}).get(name)
        return named or self.columns.get(table, {}).get(name, name)

    def column(self, table: QualifiedName, name: str) -> str:
        """The new name of a column."""
        return self.columns.get(table, {}).get(name, name)


def find_renaming(before: Catalog, after: Catalog) -> Renaming:
    """What was renamed from `before` to `after`: relations are told by their object identifiers,
    columns by their positions."""
    by_oid = {relation.oid: relation for relation in after.relations.values()}
    tables, columns = {}, {}
    for name, old in before.relations.items():
        new = by_oid.get(old.oid)
        if new is None:
            continue
        if new.name != name:
            tables[name] = new.name
        if changed := _renamed_columns(old, new):
            columns[name] = changed
    return Renaming(tables, columns)


def _renamed_columns(old: Relation, new: Relation) -> dict[str, str]:
    by_position = {column.position: column.name for column in new.columns.values()}
    return {
        column.name: by_position[column.position]
        for column in old.columns.values()
        if column.position in by_position and by_position[column.position] != column.name
    }


def dropped_columns(before: Relation, after: Relation) -> set[str]:
    """Columns of `before` that `after` has no more, under whatever name."""
    kept = {column.position for column in after.columns.values()}
    return {column.name for column in before.columns.values() if column.position not in kept}


def retyped_columns(before: Relation, after: Relation) -> set[str]:
    """Columns, by their old names, whose type is another now."""
    by_position = {column.position: column.type for column in after.columns.values()}
    return {
        column.name
        for column in before.columns.values()
        if column.position in by_position and by_position[column.position] != column.type
    }


def rename(document: Json, source: str, renaming: Renaming, catalog: Catalog) -> None:
    """Put the new names everywhere in `document` where the old ones stand; `catalog` is the one
    in which the old names are true."""
    if not renaming:
        return
    owner = doc.need_source(document, source)
    fields = Fields(owner, catalog)
    expressions = [
        list(uses(expression, name, fields))
        for name, table in doc.tables(owner)
        for expression in _expressions(table)
    ]
    for found in expressions:
        for use in reversed(found):
            _rename_use(use, renaming)
    for name, table in list(doc.tables(owner)):
        _rename_table(table, name, renaming)
    _rename_across(document, source, renaming)


def _expressions(table: Entry) -> Iterator[Json]:
    for _, entry in doc.permissions(table):
        permission = entry.get("permission") or {}
        yield permission.get("filter")
        yield permission.get("check")


def _rename_use(use: Use | TableUse, renaming: Renaming) -> None:
    match use:
        case TableUse():
            if use.table in renaming.tables:
                use.container[use.key] = write_name(renaming.tables[use.table])
        case Use():
            new = renaming.field(use.table, use.name)
            if new == use.name:
                return
            if use.is_value:
                use.container[use.key] = new
            else:
                _rename_key(use.container, use.name, new)


def _rename_key(owner: Entry, old: str, new: str) -> None:
    items = [(new if key == old else key, value) for key, value in owner.items()]
    owner.clear()
    owner.update(items)


def _rename_table(table: Entry, name: QualifiedName, renaming: Renaming) -> None:
    def column(old: str) -> str:
        return renaming.column(name, old)

    if name in renaming.tables:
        table["table"] = write_name(renaming.tables[name])
    _rename_configuration(table, column)
    for _, entry in doc.permissions(table):
        _rename_permission(entry.get("permission"), column)
    for _, entry in doc.relationships(table):
        entry["name"] = renaming.relationships.get(name, {}).get(entry["name"], entry["name"])
        _rename_using(entry.get("using"), name, renaming)
    for trigger in table.get("event_triggers", []):
        _rename_trigger(trigger, column)


def _rename_configuration(table: Entry, column: Callable[[str], str]) -> None:
    configuration = table.get("configuration")
    if not isinstance(configuration, dict):
        return
    for key in ("column_config", "custom_column_names"):
        if isinstance(configuration.get(key), dict):
            configuration[key] = {column(old): to for old, to in configuration[key].items()}


def _rename_permission(permission: Json, column: Callable[[str], str]) -> None:
    if not isinstance(permission, dict):
        return
    if isinstance(permission.get("columns"), list):
        permission["columns"] = [column(old) for old in permission["columns"]]
    for key in ("set", "presets"):
        if isinstance(permission.get(key), dict):
            permission[key] = {column(old): value for old, value in permission[key].items()}


def _rename_using(using: Json, table: QualifiedName, renaming: Renaming) -> None:
    match using:
        case {"foreign_key_constraint_on": str(old)}:
            using["foreign_key_constraint_on"] = renaming.column(table, old)
        case {"foreign_key_constraint_on": list(columns)}:
            using["foreign_key_constraint_on"] = [renaming.column(table, old) for old in columns]
        case {"foreign_key_constraint_on": dict(on)}:
            _rename_remote(on, renaming)
        case {"manual_configuration": dict(manual)}:
            remote = read_name(manual.get("remote_table"))
            manual["column_mapping"] = {
                renaming.column(table, mine): renaming.column(remote, theirs)
                for mine, theirs in manual.get("column_mapping", {}).items()
            }
            _rename_name(manual, "remote_table", renaming)


def _rename_remote(on: Entry, renaming: Renaming) -> None:
    remote = read_name(on.get("table"))
    if isinstance(on.get("column"), str):
        on["column"] = renaming.column(remote, on["column"])
    if isinstance(on.get("columns"), list):
        on["columns"] = [renaming.column(remote, old) for old in on["columns"]]
    _rename_name(on, "table", renaming)


def _rename_name(owner: Entry, key: str, renaming: Renaming) -> None:
    name = read_name(owner[key])
    if name in renaming.tables:
        owner[key] = write_name(renaming.tables[name])


def _rename_trigger(trigger: Entry, column: Callable[[str], str]) -> None:
    for operation in ("insert", "update", "delete"):
        spec = (trigger.get("definition") or {}).get(operation)
        for key in ("columns", "payload"):
            if isinstance(spec, dict) and isinstance(spec.get(key), list):
                spec[key] = [column(old) for old in spec[key]]


def _rename_across(document: Json, source: str, renaming: Renaming) -> None:
    """Names in declarations that may stand outside the source: remote relationships, and
    relationships of custom types."""
    for owner in document.get("sources", []):
        for name, table in doc.tables(owner):
            own = renaming if owner["name"] == source else Renaming()
            for entry in table.get("remote_relationships", []):
                _rename_remote_relationship(entry, _former(own, name), (source, renaming, own))
    objects = (document.get("custom_types") or {}).get("objects") or []
    for entry in (one for item in objects for one in item.get("relationships") or []):
        if entry.get("source", "default") == source:
            _rename_mapped(entry, "remote_table", renaming)


def _former(renaming: Renaming, name: QualifiedName) -> QualifiedName:
    """The name that a table had before it was renamed to `name`."""
    return next((old for old, new in renaming.tables.items() if new == name), name)


def _rename_remote_relationship(
    entry: Entry, table: QualifiedName, context: tuple[str, Renaming, Renaming]
) -> None:
    source, renaming, own = context
    definition = entry.get("definition") or {}
    target = definition.get("to_source")
    if isinstance(target, dict):
        mapping = target.get("field_mapping") or {}
        target["field_mapping"] = {own.column(table, mine): to for mine, to in mapping.items()}
        if target.get("source") == source:
            _rename_mapped(target, "table", renaming)
    schema = definition.get("to_remote_schema")
    for holder, key in ((schema, "lhs_fields"), (definition, "hasura_fields")):
        if isinstance(holder, dict) and isinstance(holder.get(key), list):
            holder[key] = [own.column(table, old) for old in holder[key]]


def _rename_mapped(owner: Entry, key: str, renaming: Renaming) -> None:
    remote = read_name(owner[key])
    mapping = owner.get("field_mapping") or {}
    owner["field_mapping"] = {mine: renaming.column(remote, to) for mine, to in mapping.items()}
    _rename_name(owner, key, renaming)


def forget_columns(table: Entry, dropped: set[str]) -> None:
    """Take the names of dropped columns out of a table's configuration."""
    configuration = table.get("configuration")
    if not isinstance(configuration, dict):
        return
    for key in ("column_config", "custom_column_names"):
        if isinstance(configuration.get(key), dict):
            kept = {old: to for old, to in configuration[key].items() if old not in dropped}
            configuration[key] = kept
