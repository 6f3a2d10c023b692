"""Commands about the metadata as a whole: export, replace, clear, reload, what is inconsistent."""

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments, expect_list, expect_object, read_name
from rowgate.admin.document import Entry
from rowgate.admin.draft import Draft, Task, drop_all
from rowgate.admin.identity import Index
from rowgate.admin.sources import KIND
from rowgate.admin.types import SUCCESS, Edit, Generation, OnBroken
from rowgate.base.errors import ApiError, ParseFailed
from rowgate.base.json import Json, decode, encode
from rowgate.base.names import PathStep

_TABLE_LISTS = (
    "object_relationships",
    "array_relationships",
    "computed_fields",
    "remote_relationships",
    "event_triggers",
    *(f"{kind}_permissions" for kind in doc.PERMISSION_KINDS),
)
_SOURCE_LISTS = ("native_queries", "logical_models")
_TOP_LISTS = (
    "actions",
    "remote_schemas",
    "cron_triggers",
    "inherited_roles",
    "rest_endpoints",
    "query_collections",
    "allowlist",
)
_OF_ONE_SOURCE = ("tables", "functions")
_OF_CONNECTION = ("name", "kind", "configuration")
_GET_STATE = """
    select hasura_uuid::text, cli_state::text, console_state::text from hdb_catalog.hdb_version
"""
_SET_STATE = {
    "cli": "update hdb_catalog.hdb_version set cli_state = $1::text::jsonb",
    "console": "update hdb_catalog.hdb_version set console_state = $1::text::jsonb",
}


def check_shape(document: Json, path: tuple[PathStep, ...] = ()) -> None:
    """Refuse a document whose lists are no lists of objects, or whose sources, tables and
    functions have no names; everything finer is for the typed reading to judge."""
    top = expect_object(document, path)
    for key in _TOP_LISTS:
        _entries(top, key, path)
    for index, source in enumerate(_entries(top, "sources", path)):
        here = (*path, "sources", index)
        if not isinstance(source.get("name"), str):
            raise ParseFailed('key "name" not found', path=here)
        _check_source(source, here)


def _check_source(source: Entry, path: tuple[PathStep, ...]) -> None:
    for key in _SOURCE_LISTS:
        _entries(source, key, path)
    for key, name in (("tables", "table"), ("functions", "function")):
        for index, entry in enumerate(_entries(source, key, path)):
            here = (*path, key, index)
            read_name(entry.get(name), (*here, name))
            for inner in _TABLE_LISTS if key == "tables" else ():
                _check_names(_entries(entry, inner, here), inner, here)


def _check_names(entries: list[Entry], key: str, path: tuple[PathStep, ...]) -> None:
    member = "role" if key.endswith("_permissions") else "name"
    for index, entry in enumerate(entries):
        if not isinstance(entry.get(member), str):
            raise ParseFailed(f'key "{member}" not found', path=(*path, key, index))
        if key == "computed_fields":
            definition = expect_object(entry.get("definition"), (*path, key, index, "definition"))
            read_name(definition.get("function"), (*path, key, index, "definition", "function"))


def _entries(owner: Entry, key: str, path: tuple[PathStep, ...]) -> list[Entry]:
    given = owner.get(key)
    entries = expect_list([] if given is None else given, (*path, key))
    for index, entry in enumerate(entries):
        expect_object(entry, (*path, key, index))
    return entries


def export_metadata(arguments: Json, version: int) -> Task:
    """`export_metadata`: the document; in version 2 with its resource version."""
    expect_object(arguments or {})

    async def run(draft: Draft) -> Json:
        document = exported(draft.generation.document)
        if version == 1:
            return document
        return {"resource_version": draft.generation.resource_version, "metadata": document}

    return Task(run)


def exported(document: Json) -> Json:
    """The document without the cron triggers that are not to be in exports."""
    kept = [
        one for one in document.get("cron_triggers", []) if one.get("include_in_metadata", True)
    ]
    made: dict[str, Json] = {
        key: value for key, value in document.items() if key != "cron_triggers"
    }
    return made | ({"cron_triggers": kept} if kept else {})


def replace_metadata(arguments: Json, version: int) -> Task:
    """`replace_metadata`: version 1 takes the document itself, version 2
    `{allow_inconsistent_metadata, metadata}` and answers what is inconsistent."""
    given = Arguments.of(arguments)
    wrapped = version == 2 or ("metadata" in given and "sources" not in given)
    document = given.need("metadata") if wrapped else arguments
    check_shape(document, given.at("metadata") if wrapped else ())
    tolerant = wrapped and given.flag("allow_inconsistent_metadata")

    async def run(draft: Draft) -> Json:
        new = _as_current(document, draft.generation.document)
        check_shape(new, given.path)

        def apply(old: Json) -> None:
            old.clear()
            old.update(decode(encode(new)))

        await draft.apply(Edit(apply, on_broken=OnBroken.ALLOW if tolerant else OnBroken.STRICT))
        return _state(draft.generation) if version == 2 else SUCCESS

    return Task(run, writes=True)


