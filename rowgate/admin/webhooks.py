"""Commands about what calls out: actions and their types, remote schemas, event and cron triggers.

They are stored and checked for shape here; resolving says what of them cannot be honoured.
"""

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments, expect_list, expect_object
from rowgate.admin.document import ARGS, Entry
from rowgate.admin.draft import Draft, Task
from rowgate.admin.event_log import find_trigger
from rowgate.admin.identity import of_table
from rowgate.admin.listed import Kind
from rowgate.admin.transforms import check_transforms
from rowgate.admin.types import SUCCESS, Edit, OnBroken, Subject
from rowgate.base.errors import ApiError, ParseFailed
from rowgate.base.json import Json
from rowgate.base.names import PathStep

ACTIONS = Kind("actions", "action", "action", ("name", "definition", "comment", "permissions"))
REMOTE_SCHEMAS = Kind(
    "remote_schemas",
    "remote_schema",
    "remote schema",
    ("name", "definition", "comment", "permissions", "remote_relationships"),
)
CRON_TRIGGERS = Kind(
    "cron_triggers",
    "cron_trigger",
    "cron trigger",
    (
        "name",
        "webhook",
        "schedule",
        "payload",
        "headers",
        "retry_conf",
        "include_in_metadata",
        "comment",
        "request_transform",
        "response_transform",
    ),
)
_EVENT_TRIGGER_KEYS = (
    "retry_conf",
    "webhook",
    "webhook_from_env",
    "headers",
    "request_transform",
    "response_transform",
    "cleanup_config",
    "trigger_on_replication",
)
_OPERATIONS = ("insert", "update", "delete", "enable_manual")
_GUARDED = "HASURA_GRAPHQL_"


def check_headers(value: Json, path: tuple[PathStep, ...]) -> None:
    """Headers may not carry the engine's own settings, secrets among them, to a webhook."""
    for index, header in enumerate(expect_list([] if value is None else value, path)):
        name = expect_object(header, (*path, index)).get("value_from_env")
        if isinstance(name, str) and name.startswith(_GUARDED):
            text = f'env variables starting with "{_GUARDED}" are not allowed in value_from_env'
            raise ParseFailed(f"{text}: {name}", path=(*path, index))


def _with_definition(arguments: Json) -> Arguments:
    given = Arguments.of(arguments)
    definition = given.inner("definition")
    check_headers(definition.get("headers"), definition.at("headers"))
    check_transforms(definition)
    return given


def create_action(arguments: Json) -> Edit:
    """`create_action {name, definition, comment}`."""
    return ACTIONS.create(_with_definition(arguments))


def update_action(arguments: Json) -> Edit:
    """`update_action {name, definition, comment}`; permissions stay."""
    given = _with_definition(arguments)

    def change(entry: Entry) -> None:
        entry["definition"] = given.need("definition")
        doc.put(entry, "comment", given.comment())

    return ACTIONS.change(given.text("name"), change)


def drop_action(arguments: Json) -> Edit:
    """`drop_action {name}`."""
    return ACTIONS.drop(Arguments.of(arguments).text("name"))


def create_action_permission(arguments: Json) -> Edit:
    """`create_action_permission {action, role, comment}`."""
    given = Arguments.of(arguments)
    action, role = given.text("action"), given.text("role")

    def change(entry: Entry) -> None:
        if doc.find(entry.get("permissions", []), "role", role) is not None:
            text = f'permission for role "{role}" is already defined on "{action}"'
            raise ApiError(text, code="already-exists", path=ARGS)
        doc.append(entry, "permissions", {"role": role} | given.only("comment"))

    return ACTIONS.change(action, change)


def drop_action_permission(arguments: Json) -> Edit:
    """`drop_action_permission {action, role}`."""
    given = Arguments.of(arguments)
    action, role = given.text("action"), given.text("role")

    def change(entry: Entry) -> None:
        text = f'permission for role "{role}" is not defined on "{action}"'
        known = doc.need(entry.get("permissions", []), "role", role, text)
        doc.remove(entry, "permissions", known)

    return ACTIONS.change(action, change)


