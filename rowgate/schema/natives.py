"""Native queries as root fields, and what rows of logical models have beside columns."""

from collections.abc import Iterator, Mapping

from rowgate.algebra.types import TRUE
from rowgate.base.naming import field_name, type_name
from rowgate.schema.build import Builder
from rowgate.schema.meanings import NativeRelationshipField, NativeRoot, NestedModelField
from rowgate.schema.scalars import graphql_type
from rowgate.schema.types import Field, InputField, InputType, ListOf, NonNull, Type, inputs
from rowgate.snapshot.types import (
    NativeQuery,
    NativeRelationship,
    NestedModel,
    Source,
    Table,
)


def native_fields(builder: Builder, source: Source) -> Iterator[Field]:
    """The root fields of the native queries whose logical model the role may read."""
    if builder.relay:
        return
    for query in source.native_queries.values():
        if builder.readable(query.table):
            rows = NonNull(ListOf(NonNull(builder.row(query.table))))
            arguments = {**_own_arguments(builder, query), **_row_arguments(builder, query)}
            meaning = NativeRoot(query, query.table)
            name = f"{source.naming.root_prefix}{query.name}{source.naming.root_suffix}"
            yield Field(name, rows, meaning, arguments, query.description)


def _row_arguments(builder: Builder, query: NativeQuery) -> Mapping[str, InputField]:
    """`where` and its like, of types that all queries of a logical model share."""
    return builder.row_arguments(builder.model(query.source, query.model))


def _own_arguments(builder: Builder, query: NativeQuery) -> Mapping[str, InputField]:
    if not query.arguments:
        return {}
    naming = builder.naming(query.table)
    type_ = builder.once(
        ("native args", query.source, query.name),
        lambda: InputType(
            type_name(naming, f"{query.name}_arguments"),
            lambda: inputs(
                *(
                    InputField(
                        one.name,
                        _unless(graphql_type(one.type), nullable=one.nullable),
                        one.name,
                        one,
                        one.description,
                    )
                    for one in query.arguments.values()
                )
            ),
        ),
    )
    optional = all(one.nullable for one in query.arguments.values())
    note = f"{query.name} Native Query Arguments"
    field = InputField("args", _unless(type_, nullable=optional), "args", description=note)
    return inputs(field)


def _unless(type_: Type, *, nullable: bool) -> Type:
    return type_ if nullable or isinstance(type_, NonNull) else NonNull(type_)


def shape_fields(builder: Builder, table: Table) -> Iterator[Field]:
    """The nested models and relationships of a logical model's rows; none for other tables."""
    if table.shape is None:
        return
    for name, nested in table.shape.nested.items():
        target = builder.model(table.source, nested.model)
        guard = nested.guards.get(builder.role)
        if guard is not None and builder.readable(target):
            certain = not nested.nullable and guard == TRUE
            yield _nested_field(builder, (name, nested, target), certain=certain)
    queries = builder.source(table).native_queries
    for relationship in table.shape.relationships.values():
        query = queries[relationship.query]
        if builder.readable(query.table):
            yield _relationship_field(builder, relationship, query)


def _nested_field(
    builder: Builder, about: tuple[str, NestedModel, Table], *, certain: bool
) -> Field:
    name, nested, target = about
    row: Type = builder.row(target)
    shown: Type = ListOf(NonNull(row)) if nested.is_array else row  # type: ignore[arg-type]
    if not nested.is_array:
        permission = builder.readable(target)
        certain = certain and permission is not None and permission.filter == TRUE
    nullable = not certain or builder.inherited()
    own = field_name(builder.naming(target), name)
    meaning = NestedModelField(nested, target)
    return Field(own, _unless(shown, nullable=nullable), meaning, {}, nested.description)


def _relationship_field(
    builder: Builder, relationship: NativeRelationship, query: NativeQuery
) -> Field:
    row = builder.row(query.table)
    arguments = _own_arguments(builder, query)
    meaning = NativeRelationshipField(relationship, query)
    if not relationship.is_array:
        note = relationship.description or "An object relationship"
        return Field(relationship.name, row, meaning, arguments, note)
    note = relationship.description or "An array relationship"
    arguments = {**arguments, **_row_arguments(builder, query)}
    return Field(relationship.name, ListOf(NonNull(row)), meaning, arguments, note)
