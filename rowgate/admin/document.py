"""Finding one's way in the metadata document: sources, tables, entries of lists, by name.

All of it works on a private copy of the document, which the caller changes in place.
"""

from collections.abc import Iterator

from rowgate.admin.arguments import read_name, write_name
from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.base.names import PathStep, QualifiedName

Entry = dict[str, Json]

PERMISSION_KINDS = ("select", "insert", "update", "delete")
RELATIONSHIP_LISTS = ("object_relationships", "array_relationships")

ARGS: tuple[PathStep, ...] = ("args",)


def empty_document() -> Json:
    """Metadata that declares nothing."""
    return {"version": 3, "sources": []}


def find_source(document: Json, name: str) -> Entry | None:
    """The source called `name`."""
    return find(document.get("sources", []), "name", name)


def need_source(document: Json, name: str) -> Entry:
    """The source called `name`; raises `ApiError` `not-exists` where there is none."""
    source = find_source(document, name)
    if source is None:
        text = f'source with name "{name}" does not exist'
        raise ApiError(text, code="not-exists", path=ARGS)
    return source


def find(entries: list[Entry], key: str, value: Json) -> Entry | None:
    """The first of `entries` whose `key` is `value`."""
    return next((entry for entry in entries if entry.get(key) == value), None)


def need(entries: list[Entry], key: str, value: Json, refusal: str) -> Entry:
    """As `find`; raises `ApiError` `not-exists` with the text `refusal` where there is none."""
    entry = find(entries, key, value)
    if entry is None:
        raise ApiError(refusal, code="not-exists", path=ARGS)
    return entry


def remove(owner: Entry, key: str, entry: Entry) -> None:
    """Take `entry` out of the list `owner[key]`; an empty list goes with it."""
    owner[key] = [other for other in owner[key] if other is not entry]
    if not owner[key]:
        del owner[key]


def append(owner: Entry, key: str, entry: Entry) -> None:
    """Put `entry` at the end of the list `owner[key]`."""
    owner.setdefault(key, []).append(entry)


def tables(source: Entry) -> Iterator[tuple[QualifiedName, Entry]]:
    """Every tracked table of a source with its name."""
    for entry in source.get("tables", []):
        yield read_name(entry.get("table")), entry


def functions(source: Entry) -> Iterator[tuple[QualifiedName, Entry]]:
    """Every tracked function of a source with its name."""
    for entry in source.get("functions", []):
        yield read_name(entry.get("function")), entry


def find_table(source: Entry, name: QualifiedName) -> Entry | None:
    """The entry of the table `name`."""
    return _find_named(source.get("tables", []), "table", name)


def find_function(source: Entry, name: QualifiedName) -> Entry | None:
    """The entry of the function `name`."""
    return _find_named(source.get("functions", []), "function", name)


def _find_named(entries: list[Entry], key: str, name: QualifiedName) -> Entry | None:
    """The entry whose `key` names `name`: nearly all have the canonical form, so that is tried
    alone at first, since a bulk may look up thousands of names among thousands."""
    canonical = write_name(name)
    found = find(entries, key, canonical)
    if found is not None:
        return found
    return next((entry for entry in entries if read_name(entry.get(key)) == name), None)


def need_table(
    document: Json, source: str, name: QualifiedName, path: tuple[PathStep, ...] = ("args", "table")
) -> Entry:
    """The entry of a tracked table; raises `ApiError` `not-exists` where it is not tracked."""
    table = find_table(need_source(document, source), name)
    if table is None:
        text = f'table "{name}" does not exist in source: {source}'
        raise ApiError(text, code="not-exists", path=path)
    return table


def need_function(document: Json, source: str, name: QualifiedName) -> Entry:
    """The entry of a tracked function; raises `ApiError` `not-exists` where it is not tracked."""
    function = find_function(need_source(document, source), name)
    if function is None:
        text = f'function "{name}" does not exist in source: {source}'
        raise ApiError(text, code="not-exists", path=ARGS)
    return function


def canonical_name(value: Json, path: tuple[PathStep, ...]) -> dict[str, str]:
    """A table's name as the document holds it, of any form that an argument may have."""
    return write_name(read_name(value, path))


def relationships(table: Entry) -> Iterator[tuple[str, Entry]]:
    """Every relationship of a table with the key of the list that it stands in."""
    for key in RELATIONSHIP_LISTS:
        for entry in table.get(key, []):
            yield key, entry


def permissions(table: Entry) -> Iterator[tuple[str, Entry]]:
    """Every permission of a table with its kind (`select`, …)."""
    for kind in PERMISSION_KINDS:
        for entry in table.get(f"{kind}_permissions", []):
            yield kind, entry


def put(owner: Entry, key: str, value: Json) -> None:
    """Set `key`, or take it away where `value` is null."""
    if value is None:
        owner.pop(key, None)
    else:
        owner[key] = value