def set_custom_types(arguments: Json) -> Edit:
    """`set_custom_types {scalars, enums, input_objects, objects}`: all of them at once."""
    given = Arguments.of(arguments)
    types = given.only("scalars", "enums", "input_objects", "objects")
    for key, value in types.items():
        expect_list(value, given.at(key))

    def apply(document: Json) -> None:
        doc.put(document, "custom_types", types or None)

    return Edit(apply, Subject("custom_types", "custom_types"))


def add_remote_schema(arguments: Json) -> Edit:
    """`add_remote_schema {name, definition, comment}`."""
    return REMOTE_SCHEMAS.create(_with_definition(arguments))


def update_remote_schema(arguments: Json) -> Edit:
    """`update_remote_schema {name, definition, comment}`."""
    given = _with_definition(arguments)

    def change(entry: Entry) -> None:
        entry["definition"] = given.need("definition")
        doc.put(entry, "comment", given.comment())

    return REMOTE_SCHEMAS.change(given.text("name"), change)


def remove_remote_schema(arguments: Json) -> Edit:
    """`remove_remote_schema {name}`."""
    return REMOTE_SCHEMAS.drop(Arguments.of(arguments).text("name"))


def add_remote_schema_permissions(arguments: Json) -> Edit:
    """`add_remote_schema_permissions {remote_schema, role, definition, comment}`."""
    given = Arguments.of(arguments)
    name, role = given.text("remote_schema"), given.text("role")
    entry = {"role": role, "definition": given.object("definition")} | given.only("comment")

    def change(schema: Entry) -> None:
        if doc.find(schema.get("permissions", []), "role", role) is not None:
            text = f"permissions for role: {role} for remote schema: {name} already exists"
            raise ApiError(text, code="already-exists", path=ARGS)
        doc.append(schema, "permissions", entry)

    return REMOTE_SCHEMAS.change(name, change)


def drop_remote_schema_permissions(arguments: Json) -> Edit:
    """`drop_remote_schema_permissions {remote_schema, role}`."""
    given = Arguments.of(arguments)
    name, role = given.text("remote_schema"), given.text("role")

    def change(schema: Entry) -> None:
        text = f"permissions for role: {role} for remote schema: {name} doesn't exist"
        known = doc.need(schema.get("permissions", []), "role", role, text)
        doc.remove(schema, "permissions", known)

    return REMOTE_SCHEMAS.change(name, change)


def create_remote_schema_relationship(arguments: Json) -> Edit:
    """`create_remote_schema_remote_relationship {remote_schema, type_name, name, definition}`."""
    given = Arguments.of(arguments)
    owner, type_name = given.text("remote_schema"), given.text("type_name")
    name = given.text("name")
    definition = given.object("definition")

    def change(schema: Entry) -> None:
        known = doc.find(schema.get("remote_relationships", []), "type_name", type_name)
        if known is None:
            known = {"type_name": type_name, "relationships": []}
            doc.append(schema, "remote_relationships", known)
        if doc.find(known["relationships"], "name", name) is not None:
            text = f'relationship "{name}" already exists on type "{type_name}"'
            raise ApiError(text, code="already-exists", path=ARGS)
        known["relationships"].append({"name": name, "definition": definition})

    return REMOTE_SCHEMAS.change(owner, change)


def update_remote_schema_relationship(arguments: Json) -> Edit:
    """`update_remote_schema_remote_relationship`, with the arguments of its creation."""
    given = Arguments.of(arguments)
    definition = given.object("definition")

    def change(schema: Entry) -> None:
        _schema_relationship(schema, given)[1]["definition"] = definition

    return REMOTE_SCHEMAS.change(given.text("remote_schema"), change)


