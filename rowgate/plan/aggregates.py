"""Selections of an aggregate → its parts."""

from collections.abc import Callable

from rowgate.algebra.types import FunctionCall, Operand
from rowgate.operation.types import Entries, Enumerated, Input, Items, Selected
from rowgate.plan.scope import Scope
from rowgate.plan.types import (
    Aggregate,
    AggregatePart,
    Applied,
    Count,
    Fields,
    GroupsPart,
    Measures,
    NodesPart,
    Rows,
    Shown,
    Text,
)
from rowgate.plan.values import constant
from rowgate.schema.meanings import (
    ColumnField,
    ColumnInput,
    ComputedScalarField,
    FunctionOver,
    Part,
)
from rowgate.schema.types import STRINGIFIED
from rowgate.snapshot.types import ComputedField, Options, Table


class AggregateReader:
    """Plans aggregates; `fields` plans the selections of a row, `call` a computed field's call."""

    def __init__(
        self,
        scope: Scope,
        options: Options,
        fields: Callable[[tuple[Selected, ...], Table], Fields],
        call: Callable[[ComputedField, Selected], FunctionCall],
    ) -> None:
        self.scope = scope
        self.options = options
        self.fields = fields
        self.call = call

    def read(self, rows: Rows, field: Selected, table: Table) -> Aggregate:
        """An aggregate over `rows`."""
        return Aggregate(
            rows, tuple((one.key, self._part(one, table, rows)) for one in field.selections)
        )

    def _part(
        self, field: Selected, table: Table, rows: Rows
    ) -> AggregatePart | NodesPart | GroupsPart | Text:
        if field.field is None:
            return Text(field.parent)
        match field.field.meaning:
            case Part.NODES:
                return NodesPart(self.fields(field.selections, table), rows.cap)
            case Part.GROUP_BY:
                return self._groups(field, table)
        return AggregatePart(self._measures(field, table))

    def _measures(self, field: Selected, table: Table) -> Measures:
        return tuple((one.key, self._measure(one, table)) for one in field.selections)

    def _measure(self, field: Selected, table: Table) -> Count | Applied | Text:
        if field.field is None:
            return Text(field.parent)
        meaning = field.field.meaning
        if not isinstance(meaning, FunctionOver):
            operands = tuple(
                self.scope.column(table, name) for name in _names(field.arguments.get("columns"))
            )
            return Count(operands, bool(constant(field.arguments.get("distinct"))))
        over = tuple((one.key, self._operand(one, table)) for one in field.selections)
        stringified = self.options.stringify_numeric_types
        as_text = frozenset(
            key
            for key, operand in over
            if stringified and not isinstance(operand, Text) and operand.type.name in STRINGIFIED
        )
        return Applied(meaning.function, over, as_text)

    def _operand(self, field: Selected, table: Table) -> Operand | Text:
        if field.field is None:
            return Text(field.parent)
        match field.field.meaning:
            case ColumnField(column=column):
                return self.scope.column(table, column.column.name)
            case ComputedScalarField(computed=computed):
                return self.scope.computed(table, computed.name, self.call(computed, field))
        raise AssertionError(field.field.meaning)

    def _groups(self, field: Selected, table: Table) -> GroupsPart:
        keys = tuple(self.scope.column(table, name) for name in _names(field.arguments.get("keys")))
        parts: list[tuple[str, Fields | AggregatePart | Text]] = []
        for one in field.selections:
            if one.field is None:
                parts.append((one.key, Text(one.parent)))
            elif one.field.meaning is Part.GROUP_KEY:
                parts.append((one.key, self._group_key(one, table, keys)))
            else:
                parts.append((one.key, AggregatePart(self._measures(one, table))))
        return GroupsPart(keys, tuple(parts))

    def _group_key(self, field: Selected, table: Table, keys: tuple[Operand, ...]) -> Fields:
        fields = self.fields(field.selections, table)
        return tuple(
            (key, output)
            for key, output in fields
            if not isinstance(output, Shown) or output.operand in keys
        )


def _names(given: Input | None) -> tuple[str, ...]:
    match given:
        case Enumerated():
            assert isinstance(given.value.meaning, ColumnInput)
            return (given.value.meaning.column.column.name,)
        case Items():
            return tuple(name for one in given.items for name in _names(one))
        case Entries():
            return tuple(name for _, one in given for name in _names(one))
    return ()
