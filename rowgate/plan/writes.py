"""Root fields that update or delete → work; and what a mutation answers."""

from collections.abc import Iterator

from rowgate.algebra.types import Value
from rowgate.base.errors import ValidationFailed
from rowgate.catalog.types import INT4, TEXT, PgType
from rowgate.operation.types import Entries, Input, Items, Null, Selected
from rowgate.plan.outputs import OutputReader, function_call
from rowgate.plan.reads import key_condition, key_inputs
from rowgate.plan.scope import Scope
from rowgate.plan.types import (
    AffectedRows,
    Assignment,
    Fixed,
    Path,
    Plan,
    ReadRows,
    Response,
    Returning,
    Text,
    Work,
    Write,
    WriteMany,
)
from rowgate.plan.validation import validations
from rowgate.plan.values import members, required, value_of
from rowgate.schema.meanings import (
    Change,
    ColumnInput,
    DeleteByPkRoot,
    DeleteRoot,
    FunctionRoot,
    Part,
    UpdateByPkRoot,
    UpdateManyRoot,
    UpdateRoot,
)
from rowgate.snapshot.types import Options, Snapshot, Table


def plan_write(field: Selected, snapshot: Snapshot, role: str, options: Options) -> Plan:
    """The plan of an update, a delete or a function called as a mutation."""
    assert field.field is not None
    table = field.field.meaning.table  # type: ignore[attr-defined]
    reader = OutputReader(Scope(snapshot, table.source, role), options)
    work = _work(field, table, reader)
    return Plan(table.source, field.key, work, field.path, validations(field, role))


def _work(field: Selected, table: Table, reader: OutputReader) -> Work:
    assert field.field is not None
    at = (*field.path, "args")
    match field.field.meaning:
        case UpdateRoot():
            given = field.arguments.get("where")
            return _update(field, table, reader, (given, dict(field.arguments), at))
        case UpdateByPkRoot():
            return _update_by_key(field, table, reader)
        case UpdateManyRoot():
            return WriteMany(tuple(_updates(field, table, reader)))
        case DeleteRoot():
            where = reader.where.read(field.arguments["where"], table, (*at, "where"))
            response = respond(field, table, reader)
            change = reader.scope.delete(table, where)
            return Write(change, response, reread=reader.reread(table, None, response))
        case DeleteByPkRoot():
            key = dict(_key(key_inputs(field, table), table, at))
            change = reader.scope.delete(table, key_condition(reader.scope, table, key))
            fields = reader.fields(field.selections, table)
            return Write(change, one=fields, reread=reader.reread(table, fields))
        case FunctionRoot(function=function):
            rows = reader.scope.function_rows(table, function_call(function, field))
            rows = reader.rows(rows, field, table)
            one = not function.function.returns_set
            return ReadRows(rows, reader.fields(field.selections, table), one)
    raise AssertionError(field.field.meaning)


def respond(field: Selected, table: Table, reader: OutputReader) -> Response:
    """What a mutation's response object shows."""
    parts: list[tuple[str, AffectedRows | Returning | Text]] = []
    for one in field.selections:
        if one.field is None:
            parts.append((one.key, Text(one.parent)))
        elif one.field.meaning is Part.AFFECTED_ROWS:
            parts.append((one.key, AffectedRows()))
        else:
            parts.append((one.key, Returning(reader.fields(one.selections, table))))
    return tuple(parts)


def _nothing(response: Response) -> Fixed:
    shown: dict[str, object] = {}
    for key, part in response:
        match part:
            case AffectedRows():
                shown[key] = 0
            case Returning():
                shown[key] = []
            case Text():
                shown[key] = part.text
    return Fixed(shown)


def _update(
    field: Selected,
    table: Table,
    reader: OutputReader,
    given: tuple[Input | None, dict[str, Input], Path],
) -> Write | Fixed:
    where, changes, at = given
    response = respond(field, table, reader)
    assignments = _assignments(changes, table, at)
    condition = reader.where.read(where, table, (*at, "where"))
    if not assignments and not reader.scope.update_permission(table).presets:
        return _nothing(response)
    change = reader.scope.update(table, condition, assignments)
    return Write(change, response, reread=reader.reread(table, None, response))


def _update_by_key(field: Selected, table: Table, reader: OutputReader) -> Work:
    at = (*field.path, "args")
    assignments = _assignments(dict(field.arguments), table, at)
    if not assignments and not reader.scope.update_permission(table).presets:
        return Fixed({})
    given = field.arguments["pk_columns"]
    assert isinstance(given, Entries)
    inputs = {}
    for item, value in given:
        assert isinstance(item.meaning, ColumnInput)
        inputs[item.meaning.column.column.name] = value
    key = dict(_key(inputs, table, (*at, "pk_columns")))
    change = reader.scope.update(table, key_condition(reader.scope, table, key), assignments)
    fields = reader.fields(field.selections, table)
    return Write(change, one=fields, reread=reader.reread(table, fields))


def _updates(field: Selected, table: Table, reader: OutputReader) -> Iterator[Write | Fixed]:
    given = field.arguments["updates"]
    assert isinstance(given, Items)
    for index, one in enumerate(given.items):
        assert isinstance(one, Entries)
        changes = {item.key: value for item, value in one}
        at = (*field.path, "args", "updates", index)
        yield _update(field, table, reader, (one.get("where"), changes, at))


def _key(inputs: dict[str, Input], table: Table, at: Path) -> Iterator[tuple[str, Value]]:
    for name, given in inputs.items():
        column = table.columns[name]
        yield name, required(given, column.type, (*at, column.name))


def _assignments(changes: dict[str, Input], table: Table, at: Path) -> tuple[Assignment, ...]:
    made: list[Assignment] = []
    for change in Change:
        given = changes.get(change.value)
        if isinstance(given, Entries):
            made += _changes(change, given, (*at, change.value))
    seen: set[str] = set()
    twice = [one.column for one in made if one.column in seen or seen.add(one.column)]  # type: ignore[func-returns-value]
    if twice:
        names = ", ".join(f"'{table.columns[name].name}'" for name in dict.fromkeys(twice))
        raise ValidationFailed(f"Column found in multiple operators: [{names}].", path=at)
    return tuple(made)


def _changes(change: Change, given: Entries, at: Path) -> Iterator[Assignment]:
    for item, value in given:
        assert isinstance(item.meaning, ColumnInput)
        column = item.meaning.column
        here = (*at, item.name)
        type_ = column.column.type if change is Change.SET else column.type
        yield Assignment(
            column.column.name, type_, change.value[1:], _change_value(change, value, type_, here)
        )


def _change_value(change: Change, given: Input, type_: PgType, at: Path) -> Value | None:
    if isinstance(given, Null):
        if change is Change.SET:
            return None
        raise ValidationFailed("unexpected null value", path=at)
    match change:
        case Change.DELETE_KEY:
            return required(given, TEXT, at)
        case Change.DELETE_ELEM:
            return required(given, INT4, at)
        case Change.DELETE_AT_PATH:
            return members(given, TEXT, at)
    return value_of(given, type_, at)
