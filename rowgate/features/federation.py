"""Apollo federation (version 1): `_entities`, rows by the keys a gateway holds, and `_service`, the
role's schema as text."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import asyncpg
import graphql

from rowgate.base.errors import ApiError, ValidationFailed
from rowgate.base.json import Json, encode
from rowgate.base.session import Session
from rowgate.database.bind import arguments, text_of
from rowgate.database.replicas import Work
from rowgate.database.run import read_rows
from rowgate.database.sharing.link import NULL
from rowgate.operation.types import FromVariable, Input, Items, Path, Scalar, Selected
from rowgate.operation.values import called, check
from rowgate.plan.entities import plan_entities
from rowgate.plan.types import KEY_GIVEN
from rowgate.response.assemble import items, members
from rowgate.schema.meanings import EntitiesRoot, Entity, Part, ServiceRoot
from rowgate.schema.types import ScalarType
from rowgate.snapshot.types import Options, Snapshot
from rowgate.sql.batch import render_batch
from rowgate.sql.types import Statement

_OWN_TYPES = frozenset(("_Any", "_Entity", "_Service"))
_OWN_FIELDS = frozenset(("_entities", "_service"))
Keys = dict[str, str]
"""Type → its key's fields, as `@key` names them."""


@dataclass(frozen=True, slots=True)
class EntitiesField:
    """`_entities` ready to run: the representations' input, and each type's statement."""

    key: bytes
    given: Input
    types: Mapping[str, tuple[Entity, Statement]]
    path: Path


@dataclass(frozen=True, slots=True)
class ServiceField:
    """`_service` ready to be answered. `members`: response key → None for the text itself, or a
    fixed text; `keys` are for the text."""

    key: bytes
    members: tuple[tuple[bytes, str | None], ...]
    keys: Keys


class Reading(Protocol):
    """Does work that only reads on a source by name; raises `ApiError` where there is none."""

    async def __call__(self, source: str, work: Work[list[asyncpg.Record]]) -> list[asyncpg.Record]:
        """What `work` gives."""


def prepare(
    field: Selected, snapshot: Snapshot, role: str, options: Options
) -> EntitiesField | ServiceField:
    """A root field of federation, planned and rendered."""
    assert field.field is not None
    key, meaning = encode(field.key), field.field.meaning
    if isinstance(meaning, ServiceRoot):
        return ServiceField(key, tuple(_member(one) for one in field.selections), _keys(meaning))
    assert isinstance(meaning, EntitiesRoot)
    types = {
        plan.entity.name: (plan.entity, render_batch(plan.work, len(plan.entity.key)))
        for plan in plan_entities(field, snapshot, role, options)
    }
    return EntitiesField(key, field.arguments["representations"], types, field.path)


def _member(field: Selected) -> tuple[bytes, str | None]:
    is_text = field.field is not None and field.field.meaning is Part.SDL
    return encode(field.key), None if is_text else field.parent


def _keys(meaning: ServiceRoot) -> Keys:
    return {one.name: " ".join(key.column.name for key in one.key) for one in meaning.entities}


def answer_service(field: ServiceField, sdl: str) -> bytes:
    """The JSON of `_service`."""
    return members([(key, encode(sdl if text is None else text)) for key, text in field.members])


async def answer_entities(
    field: EntitiesField, variables: Mapping[str, Json], session: Session, reading: Reading
) -> bytes:
    """The rows asked for, in the order of their representations, null for those that the role does
    not see. Raises `ValidationFailed` for a representation of no federated type or without its
    key."""
    found: dict[int, bytes] = {}
    for name, asked in _by_type(field, variables).items():
        entity, statement = field.types[name]
        keys = [[key[position] for key in asked.values()] for position in range(len(entity.key))]
        bound = arguments(statement.binders, {**variables, KEY_GIVEN: keys}, session)
        work = partial(read_rows, text=statement.text, arguments=bound, path=field.path)
        rows = await reading(entity.table.source, work)
        values = [NULL if row[0] is None else row[0] for row in rows]
        found |= dict(zip(asked, values, strict=True))
    return items([found[position] for position in sorted(found)])


