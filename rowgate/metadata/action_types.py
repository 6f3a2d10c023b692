"""Actions and the types that only they use, as declared.

Apart from `types`, which re-exports all of them: a reader of tables needs none of this.
"""

from dataclasses import dataclass

from rowgate.base.json import Json
from rowgate.base.transforms.types import RequestTransform, ResponseTransform


@dataclass(frozen=True, slots=True)
class ActionArgument:
    """An argument of an action; `type` is a GraphQL type in text (`[Int!]!`)."""

    name: str
    type: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ActionDeclaration:
    """A field whose value a webhook computes. `type` is query or mutation, `kind` synchronous or
    asynchronous; `headers` stay JSON (`[{name, value | value_from_env}]`); timeout in seconds."""

    name: str
    output_type: str
    handler: str
    type: str = "mutation"
    kind: str = "synchronous"
    arguments: tuple[ActionArgument, ...] = ()
    headers: tuple[Json, ...] = ()
    forward_client_headers: bool = False
    ignored_client_headers: tuple[str, ...] | None = None
    timeout: int = 30
    request_transform: RequestTransform | None = None
    response_transform: ResponseTransform | None = None
    permitted_roles: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class CustomTypeField:
    """A field of a custom input or output object; `type` is a GraphQL type in text."""

    name: str
    type: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class CustomObjectType:
    """An output object of actions; `relationships` stay JSON."""

    name: str
    fields: tuple[CustomTypeField, ...]
    relationships: tuple[Json, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class CustomInputType:
    """An input object of actions."""

    name: str
    fields: tuple[CustomTypeField, ...]
    description: str | None = None


@dataclass(frozen=True, slots=True)
class CustomEnumValue:
    """One value of a custom enum."""

    value: str
    description: str | None = None
    is_deprecated: bool = False


@dataclass(frozen=True, slots=True)
class CustomEnumType:
    """An enum of actions."""

    name: str
    values: tuple[CustomEnumValue, ...]
    description: str | None = None


@dataclass(frozen=True, slots=True)
class CustomScalarType:
    """A scalar of actions."""

    name: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class CustomTypes:
    """All custom types of the actions."""

    objects: tuple[CustomObjectType, ...] = ()
    input_objects: tuple[CustomInputType, ...] = ()
    enums: tuple[CustomEnumType, ...] = ()
    scalars: tuple[CustomScalarType, ...] = ()
