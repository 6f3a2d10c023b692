"""The tracked tables and permissions of a document, with their paths; malformed ones left out.

Apart from `metadata.read`, whose typed values have no places.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.metadata.layout import qualified
from rowgate.metadata.lint.types import Path, Subject

KINDS = ("select", "insert", "update", "delete")
EVERY = "*"
Entry = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Table:
    """A tracked table: its source, its name, its entry in the document and where that stands."""

    source: str
    name: QualifiedName
    entry: Entry
    path: Path

    def relationship(self, name: str) -> Entry | None:
        """The object relationship of that name."""
        for _, one in entries(self.entry, "object_relationships"):
            if one.get("name") == name:
                return one
        return None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may do to a table: `kind` is select, insert, update or delete, `permission` the
    permission itself, `path` that of the entry around it."""

    table: Table
    kind: str
    role: str
    permission: Entry
    path: Path

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names; none where it names every column."""
        given = self.permission.get("columns")
        return tuple(map(str, given)) if isinstance(given, list) else ()

    @property
    def names_every_column(self) -> bool:
        """Whether it is for every column, those of the future too."""
        given = self.permission.get("columns")
        return given == EVERY or (self.kind == "insert" and given is None)

    @property
    def presets(self) -> Entry:
        """Columns that are set for the role, to values or session variables."""
        given = self.permission.get("set")
        return given if isinstance(given, dict) else {}

    def at(self, *steps: str | int) -> Path:
        """The path of a part of the permission."""
        return (*self.path, "permission", *steps)

    @property
    def words(self) -> str:
        """The grant as messages name it."""
        return f"role '{self.role}' on {self.table.name}"


def entries(owner: Json, key: str) -> Iterator[tuple[int, Entry]]:
    """The objects of the list `owner[key]` with their positions; nothing where it is no list."""
    items = owner.get(key) if isinstance(owner, dict) else None
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield index, item


def tables(subject: Subject) -> Iterator[Table]:
    """Every tracked table of every source."""
    for number, source in entries(subject.document, "sources"):
        for index, entry in entries(source, "tables"):
            name = QualifiedName(*qualified(entry.get("table")))
            yield Table(str(source.get("name")), name, entry, ("sources", number, "tables", index))


def grants(table: Table) -> Iterator[Grant]:
    """Every permission of a table."""
    for kind in KINDS:
        key = f"{kind}_permissions"
        for index, entry in entries(table.entry, key):
            permission = entry.get("permission")
            if isinstance(permission, dict):
                path = (*table.path, key, index)
                yield Grant(table, kind, str(entry.get("role")), permission, path)


def all_grants(subject: Subject) -> Iterator[Grant]:
    """Every permission of every table."""
    for table in tables(subject):
        yield from grants(table)


def columns_of(subject: Subject, table: Table) -> tuple[str, ...]:
    """The table's columns, where its database is known; else those that a permission names."""
    catalog = subject.catalogs.get(table.source)
    relation = catalog.relations.get(table.name) if catalog else None
    if relation is not None:
        return tuple(relation.columns)
    return tuple(dict.fromkeys(column for grant in grants(table) for column in grant.columns))


def own_columns(using: Json) -> tuple[str, ...] | None:
    """The columns of the table itself that an object relationship goes by; None where those of the
    other table decide, or nothing tells."""
    if not isinstance(using, dict):
        return None
    match using.get("foreign_key_constraint_on"):
        case str() as column:
            return (column,)
        case list() as columns:
            return tuple(map(str, columns))
    manual = using.get("manual_configuration")
    mapping = manual.get("column_mapping") if isinstance(manual, dict) else None
    return tuple(map(str, mapping)) if isinstance(mapping, dict) else None
