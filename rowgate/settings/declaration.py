"""How a setting is declared: its field, origins (variable, flag, parser), default and meaning.

Apart from the table so that what reads the table need not import it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")
HASURA = "HASURA_GRAPHQL_"
OWN = "ROWGATE_"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a setting may come from: a variable, its flag (without dashes), how it is read."""

    variable: str
    flag: str
    parse: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A setting as declared: the field it fills, its origins (first given wins), its meaning."""

    name: str
    default: Any
    meaning: str
    origins: tuple[Origin, ...]


def hasura(name: str, parse: Callable[[str], Any], flag: str | None = None) -> Origin:
    """A setting of Hasura's own; the flag is the name in lower case unless given."""
    return Origin(HASURA + name, flag or name.lower().replace("_", "-"), parse)


def own(name: str, parse: Callable[[str], Any]) -> Origin:
    """A setting that Hasura does not have."""
    return Origin(OWN + name, name.lower().replace("_", "-"), parse)


def setting(default: T, meaning: str, *origins: Origin) -> T:
    """A dataclass field that carries its declaration."""
    declared: Any = field(default=default, metadata={"meaning": meaning, "origins": origins})
    value: T = declared
    return value


def declared_by(cls: Any) -> tuple[Declaration, ...]:
    """The settings that a dataclass declares, in the order of its fields."""
    return tuple(
        Declaration(item.name, item.default, item.metadata["meaning"], item.metadata["origins"])
        for item in fields(cls)
        if "origins" in item.metadata
    )
