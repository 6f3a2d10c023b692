"""Actions as root fields, over the metadata's custom types."""

from collections.abc import Iterator, Mapping

import graphql

from rowgate.base.errors import ApiError
from rowgate.catalog.types import PgType
from rowgate.metadata.types import ActionDeclaration, CustomInputType, CustomObjectType
from rowgate.schema.build import Builder
from rowgate.schema.meanings import ActionField, ActionRoot
from rowgate.schema.scalars import BOOLEAN, FLOAT, ID, INT, STRING
from rowgate.schema.types import (
    Coercion,
    EnumType,
    EnumValue,
    Field,
    InputField,
    InputType,
    ListOf,
    NamedType,
    NonNull,
    ObjectType,
    ScalarType,
    Type,
    inputs,
)

_BUILTIN: Mapping[str, ScalarType] = {
    "Int": INT,
    "Float": FLOAT,
    "Boolean": BOOLEAN,
    "String": STRING,
    "ID": ID,
    "uuid": ScalarType("uuid", Coercion.ANY, PgType("pg_catalog", "uuid")),
}


def action_fields(builder: Builder, kind: str) -> Iterator[Field]:
    """The root fields of the actions of `kind` (`query` or `mutation`) that the role may call."""
    for action in builder.snapshot.actions:
        allowed = builder.role == "admin" or builder.role in action.permitted_roles
        parents = builder.snapshot.inherited_roles.get(builder.role, ())
        inherits = any(role in action.permitted_roles for role in parents)
        if action.type == kind and (allowed or inherits) and action.kind == "synchronous":
            yield action_field(builder, action)


def action_field(builder: Builder, action: ActionDeclaration) -> Field:
    """One action's field; raises `ApiError` where a type of it is not defined."""
    arguments = inputs(
        *(
            InputField(one.name, read_type(builder, one.type), one.name, None, one.description)
            for one in action.arguments
        )
    )
    output = read_type(builder, action.output_type)
    return Field(action.name, output, ActionRoot(action), arguments, action.comment)


def read_type(builder: Builder, text: str) -> Type:
    """The type that `text` (`[Int!]!`) means among scalars and custom types; raises `ApiError`."""
    try:
        node = graphql.parse_type(text)
    except graphql.GraphQLSyntaxError:
        raise ApiError(f'not a GraphQL type: "{text}"', code="parse-failed") from None
    return _of(builder, node)


def _of(builder: Builder, node: graphql.TypeNode) -> Type:
    match node:
        case graphql.NonNullTypeNode():
            return NonNull(_of(builder, node.type))  # type: ignore[arg-type]
        case graphql.ListTypeNode():
            return ListOf(_of(builder, node.type))
        case graphql.NamedTypeNode():
            return _named(builder, node.name.value)
    raise ApiError("not a GraphQL type", code="parse-failed")


def _named(builder: Builder, name: str) -> NamedType:
    types = builder.snapshot.custom_types
    for one in types.objects:
        if one.name == name:
            return builder.once(("custom", name), lambda: _object(builder, one))
    for item in types.input_objects:
        if item.name == name:
            return builder.once(("custom", name), lambda: _input(builder, item))
    for enum in types.enums:
        if enum.name == name:
            values = {
                value.value: EnumValue(value.value, value.value, value.description)
                for value in enum.values
            }
            return EnumType(name, values, enum.description)
    for scalar in types.scalars:
        if scalar.name == name:
            return ScalarType(name, Coercion.JSON, None, scalar.description)
    if name in _BUILTIN:
        return _BUILTIN[name]
    known = (
        "timestamptz",
        "timestamp",
        "date",
        "time",
        "timetz",
        "numeric",
        "bigint",
        "jsonb",
        "json",
    )
    if name in known:
        return ScalarType(name, Coercion.JSON)
    raise ApiError(f'the type "{name}" is not defined in custom types', code="not-exists")


def _object(builder: Builder, declared: CustomObjectType) -> ObjectType:
    return ObjectType(
        declared.name,
        lambda: {
            one.name: Field(
                one.name, read_type(builder, one.type), ActionField(one.name), {}, one.description
            )
            for one in declared.fields
        },
        declared.description,
    )


def _input(builder: Builder, declared: CustomInputType) -> InputType:
    return InputType(
        declared.name,
        lambda: inputs(
            *(
                InputField(one.name, read_type(builder, one.type), one.name, None, one.description)
                for one in declared.fields
            )
        ),
        declared.description,
    )
