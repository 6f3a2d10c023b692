"""A table's object type for a role: columns, relationships, computed fields."""

from collections.abc import Iterator, Mapping

from rowgate.algebra.types import TRUE
from rowgate.base.naming import field_name, type_name
from rowgate.schema.build import Builder
from rowgate.schema.columns import column_type, computed_arguments
from rowgate.schema.meanings import (
    ColumnField,
    ComputedAggregateField,
    ComputedRowsField,
    ComputedScalarField,
    GlobalIdField,
    RelationshipAggregateField,
    RelationshipConnectionField,
    RelationshipField,
)
from rowgate.schema.natives import shape_fields
from rowgate.schema.relay import connection_arguments, node_interface
from rowgate.schema.scalars import ID, STRING, graphql_type
from rowgate.schema.types import (
    Decides,
    Field,
    InputField,
    ListOf,
    NonNull,
    ObjectType,
    Type,
    inputs,
)
from rowgate.snapshot.types import ComputedField, Relationship, Table

_JSON_PATH: Mapping[str, InputField] = inputs(
    InputField("path", STRING, "path", Decides.SQL, "JSON select path", takes_null=False)
)


def row_type(builder: Builder, table: Table) -> ObjectType:
    """The object type of a table's rows; in Relay's schema a `Node` where there is a key."""
    keyed = builder.relay and table.relation.primary_key is not None
    return ObjectType(
        type_name(builder.naming(table), table.graphql_name),
        lambda: {item.name: item for item in _fields(builder, table)},
        table.description or f'columns and relationships of "{table.name}"',
        (node_interface(builder),) if keyed else (),
    )


def _fields(builder: Builder, table: Table) -> Iterator[Field]:
    permission = builder.readable(table)
    assert permission is not None
    keyed = builder.relay and table.relation.primary_key is not None
    if keyed:
        yield Field("id", NonNull(ID), GlobalIdField(table))
    for name, guard in permission.columns.items():
        column = table.columns[name]
        if keyed and column.name == "id":
            continue
        shown = column_type(builder, table, column)
        certain = not column.column.nullable and guard == TRUE and not builder.inherited()
        arguments = _JSON_PATH if column.type.name in ("json", "jsonb") else {}
        meaning = ColumnField(column)
        yield Field(
            column.name, _sure(shown) if certain else shown, meaning, arguments, column.description
        )
    for relationship in table.relationships.values():
        yield from _relationship_fields(builder, table, relationship)
    yield from shape_fields(builder, table)
    for name in permission.computed_fields:
        yield from _computed_fields(builder, table, table.computed_fields[name])


def _sure(type_: Type) -> Type:
    return type_ if isinstance(type_, NonNull) else NonNull(type_)


def _relationship_fields(
    builder: Builder, table: Table, relationship: Relationship
) -> Iterator[Field]:
    target = builder.table(table.source, relationship.join.target)
    permission = builder.readable(target)
    if permission is None:
        yield from _aggregate_field(builder, target, relationship)
        return
    name, note = relationship.name, relationship.description
    meaning = RelationshipField(relationship, target)
    row = builder.row(target)
    if not relationship.is_array:
        certain = not relationship.optional and permission.filter == TRUE
        note = note or "An object relationship"
        yield Field(name, NonNull(row) if certain else row, meaning, {}, note)
        return
    arguments = builder.row_arguments(target)
    rows = NonNull(ListOf(NonNull(row)))
    yield Field(name, rows, meaning, arguments, note or "An array relationship")
    naming = builder.naming(target)
    yield from _aggregate_field(builder, target, relationship)
    if builder.relay and target.relation.primary_key:
        own = field_name(naming, f"{name}_connection")
        connection = RelationshipConnectionField(relationship, target)
        shown = NonNull(builder.connection(target))
        arguments = connection_arguments(builder, target)
        yield Field(own, shown, connection, arguments, note or "An array relationship connection")


def _aggregate_field(
    builder: Builder, target: Table, relationship: Relationship
) -> Iterator[Field]:
    if relationship.is_array and builder.countable(target):
        own = field_name(builder.naming(target), f"{relationship.name}_aggregate")
        meaning = RelationshipAggregateField(relationship, target)
        shown = NonNull(builder.aggregate(target))
        note = relationship.description or "An aggregate relationship"
        yield Field(own, shown, meaning, builder.row_arguments(target), note)


def _computed_fields(builder: Builder, table: Table, computed: ComputedField) -> Iterator[Field]:
    arguments = computed_arguments(builder, table, computed)
    note = computed.description or f'A computed field, executes function "{computed.function.name}"'
    if computed.returns is not None:
        shown = graphql_type(computed.returns)
        if computed.returns.name in ("json", "jsonb"):
            arguments = {**arguments, **_JSON_PATH}
        yield Field(computed.name, shown, ComputedScalarField(computed), arguments, note)
        return
    assert computed.table is not None
    target = builder.table(table.source, computed.table)
    permission = builder.readable(target)
    if permission is None:
        return
    both = {**arguments, **builder.row_arguments(target)}
    rows = ListOf(NonNull(builder.row(target)))
    yield Field(computed.name, rows, ComputedRowsField(computed, target), both, note)
    if permission.aggregations:
        own = field_name(builder.naming(target), f"{computed.name}_aggregate")
        meaning = ComputedAggregateField(computed, target)
        yield Field(own, NonNull(builder.aggregate(target)), meaning, both, note)
