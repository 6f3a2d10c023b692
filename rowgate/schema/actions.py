"""Actions as root fields, over the metadata's custom types."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import graphql

from rowgate.base.errors import ApiError
from rowgate.catalog.types import PgType
from rowgate.metadata.types import (
    ActionDeclaration,
    CustomEnumType,
    CustomInputType,
    CustomObjectType,
)
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
from rowgate.snapshot.types import SCALARS

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
    known = builder.once(("custom names",), lambda: _makers(builder))
    make = known.get(name)
    if make is None:
        raise ApiError(f'the type "{name}" is not defined in custom types', code="not-exists")
    return builder.once(("custom", name), make)


def _makers(builder: Builder) -> Mapping[str, Callable[[], NamedType]]:
    """Every type that an action may name, and how it is made."""
    types = builder.snapshot.custom_types
    makers: dict[str, Callable[[], NamedType]] = {}
    for name in SCALARS:
        made = _BUILTIN.get(name, ScalarType(name, Coercion.JSON))
        makers[name] = partial(_same, made)
    for scalar in types.scalars:
        made = ScalarType(scalar.name, Coercion.JSON, None, scalar.description)
        makers[scalar.name] = partial(_same, made)
    for enum in types.enums:
        makers[enum.name] = partial(_enum, enum)
    for given in types.input_objects:
        makers[given.name] = partial(_input, builder, given)
    for declared in types.objects:
        makers[declared.name] = partial(_object, builder, declared)
    return makers


def _same(made: NamedType) -> NamedType:
    return made


def _enum(declared: CustomEnumType) -> EnumType:
    values = {
        one.value: EnumValue(one.value, one.value, one.description) for one in declared.values
    }
    return EnumType(declared.name, values, declared.description)


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
        is_rows=True,
    )
