"""The `order_by` of a table: columns, object relationships, aggregates of array relationships."""

from collections.abc import Iterator

from rowgate.base.naming import Naming, enum_value, field_name, type_name
from rowgate.schema.aggregates import functions_of
from rowgate.schema.build import Builder
from rowgate.schema.meanings import (
    ColumnInput,
    ComputedAggregateInput,
    ComputedInput,
    Direction,
    FunctionOver,
    Part,
    RelationshipAggregateInput,
    RelationshipInput,
)
from rowgate.schema.types import EnumType, EnumValue, InputField, InputType, inputs
from rowgate.snapshot.types import ComputedField, Table

_DIRECTIONS = {
    "asc": (Direction(False, False), "in ascending order, nulls last"),
    "asc_nulls_first": (Direction(False, True), "in ascending order, nulls first"),
    "asc_nulls_last": (Direction(False, False), "in ascending order, nulls last"),
    "desc": (Direction(True, True), "in descending order, nulls first"),
    "desc_nulls_first": (Direction(True, True), "in descending order, nulls first"),
    "desc_nulls_last": (Direction(True, False), "in descending order, nulls last"),
}


def directions(builder: Builder, naming: Naming) -> EnumType:
    """The enum `order_by`, spelled by the source's convention."""
    name = "OrderBy" if naming.camel else "order_by"
    return builder.once(
        ("order_by enum", name),
        lambda: EnumType(
            name,
            {
                enum_value(naming, text): EnumValue(enum_value(naming, text), meaning, note)
                for text, (meaning, note) in _DIRECTIONS.items()
            },
            "column ordering options",
        ),
    )


def order_by_type(builder: Builder, table: Table) -> InputType | None:
    """The `order_by` input of a table; None where the role can order by nothing."""
    if builder.readable(table) is None:
        return None
    return InputType(
        type_name(builder.naming(table), f"{table.graphql_name}_order_by"),
        lambda: inputs(*_fields(builder, table)),
        f'Ordering options when selecting data from "{table.name}".',
    )


def _fields(builder: Builder, table: Table) -> Iterator[InputField]:
    permission = builder.readable(table)
    assert permission is not None
    direction = directions(builder, builder.naming(table))
    for name in permission.columns:
        column = table.columns[name]
        yield InputField(column.name, direction, column.name, ColumnInput(column))
    for relationship in table.relationships.values():
        target = builder.table(table.source, relationship.join.target)
        if not relationship.is_array:
            order = builder.order_by(target)
            if order is not None:
                meaning = RelationshipInput(relationship, target)
                yield InputField(relationship.name, order, relationship.name, meaning)
        elif builder.countable(target):
            name = field_name(builder.naming(target), f"{relationship.name}_aggregate")
            aggregate = RelationshipAggregateInput(relationship, target)
            yield InputField(name, aggregate_order_by(builder, target), name, aggregate)
    for name in permission.computed_fields:
        if table.computed_fields[name].takes_row_alone:
            yield from _computed(builder, table, table.computed_fields[name])


def _computed(builder: Builder, table: Table, computed: ComputedField) -> Iterator[InputField]:
    if computed.returns is not None:
        direction = directions(builder, builder.naming(table))
        yield InputField(computed.name, direction, computed.name, ComputedInput(computed))
        return
    assert computed.table is not None
    target = builder.table(table.source, computed.table)
    if builder.countable(target):
        name = field_name(builder.naming(target), f"{computed.name}_aggregate")
        meaning = ComputedAggregateInput(computed, target)
        yield InputField(name, aggregate_order_by(builder, target), name, meaning)


def aggregate_order_by(builder: Builder, table: Table) -> InputType:
    """Ordering by an aggregate over a table's rows."""
    naming = builder.naming(table)
    return builder.once(
        ("aggregate_order_by", table.source, table.name),
        lambda: InputType(
            type_name(naming, f"{table.graphql_name}_aggregate_order_by"),
            lambda: inputs(*_aggregates(builder, table)),
            f'order by aggregate values of table "{table.name}"',
        ),
    )


def _aggregates(builder: Builder, table: Table) -> Iterator[InputField]:
    naming = builder.naming(table)
    direction = directions(builder, naming)
    yield InputField("count", direction, "count", Part.COUNT)
    for function, columns in functions_of(builder, table).items():
        if not columns:
            continue
        note = f'order by {function}() on columns of table "{table.name}"'
        name = type_name(naming, f"{table.graphql_name}_{function}_order_by")
        fields = inputs(
            *(InputField(one.name, direction, one.name, ColumnInput(one)) for one in columns)
        )
        type_ = InputType(name, lambda fields=fields: fields, note)  # type: ignore[misc]
        own = field_name(naming, function)
        yield InputField(own, type_, function, FunctionOver(function))
