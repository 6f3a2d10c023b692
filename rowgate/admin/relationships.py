"""Commands about relationships: create, drop, rename, comment; remote ones; suggestions."""

from collections.abc import Iterator

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments, expect_object, write_name
from rowgate.admin.document import ARGS, Entry
from rowgate.admin.draft import Draft, Task
from rowgate.admin.identity import full_using, of_table
from rowgate.admin.permissions import Read
from rowgate.admin.renames import Renaming, rename
from rowgate.admin.tables import drop_policy
from rowgate.admin.types import SUCCESS, Edit
from rowgate.base.errors import ApiError, ParseFailed
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import Catalog, ForeignKey, Relation

OBJECT, ARRAY = "object", "array"


def create(kind: str) -> Read:
    """The reader of `create_<kind>_relationship {source, table, name, using, comment}`."""
    key = f"{kind}_relationships"

    def read(arguments: Json) -> Edit:
        given = Arguments.of(arguments)
        source, table, name = given.source(), given.table(), given.text("name")
        using = full_using(_read_using(given, kind))
        entry = {"name": name, "using": using} | given.only("comment")

        def apply(document: Json) -> None:
            owner = doc.need_table(document, source, table)
            _refuse_taken(owner, table, name)
            doc.append(owner, key, entry)

        return Edit(apply, of_table(source, table, f"{kind}_relation", name), source=source)

    return read


def _read_using(given: Arguments, kind: str) -> Json:
    using = expect_object(given.need("using"), given.at("using"))
    known = [key for key in ("foreign_key_constraint_on", "manual_configuration") if key in using]
    if len(known) != 1:
        text = "one of manual_configuration and foreign_key_constraint_on should be present"
        raise ParseFailed(text, path=given.at("using"))
    path = (*given.at("using"), known[0])
    if known[0] == "manual_configuration":
        manual = Arguments.of(using[known[0]], path)
        manual.table("remote_table")
        manual.object("column_mapping")
    elif kind == ARRAY or isinstance(using[known[0]], dict):
        on = Arguments.of(using[known[0]], path)
        on.table()
        if not on.has("column") and not on.has("columns"):
            raise ParseFailed('key "column" not found', path=path)
    return using


def _fields(owner: Entry) -> Iterator[str]:
    for _, entry in doc.relationships(owner):
        yield entry["name"]
    for key in ("computed_fields", "remote_relationships"):
        for entry in owner.get(key, []):
            yield entry["name"]


def _refuse_taken(owner: Entry, table: QualifiedName, name: str) -> None:
    if name in _fields(owner):
        text = f'field with name "{name}" already exists in table "{table}"'
        raise ApiError(text, code="already-exists", path=ARGS)


def _find(owner: Entry, table: QualifiedName, name: str) -> tuple[str, Entry]:
    for key, entry in doc.relationships(owner):
        if entry["name"] == name:
            return key, entry
    text = f'relationship "{name}" does not exist in table "{table}"'
    raise ApiError(text, code="not-exists", path=ARGS)


def drop(arguments: Json) -> Edit:
    """`drop_relationship {source, table, relationship, cascade}`."""
    given = Arguments.of(arguments)
    source, table, name = given.source(), given.table(), given.text("relationship")

    def apply(document: Json) -> None:
        owner = doc.need_table(document, source, table)
        key, entry = _find(owner, table, name)
        doc.remove(owner, key, entry)

    return Edit(apply, on_broken=drop_policy(given))


def rename_relationship(arguments: Json) -> Task:
    """`rename_relationship {source, table, name, new_name}`; permissions follow the name."""
    given = Arguments.of(arguments)
    source, table = given.source(), given.table()
    name, new = given.text("name"), given.text("new_name")

    async def run(draft: Draft) -> Json:
        catalog = draft.catalogs.get(source, Catalog())

        def apply(document: Json) -> None:
            owner = doc.need_table(document, source, table)
            _find(owner, table, name)
            relation = catalog.relations.get(table)
            if new in _fields(owner) or (relation is not None and new in relation.columns):
                text = (
                    f'cannot rename relationship "{name}" to "{new}" in table "{table}" '
                    "as a column/relationship with the name already exists"
                )
                raise ApiError(text, code="already-exists", path=ARGS)
            renaming = Renaming(relationships={table: {name: new}})
            rename(document, source, renaming, catalog)

        await draft.apply(Edit(apply))
        return SUCCESS

    return Task(run, writes=True)


