"""What a mutation's validation webhooks are to be told, one for each table that declares one."""

from collections.abc import Iterator, Mapping

from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.operation.types import Entries, Input, Items, Selected
from rowgate.plan.types import Told, Validation
from rowgate.schema.meanings import (
    DeleteByPkRoot,
    DeleteRoot,
    InsertRoot,
    RelationshipInput,
    UpdateByPkRoot,
    UpdateManyRoot,
    UpdateRoot,
)
from rowgate.snapshot.types import Table


def validations(field: Selected, role: str) -> tuple[Validation, ...]:
    """The webhooks that judge a root field's input before anything is written: a nested insert has
    one for each table, given that table's rows; an update or delete is given its arguments."""
    assert field.field is not None
    match field.field.meaning:
        case InsertRoot(table=table, one=one):
            given = field.arguments["object" if one else "objects"]
            found: dict[QualifiedName, tuple[Table, list[Told]]] = {}
            _collect(given, table, found)
            return tuple(_inserts(found, role))
        case UpdateManyRoot(table=table):
            given = field.arguments["updates"]
            updates = given.items if isinstance(given, Items) else ()
            told = tuple(_members(one) for one in updates if isinstance(one, Entries))
            return _of_update(table, role, told)
        case UpdateRoot(table=table) | UpdateByPkRoot(table=table):
            return _of_update(table, role, (_arguments(field),))
        case DeleteRoot(table=table):
            return _of_delete(table, role, _arguments(field))
        case DeleteByPkRoot(table=table):
            return _of_delete(table, role, {"pk_columns": _arguments(field)})
    return ()


def _collect(
    given: Input | None, table: Table, found: dict[QualifiedName, tuple[Table, list[Told]]]
) -> None:
    """Add the rows of `given` to those of their table, and their relatives to those of theirs."""
    rows = given.items if isinstance(given, Items) else (given,)
    for row in rows:
        if isinstance(row, Entries):
            found.setdefault(table.name, (table, []))[1].append(_members(row))
    for row in rows:
        for item, value in row if isinstance(row, Entries) else ():
            if isinstance(item.meaning, RelationshipInput) and isinstance(value, Entries):
                _collect(value.get("data"), item.meaning.table, found)


def _inserts(
    found: Mapping[QualifiedName, tuple[Table, list[Told]]], role: str
) -> Iterator[Validation]:
    for table, rows in found.values():
        permission = table.permission(role).insert
        if permission is not None:
            yield from _validation(permission.validate_input, tuple(rows))


def _of_update(table: Table, role: str, told: tuple[Told, ...]) -> tuple[Validation, ...]:
    permission = table.permission(role).update
    return () if permission is None else _validation(permission.validate_input, told)


def _of_delete(table: Table, role: str, told: Told) -> tuple[Validation, ...]:
    permission = table.permission(role).delete
    return () if permission is None else _validation(permission.validate_input, (told,))


def _validation(declared: Json, told: tuple[Told, ...]) -> tuple[Validation, ...]:
    if declared is None or not told:
        return ()
    return (Validation(declared["definition"], told),)


def _members(row: Entries) -> Told:
    return {item.name: value for item, value in row}


def _arguments(field: Selected) -> Told:
    """The arguments under the names that the client used."""
    assert field.field is not None
    names = {one.key: one.name for one in field.field.arguments.values()}
    return {names[key]: value for key, value in field.arguments.items()}
