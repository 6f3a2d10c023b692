"""The metadata that a migration changes: planned when it is written, kept as YAML beside it,
applied to the metadata directory by `migrate up` and taken back by `migrate down`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphql import GraphQLError, parse, visit
from graphql.language import Node, Visitor
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from rowgate.admin import document as doc
from rowgate.admin.boolexp import Fields, TableUse, Use, uses
from rowgate.admin.document import Entry
from rowgate.admin.renames import Renaming, forget_columns, rename
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import Catalog
from rowgate.cli.autogenerate import Rename
from rowgate.cli.comparison import tell_places
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.revisions import Step
from rowgate.metadata.diff import Change, Verb, diff
from rowgate.metadata.directory import load, save
from rowgate.metadata.patch import patched, reverse
from rowgate.metadata.suggest import Growth, suggest

_HEAD = """\
# The metadata that belongs to this migration. `rowgate migrate up` applies it to metadata/,
# `rowgate migrate down` takes it back. Change it as you like, or remove the file.
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a migration changes in the metadata; `notes` name what uses something that goes and
    cannot be changed without a decision."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """What a migration does to tables: what it adds and drops, and what it renames."""

    growth: Growth
    renames: Sequence[Rename]
    dropped: Sequence[tuple[QualifiedName, str]]
    """Columns by their tables."""


def planned(document: Json, source: str, shift: Shift, catalog: Catalog) -> Planned:
    """The changes of metadata that go with `shift`; `catalog` is that of before."""
    wanted = suggest(document, source, shift.growth)
    if doc.find(wanted.get("sources", []), "name", source) is None:
        return Planned((), ())
    notes = [
        *_uses(document, source, shift, catalog),
        *_stored_queries(document, source, shift),
    ]
    rename(wanted, source, _renaming(shift.renames), catalog)
    for table, column in shift.dropped:
        _forget(wanted, source, table, column)
    return Planned(diff(document, wanted), tuple(notes))


def _renaming(renames: Sequence[Rename]) -> Renaming:
    tables = {
        one.table: QualifiedName(one.table.schema, one.to) for one in renames if not one.column
    }
    columns: dict[QualifiedName, dict[str, str]] = {}
    for one in renames:
        if one.column:
            columns.setdefault(one.table, {})[one.column] = one.to
    return Renaming(tables, columns)


def _forget(document: Json, source: str, table: QualifiedName, column: str) -> None:
    """Take a column out of what lists columns: selections, presets, configuration, triggers."""
    for name, entry in doc.tables(doc.need_source(document, source)):
        if name != table:
            continue
        forget_columns(entry, {column})
        for _, permission in doc.permissions(entry):
            _without(permission.get("permission"), column)


def _without(permission: Json, column: str) -> None:
    if not isinstance(permission, dict):
        return
    if isinstance(permission.get("columns"), list):
        permission["columns"] = [one for one in permission["columns"] if one != column]
    for key in ("set", "presets"):
        if isinstance(permission.get(key), dict):
            permission[key].pop(column, None)


def _uses(document: Json, source: str, shift: Shift, catalog: Catalog) -> Iterator[str]:
    """Permissions whose filter or check uses a dropped column."""
    owner = doc.need_source(document, source)
    fields = Fields(owner, catalog)
    for table, kind, permission in _permissions(owner):
        declared = permission.get("permission") or {}
        for key in ("filter", "check"):
            for column in _dropped_in(uses(declared.get(key), table, fields), shift):
                yield (
                    f"the {key} of {kind} of role {permission.get('role')} on {table} uses "
                    f"{column}, which goes: change that permission"
                )


def _permissions(source: Entry) -> Iterator[tuple[QualifiedName, str, Entry]]:
    for table, entry in doc.tables(source):
        for kind, permission in doc.permissions(entry):
            yield table, kind, permission


def _dropped_in(found: Iterable[Use | TableUse], shift: Shift) -> Iterator[str]:
    for use in found:
        if isinstance(use, Use) and (use.table, use.name) in shift.dropped:
            yield f"{use.table}.{use.name}"


def _stored_queries(document: Json, source: str, shift: Shift) -> Iterator[str]:
    """Stored queries that name a column that goes or is renamed."""
    gone = {column: (table, column) for table, column in shift.dropped}
    gone |= {one.column: (one.table, one.column) for one in shift.renames if one.column}
    names = _graphql_names(document, source, gone)
    for collection in document.get("query_collections", []):
        for query in (collection.get("definition") or {}).get("queries", []):
            for used in sorted(_names_in(str(query.get("query"))) & names.keys()):
                table, column = names[used]
                yield (
                    f"the stored query {query.get('name')} of collection {collection.get('name')} "
                    f"uses `{used}`, perhaps {table}.{column}: change its text"
                )


def _graphql_names(
    document: Json, source: str, gone: dict[str, tuple[QualifiedName, str]]
) -> dict[str, tuple[QualifiedName, str]]:
    """Columns by their names in GraphQL."""
    found = dict(gone)
    for name, entry in doc.tables(doc.need_source(document, source)):
        configuration = entry.get("configuration") or {}
        custom = dict(configuration.get("custom_column_names") or {})
        for column, settings in (configuration.get("column_config") or {}).items():
            custom[column] = (settings or {}).get("custom_name") or custom.get(column)
        for column, (table, _) in gone.items():
            if table == name and custom.get(column):
                found[custom[column]] = (table, column)
    return found


class _Names(Visitor):
    """Collects the names of fields and of members of input objects."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter(self, node: Node, *_: object) -> None:
        """Called for every node."""
        if node.kind in {"field", "object_field"}:
            self.found.add(node.name.value)  # type: ignore[attr-defined]


