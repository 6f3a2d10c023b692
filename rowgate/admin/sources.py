"""Commands about sources: add, update, rename, drop, and what their databases have."""

from rowgate.admin import document as doc
from rowgate.admin.arguments import Arguments, expect_object, write_name
from rowgate.admin.document import ARGS, Entry
from rowgate.admin.draft import Draft, Task
from rowgate.admin.identity import plain
from rowgate.admin.tables import drop_policy
from rowgate.admin.types import Edit
from rowgate.base.errors import ApiError, NotSupported
from rowgate.base.json import Json
from rowgate.catalog.types import Catalog

KIND = "postgres"
_CUSTOMIZATION = ("customization", "health_check")


def add_source(arguments: Json) -> Edit:
    """`add_source {name, configuration, replace_configuration, customization}`."""
    given = Arguments.of(arguments)
    name, replace = given.text("name"), given.flag("replace_configuration")
    configuration = expect_object(given.need("configuration"), given.at("configuration"))
    entry: Entry = {"name": name, "kind": KIND, "tables": [], "configuration": configuration}
    entry |= given.only(*_CUSTOMIZATION)

    def apply(document: Json) -> None:
        known = doc.find_source(document, name)
        if known is None:
            doc.append(document, "sources", entry)
        elif replace:
            known |= {key: entry[key] for key in entry if key not in ("name", "tables")}
        else:
            text = f'source with name "{name}" already exists'
            raise ApiError(text, code="already-exists", path=ARGS)

    return Edit(apply, plain("source", name))


def test_connection_template(arguments: Json) -> Edit:
    """`test_connection_template`: refused, as the templates themselves are."""
    Arguments.of(arguments)
    raise NotSupported("connection templates are not supported", path=ARGS)


def update_source(arguments: Json) -> Edit:
    """`update_source {name, configuration, customization}`; what is not given stays."""
    given = Arguments.of(arguments)
    name = given.text("name")
    changes = given.only("configuration", *_CUSTOMIZATION)

    def apply(document: Json) -> None:
        doc.need_source(document, name).update(changes)

    return Edit(apply, plain("source", name))


def rename_source(arguments: Json) -> Edit:
    """`rename_source {name, new_name}`; remote relationships to it follow."""
    given = Arguments.of(arguments)
    name, new = given.text("name"), given.text("new_name")

    def apply(document: Json) -> None:
        source = doc.need_source(document, name)
        if doc.find_source(document, new) is not None:
            text = f'source with name "{new}" already exists'
            raise ApiError(text, code="already-exists", path=ARGS)
        source["name"] = new
        for target in _targets(document):
            if target.get("source") == name:
                target["source"] = new

    return Edit(apply, plain("source", new))


def _targets(document: Json) -> list[Entry]:
    """Every declaration that names a source from outside it."""
    found = []
    for owner in document.get("sources", []):
        for _, table in doc.tables(owner):
            definitions = (one.get("definition") for one in table.get("remote_relationships", []))
            found += [one["to_source"] for one in definitions if one and "to_source" in one]
    for item in (document.get("custom_types") or {}).get("objects") or []:
        found += item.get("relationships") or []
    return found


def drop_source(arguments: Json) -> Edit:
    """`drop_source {name, cascade}`."""
    given = Arguments.of(arguments)
    name = given.text("name")

    def apply(document: Json) -> None:
        source = doc.need_source(document, name)
        document["sources"] = [one for one in document["sources"] if one is not source]

    return Edit(apply, on_broken=drop_policy(given))


def list_source_kinds(arguments: Json) -> Task:
    """`list_source_kinds`: Postgres is the only one."""
    Arguments.of(arguments or {})

    async def run(_: Draft) -> Json:
        return {"sources": [{"kind": "pg", "display_name": "pg", "builtin": True}]}

    return Task(run)


def get_source_kind_capabilities(arguments: Json) -> Task:
    """`get_source_kind_capabilities {name}`: only data connectors have any."""
    name = Arguments.of(arguments).text("name")

    async def run(_: Draft) -> Json:
        raise NotSupported(f'source kind "{name}" has no capabilities document', path=ARGS)

    return Task(run)


def get_source_tables(arguments: Json) -> Task:
    """`get_source_tables {source}`: every relation of the database, tracked or not."""
    source = Arguments.of(arguments).source()

    async def run(draft: Draft) -> Json:
        catalog = await _fresh_catalog(draft, source)
        return [write_name(name) for name in sorted(catalog.relations)]

    return Task(run)


def get_source_trackables(arguments: Json) -> Task:
    """`get_source_trackables {source}`: relations and functions."""
    source = Arguments.of(arguments).source()

    async def run(draft: Draft) -> Json:
        catalog = await _fresh_catalog(draft, source)
        return {
            "tables": [{"name": write_name(name)} for name in sorted(catalog.relations)],
            "functions": [{"name": write_name(name)} for name in sorted(catalog.functions)],
        }

    return Task(run)


def get_table_info(arguments: Json) -> Task:
    """`get_table_info {source, table}`: columns, keys, and what may be done with the rows."""
    given = Arguments.of(arguments)
    source, name = given.source(), given.table()

    async def run(draft: Draft) -> Json:
        relation = (await _fresh_catalog(draft, source)).relations.get(name)
        if relation is None:
            text = f'no such table/view exists in source: "{name}"'
            raise ApiError(text, code="not-exists", path=ARGS)
        return {
            "name": write_name(name),
            "type": relation.kind.value,
            "description": relation.description,
            "columns": [
                {
                    "name": column.name,
                    "type": column.type.name,
                    "nullable": column.nullable,
                    "insertable": not column.generated and column.identity != "always",
                    "updatable": column.updatable,
                    "value_generated": {"type": "default_value"} if column.has_default else None,
                    "description": column.description,
                }
                for column in relation.columns.values()
            ],
            "primary_key": list(relation.primary_key.columns) if relation.primary_key else None,
            "foreign_keys": {
                key.name: {
                    "foreign_table": write_name(key.target),
                    "column_mapping": dict(zip(key.columns, key.target_columns, strict=True)),
                }
                for key in relation.foreign_keys
            },
            "insertable": relation.insertable,
            "updatable": relation.updatable,
            "deletable": relation.deletable,
        }

    return Task(run)


async def _fresh_catalog(draft: Draft, source: str) -> Catalog:
    """The catalog as the database has it now: tables are listed in order to be tracked, so that
    those made a moment ago by other hands belong to it."""
    draft.database(source)
    await draft.introspect([source])
    return draft.catalogs.get(source, Catalog())