def _as_current(document: Json, current: Json) -> Json:
    """A document of version 3 from any older one: those had one source and no name for it."""
    if "sources" in document:
        return {**document, "version": 3}
    known = doc.find_source(current, "default") or {"name": "default", "kind": KIND}
    source = {**known, "tables": [], "functions": []}
    source |= {"tables": document.get("tables") or []}
    source |= {"functions": [_function(one) for one in document.get("functions") or []]}
    rest = {key: value for key, value in document.items() if key not in _OF_ONE_SOURCE}
    has_source = "configuration" in known
    return {**rest, "version": 3, "sources": [source] if has_source else []}


def _function(value: Json) -> Json:
    """A function's entry; the oldest documents have its name alone."""
    if isinstance(value, dict) and "function" in value:
        return value
    return {"function": value}


def clear_metadata(arguments: Json) -> Edit:
    """`clear_metadata`: nothing is declared any more; the source `default` stays connected."""
    expect_object(arguments or {})

    def apply(document: Json) -> None:
        default = doc.find_source(document, "default")
        document.clear()
        document.update(doc.empty_document())
        if default is not None:
            kept = {key: default[key] for key in _OF_CONNECTION if key in default}
            document["sources"] = [{**kept, "tables": []}]

    return Edit(apply, on_broken=OnBroken.ALLOW)


def reload_metadata(arguments: Json) -> Task:
    """`reload_metadata`: every source is introspected again; says what is inconsistent."""
    Arguments.of(arguments or {})

    async def run(draft: Draft) -> Json:
        sources = [one["name"] for one in draft.generation.document.get("sources", [])]
        await draft.introspect(sources)
        draft.changed = True
        state = _state(draft.generation)
        if state["is_consistent"]:
            del state["inconsistent_objects"]
        return {"message": "success", **state}

    return Task(run, writes=True)


def _state(generation: Generation) -> dict[str, Json]:
    found = generation.snapshot.inconsistencies
    index = Index(generation.document)
    state: dict[str, Json] = {
        "is_consistent": not found,
        "inconsistent_objects": index.show_all(found),
    }
    warnings = generation.snapshot.warnings
    return state | ({"warnings": index.show_all(warnings)} if warnings else {})


def get_inconsistent_metadata(arguments: Json) -> Task:
    """`get_inconsistent_metadata`."""
    expect_object(arguments or {})

    async def run(draft: Draft) -> Json:
        return _state(draft.generation)

    return Task(run)


def dump_internal_state(arguments: Json) -> Task:
    """`dump_internal_state`: the document and what was made of it, for those who debug it."""
    expect_object(arguments or {})

    async def run(draft: Draft) -> Json:
        snapshot = draft.generation.snapshot
        sources = {
            name: {
                "tables": [str(table) for table in source.tables],
                "functions": [str(function.function.name) for function in source.functions],
            }
            for name, source in snapshot.sources.items()
        }
        return {
            "metadata": exported(draft.generation.document),
            "resource_version": draft.generation.resource_version,
            "sources": sources,
            "roles": sorted(snapshot.roles),
            "inconsistent_objects": _state(draft.generation)["inconsistent_objects"],
        }

    return Task(run)


def drop_inconsistent_metadata(arguments: Json) -> Task:
    """`drop_inconsistent_metadata`: what is inconsistent goes, and what becomes so by that."""
    expect_object(arguments or {})

    async def run(draft: Draft) -> Json:
        dropped = -1
        while dropped:
            broken = draft.generation.snapshot.inconsistencies
            document = draft.copy()
            dropped = drop_all(document, broken)
            if dropped:
                await draft.apply(_to(document))
        return SUCCESS

    return Task(run, writes=True)


def _to(new: Json) -> Edit:
    def apply(document: Json) -> None:
        document.clear()
        document.update(new)

    return Edit(apply, on_broken=OnBroken.ALLOW)


def get_catalog_state(arguments: Json) -> Task:
    """`get_catalog_state`: what the command line and the console have stored with the engine."""
    expect_object(arguments or {})

    async def run(draft: Draft) -> Json:
        async with draft.tools.store.connection() as connection:
            row = await connection.fetchrow(_GET_STATE)
        if row is None:
            raise ApiError("the metadata database has no catalog", code="unexpected", status=500)
        cli, console = decode(row["cli_state"]), decode(row["console_state"])
        return {"id": row["hasura_uuid"], "cli_state": cli, "console_state": console}

    return Task(run)


def set_catalog_state(arguments: Json) -> Task:
    """`set_catalog_state {type: cli | console, state}`."""
    given = Arguments.of(arguments)
    kind, state = given.text("type"), given.need("state")
    if kind not in _SET_STATE:
        raise ParseFailed("expected one of cli, console", path=given.at("type"))

    async def run(draft: Draft) -> Json:
        text = encode(state).decode()
        async with draft.tools.store.connection() as connection:
            await connection.execute(_SET_STATE[kind], text)
        return SUCCESS

    return Task(run)
