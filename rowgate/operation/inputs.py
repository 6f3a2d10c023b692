"""Arguments: literals and variables read against input types.

A variable that stands for a scalar (or a list of scalars) stays a leaf, checked when the request
is bound. One that stands for anything with a shape is read here, from the request's value, and its
scalars become leaves; the shape is part of the plan's key (see `shape`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

import graphql

from rowgate.base.errors import ValidationFailed
from rowgate.base.json import Json
from rowgate.operation.document import Document, Limits, VariableDefinition
from rowgate.operation.shape import is_count, size
from rowgate.operation.types import (
    NULL,
    Entries,
    Enumerated,
    FromVariable,
    Input,
    Items,
    Path,
    Scalar,
)
from rowgate.operation.usages import check_usage, refuse_null
from rowgate.operation.values import EnumName, called, check, from_literal
from rowgate.schema.meanings import (
    ComputedAggregateInput,
    ComputedRowsInput,
    RelationshipAggregateInput,
    RelationshipInput,
    Special,
)
from rowgate.schema.types import (
    Decides,
    DecidesUpTo,
    EnumType,
    InputField,
    InputType,
    ListOf,
    NonNull,
    ScalarType,
    Type,
    named,
    nullable,
    printed,
)

_THROUGH = (
    RelationshipInput,
    RelationshipAggregateInput,
    ComputedRowsInput,
    ComputedAggregateInput,
)
"""Inputs that lead to the rows of another table."""


class InputReader:
    """Reads the inputs of one operation with one request's variable values. `depth` and `levels`
    are where it stands: in how many selections and objects, behind how many relationships."""

    def __init__(self, document: Document, values: Mapping[str, Json], limits: Limits) -> None:
        self.document = document
        self.values = values
        self.unbound = document.unbound(values) if limits.removes_unbound else frozenset()
        self.limits = limits
        self.depth = 0
        self.levels = 0
        self._tokens = 0
        self._in_rows = False

    def arguments(
        self,
        nodes: tuple[graphql.ArgumentNode, ...],
        declared: Mapping[str, InputField],
        path: Path,
        *,
        flat: bool = False,
    ) -> Mapping[str, Input]:
        """A field's arguments by canonical key; absent ones are left out, defaults filled in. Of a
        `flat` field a number does not decide the SQL, however small."""
        given = {}
        for node in nodes:
            name = node.name.value
            if name not in declared:
                raise ValidationFailed(f"'{path[-1]}' has no argument named '{name}'", path=path)
            if name in given:
                raise ValidationFailed(f"there can be only one argument named '{name}'", path=path)
            given[name] = node.value
        read: dict[str, Input] = {}
        for name, declared_item in declared.items():
            item = declared_item
            if flat and isinstance(item.meaning, DecidesUpTo):
                item = replace(item, meaning=None)
            value = self._field(item, given.get(name), (*path, "args", name), (*path, "args"))
            if value is not None:
                read[item.key or name] = value
        return read

    def _field(
        self, item: InputField, node: graphql.ValueNode | None, at: Path, parent: Path
    ) -> Input | None:
        if node is None or self._is_unbound(node):
            if item.has_default:
                return self.from_json(item.default, item.type, at, ())
            if isinstance(item.type, NonNull):
                raise ValidationFailed(f"missing required field '{item.name}'", path=parent)
            return None
        crossed = self.cross(item.meaning, _THROUGH, at)
        value = self.literal(node, item.type, at, item)
        self.levels -= crossed
        return value

    def cross(self, meaning: object, through: tuple[type, ...], at: Path) -> bool:
        """Whether `meaning` leads to another table's rows: then they are one level further."""
        crosses = isinstance(meaning, through)
        self.levels += crosses
        if crosses and 0 < self.limits.relationships < self.levels:
            text = f"more than {self.limits.relationships} levels of relationships"
            raise ValidationFailed(text, path=at)
        return crosses

    def _spend(self, tokens: int) -> None:
        """Count what is read as the document's tokens are counted. Rows to insert are not: they
        are sent on, and the body has a limit of its own."""
        if self._in_rows:
            return
        self._tokens += tokens
        if 0 < self.limits.tokens < self._tokens:
            text = f"the inputs of the operation have more than {self.limits.tokens} tokens"
            raise ValidationFailed(text)

    def _enter(self, type_: InputType, fields: int, at: Path) -> bool:
        """Go into an object of so many fields; what is given back is to be restored afterwards."""
        before, self._in_rows = self._in_rows, type_.is_rows
        self._spend(2 + 2 * fields)
        self.depth += 1
        if 0 < self.limits.depth < self.depth:
            text = f"the input is nested deeper than {self.limits.depth} levels"
            raise ValidationFailed(text, path=at[:20])
        return before

    def _leave(self, before: bool) -> None:  # noqa: FBT001
        self.depth -= 1
        self._in_rows = before

    def literal(
        self, node: graphql.ValueNode, type_: Type, at: Path, item: InputField | None = None
    ) -> Input:
        """A value written in the document, read as `type_`."""
        if isinstance(node, graphql.VariableNode):
            return self._variable(node.name.value, type_, at, item)
        if isinstance(node, graphql.NullValueNode):
            refuse_null(item, at)
            return _null(type_, at)
        inner = nullable(type_)
        if isinstance(inner, ListOf):
            if not isinstance(node, graphql.ListValueNode):
                return Items((self.literal(node, inner.of, at),))
            self._spend(2)
            return Items(
                tuple(
                    self.literal(one, inner.of, (*at, index))
                    for index, one in enumerate(self._bound(node.values))
                )
            )
        if isinstance(inner, InputType):
            return self._literal_object(node, inner, at)
        if isinstance(inner, ScalarType) and _holds_variable(node):
            return Scalar(check(self.decided(node), inner, at), inner)
        return self.from_json(from_literal(node), inner, at, ())

    def decided(self, node: graphql.ValueNode) -> Json:
        """The JSON of a value that may hold variables; those become part of the plan's key."""
        match node:
            case graphql.VariableNode():
                name = node.name.value
                self._definition(name, ())
                self.document.conditions.add(name)
                self._spend(size(self.values.get(name)))
                return self.values.get(name)
            case graphql.ListValueNode():
                return [self.decided(one) for one in self._bound(node.values)]
            case graphql.ObjectValueNode():
                return {
                    one.name.value: self.decided(one.value)
                    for one in node.fields
                    if not self._is_unbound(one.value)
                }
        return from_literal(node)

    def _is_unbound(self, node: graphql.ValueNode) -> bool:
        """Whether a value is a variable that is taken out of the operation, not being given."""
        return isinstance(node, graphql.VariableNode) and node.name.value in self.unbound

    def _bound(self, nodes: Iterable[graphql.ValueNode]) -> list[graphql.ValueNode]:
        return [one for one in nodes if not self._is_unbound(one)]

    def _literal_object(self, node: graphql.ValueNode, type_: InputType, at: Path) -> Input:
        if not isinstance(node, graphql.ObjectValueNode):
            raise ValidationFailed(
                f"expected an object for type '{type_.name}', but found "
                f"{called(from_literal(node))}",
                path=at,
            )
        given: dict[str, graphql.ValueNode] = {}
        for one in node.fields:
            name = one.name.value
            if name not in type_.fields:
                raise _unknown_field(name, type_, at)
            if name in given:
                raise ValidationFailed(f"duplicate field '{name}'", path=at)
            given[name] = one.value
        before = self._enter(type_, len(given), at)
        entries = {}
        for name in (*given, *(name for name in type_.fields if name not in given)):
            item = type_.fields[name]
            value = self._field(item, given.get(name), (*at, name), at)
            if value is not None:
                entries[name] = (item, value)
        self._leave(before)
        return Entries(type_, entries)

    def _definition(self, name: str, at: Path) -> VariableDefinition:
        definition = self.document.variables.get(name)
        if definition is None:
            raise ValidationFailed(f'unbound variable "{name}"', path=at)
        return definition

    def _variable(self, name: str, type_: Type, at: Path, item: InputField | None) -> Input:
        definition = self._definition(name, at)
        check_usage(definition, type_, at, item)
        used_as = nullable(self.document.usages.setdefault(name, type_))
        if self.values.get(name) is None and not (
            item and item.has_default and name not in self.values
        ):
            refuse_null(item, at)
        if item is not None and isinstance(item.meaning, DecidesUpTo):
            return self._count(name, item.meaning.most, type_, at)
        if (
            not isinstance(used_as, ListOf | InputType | EnumType)
            and name not in self.document.counts
        ):
            self.document.scalars.add(name)
        if item is not None and _decides(item):
            self.document.conditions.add(name)
            return self.from_json(self.values.get(name), type_, at, ())
        if name not in self.values and item is not None and item.has_default:
            return self.from_json(item.default, item.type, at, ())
        return self.from_json(self.values.get(name), type_, at, (name,))

    def _count(self, name: str, most: int, type_: Type, at: Path) -> Input:
        value, counts = self.values.get(name), self.document.counts
        counts[name] = max(most, counts.get(name, 0))
        self.document.scalars.discard(name)
        return self.from_json(value, type_, at, () if is_count(value, most) else (name,))

    def from_json(self, value: Json, type_: Type, at: Path, origin: Path) -> Input:
        """A JSON value read as `type_`. `origin` is its path in the request's variables; empty
        where it does not come from there, so that scalars are kept as they are."""
        if value is None:
            return _null(type_, at)
        inner = nullable(type_)
        match inner:
            case ListOf():
                return self._list(value, inner, at, origin)
            case InputType():
                return self._object(value, inner, at, origin)
            case EnumType():
                self._spend(1)
                return _enum(value, inner, at, from_json=bool(origin))
            case ScalarType():
                self._spend(1)
                checked = check(value, inner, at)
                if not origin:
                    return Scalar(checked, inner)
                return FromVariable(origin, inner, at, partial(check, type_=inner, at=at))
        raise ValidationFailed(f"'{named(inner).name}' is not an input type", path=at)

    def _list(self, value: Json, type_: ListOf, at: Path, origin: Path) -> Input:
        if not isinstance(value, list):
            return Items((self.from_json(value, type_.of, at, origin),))
        self._spend(2)
        element = nullable(type_.of)
        if origin and isinstance(element, ScalarType) and None not in value:
            self._spend(len(value))
            checked = partial(_check_items, type_=element, at=at)
            checked(value)
            return FromVariable(origin, type_, at, checked)
        return Items(
            tuple(
                self.from_json(one, type_.of, (*at, index), (*origin, index) if origin else ())
                for index, one in enumerate(value)
            )
        )

    def _object(self, value: Json, type_: InputType, at: Path, origin: Path) -> Input:
        if not isinstance(value, dict):
            raise ValidationFailed(
                f"expected an object for type '{type_.name}', but found {called(value)}", path=at
            )
        before = self._enter(type_, len(value), at)
        entries: dict[str, tuple[InputField, Input]] = {}
        for name, one in value.items():
            item = type_.fields.get(name)
            if item is None:
                raise _unknown_field(name, type_, at)
            if one is None:
                refuse_null(item, (*at, name))
            path = (*origin, name) if origin and not _decides(item) else ()
            crossed = self.cross(item.meaning, _THROUGH, (*at, name))
            entries[name] = (item, self.from_json(one, item.type, (*at, name), path))
            self.levels -= crossed
        for name, item in type_.fields.items():
            if name not in entries:
                missing = self._field(item, None, (*at, name), at)
                if missing is not None:
                    entries[name] = (item, missing)
        self._leave(before)
        return Entries(type_, entries)


