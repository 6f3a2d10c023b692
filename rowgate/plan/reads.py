"""Root fields that read → work."""

import base64
import binascii
from collections.abc import Iterator

from rowgate.algebra.types import (
    Compare,
    Condition,
    Constant,
    Operator,
    Value,
    conjunction,
)
from rowgate.base.errors import ApiError, ParseFailed, ValidationFailed
from rowgate.base.json import Json, decode
from rowgate.base.names import QualifiedName
from rowgate.base.naming import type_name
from rowgate.catalog.types import PgType
from rowgate.operation.types import Input, Selected
from rowgate.plan.natives import native_arguments
from rowgate.plan.outputs import OutputReader, function_call
from rowgate.plan.scope import Scope
from rowgate.plan.types import Fixed, Plan, ReadRows, Work
from rowgate.plan.values import constant, required
from rowgate.schema.meanings import (
    AggregateRoot,
    ConnectionRoot,
    FunctionAggregateRoot,
    FunctionConnectionRoot,
    FunctionRoot,
    NativeRoot,
    NodeRoot,
    RowRoot,
    RowsRoot,
)
from rowgate.snapshot.types import Options, Snapshot, Table

_TEXTUAL = frozenset(("text", "varchar", "bpchar", "citext", "uuid", "date", "timestamp"))


def plan_read(field: Selected, snapshot: Snapshot, role: str, options: Options) -> Plan:
    """The plan of a root field that reads; raises `ApiError` where the role may not."""
    assert field.field is not None
    meaning = field.field.meaning
    if isinstance(meaning, NodeRoot):
        return _node(field, meaning, snapshot, (role, options))
    table = meaning.table  # type: ignore[attr-defined]
    reader = OutputReader(Scope(snapshot, table.source, role), options)
    return Plan(table.source, field.key, _read(field, table, reader), field.path)


def _read(field: Selected, table: Table, reader: OutputReader) -> Work:
    assert field.field is not None
    scope = reader.scope
    match field.field.meaning:
        case RowsRoot():
            rows = reader.rows(scope.rows(table), field, table)
            return ReadRows(rows, reader.fields(field.selections, table))
        case RowRoot():
            return by_key(field, table, reader, dict(_key_values(field, table)))
        case AggregateRoot():
            return reader.aggregate(scope.rows(table), field, table)
        case ConnectionRoot():
            return reader.connection(scope.rows(table), field, table)
        case FunctionRoot(function=function):
            rows = scope.function_rows(table, function_call(function, field))
            rows = reader.rows(rows, field, table)
            one = not function.function.returns_set
            return ReadRows(rows, reader.fields(field.selections, table), one)
        case FunctionConnectionRoot(function=function):
            rows = scope.function_rows(table, function_call(function, field))
            return reader.connection(rows, field, table)
        case FunctionAggregateRoot(function=function):
            rows = scope.function_rows(table, function_call(function, field))
            return reader.aggregate(rows, field, table)
    return _native(field, table, reader)


def _native(field: Selected, table: Table, reader: OutputReader) -> Work:
    assert field.field is not None
    if isinstance(field.field.meaning, NativeRoot):
        query = field.field.meaning.query
        rows = reader.scope.native_rows(query, native_arguments(query, field))
        rows = reader.rows(rows, field, table)
        return ReadRows(rows, reader.fields(field.selections, table))
    raise ApiError(f"'{field.key}' cannot be read", code="not-supported")


def _key_values(field: Selected, table: Table) -> Iterator[tuple[str, Value]]:
    for name, given in key_inputs(field, table).items():
        at = (*field.path, "args", table.columns[name].name)
        yield name, required(given, table.columns[name].type, at)


def key_inputs(field: Selected, table: Table) -> dict[str, Input]:
    """The arguments that are key columns, by Postgres name."""
    assert field.field is not None
    names = {column.name: name for name, column in table.columns.items()}
    return {names[key]: given for key, given in field.arguments.items() if key in names}


