"""Commands about tracked tables: track, untrack, names, enums, federation."""

from collections.abc import Callable

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments, expect_object, read_name, write_name
from rowgate.admin.document import ARGS, Entry
from rowgate.admin.draft import Draft, Task
from rowgate.admin.identity import table_subject
from rowgate.admin.types import SUCCESS, Edit, OnBroken
from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName

_WARNINGS_REFUSED = "some operations failed; nothing was changed"


def track_table(arguments: Json) -> Edit:
    """`track_table`: `{source, table, configuration, …}`, or nothing but the table's name."""
    given = _table_arguments(arguments)
    source, name = given.source(), given.table()
    entry: Entry = {"table": write_name(name)}
    entry |= given.only("configuration", "apollo_federation_config")
    if given.flag("is_enum"):
        entry["is_enum"] = True

    def apply(document: Json) -> None:
        owner = doc.need_source(document, source)
        if doc.find_table(owner, name) is not None:
            text = f'view/table already tracked: "{name}"'
            raise ApiError(text, code="already-tracked", path=ARGS)
        if doc.find_function(owner, name) is not None:
            text = f'function with name "{name}" already exists'
            raise ApiError(text, code="not-supported", path=ARGS)
        owner.setdefault("tables", []).append(entry)

    return Edit(apply, table_subject(source, name), source=source)


def untrack_table(arguments: Json) -> Edit:
    """`untrack_table {source, table, cascade}`."""
    given = Arguments.of(arguments)
    source, name = given.source(), given.table()

    def apply(document: Json) -> None:
        owner = doc.need_source(document, source)
        table = doc.find_table(owner, name)
        if table is None:
            text = f'view/table already untracked: "{name}"'
            raise ApiError(text, code="already-untracked", path=ARGS)
        owner["tables"].remove(table)

    return Edit(apply, on_broken=drop_policy(given))


def drop_policy(given: Arguments) -> OnBroken:
    """What a drop does about dependents, by its `cascade`."""
    return OnBroken.CASCADE if given.flag("cascade") else OnBroken.DEPENDENTS


def track_tables(arguments: Json) -> Task:
    """`track_tables {tables: […], allow_warnings}`: what fails is a warning, or refuses all."""
    return _many(Arguments.of(arguments), track_table, "failed to track")


def untrack_tables(arguments: Json) -> Task:
    """`untrack_tables {tables: […], allow_warnings}`."""
    return _many(Arguments.of(arguments), untrack_table, "failed to untrack")


def _many(given: Arguments, read: Callable[[Json], Edit], what: str) -> Task:
    edits = [(read(item), _table_arguments(item).table()) for item in given.array("tables")]
    tolerant = given.flag("allow_warnings", default=True)

    async def run(draft: Draft) -> Json:
        if await draft.apply_together([edit for edit, _ in edits]):
            return SUCCESS
        before = (draft.generation, draft.connections)
        warnings = []
        for edit, name in edits:
            try:
                await draft.apply(edit)
            except ApiError as error:
                warnings.append(_warning(error, name, what))
        if len(warnings) == len(edits) or (warnings and not tolerant):
            draft.generation, draft.connections = before
            text = "all tables failed" if tolerant else _WARNINGS_REFUSED
            raise ApiError(text, code="metadata-warnings", path=ARGS, internal=warnings)
        return {"message": "success", "warnings": warnings} if warnings else SUCCESS

    return Task(run, writes=True)


def _warning(error: ApiError, name: QualifiedName, what: str) -> Json:
    return {
        "code": error.code,
        "message": error.message,
        "name": f"table {name}",
        "type": "table",
        "reason": what,
    }


def set_table_customization(arguments: Json) -> Edit:
    """`set_table_customization {source, table, configuration}`; null or `{}` takes it away."""
    given = Arguments.of(arguments)
    configuration = expect_object(given.get("configuration", {}), given.at("configuration"))
    return _set(given, "configuration", configuration or None)


def set_table_custom_fields(arguments: Json) -> Edit:
    """`set_table_custom_fields`, the older form of the customization."""
    given = Arguments.of(arguments)
    configuration = given.only("custom_root_fields", "custom_column_names", "custom_name")
    return _set(given, "configuration", configuration or None)


def set_table_is_enum(arguments: Json) -> Edit:
    """`set_table_is_enum {source, table, is_enum}`."""
    given = Arguments.of(arguments)
    given.need("is_enum")
    return _set(given, "is_enum", given.flag("is_enum") or None)


def set_apollo_federation_config(arguments: Json) -> Edit:
    """`set_apollo_federation_config {source, table, apollo_federation_config}`."""
    given = Arguments.of(arguments)
    return _set(given, "apollo_federation_config", given.get("apollo_federation_config"))


def _set(given: Arguments, key: str, value: Json) -> Edit:
    source, name = given.source(), given.table()

    def apply(document: Json) -> None:
        doc.put(doc.need_table(document, source, name, ARGS), key, value)

    return Edit(apply, table_subject(source, name), source=source)


def _table_arguments(arguments: Json) -> Arguments:
    """The arguments of `track_table`, whose oldest form is the table's name alone."""
    if isinstance(arguments, str) or (isinstance(arguments, dict) and "table" not in arguments):
        name = write_name(read_name(arguments))
        source = arguments.get("source") if isinstance(arguments, dict) else None
        return Arguments({"table": name, "source": source})
    return Arguments.of(arguments)
