"""`actions.graphql` and `actions.yaml`: the two halves in which a directory keeps actions.

The GraphQL text holds signatures and types, the YAML all the rest; what the text cannot hold stays
in the YAML, so that the two together say exactly what the document says.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    DefinitionNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    parse,
    parse_type,
    print_ast,
)

from rowgate.base.errors import ParseFailed
from rowgate.base.json import Json

KINDS = ("enums", "input_objects", "objects", "scalars")
_ROOTS = {"Query": "query", "Mutation": "mutation"}
_DEPRECATED = "deprecated"
_KEYWORDS = {"enums": "enum", "input_objects": "input", "objects": "type", "scalars": "scalar"}
_SIGNATURE = ("type", "output_type", "arguments")


def join(text: str, halves: Mapping[str, Json]) -> dict[str, Json]:
    """`{actions, custom_types}` (each only where there is something) of the GraphQL text and the
    content of `actions.yaml`.

    The YAML wins where both say something. Raises `ParseFailed` where the text is no GraphQL
    schema, and where the YAML has an action that is declared in neither half.
    """
    signatures, types = _read(text)
    actions = [
        _whole(action, signatures.pop(str(action.get("name")), None))
        for action in halves.get("actions") or []
    ]
    actions += signatures.values()
    custom = halves.get("custom_types") or {}
    merged = {kind: _merge(types[kind], custom.get(kind) or []) for kind in KINDS}
    document: dict[str, Json] = {}
    if actions:
        document["actions"] = actions
    if any(merged.values()) or set(custom) - set(KINDS):
        document["custom_types"] = {
            **{key: value for key, value in custom.items() if key not in KINDS},
            **{kind: found for kind, found in merged.items() if found},
        }
    return document


def _whole(action: Json, signature: Json) -> Json:
    definition = action.get("definition") or {}
    if signature is None:
        if "output_type" not in definition:
            raise ParseFailed(f"action {action.get('name')} is not present in actions.graphql")
        return action
    merged = {**action, "definition": {**signature["definition"], **definition}}
    return merged | {key: value for key, value in signature.items() if key not in merged}


def _merge(declared: Sequence[Json], annotated: Sequence[Json]) -> list[Json]:
    """The types in the YAML's order, each filled up from the text; then the text's others."""
    rest = {item["name"]: item for item in declared}
    merged = [{**rest.pop(item.get("name"), {}), **item} for item in annotated]
    return [*merged, *rest.values()]


def same_text(one: str, other: str) -> bool:
    """Whether two GraphQL texts declare the same, whatever their order, comments and layout;
    raises `ParseFailed` where either is no GraphQL schema."""
    first, second = _read(one), _read(other)
    by_name = [
        {kind: {item["name"]: item for item in items} for kind, items in types.items()}
        for types in (first[1], second[1])
    ]
    return first[0] == second[0] and by_name[0] == by_name[1]


def _read(text: str) -> tuple[dict[str, Json], dict[str, list[Json]]]:
    types: dict[str, list[Json]] = {kind: [] for kind in KINDS}
    actions: dict[str, Json] = {}
    if not any(line.split("#")[0].strip() for line in text.splitlines()):
        return actions, types
    try:
        document = parse(text, no_location=False)
    except GraphQLSyntaxError as error:
        line = error.locations[0].line if error.locations else 1
        raise ParseFailed(f"actions.graphql:{line}: {error.message}") from None
    for definition in document.definitions:
        if _is_root(definition):
            actions.update(_actions(definition))
        else:
            kind, value = _type(definition)
            types[kind].append(value)
    return actions, types


def _is_root(definition: DefinitionNode) -> bool:
    objects = (ObjectTypeDefinitionNode, ObjectTypeExtensionNode)
    return isinstance(definition, objects) and definition.name.value in _ROOTS


def _actions(root: Any) -> dict[str, Json]:
    return {
        field.name.value: _described(
            {"name": field.name.value, "definition": _signature(field, _ROOTS[root.name.value])},
            field.description,
            "comment",
        )
        for field in root.fields or ()
    }


def _signature(field: FieldDefinitionNode, operation: str) -> Json:
    definition: dict[str, Json] = {"type": operation, "output_type": print_ast(field.type)}
    if field.arguments:
        definition["arguments"] = [_field(argument) for argument in field.arguments]
    return definition


def _field(node: FieldDefinitionNode | InputValueDefinitionNode) -> Json:
    value = {"name": node.name.value, "type": print_ast(node.type)}
    return _described(value, node.description)


def _described(
    value: dict[str, Json], description: StringValueNode | None, key: str = "description"
) -> dict[str, Json]:
    return value if description is None else {**value, key: description.value}


def _type(node: DefinitionNode) -> tuple[str, Json]:
    match node:
        case ObjectTypeDefinitionNode():
            value = {"name": node.name.value, "fields": [_field(f) for f in node.fields or ()]}
            return "objects", _described(value, node.description)
        case InputObjectTypeDefinitionNode():
            value = {"name": node.name.value, "fields": [_field(f) for f in node.fields or ()]}
            return "input_objects", _described(value, node.description)
        case EnumTypeDefinitionNode():
            values = [_enum_value(v) for v in node.values or ()]
            return "enums", _described(
                {"name": node.name.value, "values": values}, node.description
            )
        case ScalarTypeDefinitionNode():
            return "scalars", _described({"name": node.name.value}, node.description)
        case _:
            line = node.loc.start_token.line if node.loc else 1
            raise ParseFailed(f"actions.graphql:{line}: {node.kind} has no place in actions")


def _enum_value(node: Any) -> Json:
    value = _described({"value": node.name.value}, node.description)
    if any(directive.name.value == _DEPRECATED for directive in node.directives or ()):
        value["is_deprecated"] = True
    return value


def split(document: Mapping[str, Json]) -> tuple[str, dict[str, Json]]:
    """The GraphQL text and the content of `actions.yaml` of a document; `join` undoes it."""
    blocks: list[str] = []
    actions = [_split_action(action, blocks) for action in document.get("actions") or []]
    custom = document.get("custom_types") or {}
    halves: dict[str, Json] = {
        "actions": actions,
        "custom_types": {key: value for key, value in custom.items() if key not in KINDS},
    }
    for kind in KINDS:
        items = custom.get(kind) or []
        halves["custom_types"][kind] = [_split_type(kind, item, blocks) for item in items]
    return "\n\n".join(blocks) + ("\n" if blocks else ""), halves


def _split_action(action: Json, blocks: list[str]) -> Json:
    definition = action.get("definition") or {}
    root = {"query": "Query"}.get(str(definition.get("type")), "Mutation")
    field = {**definition, "name": action.get("name"), "description": action.get("comment")}
    try:
        block = f"type {root} {{\n{_print_field(field, 'output_type')}\n}}"
        signature = _read(block)[0].get(str(action.get("name")))
    except (ParseFailed, GraphQLSyntaxError, KeyError, TypeError, AttributeError):
        return action
    kept = {key: value for key, value in definition.items() if key not in _SIGNATURE}
    half = {**action, "definition": kept}
    if signature is None or _whole(half, signature) != _with_type(action):
        return action
    blocks.append(block)
    return half


def _with_type(action: Json) -> Json:
    """The action as `join` gives it: with its type, and no empty list of arguments."""
    definition = {"type": "mutation", **action["definition"]}
    if not definition.get("arguments"):
        definition.pop("arguments", None)
    return {**action, "definition": definition}


def _split_type(kind: str, item: Json, blocks: list[str]) -> Json:
    try:
        block = _print_type(kind, item)
        found = _read(block)[1][kind]
    except (ParseFailed, GraphQLSyntaxError, KeyError, TypeError, AttributeError):
        return item
    half = {key: value for key, value in item.items() if key not in ("fields", "values")}
    if len(found) != 1 or _merge(found, [half]) != [item]:
        return item
    blocks.append(block)
    return half


def _print_type(kind: str, item: Json) -> str:
    opening = f"{_print_description(item, '')}{_KEYWORDS[kind]} {item['name']}"
    if kind == "scalars":
        return opening
    if kind == "enums":
        lines = [_print_value(value) for value in item["values"]]
    else:
        lines = [_print_field(field, "type") for field in item["fields"]]
    return f"{opening} {{\n" + "\n".join(lines) + "\n}"


def _print_field(field: Json, type_key: str) -> str:
    arguments = ", ".join(_print_argument(argument) for argument in field.get("arguments") or ())
    signature = f"{field['name']}({arguments})" if arguments else field["name"]
    output = print_ast(parse_type(field[type_key]))
    return f"{_print_description(field, '  ')}  {signature}: {output}"


def _print_argument(argument: Json) -> str:
    text = f"{argument['name']}: {print_ast(parse_type(argument['type']))}"
    description = argument.get("description")
    return text if description is None else f"{_quoted(description)} {text}"


def _print_value(value: Json) -> str:
    suffix = " @deprecated" if value.get("is_deprecated") else ""
    return f"{_print_description(value, '  ')}  {value['value']}{suffix}"


def _print_description(item: Json, indentation: str) -> str:
    description = item.get("description")
    if description is None:
        return ""
    node = StringValueNode(value=description, block=True)
    lines = print_ast(node).split("\n")
    return "".join(f"{indentation}{line}\n" if line else "\n" for line in lines)


def _quoted(text: str) -> str:
    return print_ast(StringValueNode(value=text, block=False))
