"""Rules about what permissions cost the database with every request."""

from collections.abc import Iterator

from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import RelationKind
from rowgate.metadata.layout import qualified
from rowgate.metadata.lint.expressions import ColumnPath, compared
from rowgate.metadata.lint.grants import Grant, Table, all_grants, entries, tables
from rowgate.metadata.lint.types import Finding, Rule, Severity, Subject

AGGREGATE = Rule(
    "aggregate-over-filter",
    Severity.WARNING,
    "A role may aggregate over rows that a filter picks.",
    "An aggregate reads every row that the filter lets through, which `limit` does not bound, and "
    "its counts tell a client by trial what it cannot read row by row.",
    "Take `allow_aggregations` away, or allow it with a comment where rows are few and counts "
    "harmless: `# lint: allow aggregate-over-filter (why)`.",
)
UNINDEXED = Rule(
    "unindexed-filter",
    Severity.WARNING,
    "A filter goes by a column that no index begins with.",
    "Every request of the role reads the whole table; it becomes slower with each row.",
    "Create an index that begins with the column, in a migration.",
)
RULES = (AGGREGATE, UNINDEXED)
_TABLES = (RelationKind.TABLE, RelationKind.PARTITIONED_TABLE, RelationKind.MATERIALIZED_VIEW)


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of all rules of this module; that of indexes only where the database is known."""
    known = {(table.source, table.name): table for table in tables(subject)}
    for grant in all_grants(subject):
        permission = grant.permission
        if grant.kind == "select" and permission.get("allow_aggregations") is True:
            yield from _aggregate(grant)
        if grant.table.source in subject.indexes:
            yield from _unindexed(subject, grant, known)


def _aggregate(grant: Grant) -> Iterator[Finding]:
    if grant.permission.get("filter"):
        message = f"{grant.words} aggregates over rows that a filter picks."
        yield Finding(AGGREGATE, grant.at("allow_aggregations"), message, grant.path)


def _unindexed(
    subject: Subject, grant: Grant, known: dict[tuple[str, QualifiedName], Table]
) -> Iterator[Finding]:
    for path in sorted(set(compared(grant.permission.get("filter")))):
        table = _reached(subject, grant.table, path, known)
        if table is not None and _lacks_index(subject, table, path[-1]):
            message = f"{grant.words}: no index of {table.name} begins with '{path[-1]}'."
            yield Finding(UNINDEXED, grant.at("filter"), message, grant.path)


def _lacks_index(subject: Subject, table: Table, column: str) -> bool:
    catalog = subject.catalogs.get(table.source)
    relation = catalog.relations.get(table.name) if catalog else None
    if relation is None or relation.kind not in _TABLES:
        return False
    type_of = relation.columns.get(column)
    if type_of is None or type_of.type.name == "bool":
        return False
    leading = subject.indexes[table.source].get(table.name, frozenset())
    return column not in leading


def _reached(
    subject: Subject,
    table: Table,
    path: ColumnPath,
    known: dict[tuple[str, QualifiedName], Table],
) -> Table | None:
    """The table whose column stands last in `path`; None where it cannot be followed."""
    here: Table | None = table
    for name in path[:-1]:
        target = _target(subject, here, name) if here else None
        here = known.get((table.source, target)) if target else None
    return here


def _target(subject: Subject, table: Table, name: str) -> QualifiedName | None:
    for key in ("object_relationships", "array_relationships"):
        for _, entry in entries(table.entry, key):
            if entry.get("name") == name:
                return _target_of(subject, table, entry.get("using"))
    return None


def _target_of(subject: Subject, table: Table, using: Json) -> QualifiedName | None:
    match using:
        case {"manual_configuration": {"remote_table": remote}}:
            return QualifiedName(*qualified(remote))
        case {"foreign_key_constraint_on": {"table": other}}:
            return QualifiedName(*qualified(other))
        case {"foreign_key_constraint_on": str() | list() as columns}:
            wanted = (columns,) if isinstance(columns, str) else tuple(columns)
        case _:
            return None
    relation = subject.catalogs[table.source].relations.get(table.name)
    for foreign_key in relation.foreign_keys if relation else ():
        if foreign_key.columns == wanted:
            return foreign_key.target
    return None