def key_condition(scope: Scope, table: Table, key: dict[str, Value]) -> Condition:
    """The condition that picks one row by its key, as far as the role sees the key."""
    return conjunction(
        [Compare(scope.column(table, name), Operator.EQ, value) for name, value in key.items()]
    )


def by_key(field: Selected, table: Table, reader: OutputReader, key: dict[str, Value]) -> ReadRows:
    """One row by its key, as the role sees it. The role's limit does not apply."""
    wanted = key_condition(reader.scope, table, key)
    rows = reader.narrowed(reader.scope.rows(table), wanted)
    return ReadRows(rows, reader.fields(field.selections, table), one=True)


def _node(
    field: Selected, meaning: NodeRoot, snapshot: Snapshot, asking: tuple[str, Options]
) -> Plan:
    at = (*field.path, "args", "id")
    table, key = _decode_id(constant(field.arguments.get("id")), meaning, at)
    role, options = asking
    reader = OutputReader(Scope(snapshot, table.source, role), options)
    name = next(
        (one for one in field.on_types if field.on_types[one] and _is_type(one, table, reader)), ""
    )
    selections = field.on_types.get(name, ())
    chosen = Selected(field.key, field.field, table.graphql_name, field.path, {}, selections)
    values = {}
    for column, value in key.items():
        type_ = table.columns[column].type
        _check_text(column, value, type_, field)
        values[column] = Constant(value, type_)
    if not selections:
        return Plan(table.source, field.key, Fixed({}), field.path)
    return Plan(table.source, field.key, by_key(chosen, table, reader, dict(values)), field.path)


def _is_type(name: str, table: Table, reader: OutputReader) -> bool:
    naming = reader.scope.snapshot.sources[table.source].naming
    return name == type_name(naming, table.graphql_name)


def _check_text(column: str, value: Json, type_: PgType, field: Selected) -> None:
    if type_.name in _TEXTUAL and not isinstance(value, str):
        found = "Number" if isinstance(value, int | float) else type(value).__name__.title()
        raise ParseFailed(
            f"value of column '{column}' in node id: parsing Text failed, expected String, but "
            f"encountered {found}",
            path=field.path,
        )


def _decode_id(
    text: Json, meaning: NodeRoot, at: tuple[str | int, ...]
) -> tuple[Table, dict[str, Json]]:
    try:
        parts = decode(base64.b64decode(text, validate=True))
    except (binascii.Error, ApiError, ValueError, TypeError):
        raise ValidationFailed("invalid node id: the node id is invalid", path=at) from None
    if not isinstance(parts, list) or not parts or not isinstance(parts[0], int | float):
        raise ValidationFailed(
            "invalid node id: Error in $: unexpected GUID format, needs to start with a version "
            "number",
            path=at,
        )
    if parts[0] != 1:
        raise ValidationFailed(
            f"invalid node id: Error in $: unsupported GUID version: {float(str(parts[0]))}",
            path=at,
        )
    if len(parts) < 4 or not all(isinstance(one, str) for one in parts[1:3]):
        raise ValidationFailed("invalid node id: Error in $: malformed GUID", path=at)
    name = QualifiedName(parts[1], parts[2])
    table = next((one for one in meaning.tables if one.name == name), None)
    if table is None or table.relation.primary_key is None:
        raise ValidationFailed(f'the table "{name}" does not exist', path=at)
    return table, _key_of(table, parts[3:], at)


def _key_of(table: Table, values: list[Json], at: tuple[str | int, ...]) -> dict[str, Json]:
    assert table.relation.primary_key is not None
    columns = table.relation.primary_key.columns
    if len(values) > len(columns):
        extra = values[len(columns) :]
        shown = "[" + ",".join(str(one) for one in extra) + "]"
        raise ValidationFailed(f"invalid node id: unexpected column values {shown}", path=at)
    if len(values) < len(columns):
        missing = columns[len(values)]
        raise ValidationFailed(f"invalid node id: value for column '{missing}' is missing", path=at)
    return dict(zip(columns, values, strict=True))
