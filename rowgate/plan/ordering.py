"""`order_by` and `distinct_on` → sort keys, each column and relationship through the scope."""

from collections.abc import Iterator

from rowgate.algebra.types import Operand
from rowgate.base.errors import ValidationFailed
from rowgate.operation.types import Entries, Enumerated, Input, Items, Null, Path
from rowgate.plan.scope import Scope
from rowgate.plan.types import ByAggregate, Order, SortKey, ThroughRelationship
from rowgate.schema.meanings import (
    ColumnInput,
    ComputedInput,
    Direction,
    FunctionOver,
    RelationshipAggregateInput,
    RelationshipInput,
)
from rowgate.schema.types import InputField
from rowgate.snapshot.types import Table, call_of


def orders(scope: Scope, given: Input | None, table: Table) -> tuple[Order, ...]:
    """The sort keys of an `order_by`; nulls in it count as not given."""
    match given:
        case Items():
            return tuple(
                order
                for one in given.items
                if isinstance(one, Entries)
                for order in _entries(scope, one, table)
            )
        case Entries():
            return tuple(_entries(scope, given, table))
    return ()


def _entries(scope: Scope, given: Entries, table: Table) -> Iterator[Order]:
    for item, value in given:
        if not isinstance(value, Null):
            yield from _entry(scope, item, value, table)


def _entry(scope: Scope, item: InputField, value: Input, table: Table) -> Iterator[Order]:
    match item.meaning:
        case ColumnInput():
            yield _order(scope.column(table, item.meaning.column.column.name), value)
        case ComputedInput():
            computed = item.meaning.computed
            yield _order(scope.computed(table, computed.name, call_of(computed, {})), value)
        case RelationshipInput():
            target, join = item.meaning.table, item.meaning.relationship.join
            assert isinstance(value, Entries)
            for inner in _entries(scope, value, target):
                key = ThroughRelationship(scope.rows(target), join, inner.key)
                yield Order(key, inner.descending, inner.nulls_first)
        case RelationshipAggregateInput():
            assert isinstance(value, Entries)
            yield from _aggregates(scope, item.meaning, value)


def _order(key: SortKey, value: Input) -> Order:
    assert isinstance(value, Enumerated)
    direction = value.value.meaning
    assert isinstance(direction, Direction)
    return Order(key, direction.descending, direction.nulls_first)


def _aggregates(
    scope: Scope, meaning: RelationshipAggregateInput, given: Entries
) -> Iterator[Order]:
    target, join = meaning.table, meaning.relationship.join
    for item, value in given:
        if isinstance(value, Null):
            continue
        if not isinstance(item.meaning, FunctionOver):
            yield _order(ByAggregate(scope.rows(target), join, "count", None), value)
            continue
        assert isinstance(value, Entries)
        for inner, direction in value:
            if isinstance(direction, Null):
                continue
            assert isinstance(inner.meaning, ColumnInput)
            operand = scope.column(target, inner.meaning.column.column.name)
            key = ByAggregate(scope.rows(target), join, item.meaning.function, operand)
            yield _order(key, direction)


def distinct_on(
    scope: Scope, given: Input | None, table: Table, order_by: tuple[Order, ...], at: Path
) -> tuple[Operand, ...]:
    """The operands of `distinct_on`; raises `ValidationFailed` where they are not the first sort
    keys."""
    names = given.items if isinstance(given, Items) else () if given is None else (given,)
    operands = []
    for one in names:
        if isinstance(one, Null):
            continue
        assert isinstance(one, Enumerated)
        assert isinstance(one.value.meaning, ColumnInput)
        operands.append(scope.column(table, one.value.meaning.column.column.name))
    leading = [order.key for order in order_by[: len(operands)]]
    if operands and leading and any(key not in operands for key in leading):
        raise ValidationFailed(
            '"distinct_on" columns must match initial "order_by" columns', path=at
        )
    return tuple(operands)
