"""Every object of a metadata document under the name that inconsistencies and dependents use.

The names are Hasura's: `select_permission user in table author in source default`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rowgate.admin import document as doc
from rowgate.admin.arguments import read_name, write_name
from rowgate.admin.document import Entry
from rowgate.admin.types import Subject
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.snapshot.types import Inconsistency


@dataclass(frozen=True, slots=True)
class Declared:
    """One object where it stands: in the list `owner[key]`, as `entry`.

    `definition` is how an inconsistency shows it, `dependent` how it is named as a dependent.
    """

    subject: Subject
    dependent: str
    definition: Json
    owner: Entry
    key: str
    entry: Entry

    def drop(self) -> None:
        """Take the object out of its document."""
        if any(other is self.entry for other in self.owner.get(self.key, ())):
            doc.remove(self.owner, self.key, self.entry)


def table_subject(source: str, name: QualifiedName) -> Subject:
    """A tracked table."""
    return Subject("table", f"table {name} in source {source}")


def function_subject(source: str, name: QualifiedName) -> Subject:
    """A tracked function."""
    return Subject("function", f"function {name} in source {source}")


def of_table(source: str, table: QualifiedName, kind: str, name: str) -> Subject:
    """An object that hangs on a table; `kind` as in `select_permission`, `computed_field`."""
    return Subject(kind, f"{kind} {name} in table {table} in source {source}")


def of_source(source: str, kind: str, name: str) -> Subject:
    """An object of a source that is neither table nor function: `native_query`, …"""
    return Subject(kind, f"{kind} {name} in source {source}")


def of_model(source: str, model: str, kind: str, name: str) -> Subject:
    """An object that hangs on a logical model: `select_permission`."""
    return Subject(kind, f"{kind} {name} in logical_model {model} in source {source}")


def plain(kind: str, name: str) -> Subject:
    """An object of the whole metadata: `action`, `remote_schema`, …"""
    return Subject(kind, f"{kind} {name}")


STORED_QUERY = "query_collections"
"""The kind of an inconsistent query of a collection, as Hasura calls it."""
TOP_LEVEL = (
    ("sources", "source", "name"),
    ("actions", "action", "name"),
    ("remote_schemas", "remote_schema", "name"),
    ("cron_triggers", "cron_trigger", "name"),
    ("inherited_roles", "inherited_role", "role_name"),
    ("rest_endpoints", "endpoint", "name"),
    ("query_collections", "query_collection", "name"),
    ("allowlist", "allowlist", "collection"),
)
_SOURCE_LEVEL = (
    ("native_queries", "native_query", "root_field_name"),
    ("logical_models", "logical_model", "name"),
)
_TABLE_LEVEL = (
    ("object_relationships", "object_relation", "relationship"),
    ("array_relationships", "array_relation", "relationship"),
    ("computed_fields", "computed_field", "computed field"),
    ("event_triggers", "event_trigger", "event-trigger"),
    ("remote_relationships", "remote_relationship", "remote relationship"),
)


def objects(document: Json) -> Iterator[Declared]:
    """Every object of the document that can be inconsistent on its own."""
    for key, kind, name in TOP_LEVEL:
        for entry in document.get(key, []):
            subject = plain(kind, entry.get(name, ""))
            text = subject.name.replace("_", " ")
            yield Declared(subject, text, entry, document, key, entry)
    for collection in document.get("query_collections", []):
        yield from _of_collection(collection)
    for source in document.get("sources", []):
        yield from _of_source(source)


def _of_collection(collection: Entry) -> Iterator[Declared]:
    definition = collection.get("definition", {})
    for entry in definition.get("queries", []):
        name = f"{entry.get('name')} in {collection.get('name')}"
        subject = Subject(STORED_QUERY, name)
        yield Declared(subject, f"query {name}", entry, definition, "queries", entry)


def _of_source(source: Entry) -> Iterator[Declared]:
    label = source.get("name", "")
    for name, entry in doc.tables(source):
        definition = write_name(name)
        text = f'table {name} in source "{label}"'
        subject = table_subject(label, name)
        yield Declared(subject, text, definition, source, "tables", entry)
        yield from _of_table(label, name, entry)
    for name, entry in doc.functions(source):
        definition = write_name(name)
        text = f'function {name} in source "{label}"'
        subject = function_subject(label, name)
        yield Declared(subject, text, definition, source, "functions", entry)
    for key, kind, member in _SOURCE_LEVEL:
        for entry in source.get(key, []):
            text = f'{kind.replace("_", " ")} {entry.get(member)} in source "{label}"'
            subject = of_source(label, kind, entry.get(member, ""))
            yield Declared(subject, text, entry, source, key, entry)
    for model in source.get("logical_models", []):
        yield from _of_model(label, model)


def _of_model(source: str, owner: Entry) -> Iterator[Declared]:
    name, key = owner.get("name", ""), "select_permissions"
    for entry in owner.get(key, []):
        role = entry.get("role", "")
        text = f'permission {name}.{role}.select in source "{source}"'
        subject = of_model(source, name, "select_permission", role)
        definition = {"source": source, "name": name, **entry}
        yield Declared(subject, text, definition, owner, key, entry)


def _of_table(source: str, table: QualifiedName, owner: Entry) -> Iterator[Declared]:
    common = {"source": source, "table": write_name(table)}
    for key, kind, word in _TABLE_LEVEL:
        for entry in owner.get(key, []):
            name = entry.get("name", "")
            text = f'{word} {table}.{name} in source "{source}"'
            definition = {**_with_names(entry), "comment": entry.get("comment"), **common}
            subject = of_table(source, table, kind, name)
            yield Declared(subject, text, definition, owner, key, entry)
    for kind, entry in doc.permissions(owner):
        role = entry.get("role", "")
        text = f'permission {table}.{role}.{kind} in source "{source}"'
        definition = _permission_definition(kind, entry, common)
        subject = of_table(source, table, f"{kind}_permission", role)
        yield Declared(subject, text, definition, owner, f"{kind}_permissions", entry)


def _permission_definition(kind: str, entry: Entry, common: Entry) -> Json:
    permission = entry.get("permission", {})
    if kind == "select" and isinstance(permission, dict):
        permission = {"allow_aggregations": False, **permission}
    comment = entry.get("comment")
    return {"role": entry.get("role"), "comment": comment, "permission": permission, **common}


def _with_names(entry: Entry) -> Entry:
    """The entry with table and function names in their full form."""
    using = entry.get("using")
    if isinstance(using, dict):
        return {**entry, "using": full_using(using)}
    definition = entry.get("definition")
    if isinstance(definition, dict) and "function" in definition:
        function = write_name(read_name(definition["function"]))
        return {**entry, "definition": {**definition, "function": function}}
    return entry


def full_using(using: Json) -> Json:
    """A relationship's `using` with its table's name in full."""
    match using:
        case {"foreign_key_constraint_on": {"table": table, **rest}}:
            on = {**rest, "table": write_name(read_name(table))}
            return {**using, "foreign_key_constraint_on": on}
        case {"manual_configuration": {"remote_table": table, **rest}}:
            manual = {**rest, "remote_table": write_name(read_name(table))}
            return {**using, "manual_configuration": manual}
    return using


class Index:
    """Finds the declared object that an inconsistency is about."""

    def __init__(self, document: Json) -> None:
        self._by_name: dict[tuple[str, str], Declared] = {}
        for declared in objects(document):
            for name in _spellings(declared.subject):
                self._by_name[(declared.subject.kind, name)] = declared

    def find(self, inconsistency: Inconsistency) -> Declared | None:
        """The object of `inconsistency`, None where it is about no object of its own."""
        return self._by_name.get((inconsistency.kind, inconsistency.name))

    def subject(self, inconsistency: Inconsistency) -> Subject:
        """The identity of the inconsistent object."""
        declared = self.find(inconsistency)
        if declared is not None:
            return declared.subject
        return Subject(inconsistency.kind, inconsistency.name)

    def show(self, inconsistency: Inconsistency) -> Json:
        """The inconsistency as the API gives it: type, name, reason, definition."""
        declared = self.find(inconsistency)
        if inconsistency.kind == "inherited_role_permission":
            return _show_inherited(inconsistency)
        return {
            "type": inconsistency.kind,
            "name": declared.subject.name if declared else inconsistency.name,
            "reason": inconsistency.reason,
            "definition": declared.definition if declared else inconsistency.definition,
        }

    def show_all(self, inconsistencies: Iterable[Inconsistency]) -> list[Json]:
        """Every inconsistency, as `show` gives it."""
        return [self.show(one) for one in inconsistencies]


def _show_inherited(inconsistency: Inconsistency) -> Json:
    definition = inconsistency.definition or {}
    return {
        "type": "inherited role permission inconsistency",
        "name": definition.get("role", inconsistency.name),
        "reason": inconsistency.reason,
        "entity": definition.get("entity"),
    }


def is_stored_query(inconsistency: Inconsistency) -> bool:
    """Whether it is a query of a collection, which nothing drops but its author."""
    return inconsistency.kind == STORED_QUERY


def is_informational(inconsistency: Inconsistency) -> bool:
    """Whether it stops nothing: an inherited role simply lacks a permission."""
    return inconsistency.kind == "inherited_role_permission"


def _spellings(subject: Subject) -> Iterator[str]:
    """The subject's name, and the longer words that the resolver may use for it."""
    yield subject.name
    kind, _, rest = subject.name.partition(" ")
    if kind.endswith("_permission"):
        yield f"{kind.replace('_', ' ')} of role {rest}"
    elif "_" in kind:
        yield f"{kind.replace('_', ' ')} {rest}"
