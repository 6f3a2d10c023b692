"""GraphQL's type system as the engine needs it: lazy fields, canonical argument keys, meanings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from rowgate.base.json import Json
from rowgate.catalog.types import PgType

STRINGIFIED = frozenset(("int8", "numeric", "float8", "money"))
"""Postgres types whose values leave as strings where numbers are stringified."""


class Coercion(Enum):
    """How a scalar's input is checked before Postgres sees it."""

    INT = auto()
    NON_NEGATIVE_INT = auto()
    FLOAT = auto()
    BOOLEAN = auto()
    STRING = auto()
    ID = auto()
    BIG_INTEGER = auto()
    NUMBER = auto()
    JSON = auto()
    LABEL_PATH = auto()
    GEOJSON = auto()
    TEXT = auto()
    ANY = auto()


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A scalar; `pg` is the Postgres type behind it, where there is one."""

    name: str
    coercion: Coercion = Coercion.ANY
    pg: PgType | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One value of an enum; `meaning` is what the planner reads."""

    name: str
    meaning: object = None
    description: str | None = None
    deprecated: str | None = None


@dataclass(frozen=True, slots=True)
class EnumType:
    """An enum and its values by name."""

    name: str
    values: Mapping[str, EnumValue]
    description: str | None = None


class InputType:
    """An input object whose fields are made when first read. `is_rows`: it holds what is sent on,
    to a table or to an action, as much as there may be."""

    __slots__ = ("_fields", "_make", "description", "is_rows", "name")

    def __init__(
        self,
        name: str,
        make: "Callable[[], Mapping[str, InputField]]",
        description: str | None = None,
        *,
        is_rows: bool = False,
    ) -> None:
        self.name = name
        self.description = description
        self.is_rows = is_rows
        self._make = make
        self._fields: Mapping[str, InputField] | None = None

    @property
    def fields(self) -> "Mapping[str, InputField]":
        """The fields by GraphQL name."""
        if self._fields is None:
            self._fields = self._make()
        return self._fields


class ObjectType:
    """An output object whose fields are made when first read. `interfaces` are their names."""

    __slots__ = ("_fields", "_make", "description", "interfaces", "name")

    def __init__(
        self,
        name: str,
        make: "Callable[[], Mapping[str, Field]]",
        description: str | None = None,
        interfaces: "tuple[AbstractType, ...]" = (),
    ) -> None:
        self.name = name
        self.description = description
        self.interfaces = interfaces
        self._make = make
        self._fields: Mapping[str, Field] | None = None

    @property
    def fields(self) -> "Mapping[str, Field]":
        """The fields by GraphQL name."""
        if self._fields is None:
            self._fields = self._make()
        return self._fields


class AbstractType:
    """An interface (`fields` not empty) or a union; `possible` types are made when first read."""

    __slots__ = ("_make", "_possible", "description", "fields", "is_union", "name")

    def __init__(
        self,
        name: str,
        fields: "Mapping[str, Field]",
        possible: Callable[[], tuple[ObjectType, ...]],
        description: str | None = None,
    ) -> None:
        self.name = name
        self.fields = fields
        self.is_union = not fields
        self.description = description
        self._make = possible
        self._possible: tuple[ObjectType, ...] | None = None

    @property
    def possible(self) -> tuple[ObjectType, ...]:
        """The object types that this may be."""
        if self._possible is None:
            self._possible = self._make()
        return self._possible


NamedType = ScalarType | EnumType | InputType | ObjectType | AbstractType


@dataclass(frozen=True, slots=True)
class NonNull:
    """A type that is never null."""

    of: "NamedType | ListOf"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list type."""

    of: "NamedType | NonNull | ListOf"


Type = NamedType | NonNull | ListOf


class Decides(Enum):
    """Marks an argument whose value, not only its presence, decides the SQL."""

    SQL = auto()


@dataclass(frozen=True, slots=True)
class DecidesUpTo:
    """Marks an argument whose value decides the SQL while it is a number from 0 to `most`."""

    most: int


@dataclass(frozen=True, slots=True)
class InputField:
    """A field of an input object, or an argument. `key` is its name without naming conventions;
    `default` is a JSON value, `has_default` tells null from none. `takes_null`: it may be null,
    and not only be left out."""

    name: str
    type: Type
    key: str = ""
    meaning: object = None
    description: str | None = None
    default: Json = None
    has_default: bool = False
    takes_null: bool = True


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an output object, with what it means."""

    name: str
    type: Type
    meaning: object
    arguments: Mapping[str, InputField] = field(default_factory=dict)
    description: str | None = None


@dataclass(frozen=True, slots=True)
class RoleSchema:
    """What a role may ask. Mutation and subscription are None where the role has none."""

    role: str
    query: ObjectType
    mutation: ObjectType | None
    subscription: ObjectType | None


def named(type_: Type) -> NamedType:
    """The type inside all lists and non-nulls."""
    while isinstance(type_, NonNull | ListOf):
        type_ = type_.of
    return type_


def printed(type_: Type) -> str:
    """A type as GraphQL writes it: `[Int!]!`."""
    match type_:
        case NonNull():
            return printed(type_.of) + "!"
        case ListOf():
            return f"[{printed(type_.of)}]"
        case _:
            return type_.name


def nullable(type_: Type) -> Type:
    """`type_` without an outer non-null."""
    return type_.of if isinstance(type_, NonNull) else type_


def inputs(*fields: InputField) -> Mapping[str, InputField]:
    """Arguments or input fields by name."""
    return {item.name: item for item in fields}
