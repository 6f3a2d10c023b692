"""Commands about tracked functions, their permissions, and computed fields."""

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments, expect_object, read_name, write_name
from rowgate.admin.document import ARGS, Entry
from rowgate.admin.identity import function_subject, of_table
from rowgate.admin.tables import drop_policy
from rowgate.admin.types import Edit, OnBroken
from rowgate.base.errors import ApiError
from rowgate.base.json import Json


def track_function(arguments: Json) -> Edit:
    """`track_function {source, function, configuration, comment}`, or the function's name."""
    if isinstance(arguments, str) or (isinstance(arguments, dict) and "function" not in arguments):
        arguments = {"function": write_name(read_name(arguments))}
    given = Arguments.of(arguments)
    source, name = given.source(), given.table("function")
    entry: Entry = {"function": write_name(name)} | given.only("configuration", "comment")

    def apply(document: Json) -> None:
        owner = doc.need_source(document, source)
        if doc.find_function(owner, name) is not None:
            text = f'function already tracked: "{name}"'
            raise ApiError(text, code="already-tracked", path=ARGS)
        if doc.find_table(owner, name) is not None:
            text = f'table with name "{name}" already exists'
            raise ApiError(text, code="not-supported", path=ARGS)
        doc.append(owner, "functions", entry)

    return Edit(apply, function_subject(source, name), source=source)


def untrack_function(arguments: Json) -> Edit:
    """`untrack_function {source, function, cascade}`."""
    given = Arguments.of(arguments)
    source, name = given.source(), given.table("function")

    def apply(document: Json) -> None:
        entry = doc.need_function(document, source, name)
        doc.remove(doc.need_source(document, source), "functions", entry)

    return Edit(apply, on_broken=drop_policy(given))


def set_function_customization(arguments: Json) -> Edit:
    """`set_function_customization {source, function, configuration}`."""
    given = Arguments.of(arguments)
    source, name = given.source(), given.table("function")
    configuration = expect_object(given.get("configuration", {}), given.at("configuration"))

    def apply(document: Json) -> None:
        entry = doc.need_function(document, source, name)
        doc.put(entry, "configuration", configuration or None)

    return Edit(apply, function_subject(source, name), source=source)


def create_function_permission(arguments: Json) -> Edit:
    """`create_function_permission {source, function, role}`."""
    given = Arguments.of(arguments)
    source, name, role = given.source(), given.table("function"), given.text("role")

    def apply(document: Json) -> None:
        entry = doc.need_function(document, source, name)
        if doc.find(entry.get("permissions", []), "role", role) is not None:
            text = (
                f'permission of role "{role}" already exists for function "{name}" '
                f'in source: "{source}"'
            )
            raise ApiError(text, code="already-exists", path=ARGS)
        doc.append(entry, "permissions", {"role": role})

    return Edit(apply, function_subject(source, name), source=source)


def drop_function_permission(arguments: Json) -> Edit:
    """`drop_function_permission {source, function, role}`."""
    given = Arguments.of(arguments)
    source, name, role = given.source(), given.table("function"), given.text("role")

    def apply(document: Json) -> None:
        entry = doc.need_function(document, source, name)
        text = (
            f'permission of role "{role}" does not exist for function "{name}" '
            f'in source: "{source}"'
        )
        known = doc.need(entry.get("permissions", []), "role", role, text)
        doc.remove(entry, "permissions", known)

    return Edit(apply, on_broken=OnBroken.REFUSE)


def add_computed_field(arguments: Json) -> Edit:
    """`add_computed_field {source, table, name, definition, comment}`."""
    given = Arguments.of(arguments)
    source, table, name = given.source(), given.table(), given.text("name")
    definition = given.inner("definition")
    function = write_name(definition.table("function"))
    entry: Entry = {"name": name, "definition": {**definition.values, "function": function}}
    entry |= given.only("comment")

    def apply(document: Json) -> None:
        owner = doc.need_table(document, source, table)
        if doc.find(owner.get("computed_fields", []), "name", name) is not None:
            text = f'field with name "{name}" already exists in table "{table}"'
            raise ApiError(text, code="already-exists", path=ARGS)
        doc.append(owner, "computed_fields", entry)

    return Edit(apply, of_table(source, table, "computed_field", name), source=source)


def drop_computed_field(arguments: Json) -> Edit:
    """`drop_computed_field {source, table, name, cascade}`."""
    given = Arguments.of(arguments)
    source, table, name = given.source(), given.table(), given.text("name")

    def apply(document: Json) -> None:
        owner = doc.need_table(document, source, table)
        text = f'computed field "{name}" does not exist'
        entry = doc.need(owner.get("computed_fields", []), "name", name, text)
        doc.remove(owner, "computed_fields", entry)

    return Edit(apply, on_broken=drop_policy(given))
