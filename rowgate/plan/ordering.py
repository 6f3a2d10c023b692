"""`order_by` and `distinct_on` → sort keys, each column and relationship through the scope."""

from collections.abc import Iterator

from rowgate.algebra.types import Join, Operand
from rowgate.base.errors import ValidationFailed
from rowgate.operation.types import Entries, Enumerated, Input, Items, Null, Path
from rowgate.plan.scope import Scope
from rowgate.plan.types import ByAggregate, Order, Rows, SortKey, ThroughRelationship
from rowgate.schema.meanings import (
    ColumnInput,
    ComputedAggregateInput,
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
            name = item.meaning.column.column.name
            yield _order(scope.column(table, name), value, name)
        case ComputedInput():
            computed = item.meaning.computed
            key = scope.computed(table, computed.name, call_of(computed, {}))
            yield _order(key, value, computed.name)
        case RelationshipInput():
            target, relationship = item.meaning.table, item.meaning.relationship
            assert isinstance(value, Entries)
            for inner in _entries(scope, value, target):
                through = ThroughRelationship(
                    scope.rows(target), relationship.join, inner.key, relationship.at_most_one
                )
                spelled = (relationship.name, *inner.spelled)
                yield Order(through, inner.descending, inner.nulls_first, spelled)
        case RelationshipAggregateInput(relationship=relationship, table=target):
            assert isinstance(value, Entries)
            over = scope.rows(target), relationship.join
            yield from _aggregates(scope, target, (over, f"{relationship.name}_aggregate"), value)
        case ComputedAggregateInput(computed=computed, table=target):
            assert isinstance(value, Entries)
            rows = scope.function_rows(target, call_of(computed, {}))
            yield from _aggregates(
                scope, target, ((rows, None), f"{computed.name}_aggregate"), value
            )


def _order(key: SortKey, value: Input, *spelled: str) -> Order:
    assert isinstance(value, Enumerated)
    direction = value.value.meaning
    assert isinstance(direction, Direction)
    return Order(key, direction.descending, direction.nulls_first, spelled)


def _aggregates(
    scope: Scope, target: Table, of: tuple[tuple[Rows, Join | None], str], given: Entries
) -> Iterator[Order]:
    (rows, join), named = of
    for item, value in given:
        if isinstance(value, Null):
            continue
        if not isinstance(item.meaning, FunctionOver):
            yield _order(ByAggregate(rows, join, "count", None), value, named, "count")
            continue
        assert isinstance(value, Entries)
        for inner, direction in value:
            if isinstance(direction, Null):
                continue
            assert isinstance(inner.meaning, ColumnInput)
            name, function = inner.meaning.column.column.name, item.meaning.function
            key = ByAggregate(rows, join, function, scope.column(target, name))
            yield _order(key, direction, named, function, name)


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