def delete_remote_schema_relationship(arguments: Json) -> Edit:
    """`delete_remote_schema_remote_relationship {remote_schema, type_name, name}`."""
    given = Arguments.of(arguments)

    def change(schema: Entry) -> None:
        owner, relationship = _schema_relationship(schema, given)
        owner["relationships"].remove(relationship)
        if not owner["relationships"]:
            doc.remove(schema, "remote_relationships", owner)

    return REMOTE_SCHEMAS.change(given.text("remote_schema"), change)


def _schema_relationship(schema: Entry, given: Arguments) -> tuple[Entry, Entry]:
    name, type_name = given.text("name"), given.text("type_name")
    text = f'relationship "{name}" does not exist on type "{type_name}"'
    owners = schema.get("remote_relationships", [])
    owner = doc.need(owners, "type_name", type_name, text)
    return owner, doc.need(owner["relationships"], "name", name, text)


def create_event_trigger(arguments: Json) -> Edit:
    """`create_event_trigger {name, source, table, webhook, insert, update, delete, …}`."""
    given = Arguments.of(arguments)
    source, table, name = given.source(), given.table(), given.text("name")
    check_headers(given.get("headers"), given.at("headers"))
    check_transforms(given)
    operations = given.only(*_OPERATIONS)
    if not any(operations.values()):
        text = "atleast one amongst insert/update/delete/enable_manual spec must be provided"
        raise ParseFailed(text, path=given.path)
    if given.has("webhook") == given.has("webhook_from_env"):
        text = "one of webhook or webhook_from_env should be given"
        raise ParseFailed(text, path=given.path)
    entry: Entry = {"name": name, "definition": operations} | given.only(*_EVENT_TRIGGER_KEYS)
    replace = given.flag("replace")

    def apply(document: Json) -> None:
        owner = doc.need_table(document, source, table)
        known = doc.find(owner.get("event_triggers", []), "name", name)
        if known is not None and replace:
            known.clear()
            known.update(entry)
            return
        if find_trigger(doc.need_source(document, source), name) is not None:
            text = f'event trigger with name "{name}" already exists'
            raise ApiError(text, code="already-exists", path=ARGS)
        doc.append(owner, "event_triggers", entry)

    return Edit(apply, of_table(source, table, "event_trigger", name))


def delete_event_trigger(arguments: Json) -> Edit:
    """`delete_event_trigger {source, name}`."""
    given = Arguments.of(arguments)
    source, name = given.source(), given.text("name")

    def apply(document: Json) -> None:
        found = find_trigger(doc.need_source(document, source), name)
        if found is None:
            text = f'event trigger with name "{name}" does not exist'
            raise ApiError(text, code="not-exists", path=ARGS)
        owner = doc.need_table(document, source, found.table)
        doc.remove(owner, "event_triggers", found.entry)

    return Edit(apply)


def create_cron_trigger(arguments: Json) -> Edit:
    """`create_cron_trigger {name, webhook, schedule, include_in_metadata, replace, …}`."""
    given = Arguments.of(arguments)
    given.need("webhook")
    given.text("schedule")
    given.need("include_in_metadata")
    check_headers(given.get("headers"), given.at("headers"))
    check_transforms(given)
    return CRON_TRIGGERS.create(given, replace=given.flag("replace"))


def delete_cron_trigger(arguments: Json) -> Edit:
    """`delete_cron_trigger {name}`."""
    return CRON_TRIGGERS.drop(Arguments.of(arguments).text("name"), OnBroken.REFUSE)


def get_cron_triggers(arguments: Json) -> Task:
    """`get_cron_triggers`: every one, also those that are not in the exported metadata."""
    Arguments.of(arguments or {})

    async def run(draft: Draft) -> Json:
        return {"cron_triggers": draft.generation.document.get("cron_triggers", [])}

    return Task(run)


def reload_remote_schema(arguments: Json) -> Task:
    """`reload_remote_schema {name}`: resolve the metadata anew."""
    name = Arguments.of(arguments).text("name")

    async def run(draft: Draft) -> Json:
        REMOTE_SCHEMAS.need(draft.generation.document, name)
        await draft.introspect(())
        return SUCCESS

    return Task(run, writes=True)
