"""The metadata that new tables and foreign keys suggest: what to track, and how it is related.

Permissions are never suggested: whom a table is for is not in its columns.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.metadata.layout import qualified


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new foreign key: `columns` of `table` point at `target`; `unique` where at most one row
    can point at the same."""

    table: QualifiedName
    columns: tuple[str, ...]
    target: QualifiedName
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Growth:
    """What a migration adds and takes away, as far as metadata follows it. `columns` are those of
    new tables."""

    tables: tuple[QualifiedName, ...] = ()
    dropped: tuple[QualifiedName, ...] = ()
    keys: tuple[NewKey, ...] = ()
    columns: tuple[tuple[QualifiedName, str], ...] = ()


def suggest(document: Json, source: str, growth: Growth) -> Json:
    """The document with the new tables tracked, dropped ones gone, and a relationship at either end
    of each new foreign key between tracked tables. What is there already stays as it is; a source
    that is not in the document changes nothing."""
    changed = deepcopy(document)
    for entry in changed.get("sources", []):
        if entry.get("name") == source:
            _grow(entry, growth)
    return changed


def _grow(source: dict[str, Json], growth: Growth) -> None:
    tables = source.setdefault("tables", [])
    known = {_name(entry) for entry in tables}
    for name in growth.tables:
        if name not in known:
            tables.append({"table": _written(name)})
    source["tables"] = [entry for entry in tables if _name(entry) not in growth.dropped]
    for name in growth.dropped:
        for entry in source["tables"]:
            _forget(entry, name)
    for key in growth.keys:
        _relate(source["tables"], key, growth)


def _relate(tables: Sequence[dict[str, Json]], key: NewKey, growth: Growth) -> None:
    by_name = {_name(entry): entry for entry in tables}
    here, there = by_name.get(key.table), by_name.get(key.target)
    if here is None or there is None:
        return
    columns = list(key.columns)
    forward = {"foreign_key_constraint_on": columns[0] if len(columns) == 1 else columns}
    taken = {column for table, column in growth.columns if table == key.table}
    _add(here, "object_relationships", _forward_names(key), (forward, taken))
    on: dict[str, Json] = {"column": columns[0]} if len(columns) == 1 else {"columns": columns}
    backward = {"foreign_key_constraint_on": {**on, "table": _written(key.table)}}
    kind = "object_relationships" if key.unique else "array_relationships"
    taken = {column for table, column in growth.columns if table == key.target}
    _add(there, kind, _backward_names(key), (backward, taken))


def _add(
    entry: dict[str, Json], kind: str, names: Iterator[str], wanted: tuple[Json, set[str]]
) -> None:
    """Adds a relationship under the first name that is free, unless it is there already."""
    using, taken = wanted
    if any(one.get("using") == using for one in entry.get(kind, [])):
        return
    used = taken | set(_fields(entry))
    name = next(name for name in names if name not in used)
    entry.setdefault(kind, []).append({"name": name, "using": using})


def _fields(entry: dict[str, Json]) -> Iterator[str]:
    for kind in (
        *("object_relationships", "array_relationships"),
        *("computed_fields", "remote_relationships"),
    ):
        for one in entry.get(kind, []):
            yield str(one.get("name"))


def _forward_names(key: NewKey) -> Iterator[str]:
    """`owner_id` is `owner`; else the target's name; else both."""
    first = key.columns[0]
    if len(key.columns) == 1 and first.endswith(("_id", "_uuid")):
        yield first.rpartition("_")[0]
    yield key.target.name
    yield from _numbered(f"{key.target.name}_by_{'_'.join(key.columns)}")


def _backward_names(key: NewKey) -> Iterator[str]:
    yield key.table.name
    yield from _numbered(f"{key.table.name}_by_{'_'.join(key.columns)}")


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _forget(entry: dict[str, Json], dropped: QualifiedName) -> None:
    """Takes out the relationships that lead to a table that is gone."""
    for kind in ("object_relationships", "array_relationships"):
        kept = [one for one in entry.get(kind, []) if not _leads_to(one, dropped)]
        if len(kept) < len(entry.get(kind, [])):
            entry[kind] = kept
            if not kept:
                del entry[kind]


def _leads_to(relationship: Json, target: QualifiedName) -> bool:
    match relationship.get("using"):
        case {"foreign_key_constraint_on": {"table": table}}:
            return qualified(table) == target
        case {"manual_configuration": {"remote_table": table}}:
            return qualified(table) == target
        case _:
            return False


def _name(entry: dict[str, Json]) -> QualifiedName:
    return QualifiedName(*qualified(entry.get("table")))


def _written(name: QualifiedName) -> dict[str, str]:
    return {"name": name.name, "schema": name.schema}
