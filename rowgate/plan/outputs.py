"""Selections of a row → what is shown of it."""

import dataclasses
from collections.abc import Iterator

from rowgate.algebra.types import (
    Condition,
    Constant,
    FunctionCall,
    Join,
    Operand,
    Value,
    WholeSession,
)
from rowgate.base.errors import ApiError, ValidationFailed
from rowgate.catalog.types import INT8, FunctionArgument
from rowgate.operation.types import Entries, Input, Null, Selected
from rowgate.plan.aggregates import AggregateReader
from rowgate.plan.natives import native_arguments
from rowgate.plan.ordering import distinct_on, orders
from rowgate.plan.relay import ConnectionReader
from rowgate.plan.scope import Scope
from rowgate.plan.types import (
    Aggregate,
    Connection,
    Fields,
    GlobalId,
    Nested,
    NestedAggregate,
    NestedConnection,
    Output,
    Response,
    Returning,
    Rows,
    Shown,
    Text,
)
from rowgate.plan.values import constant, value_of
from rowgate.plan.where import WhereReader
from rowgate.schema.meanings import (
    ColumnField,
    ComputedAggregateField,
    ComputedRowsField,
    ComputedScalarField,
    GlobalIdField,
    NativeRelationshipField,
    NestedModelField,
    RelationshipAggregateField,
    RelationshipConnectionField,
    RelationshipField,
)
from rowgate.schema.types import STRINGIFIED
from rowgate.snapshot.types import (
    ComputedField,
    Options,
    Relationship,
    Table,
    TrackedFunction,
    call_of,
)


class OutputReader:
    """Plans selections of rows for one scope."""

    def __init__(self, scope: Scope, options: Options) -> None:
        self.scope = scope
        self.options = options
        self.where = WhereReader(scope, collapse=options.v1_boolean_null_collapse)
        self.aggregates = AggregateReader(scope, options, self.fields, self._call)
        self.connections = ConnectionReader(scope, self.fields)

    def fields(self, selections: tuple[Selected, ...], table: Table) -> Fields:
        """The outputs of a row's selections, in order."""
        return tuple((one.key, self._output(one, table)) for one in selections)

    def rows(self, rows: Rows, field: Selected, table: Table) -> Rows:
        """`rows` with the field's `where`, `order_by`, `distinct_on`, `limit`, `offset`."""
        given = field.arguments
        at = (*field.path, "args")
        order_by = orders(self.scope, given.get("order_by"), table)
        return _replace(
            rows,
            where=self.where.read(given.get("where"), table, (*at, "where")),
            order_by=order_by,
            distinct_on=distinct_on(self.scope, given.get("distinct_on"), table, order_by, at),
            limit=_number(given.get("limit")),
            offset=_number(given.get("offset")),
        )

    def narrowed(self, rows: Rows, where: Condition) -> Rows:
        """`rows` by a condition of the request's, without the role's limit."""
        return _replace(rows, where=where, cap=None)

    def reread(self, table: Table, fields: Fields | None, response: Response = ()) -> Rows | None:
        """The written rows to read again, where the answer of a mutation shows rows of other
        tables; None where it shows only what was written."""
        shown = list(fields or ())
        for _, part in response:
            if isinstance(part, Returning):
                shown += part.fields
        if any(isinstance(one, Nested | NestedAggregate | NestedConnection) for _, one in shown):
            return self.scope.written(table, given=True)
        return None

    def aggregate(self, rows: Rows, field: Selected, table: Table) -> Aggregate:
        """An aggregate over `rows` as the field selects it."""
        return self.aggregates.read(self.rows(rows, field, table), field, table)

    def connection(self, rows: Rows, field: Selected, table: Table) -> Connection:
        """A connection over `rows` as the field selects it."""
        where = self.where.read(field.arguments.get("where"), table, (*field.path, "args", "where"))
        return self.connections.read(_replace(rows, where=where), field, table)

    def _output(self, field: Selected, table: Table) -> Output:
        if field.field is None:
            return Text(field.parent)
        match field.field.meaning:
            case ColumnField(column=column):
                operand = self.scope.column(table, column.column.name)
                return self._shown(operand, field)
            case ComputedScalarField(computed=computed):
                call = self._call(computed, field)
                return self._shown(self.scope.computed(table, computed.name, call), field)
            case GlobalIdField():
                key = self.scope.writable_key(table)
                return GlobalId(table.name, tuple(self.scope.column(table, one) for one in key))
        return self._related(field, table)

    def _related(self, field: Selected, table: Table) -> Output:
        assert field.field is not None
        match field.field.meaning:
            case RelationshipField(relationship=relationship, table=target):
                rows = self.scope.rows(target)
                if relationship.is_array:
                    rows = self.rows(rows, field, target)
                fields = self.fields(field.selections, target)
                return nested(rows, fields, relationship)
            case RelationshipAggregateField(relationship=relationship, table=target):
                aggregate = self.aggregate(self.scope.rows(target), field, target)
                return NestedAggregate(aggregate, relationship.join)
            case RelationshipConnectionField(relationship=relationship, table=target):
                connection = self.connection(self.scope.rows(target), field, target)
                return NestedConnection(connection, relationship.join)
            case ComputedRowsField(computed=computed, table=target):
                rows = self.scope.function_rows(target, self._call(computed, field))
                fields = self.fields(field.selections, target)
                return Nested(self.rows(rows, field, target), fields, None, True)
            case ComputedAggregateField(computed=computed, table=target):
                rows = self.scope.function_rows(target, self._call(computed, field))
                return NestedAggregate(self.aggregate(rows, field, target), None)
        return self._of_model(field, table)

    def _of_model(self, field: Selected, table: Table) -> Output:
        """A field that only rows of logical models have."""
        assert field.field is not None
        match field.field.meaning:
            case NativeRelationshipField(relationship=between, query=query):
                join = Join(query.table.name, between.pairs)
                rows = self.scope.native_rows(query, native_arguments(query, field))
                if between.is_array:
                    rows = self.rows(rows, field, query.table)
                fields = self.fields(field.selections, query.table)
                return Nested(rows, fields, join, between.is_array)
            case NestedModelField(nested=nested, table=target):
                rows = self.scope.nested_rows(table, nested)
                fields = self.fields(field.selections, target)
                held = self.scope.nested(table, nested)
                return Nested(rows, fields, None, nested.is_array, held)
        raise ApiError(f"'{field.key}' cannot be read here", code="not-supported")

    def _shown(self, operand: Operand, field: Selected) -> Shown:
        stringify = self.options.stringify_numeric_types and operand.type.name.lstrip("_") in (
            STRINGIFIED
        )
        path = constant(field.arguments.get("path"))
        return Shown(operand, None if path is None else json_path(path, field), stringify)

    def _call(self, computed: ComputedField, field: Selected) -> FunctionCall:
        named: dict[str, Value] = {}
        given = field.arguments.get("args")
        if isinstance(given, Entries):
            named = dict(_named_arguments(given, field))
        return call_of(computed, named)


