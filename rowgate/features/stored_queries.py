"""Queries of collections (for REST endpoints and allow lists) against the schema that is served:
what of them no longer fits.

Fields, arguments, literals and variables' types are looked at, in the schema of admins. Messages
are Hasura's where it has the case.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import graphql

from rowgate.base.errors import ValidationFailed
from rowgate.metadata.types import Metadata
from rowgate.operation.document import Document, Limits, parse
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
    Type,
    named,
    nullable,
    printed,
)
from rowgate.snapshot.types import Inconsistency

Path = tuple[str, ...]
KIND = "query_collections"
_INTROSPECTION = frozenset(("__schema", "__type"))
_PARSED = 4_000
_TOKENS = 15_000


def misfits(metadata: Metadata, schema: RoleSchema) -> Iterator[Inconsistency]:
    """One inconsistency for each stored query that does not fit the schema."""
    for collection in metadata.query_collections:
        for name, text in collection.queries.items():
            errors = diagnosed(text, schema)
            if errors:
                listed = ", ".join(f'"{one}"' for one in errors)
                reason = (
                    f'In query collection "{collection.name}" the query "{name}" is invalid with '
                    f"the following error(s): {listed}"
                )
                reason += "".join(_users(metadata, collection.name, name))
                yield Inconsistency(
                    KIND, f"{name} in {collection.name}", reason, {"name": name, "query": text}
                )


def _users(metadata: Metadata, collection: str, name: str) -> Iterator[str]:
    endpoints = [
        f'"{one.name}"'
        for one in metadata.rest_endpoints
        if (one.collection, one.query) == (collection, name)
    ]
    if endpoints:
        names = ", ".join(endpoints)
        yield f". This query is being used in the following REST endpoint(s): {names}"
    if any(entry.collection == collection for entry in metadata.allowlist):
        yield ". This query is in allowlist."


@lru_cache(_PARSED)
def _documents(text: str) -> tuple[Document, ...] | str:
    """The operations of a text; what is wrong with it, where it is not GraphQL."""
    try:
        tree = graphql.parse(text, no_location=True, max_tokens=_TOKENS)
        operations = [
            one for one in tree.definitions if isinstance(one, graphql.OperationDefinitionNode)
        ]
        names = [one.name.value if one.name else None for one in operations]
        return tuple(parse(text, name, Limits()) for name in names or [None])
    except ValidationFailed as error:
        return error.message
    except (graphql.GraphQLSyntaxError, RecursionError):
        return "not a valid graphql query"


def diagnosed(text: str, schema: RoleSchema) -> list[str]:
    """What of a query does not fit a schema, each with the path of its field. Every operation of
    it is looked at."""
    documents = _documents(text)
    if isinstance(documents, str):
        return [documents]
    return [error for document in documents for error in _errors(document, schema)]


def _errors(document: Document, schema: RoleSchema) -> list[str]:
    root = getattr(schema, document.kind)
    if root is None:
        return [f"$: type '{document.kind}_root' not found in the schema"]
    check = _Check(document)
    check.selections(root, document.operation.selection_set, ("$",))
    return check.errors


class _Check:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.errors: list[str] = []
        self._spread: set[tuple[str, str]] = set()

    def tell(self, path: Path, message: str) -> None:
        """Note what is wrong at a path."""
        self.errors.append(f"{'.'.join(path)}: {message}")

    def selections(
        self, type_: ObjectType | AbstractType, nodes: graphql.SelectionSetNode, path: Path
    ) -> None:
        """The selections of an object."""
        for node in nodes.selections:
            match node:
                case graphql.FieldNode():
                    self._field(type_, node, (*path, node.name.value))
                case graphql.InlineFragmentNode():
                    self._fragment(type_, node, path)
                case graphql.FragmentSpreadNode():
                    self._named_fragment(type_, node.name.value, path)

    def _named_fragment(self, type_: ObjectType | AbstractType, name: str, path: Path) -> None:
        fragment = self.document.fragments.get(name)
        if fragment is None:
            self.tell(path, f"fragment '{name}' not found")
        elif (name, type_.name) not in self._spread:
            self._spread.add((name, type_.name))
            self._fragment(type_, fragment, path)

    def _fragment(
        self,
        type_: ObjectType | AbstractType,
        node: graphql.InlineFragmentNode | graphql.FragmentDefinitionNode,
        path: Path,
    ) -> None:
        wanted = node.type_condition.name.value if node.type_condition else type_.name
        possible = type_.possible if isinstance(type_, AbstractType) else ()
        found = next((one for one in (type_, *possible) if one.name == wanted), None)
        if found is not None:
            self.selections(found, node.selection_set, path)

    def _field(self, type_: ObjectType | AbstractType, node: graphql.FieldNode, path: Path) -> None:
        name = node.name.value
        at_root = len(path) == len(("$", name)) and self.document.kind == "query"
        if name == "__typename" or (at_root and name in _INTROSPECTION):
            return
        declared = type_.fields.get(name)
        if declared is None:
            self.tell(path, f"field '{name}' not found in object '{type_.name}'")
            return
        self._arguments(declared, node, path)
        self._below(named(declared.type), node, path)

    def _below(self, type_: NamedType, node: graphql.FieldNode, path: Path) -> None:
        if isinstance(type_, ObjectType | AbstractType):
            if node.selection_set is None:
                self.tell(path, f"object of type '{type_.name}' must have a selection set")
            else:
                self.selections(type_, node.selection_set, path)
        elif node.selection_set is not None:
            kind = "enum" if isinstance(type_, EnumType) else "scalar"
            self.tell(path, f"{kind} '{type_.name}' does not accept a selection set")

    def _arguments(self, declared: Field, node: graphql.FieldNode, path: Path) -> None:
        given = {one.name.value: one.value for one in node.arguments or ()}
        for name in given:
            if name not in declared.arguments:
                self.tell(path, f"'{declared.name}' has no argument named '{name}'")
        self._entries(declared.arguments, given, path)

    def _entries(
        self,
        declared: Mapping[str, InputField],
        given: Mapping[str, graphql.ValueNode],
        path: Path,
    ) -> None:
        for name, item in declared.items():
            if name in given:
                self._value(given[name], item.type, path)
            elif isinstance(item.type, NonNull) and not item.has_default:
                self.tell(path, f"missing required field '{name}'")

    def _value(self, node: graphql.ValueNode, type_: Type, path: Path) -> None:
        inner = nullable(type_)
        match node:
            case graphql.VariableNode():
                self._variable(node.name.value, type_, path)
            case graphql.ListValueNode() if isinstance(inner, ListOf):
                for one in node.values:
                    self._value(one, inner.of, path)
            case graphql.ObjectValueNode() if isinstance(inner, InputType):
                self._object(node, inner, path)
            case _ if isinstance(inner, ListOf):
                self._value(node, inner.of, path)
            case graphql.EnumValueNode() if isinstance(inner, EnumType):
                if node.value not in inner.values:
                    self.tell(path, f"enum '{inner.name}' has no value '{node.value}'")

    def _object(self, node: graphql.ObjectValueNode, type_: InputType, path: Path) -> None:
        given = {one.name.value: one.value for one in node.fields}
        for name in given:
            if name not in type_.fields:
                self.tell(path, f"field '{name}' not found in type: '{type_.name}'")
        self._entries(type_.fields, given, path)

    def _variable(self, name: str, type_: Type, path: Path) -> None:
        definition = self.document.variables.get(name)
        if definition is None:
            self.tell(path, f'unbound variable "{name}"')
            return
        declared = definition.type
        while isinstance(declared, graphql.NonNullTypeNode | graphql.ListTypeNode):
            declared = declared.type
        if isinstance(declared, graphql.NamedTypeNode) and declared.name.value != named(type_).name:
            written = graphql.print_ast(definition.type)
            self.tell(
                path,
                f"variable '{name}' is declared as '{written}', but used where "
                f"'{printed(type_)}' is expected",
            )
