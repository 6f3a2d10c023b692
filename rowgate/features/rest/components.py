"""GraphQL types as OpenAPI 3.0 schemas: built-in scalars in place, all else that repeats as a
component, under the type's name with a `!` where it is never null.

Apart from `openapi`, which describes paths, because nothing here knows an endpoint.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import graphql

from rowgate.base.json import Json

Schema = dict[str, Json]

_UUID = "[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89aAbB][a-f0-9]{3}-[a-f0-9]{12}"
_SCALARS: dict[str, Schema] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "uuid": {"type": "string", "pattern": _UUID},
    "bool": {"type": "boolean"},
    "boolean": {"type": "boolean"},
    "string": {"type": "string"},
    "id": {"type": "string"},
}


def scalar_form(name: str) -> Schema:
    """`type` and `pattern` of a scalar; empty where its JSON may have several forms.

    >>> scalar_form("Int"), scalar_form("numeric")
    ({'type': 'integer'}, {})
    """
    return dict(_SCALARS.get(name.lower(), {}))


@dataclass(slots=True)
class Components:
    """The components of one document in the making."""

    schemas: dict[str, Schema] = field(default_factory=dict)

    def leaf(self, type_: graphql.GraphQLNamedType, *, nullable: bool) -> Schema:
        """A scalar or an enum."""
        made = {**heading(type_), **scalar_form(type_.name), "nullable": nullable}
        if isinstance(type_, graphql.GraphQLEnumType):
            made |= {"type": "string", "enum": list(type_.values)}
        if type_.name in graphql.specified_scalar_types:
            return {key: value for key, value in made.items() if key != "description"}
        return self._reference(type_, lambda: made, nullable=nullable)

    def given(self, type_: graphql.GraphQLInputType) -> Schema:
        """An input type."""
        return wrapped(type_, self._given)

    def _given(self, type_: graphql.GraphQLNamedType, nullable: bool) -> Schema:  # noqa: FBT001
        if not isinstance(type_, graphql.GraphQLInputObjectType):
            return self.leaf(type_, nullable=nullable)
        return self._reference(
            type_,
            lambda: {
                **heading(type_),
                "type": "object",
                "nullable": nullable,
                "properties": {name: self.given(one.type) for name, one in type_.fields.items()},
            },
            nullable=nullable,
        )

    def _reference(
        self, type_: graphql.GraphQLNamedType, make: Callable[[], Schema], *, nullable: bool
    ) -> Schema:
        name = type_.name if nullable else f"{type_.name}!"
        if name not in self.schemas:
            self.schemas[name] = {}
            self.schemas[name] |= make()
        return {"$ref": f"#/components/schemas/{name}"}


def wrapped(
    type_: graphql.GraphQLType, make: Callable[[graphql.GraphQLNamedType, bool], Schema]
) -> Schema:
    """A type with its lists; `make` describes what is inside, told whether it may be null."""
    nullable = not isinstance(type_, graphql.GraphQLNonNull)
    inner = type_.of_type if isinstance(type_, graphql.GraphQLNonNull) else type_
    if isinstance(inner, graphql.GraphQLList):
        return {"type": "array", "nullable": nullable, "items": wrapped(inner.of_type, make)}
    assert isinstance(inner, graphql.GraphQLNamedType)
    return make(inner, nullable)


def heading(type_: graphql.GraphQLNamedType) -> Schema:
    """`title` and, where there is one, `description` of a type."""
    note = {"description": type_.description} if type_.description else {}
    return {"title": type_.name, **note}
