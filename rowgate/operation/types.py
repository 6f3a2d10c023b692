"""The nouns of a validated request."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import graphql

from rowgate.base.json import Json
from rowgate.base.names import PathStep
from rowgate.schema.types import EnumValue, Field, InputField, InputType, ScalarType, Type

Path = tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class Null:
    """An explicit null."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar given in the document, already checked; `value` is JSON."""

    value: Json
    type: ScalarType


@dataclass(frozen=True, slots=True)
class Enumerated:
    """An enum value."""

    value: EnumValue


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Input", ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """An input object: GraphQL name → (its field, its value), in the order given."""

    type: InputType
    entries: Mapping[str, tuple[InputField, "Input"]]

    def __iter__(self) -> "Iterator[tuple[InputField, Input]]":
        return iter(self.entries.values())

    def get(self, key: str) -> "Input | None":
        """The value under a field's canonical key; None where it was not given."""
        for item, value in self.entries.values():
            if item.key == key:
                return value
        return None


@dataclass(frozen=True, slots=True)
class FromVariable:
    """A scalar, or a list of scalars, that the request's variables hold at `path`. It is not null
    (that would be `Null`); `at` is where errors point, `check` is run on each request's value."""

    path: Path
    type: Type
    at: Path
    check: Callable[[Json], Json] = dataclasses.field(compare=False, repr=False)


Input = Null | Scalar | Enumerated | Items | Entries | FromVariable
NULL = Null()


@dataclass(frozen=True, slots=True)
class Selected:
    """A field of the request under its response key. `field` None: `__typename` of `parent`.
    `arguments` by canonical key."""

    key: str
    field: Field | None
    parent: str
    path: Path
    arguments: Mapping[str, Input] = dataclasses.field(default_factory=dict)
    selections: tuple["Selected", ...] = ()
    on_types: Mapping[str, tuple["Selected", ...]] = dataclasses.field(default_factory=dict)
    """For interfaces and unions: the selections for each possible type."""


@dataclass(frozen=True, slots=True)
class Introspect:
    """The meaning of `__schema` and `__type`: the field as it was written."""

    node: graphql.FieldNode


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document. `kind`: query, mutation or subscription."""

    kind: str
    name: str | None
    fields: tuple[Selected, ...]
    cache_ttl: int | None = None
