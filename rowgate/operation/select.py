"""Selection sets read against the role's schema: fields merged, fragments spread, arguments read.

Merging follows the specification's CollectFields: a fragment counts once in one selection set, so
that a document whose fragments fan out costs what it selects, not what it spells.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import graphql

from rowgate.base.errors import ValidationFailed
from rowgate.base.json import Json
from rowgate.operation.document import Document, Limits
from rowgate.operation.inputs import InputReader
from rowgate.operation.types import Introspect, Operation, Path, Selected
from rowgate.operation.values import called, from_literal
from rowgate.schema.meanings import (
    ComputedAggregateField,
    ComputedRowsField,
    NativeRelationshipField,
    RelationshipAggregateField,
    RelationshipConnectionField,
    RelationshipField,
)
from rowgate.schema.types import AbstractType, Field, ObjectType, RoleSchema, named

_THROUGH = (
    RelationshipField,
    RelationshipAggregateField,
    RelationshipConnectionField,
    ComputedRowsField,
    ComputedAggregateField,
    NativeRelationshipField,
)
"""Fields that lead to the rows of another table."""
_INTROSPECTION = ("__schema", "__type")
Directives = Iterable[graphql.DirectiveNode] | None


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """A field where it stands: its node, its path, the fragments it was reached through."""

    node: graphql.FieldNode
    path: Path
    fragments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Scope:
    """A selection set where it stands."""

    selections: graphql.SelectionSetNode
    path: Path
    fragments: tuple[str, ...]


class Reader:
    """Reads one operation of a document for one role and one request's variable values."""

    def __init__(
        self, document: Document, schema: RoleSchema, values: Mapping[str, Json], limits: Limits
    ) -> None:
        self.document = document
        self.schema = schema
        self.limits = limits
        self.inputs = InputReader(document, values, limits)
        self.values = values
        self._nodes = 0

    def read(self) -> Operation:
        """The operation; raises `ValidationFailed` where it does not fit the schema."""
        node = self.document.operation
        root = self._root(node.operation)
        ttl = self._cached(node.directives)
        scope = _Scope(node.selection_set, ("selectionSet",), ())
        fields = self._fields([scope], root, 1)
        if self.document.kind == "subscription" and len(fields) != 1:
            raise ValidationFailed("subscriptions must select one top level field")
        name = node.name.value if node.name else None
        return Operation(self.document.kind, name, fields, ttl)

    def _root(self, kind: graphql.OperationType) -> ObjectType:
        root = {
            "query": self.schema.query,
            "mutation": self.schema.mutation,
            "subscription": self.schema.subscription,
        }[kind.value]
        if root is None:
            raise ValidationFailed(f"no {kind.value}s exist")
        return root

    def _fields(self, scopes: list[_Scope], parent: ObjectType, depth: int) -> tuple[Selected, ...]:
        if 0 < self.limits.depth < depth:
            raise ValidationFailed(
                f"the selection is nested deeper than {self.limits.depth} levels"
            )
        groups: dict[str, list[_Occurrence]] = {}
        seen: set[str] = set()
        for scope in scopes:
            for found in self._collect(scope, parent, seen):
                key = (found.node.alias or found.node.name).value
                groups.setdefault(key, []).append(found)
        return tuple(
            self._field(key, occurrences, parent, depth) for key, occurrences in groups.items()
        )

    def _collect(self, scope: _Scope, parent: ObjectType, seen: set[str]) -> Iterator[_Occurrence]:
        if not scope.selections.selections:
            raise ValidationFailed("not a valid graphql query", path=("query",))
        for node in scope.selections.selections:
            if not self._included(node.directives, scope.path):
                continue
            match node:
                case graphql.FieldNode():
                    key = node.name.value
                    yield _Occurrence(node, (*scope.path, key), scope.fragments)
                case graphql.InlineFragmentNode():
                    if self._applies(node.type_condition, parent):
                        inner = _Scope(node.selection_set, scope.path, scope.fragments)
                        yield from self._collect(inner, parent, seen)
                case graphql.FragmentSpreadNode():
                    yield from self._spread(node.name.value, scope, parent, seen)

    def _spread(
        self, name: str, scope: _Scope, parent: ObjectType, seen: set[str]
    ) -> Iterator[_Occurrence]:
        fragment = self.document.fragments.get(name)
        if fragment is None:
            raise ValidationFailed(f'reference to undefined fragment "{name}"', path=scope.path)
        if name in scope.fragments:
            cycle = scope.fragments[scope.fragments.index(name) :]
            names = " and ".join(filter(None, (", ".join(cycle[:-1]), cycle[-1])))
            raise ValidationFailed(
                f"the fragment definition(s) {names} form a cycle", path=scope.path
            )
        if name in seen:
            return
        seen.add(name)
        if self._applies(fragment.type_condition, parent):
            path = (*scope.path, name, "selectionSet")
            inner = _Scope(fragment.selection_set, path, (*scope.fragments, name))
            yield from self._collect(inner, parent, seen)

    def _applies(self, condition: graphql.NamedTypeNode | None, parent: ObjectType) -> bool:
        if condition is None or condition.name.value == parent.name:
            return True
        return any(one.name == condition.name.value for one in parent.interfaces)

    def _field(
        self, key: str, occurrences: list[_Occurrence], parent: ObjectType, depth: int
    ) -> Selected:
        first = occurrences[0]
        self._nodes += 1
        if 0 < self.limits.nodes < self._nodes:
            raise ValidationFailed(f"the operation selects more than {self.limits.nodes} fields")
        name = first.node.name.value
        for other in occurrences[1:]:
            _check_mergeable(first, other, key)
        if name == "__typename":
            return Selected(key, None, parent.name, first.path)
        if name in _INTROSPECTION and parent is self.schema.query:
            asked = Field(name, parent, Introspect(first.node))
            return Selected(key, asked, parent.name, first.path)
        field = parent.fields.get(name)
        if field is None:
            raise ValidationFailed(
                f"field '{name}' not found in type: '{parent.name}'", path=first.path
            )
        crossed = self.inputs.cross(field.meaning, _THROUGH, first.path)
        self.inputs.depth = depth
        flat = depth == 1 and all(_is_flat(one.node) for one in occurrences)
        given = first.node.arguments or ()
        arguments = self.inputs.arguments(given, field.arguments, first.path, flat=flat)
        scopes = [
            _Scope(one.node.selection_set, (*one.path, "selectionSet"), one.fragments)
            for one in occurrences
            if one.node.selection_set is not None
        ]
        selected = Selected(key, field, parent.name, first.path, arguments)
        whole = self._with_selections(selected, scopes, depth)
        self.inputs.levels -= crossed
        return whole

    def _with_selections(self, field: Selected, scopes: list[_Scope], depth: int) -> Selected:
        assert field.field is not None
        type_ = named(field.field.type)
        if not isinstance(type_, ObjectType | AbstractType):
            if scopes:
                raise ValidationFailed(
                    "unexpected subselection set for non-object field", path=field.path
                )
            return field
        if not scopes:
            raise ValidationFailed(
                f"missing selection set for '{field.field.name}'", path=field.path
            )
        if isinstance(type_, AbstractType):
            on_types = {one.name: self._fields(scopes, one, depth + 1) for one in type_.possible}
            return Selected(
                field.key, field.field, field.parent, field.path, field.arguments, (), on_types
            )
        selections = self._fields(scopes, type_, depth + 1)
        return Selected(
            field.key, field.field, field.parent, field.path, field.arguments, selections
        )

    def _included(self, directives: Directives, path: Path) -> bool:
        included = True
        for directive in directives or ():
            name = directive.name.value
            if name not in ("include", "skip"):
                raise ValidationFailed(
                    f"directive '{name}' is not defined in the schema", path=path
                )
            condition = self._condition(directive, path)
            included = included and condition == (name == "include")
        return included

    def _condition(self, directive: graphql.DirectiveNode, path: Path) -> bool:
        name = directive.name.value
        given = {one.name.value: one.value for one in directive.arguments or ()}
        at = (*path, name, "args", "if")
        if set(given) != {"if"}:
            raise ValidationFailed("missing required field 'if'", path=at[:-1])
        value = self.inputs.decided(given["if"])
        if not isinstance(value, bool):
            raise ValidationFailed(
                f"expected a boolean for type 'Boolean', but found {called(value)}", path=at
            )
        return value

    def _cached(self, directives: Directives) -> int | None:
        ttl = None
        for directive in directives or ():
            name = directive.name.value
            if name != "cached":
                raise ValidationFailed(f"directive '{name}' is not defined in the schema")
            ttl = 60
            for one in directive.arguments or ():
                if one.name.value == "ttl" and isinstance(one.value, graphql.IntValueNode):
                    ttl = from_literal(one.value)
                elif one.name.value not in ("ttl", "refresh"):
                    raise ValidationFailed(f"'cached' has no argument named '{one.name.value}'")
        return ttl


def _is_flat(node: graphql.FieldNode) -> bool:
    """Whether a field selects leaves alone; of fragments that is not asked."""
    inner = node.selection_set.selections if node.selection_set else ()
    return all(isinstance(one, graphql.FieldNode) and not one.selection_set for one in inner)


def _check_mergeable(first: _Occurrence, other: _Occurrence, key: str) -> None:
    if first.node.name.value != other.node.name.value:
        raise ValidationFailed(
            f"selection of both '{first.node.name.value}' and '{other.node.name.value}' specify "
            f"the same response name, '{key}'",
            path=first.path[:-1],
        )
    if first.node.arguments or other.node.arguments:
        ours = {one.name.value: graphql.print_ast(one.value) for one in first.node.arguments or ()}
        theirs = {
            one.name.value: graphql.print_ast(one.value) for one in other.node.arguments or ()
        }
        if ours != theirs:
            raise ValidationFailed(
                f"inconsistent arguments between multiple selections of field "
                f"'{first.node.name.value}'",
                path=first.path[:-1],
            )