def _by_type(
    field: EntitiesField, variables: Mapping[str, Json]
) -> dict[str, dict[int, tuple[str, ...]]]:
    """Type → position of a representation → its key's values as texts."""
    asked: dict[str, dict[int, tuple[str, ...]]] = {}
    at = (*field.path, "args", "representations")
    for position, one in enumerate(_representations(field.given, variables)):
        here = (*at, position)
        name = _type_name(one, field, here)
        asked.setdefault(name, {})[position] = _key(one, field.types[name][0], here)
    return asked


def _type_name(representation: Json, field: EntitiesField, at: Path) -> str:
    if not isinstance(representation, dict):
        raise ValidationFailed(
            f"expected an object for type '_Any', but found {called(representation)}", path=at
        )
    name = representation.get("__typename")
    if not isinstance(name, str):
        raise ValidationFailed("expected a string in the field '__typename'", path=at)
    if name not in field.types:
        raise ValidationFailed(
            f'type "{name}" is not found, or apollo federation is not enabled for it', path=at
        )
    return name


def _key(representation: dict[str, Json], entity: Entity, at: Path) -> tuple[str, ...]:
    texts = []
    for one in entity.key:
        name = one.column.name
        if name not in representation:
            raise ValidationFailed(f"missing required field '{name}'", path=at)
        value, here = representation[name], (*at, name)
        if isinstance(one.type, ScalarType):
            value = check(value, one.type, here)
        text = text_of(value, one.column.type)
        if text is None:
            raise ValidationFailed(f"unexpected null value for the key '{name}'", path=here)
        texts.append(text)
    return tuple(texts)


def _representations(given: Input, variables: Mapping[str, Json]) -> Sequence[Json]:
    value = _json(given, variables)
    return value if isinstance(value, list) else [value]


def _json(given: Input, variables: Mapping[str, Json]) -> Json:
    match given:
        case Scalar():
            return given.value
        case Items():
            return [_json(one, variables) for one in given.items]
        case FromVariable():
            value: Json = variables
            for step in given.path:
                value = value[step]
            return value
    raise ApiError("a representation must be an object", code="validation-failed")


def describe(schema: graphql.GraphQLSchema, keys: Keys) -> str:
    """`schema` as SDL for a gateway: without federation's own additions, each type of `keys` with
    its `@key`."""
    tree = graphql.parse(graphql.print_schema(schema), no_location=True)
    own = _OWN_FIELDS.issuperset(schema.query_type.fields) if schema.query_type else True
    removed = {graphql.OperationType.QUERY} if own else set()
    return graphql.print_ast(graphql.visit(tree, _ForGateway(keys, removed)))


def _marked(fields: str) -> graphql.ConstDirectiveNode:
    argument = graphql.ConstArgumentNode(
        name=graphql.NameNode(value="fields"), value=graphql.StringValueNode(value=fields)
    )
    return graphql.ConstDirectiveNode(name=graphql.NameNode(value="key"), arguments=(argument,))


class _ForGateway(graphql.Visitor):
    """Removes what a gateway adds itself and marks keys."""

    def __init__(self, keys: Keys, removed: set[graphql.OperationType]) -> None:
        super().__init__()
        self._keys = keys
        self._removed = removed

    def leave_operation_type_definition(
        self, node: graphql.OperationTypeDefinitionNode, *_: object
    ) -> object:
        return graphql.REMOVE if node.operation in self._removed else None

    def leave_schema_definition(self, node: graphql.SchemaDefinitionNode, *_: object) -> object:
        return None if node.operation_types else graphql.REMOVE

    def leave_object_type_definition(
        self, node: graphql.ObjectTypeDefinitionNode, *_: object
    ) -> object:
        if node.name.value in _OWN_TYPES or not node.fields:
            return graphql.REMOVE
        fields = self._keys.get(node.name.value)
        if fields is None:
            return None
        return dataclasses.replace(node, directives=(*(node.directives or ()), _marked(fields)))

    def enter_field_definition(self, node: graphql.FieldDefinitionNode, *_: object) -> object:
        return graphql.REMOVE if node.name.value in _OWN_FIELDS else None

    def enter_union_type_definition(
        self, node: graphql.UnionTypeDefinitionNode, *_: object
    ) -> object:
        return graphql.REMOVE if node.name.value in _OWN_TYPES else None

    def enter_scalar_type_definition(
        self, node: graphql.ScalarTypeDefinitionNode, *_: object
    ) -> object:
        return graphql.REMOVE if node.name.value in _OWN_TYPES else None

    def enter_directive_definition(self, *_: object) -> object:
        return graphql.REMOVE