def _decides(item: InputField) -> bool:
    """Whether the value itself shapes the SQL, so that it is part of the plan's key."""
    return item.meaning is Decides.SQL or item.meaning is Special.IS_NULL


def _check_items(value: Json, type_: ScalarType, at: Path) -> Json:
    items = value if isinstance(value, list) else [value]
    return [check(one, type_, (*at, index)) for index, one in enumerate(items)]


def _null(type_: Type, at: Path) -> Input:
    if isinstance(type_, NonNull):
        inner = named(type_)
        if isinstance(inner, InputType) and not isinstance(type_.of, ListOf):
            raise ValidationFailed(
                f"expected an object for type '{inner.name}', but found null", path=at
            )
        raise ValidationFailed(f"unexpected null value for type '{printed(type_.of)}'", path=at)
    return NULL


def _enum(value: Json, type_: EnumType, at: Path, *, from_json: bool) -> Input:
    if not isinstance(value, EnumName) and not (from_json and isinstance(value, str)):
        raise ValidationFailed(
            f"expected an enum value for type '{type_.name}', but found {called(value)}", path=at
        )
    found = type_.values.get(value)
    if found is None:
        names = ", ".join(f"'{name}'" for name in type_.values)
        wanted = f"one of the values [{names}]" if len(type_.values) > 1 else f"the value {names}"
        raise ValidationFailed(
            f"expected {wanted} for type '{type_.name}', but found '{value}'", path=at
        )
    return Enumerated(found)


def _unknown_field(name: str, type_: InputType, at: Path) -> ValidationFailed:
    return ValidationFailed(f"field '{name}' not found in type: '{type_.name}'", path=(*at, name))


def _holds_variable(node: graphql.ValueNode) -> bool:
    match node:
        case graphql.VariableNode():
            return True
        case graphql.ListValueNode():
            return any(_holds_variable(one) for one in node.values)
        case graphql.ObjectValueNode():
            return any(_holds_variable(one.value) for one in node.fields)
    return False