def set_comment(arguments: Json) -> Edit:
    """`set_relationship_comment {source, table, name, comment}`."""
    given = Arguments.of(arguments)
    source, table = given.source(), given.table()
    name, comment = given.text("name"), given.comment()

    def apply(document: Json) -> None:
        _, entry = _find(doc.need_table(document, source, table), table, name)
        doc.put(entry, "comment", comment)

    return Edit(apply)


def create_remote(arguments: Json) -> Edit:
    """`create_remote_relationship {source, table, name, definition}`."""
    given = Arguments.of(arguments)
    source, table, name = given.source(), given.table(), given.text("name")
    entry = {"name": name, "definition": given.object("definition")}

    def apply(document: Json) -> None:
        owner = doc.need_table(document, source, table)
        _refuse_taken(owner, table, name)
        doc.append(owner, "remote_relationships", entry)

    return Edit(apply, of_table(source, table, "remote_relationship", name))


def update_remote(arguments: Json) -> Edit:
    """`update_remote_relationship`, with the arguments of `create_remote_relationship`."""
    given = Arguments.of(arguments)
    source, table, name = given.source(), given.table(), given.text("name")
    definition = given.object("definition")

    def apply(document: Json) -> None:
        owner = doc.need_table(document, source, table)
        _find_remote(owner, table, name)["definition"] = definition

    return Edit(apply, of_table(source, table, "remote_relationship", name))


def delete_remote(arguments: Json) -> Edit:
    """`delete_remote_relationship {source, table, name}`."""
    given = Arguments.of(arguments)
    source, table, name = given.source(), given.table(), given.text("name")

    def apply(document: Json) -> None:
        owner = doc.need_table(document, source, table)
        doc.remove(owner, "remote_relationships", _find_remote(owner, table, name))

    return Edit(apply, on_broken=drop_policy(given))


def _find_remote(owner: Entry, table: QualifiedName, name: str) -> Entry:
    text = f'no relationship named "{name}" found on table "{table}"'
    return doc.need(owner.get("remote_relationships", []), "name", name, text)


def suggest(arguments: Json) -> Task:
    """`suggest_relationships {source, tables, omit_tracked}`: one for each end of every foreign
    key between tracked tables."""
    given = Arguments.of(arguments)
    source, omit = given.source(), given.flag("omit_tracked")
    only = None
    if given.has("tables"):
        only = {Arguments({"t": one}).table("t") for one in given.array("tables")}

    async def run(draft: Draft) -> Json:
        owner = doc.need_source(draft.generation.document, source)
        catalog = draft.catalogs.get(source, Catalog())
        found: list[Json] = []
        for name, entry in doc.tables(owner):
            relation = catalog.relations.get(name)
            if relation is None or (only is not None and name not in only):
                continue
            for key in relation.foreign_keys:
                found += _suggestions(owner, catalog, (name, relation, entry), key)
        return {"relationships": [one for one in found if not (omit and _is_tracked(owner, one))]}

    return Task(run)


def _suggestions(
    owner: Entry, catalog: Catalog, here: tuple[QualifiedName, Relation, Entry], key: ForeignKey
) -> Iterator[Json]:
    name, relation, _ = here
    if doc.find_table(owner, key.target) is None or key.target not in catalog.relations:
        return
    mine = {"table": write_name(name), "columns": list(key.columns), "constraint_name": key.name}
    theirs = {"table": write_name(key.target), "columns": list(key.target_columns)}
    yield {"type": OBJECT, "from": mine, "to": theirs}
    unique = (relation.primary_key, *relation.unique_keys)
    is_unique = any(one and set(one.columns) == set(key.columns) for one in unique)
    yield {"type": OBJECT if is_unique else ARRAY, "from": theirs, "to": mine}


def _is_tracked(owner: Entry, suggestion: Json) -> bool:
    table = doc.find_table(owner, Arguments(suggestion["from"]).table())
    here, there = suggestion["from"], suggestion["to"]
    key = f"{suggestion['type']}_relationships"
    wanted: list[Json] = [there["table"] | {}, there["columns"]]
    for entry in (table or {}).get(key, []):
        on = (entry.get("using") or {}).get("foreign_key_constraint_on")
        own = [on] if isinstance(on, str) else on
        if own == here["columns"]:
            return True
        if isinstance(on, dict):
            columns = on.get("columns") or [on.get("column")]
            if [write_name(Arguments(on).table()), columns] == wanted:
                return True
    return False
