"""What a stored operation answers, as OpenAPI schemas: its selections read against the schema.

Every field counts as selected, whatever its directives say, since they depend on the call.
"""

from collections.abc import Iterable, Iterator, Mapping

import graphql

from rowgate.base.errors import ValidationFailed
from rowgate.features.rest.components import Components, Schema, heading, wrapped

_FIELDS = 10_000
_DEPTH = 100
_META = {
    "__schema": graphql.SchemaMetaFieldDef,
    "__type": graphql.TypeMetaFieldDef,
}
Nodes = list[graphql.FieldNode]


class Selections:
    """Describes the answer of one document."""

    def __init__(
        self,
        schema: graphql.GraphQLSchema,
        fragments: Mapping[str, graphql.FragmentDefinitionNode],
        components: Components,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._components = components
        self._left = _FIELDS
        self.problems: list[str] = []
        """What does not fit the schema."""

    def answer(self, operation: graphql.OperationDefinitionNode) -> Schema:
        """The data object; raises `ValidationFailed` where it is larger than can be told."""
        root = self._schema.get_root_type(operation.operation)
        if root is None:
            self.problems.append(f"no {operation.operation.value}s exist")
            return {"properties": {}}
        return {"properties": self._members(root, [operation.selection_set], 1)}

    def _members(
        self,
        parent: graphql.GraphQLObjectType | graphql.GraphQLInterfaceType,
        sets: Iterable[graphql.SelectionSetNode],
        depth: int,
    ) -> dict[str, Schema]:
        if depth > _DEPTH:
            raise ValidationFailed("the operation is nested too deeply")
        groups: dict[str, Nodes] = {}
        seen: set[str] = set()
        for one in sets:
            for node in self._collected(one, parent, seen):
                groups.setdefault((node.alias or node.name).value, []).append(node)
        made = {key: self._field(parent, nodes, depth) for key, nodes in groups.items()}
        return {key: schema for key, schema in made.items() if schema is not None}

    def _collected(
        self,
        selections: graphql.SelectionSetNode,
        parent: graphql.GraphQLObjectType | graphql.GraphQLInterfaceType,
        seen: set[str],
    ) -> Iterator[graphql.FieldNode]:
        for node in selections.selections:
            match node:
                case graphql.FieldNode():
                    yield node
                case graphql.InlineFragmentNode(type_condition=condition):
                    if condition is None or self._applies(condition.name.value, parent):
                        yield from self._collected(node.selection_set, parent, seen)
                case graphql.FragmentSpreadNode():
                    yield from self._spread(node.name.value, parent, seen)

    def _spread(
        self,
        name: str,
        parent: graphql.GraphQLObjectType | graphql.GraphQLInterfaceType,
        seen: set[str],
    ) -> Iterator[graphql.FieldNode]:
        fragment = self._fragments.get(name)
        if fragment is None:
            self.problems.append(f'reference to undefined fragment "{name}"')
        elif name not in seen:
            seen.add(name)
            if self._applies(fragment.type_condition.name.value, parent):
                yield from self._collected(fragment.selection_set, parent, seen)

    def _applies(
        self, name: str, parent: graphql.GraphQLObjectType | graphql.GraphQLInterfaceType
    ) -> bool:
        return name == parent.name or any(one.name == name for one in parent.interfaces)

    def _field(
        self,
        parent: graphql.GraphQLObjectType | graphql.GraphQLInterfaceType,
        nodes: Nodes,
        depth: int,
    ) -> Schema | None:
        self._left -= 1
        if self._left < 0:
            raise ValidationFailed(f"the operation selects more than {_FIELDS} fields")
        name = nodes[0].name.value
        if name == "__typename":
            return {"title": "String", "type": "string", "nullable": False}
        found = parent.fields.get(name)
        if found is None and parent is self._schema.query_type:
            found = _META.get(name)
        if found is None:
            self.problems.append(f"field '{name}' not found in type: '{parent.name}'")
            return None
        sets = [one.selection_set for one in nodes if one.selection_set is not None]
        return wrapped(
            found.type, lambda type_, nullable: self._value(type_, nullable, sets, depth)
        )

    def _value(
        self,
        type_: graphql.GraphQLNamedType,
        nullable: bool,  # noqa: FBT001
        sets: list[graphql.SelectionSetNode],
        depth: int,
    ) -> Schema:
        if isinstance(type_, graphql.GraphQLObjectType):
            members = self._members(type_, sets, depth + 1)
            own = {"type": "object", "nullable": nullable, "properties": members}
            return {**heading(type_), **own}
        if isinstance(type_, graphql.GraphQLInterfaceType | graphql.GraphQLUnionType):
            possible = self._schema.get_possible_types(type_)
            alternatives = [self._value(one, False, sets, depth) for one in possible]
            return {**heading(type_), "nullable": nullable, "oneOf": alternatives}
        return self._components.leaf(type_, nullable=nullable)
