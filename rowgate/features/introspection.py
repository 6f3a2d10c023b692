"""`__schema` and `__type`: the role's schema as graphql-core sees it, made when first asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import graphql

from rowgate.base.errors import NotSupported, ValidationFailed
from rowgate.base.json import Json, encode
from rowgate.schema.types import (
    AbstractType,
    EnumType,
    Field,
    InputField,
    InputType,
    ListOf,
    NamedType,
    NonNull,
    ObjectType,
    RoleSchema,
    ScalarType,
    Type,
)

Named = TypeVar("Named", Field, InputField)


@dataclass(frozen=True, slots=True)
class Spoken:
    """An introspection field as it was written, with what it refers to."""

    node: graphql.FieldNode
    fragments: Mapping[str, graphql.FragmentDefinitionNode]
    variables: Mapping[str, Json]


def answer(schema: graphql.GraphQLSchema, asked: Spoken, most: tuple[int, int]) -> bytes:
    """The JSON of one introspection field; raises `ValidationFailed` where it is not valid, and
    where it has more fields than it may: `most` is how many for each part of the schema (0: no
    limit), and how many fields share them."""
    operation = graphql.OperationDefinitionNode(
        operation=graphql.OperationType.QUERY,
        name=None,
        variable_definitions=(),
        directives=(),
        selection_set=graphql.SelectionSetNode(selections=(_bound(asked.node, asked.variables),)),
    )
    spread = tuple(_bound(one, asked.variables) for one in asked.fragments.values())
    document = graphql.DocumentNode(definitions=(operation, *spread))
    used = _only_used(document)
    failures = graphql.validate(schema, used, max_errors=1)
    if failures:
        raise ValidationFailed(failures[0].message)
    limit, shares = most
    counting = [_Counting(limit * _parts(schema) // shares)] if limit else []
    try:
        result = graphql.execute_sync(schema, used, middleware=counting)
    except _TooMuch:
        text = f"the introspection asks for more than {limit} fields for each part of the schema"
        raise ValidationFailed(text) from None
    if result.errors:
        raise ValidationFailed(result.errors[0].message)
    key = (asked.node.alias or asked.node.name).value
    return encode((result.data or {})[key])


class _TooMuch(BaseException):
    """More fields than an answer may have. Not an error of a field: it ends the whole."""


class _Counting:
    """A middleware that counts the fields that are resolved, and ends it all beyond the limit."""

    def __init__(self, most: int) -> None:
        self._left = most

    def resolve(self, field: Callable[..., Any], source: Any, info: Any, **given: Any) -> Any:
        """A field's value."""
        self._left -= 1
        if self._left < 0:
            raise _TooMuch
        return field(source, info, **given)


def _parts(schema: graphql.GraphQLSchema) -> int:
    """How many types, fields, arguments and values a schema has."""
    count = 0
    for type_ in schema.type_map.values():
        count += 1
        match type_:
            case graphql.GraphQLObjectType() | graphql.GraphQLInterfaceType():
                count += sum(1 + len(field.args) for field in type_.fields.values())
            case graphql.GraphQLInputObjectType():
                count += len(type_.fields)
            case graphql.GraphQLEnumType():
                count += len(type_.values)
    return count


def _bound(node: Any, variables: Mapping[str, Json]) -> Any:
    """The node with variables replaced by their values."""

    class _Binding(graphql.Visitor):
        def enter_variable(self, found: graphql.VariableNode, *_: object) -> Any:
            value = variables.get(found.name.value)
            return graphql.parse_value(encode(value).decode())

    return graphql.visit(node, _Binding())


def _only_used(document: graphql.DocumentNode) -> graphql.DocumentNode:
    """The document without fragments that the operation does not reach."""
    by_name = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, graphql.FragmentDefinitionNode)
    }
    reached: dict[str, graphql.FragmentDefinitionNode] = {}
    waiting: list[graphql.Node] = [document.definitions[0]]
    while waiting:
        names = _spreads(waiting.pop())
        for name in names:
            if name in by_name and name not in reached:
                reached[name] = by_name[name]
                waiting.append(by_name[name])
    return graphql.DocumentNode(definitions=(document.definitions[0], *reached.values()))


def _spreads(node: graphql.Node) -> list[str]:
    found: list[str] = []

    class _Collecting(graphql.Visitor):
        def enter_fragment_spread(self, one: graphql.FragmentSpreadNode, *_: object) -> None:
            found.append(one.name.value)

    graphql.visit(node, _Collecting())
    return found


def refuse(role: str) -> NotSupported:
    """The refusal for a role that may not introspect."""
    return NotSupported(f'introspection is disabled for role: "{role}"')