def nested(rows: Rows, fields: Fields, relationship: Relationship) -> Nested:
    """The rows at a relationship's end, as they are shown in their parent's object."""
    return Nested(
        rows,
        fields,
        relationship.join,
        relationship.is_array,
        at_most_one=relationship.at_most_one,
    )


def _named_arguments(given: Entries, field: Selected) -> Iterator[tuple[str, Value]]:
    for item, value in given:
        argument = item.meaning
        if isinstance(argument, tuple):
            argument = argument[1]
        assert isinstance(argument, FunctionArgument)
        at = (*field.path, "args", "args", item.name)
        read = value_of(value, argument.type, at)
        yield item.key, Constant(None, argument.type) if read is None else read


def function_call(function: TrackedFunction, field: Selected) -> FunctionCall:
    """The call of a tracked function with the field's arguments and, where wanted, the session.
    Unnamed arguments stand first and go by position."""
    given = field.arguments.get("args")
    values = dict(_named_arguments(given, field)) if isinstance(given, Entries) else {}
    if function.session_position is not None:
        argument = function.function.arguments[function.session_position]
        values[argument.name or f"arg_{function.session_position + 1}"] = WholeSession()
    positional = []
    for position, argument in enumerate(function.function.arguments):
        if argument.name is None:
            name = f"arg_{position + 1}"
            if name not in values:
                at = (*field.path, "args", "args")
                raise ValidationFailed(f"missing required field '{name}'", path=at)
            positional.append(values.pop(name))
    _check_required(function, values, field)
    return FunctionCall(function.function, None, tuple(positional), values)


def _check_required(function: TrackedFunction, values: dict[str, Value], field: Selected) -> None:
    for argument in function.function.arguments:
        if argument.name and argument.name not in values and not argument.has_default:
            at = (*field.path, "args", "args")
            raise ApiError(
                f'the function "{function.function.name}" needs the argument "{argument.name}"',
                code="not-supported",
                path=at,
            )


def _number(given: Input | None) -> Value | None:
    if given is None or isinstance(given, Null):
        return None
    return value_of(given, INT8)


def _replace(rows: Rows, **changes: object) -> Rows:
    return dataclasses.replace(rows, **changes)  # type: ignore[arg-type]


def json_path(text: str, field: Selected) -> tuple[str, ...]:
    """A JSON path's steps: `$.a.b[0]['key']`, the `$` optional; raises `ValidationFailed`."""
    steps: list[str] = []
    rest = text.removeprefix("$")
    while rest:
        step, rest = _step(rest, text, field)
        steps.append(step)
    return tuple(steps)


def _step(rest: str, text: str, field: Selected) -> tuple[str, str]:
    rest = rest.removeprefix(".")
    for quote in ("['", '["'):
        if rest.startswith(quote):
            end = rest.find(quote[1] + "]", 2)
            if end > 0:
                return rest[2:end], rest[end + 2 :]
    if rest.startswith("["):
        end = rest.find("]")
        if end > 1 and rest[1:end].isdigit():
            return rest[1:end], rest[end + 1 :]
    length = next((at for at, sign in enumerate(rest) if sign in ".["), len(rest))
    if length and "]" not in rest[:length]:
        return rest[:length], rest[length:]
    raise ApiError(
        f"parse json path error: {text}. Invalid path",
        code="parse-failed",
        path=(*field.path, "args", "path"),
    )