def _names_in(query: str) -> set[str]:
    names = _Names()
    try:
        visit(parse(query), names)
    except GraphQLError:
        return set()
    return names.found


def write_beside(migration: Path, changes: Sequence[Change]) -> Path:
    """Write the changes into a YAML file beside the migration, and give its name."""
    yaml = YAML()
    yaml.default_flow_style = False
    file = beside(migration)
    with file.open("w") as out:
        out.write(_HEAD)
        yaml.dump([_written(one) for one in changes], out)
    return file


def beside(migration: Path) -> Path:
    """The file of the metadata that belongs to a migration."""
    return migration.with_suffix(".metadata.yaml")


def _written(change: Change) -> dict[str, Json]:
    values = {"before": change.before, "after": change.after}
    return {
        str(change.verb): list(change.place),
        **{key: value for key, value in values.items() if value is not None},
    }


def follow(migration: Path, directory: Path, *, back: bool = False) -> Sequence[Change]:
    """Apply the changes that stand beside a migration to the directory, or take them back where
    `back`; gives those that were made.

    Raises `CommandError` where the file is malformed, or does not fit the directory.
    """
    file = beside(migration)
    if not file.is_file() or not directory.is_dir():
        return ()
    changes = tuple(_read(file))
    document = load(directory)
    wanted, odd = patched(document, reverse(changes) if back else changes)
    if odd:
        place = " › ".join(odd[0].place)
        raise CommandError(
            f"{file} does not fit {directory}: {place} is neither as it was before nor as it is "
            "after. Correct one of them, or remove the file."
        )
    made = diff(document, wanted)
    if made:
        save(wanted, directory)
    return made


def follow_all(steps: Sequence[Step], directory: Path, *, back: bool = False) -> None:
    """Tell the migrations that were applied, or taken back, and make the changes of metadata that
    stand beside them. Raises as `follow` does."""
    for step in steps:
        verb = "Took back" if back else "Applied"
        OUTPUT.print(f"{verb} migration {step.revision}: {step.message}", markup=False)
        tell_places(follow(step.file, directory, back=back))


def _read(file: Path) -> Iterator[Change]:
    try:
        entries = YAML(typ="safe").load(file.read_text())
    except YAMLError as error:
        raise CommandError(f"{file} is no YAML: {' '.join(str(error).split())}.") from None
    for entry in entries or ():
        known = [verb for verb in Verb if isinstance(entry, dict) and str(verb) in entry]
        if len(known) != 1 or not isinstance(entry[str(known[0])], list):
            raise CommandError(f"{file}: {entry!r} is none of added, removed and changed.")
        place = tuple(str(one) for one in entry[str(known[0])])
        yield Change(known[0], place, entry.get("before"), entry.get("after"))