class _Translation:
    """Our types as graphql-core's, each once."""

    def __init__(self) -> None:
        self._made: dict[str, graphql.GraphQLNamedType] = {}

    def of(self, type_: Type) -> Any:
        """A type with its wrappers."""
        match type_:
            case NonNull():
                return graphql.GraphQLNonNull(self.of(type_.of))
            case ListOf():
                return graphql.GraphQLList(self.of(type_.of))
        return self.named(type_)

    def root(self, type_: ObjectType | None) -> graphql.GraphQLObjectType | None:
        """A root type; None where the role has none."""
        made = None if type_ is None else self.named(type_)
        assert made is None or isinstance(made, graphql.GraphQLObjectType)
        return made

    def named(self, type_: NamedType) -> graphql.GraphQLNamedType:
        """A type without wrappers."""
        found = self._made.get(type_.name)
        if found is None:
            found = self._made[type_.name] = self._make(type_)
        return found

    def _make(self, type_: NamedType) -> graphql.GraphQLNamedType:
        note = type_.description
        match type_:
            case ScalarType():
                builtin = graphql.specified_scalar_types.get(type_.name)
                return builtin or graphql.GraphQLScalarType(type_.name, description=note)
            case EnumType():
                values = {
                    one.name: graphql.GraphQLEnumValue(one.name, one.description, one.deprecated)
                    for one in type_.values.values()
                }
                return graphql.GraphQLEnumType(type_.name, values, description=note)
            case InputType():
                return graphql.GraphQLInputObjectType(
                    type_.name,
                    lambda: {one.name: self._input(one) for one in _sorted(type_.fields)},
                    description=note,
                )
            case AbstractType():
                return self._abstract(type_)
        return graphql.GraphQLObjectType(
            type_.name,
            lambda: self._fields(type_.fields),
            interfaces=lambda: [self._interface(one) for one in type_.interfaces],
            description=note,
        )

    def _interface(self, type_: AbstractType) -> graphql.GraphQLInterfaceType:
        made = self.named(type_)
        assert isinstance(made, graphql.GraphQLInterfaceType)
        return made

    def _abstract(self, type_: AbstractType) -> graphql.GraphQLNamedType:
        if type_.is_union:
            return graphql.GraphQLUnionType(
                type_.name,
                lambda: [self.named(one) for one in type_.possible],  # type: ignore[misc]
                description=type_.description,
            )
        return graphql.GraphQLInterfaceType(
            type_.name, lambda: self._fields(type_.fields), description=type_.description
        )

    def _fields(self, fields: Mapping[str, Field]) -> dict[str, graphql.GraphQLField]:
        return {
            one.name: graphql.GraphQLField(
                self.of(one.type),
                {item.name: self._argument(item) for item in _sorted(one.arguments)},
                description=one.description,
            )
            for one in _sorted(fields)
        }

    def _argument(self, item: InputField) -> graphql.GraphQLArgument:
        return graphql.GraphQLArgument(
            self.of(item.type), default_value=_default(item), description=item.description
        )

    def _input(self, item: InputField) -> graphql.GraphQLInputField:
        return graphql.GraphQLInputField(
            self.of(item.type), default_value=_default(item), description=item.description
        )


def _sorted(fields: Mapping[str, Named]) -> list[Named]:
    return [fields[name] for name in sorted(fields)]


def _default(item: InputField) -> Any:
    return item.default if item.has_default else graphql.Undefined


_CACHED = graphql.GraphQLDirective(
    "cached",
    [graphql.DirectiveLocation.QUERY],
    {
        "ttl": graphql.GraphQLArgument(
            graphql.GraphQLNonNull(graphql.GraphQLInt),
            default_value=60,
            description="measured in seconds",
        ),
        "refresh": graphql.GraphQLArgument(
            graphql.GraphQLNonNull(graphql.GraphQLBoolean),
            default_value=False,
            description="refresh the cache entry",
        ),
    },
    description="whether this query should be cached (Hasura Cloud only)",
)


def translate(schema: RoleSchema) -> graphql.GraphQLSchema:
    """The schema of a role as graphql-core's; every type it reaches is made."""
    translation = _Translation()
    query = schema.query
    if not query.fields:
        text = Field("no_queries_available", NonNull(ScalarType("String")), None)
        query = ObjectType("query_root", lambda: {text.name: text})
    nodes = [
        one
        for field in query.fields.values()
        if isinstance(field.type, AbstractType)
        for one in field.type.possible
    ]
    return graphql.GraphQLSchema(
        translation.root(query),
        translation.root(schema.mutation),
        translation.root(schema.subscription),
        types=[translation.named(one) for one in nodes],
        directives=[*graphql.specified_directives, _CACHED],
        assume_valid=True,
    )
