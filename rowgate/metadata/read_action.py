"""Reads actions and custom types."""

from collections.abc import Callable
from typing import TypeVar

from rowgate.base.json import Json
from rowgate.base.transforms import reading as transforms
from rowgate.base.transforms.types import (
    Misshapen,
    RequestTransform,
    ResponseTransform,
    TransformFailed,
)
from rowgate.metadata.action_types import (
    ActionArgument,
    ActionDeclaration,
    CustomEnumType,
    CustomEnumValue,
    CustomInputType,
    CustomObjectType,
    CustomScalarType,
    CustomTypeField,
    CustomTypes,
)
from rowgate.metadata.shapes import Label, Misfit, Node, Problems

T = TypeVar("T")
_DEFAULT_TIMEOUT = 30


def read_action(node: Node) -> ActionDeclaration:
    """One item of `actions`; raises `Misfit` where it cannot be read."""
    name, comment = node.name("name"), node.maybe_text("comment")
    roles = node.inners("permissions", _role)

    def definition(inner: Node) -> ActionDeclaration:
        return _definition(inner, name, roles, comment)

    return node.inner("definition", definition)


def _definition(
    node: Node, name: str, roles: tuple[str, ...], comment: str | None
) -> ActionDeclaration:
    kind = node.choice("kind", ("synchronous", "asynchronous"), "synchronous")
    operation = node.choice("type", ("query", "mutation"), "mutation")
    timeout = node.maybe_count("timeout")
    return ActionDeclaration(
        name=name,
        output_type=node.name("output_type"),
        handler=node.name("handler"),
        type=operation,
        kind=kind,
        arguments=node.inners("arguments", _argument),
        headers=node.inners("headers", read_header),
        forward_client_headers=node.flag("forward_client_headers"),
        ignored_client_headers=node.maybe_texts("ignored_client_headers"),
        timeout=_DEFAULT_TIMEOUT if timeout is None else timeout,
        request_transform=node.maybe_inner("request_transform", _request_transform, None),
        response_transform=node.maybe_inner("response_transform", _response_transform, None),
        permitted_roles=roles,
        comment=comment,
    )


def _request_transform(node: Node) -> RequestTransform:
    return _transform(node, transforms.read_request_transform)


def _response_transform(node: Node) -> ResponseTransform:
    return _transform(node, transforms.read_response_transform)


def _transform(node: Node, read: Callable[[Json], T]) -> T:
    """What `read` makes of a transform; raises `Misfit` where it has another form, or a template
    that cannot be read."""
    try:
        transform = read(node.value)
    except Misshapen as error:
        raise Misfit((*node.path, *error.path), error.message) from None
    except TransformFailed as error:
        raise Misfit(node.path, f"{node.title}: {error}") from None
    node.only(*node.value)
    return transform


def _role(node: Node) -> str:
    node.maybe_text("comment")
    return node.name("role")


def _argument(node: Node) -> ActionArgument:
    return ActionArgument(node.name("name"), node.name("type"), node.maybe_text("description"))


def read_header(node: Node) -> Json:
    """A configured header, `{name, value | value_from_env}`, as it is; an environment variable
    of the engine itself (`HASURA_GRAPHQL_…`) is refused, since it may be a secret."""
    node.name("name")
    variable = node.maybe_text("value_from_env")
    if (variable is None) == (node.maybe_text("value") is None):
        raise Misfit(node.path, "exactly one of 'value' and 'value_from_env' is needed")
    if variable is not None and variable.startswith("HASURA_GRAPHQL_"):
        raise Misfit(
            node.path, "environment variables starting with 'HASURA_GRAPHQL_' are not allowed"
        )
    return node.value


def read_request_transform(node: Node) -> Json:
    """A `request_transform`, its keys checked, as it is."""
    return node.only(
        *("version", "method", "url", "query_params", "body", "content_type"),
        *("request_headers", "template_engine"),
    )


def read_response_transform(node: Node) -> Json:
    """A `response_transform`, its keys checked, as it is."""
    return node.only("version", "body", "template_engine")


def read_custom_types(node: Node, problems: Problems) -> CustomTypes:
    """The object `custom_types`; a type that cannot be read is noted in `problems`."""
    return CustomTypes(
        objects=problems.each(node, "objects", _label("object"), _object),
        input_objects=problems.each(node, "input_objects", _label("input object"), _input),
        enums=problems.each(node, "enums", _label("enum"), _enum),
        scalars=problems.each(node, "scalars", _label("scalar"), _scalar),
    )


def _label(what: str) -> Label:
    return Label("custom_types", within=f" ({what})")


def _object(node: Node) -> CustomObjectType:
    return CustomObjectType(
        name=node.name("name"),
        fields=node.inners("fields", _field),
        relationships=node.inners("relationships", _relationship),
        description=node.maybe_text("description"),
    )


def _input(node: Node) -> CustomInputType:
    return CustomInputType(
        node.name("name"), node.inners("fields", _field), node.maybe_text("description")
    )


def _field(node: Node) -> CustomTypeField:
    if node.values("arguments"):
        raise Misfit((*node.path, "arguments"), "arguments of custom fields are not supported")
    return CustomTypeField(node.name("name"), node.name("type"), node.maybe_text("description"))


def _relationship(node: Node) -> Json:
    node.name("name")
    node.choice("type", ("object", "array"), "object")
    node.qualified("remote_table")
    node.text_map("field_mapping")
    node.maybe_text("source")
    return node.value


def _enum(node: Node) -> CustomEnumType:
    return CustomEnumType(
        node.name("name"), node.inners("values", _value), node.maybe_text("description")
    )


def _value(node: Node) -> CustomEnumValue:
    return CustomEnumValue(
        node.name("value"), node.maybe_text("description"), node.flag("is_deprecated")
    )


def _scalar(node: Node) -> CustomScalarType:
    return CustomScalarType(node.name("name"), node.maybe_text("description"))
