"""Requests as trees, and as GraphQL documents with their variables."""

import json
from dataclasses import dataclass, field

from tests.properties.expressions import Name
from tests.properties.model import Json


@dataclass
class Field:
    """A field of a selection: `kind` says what it means, `table` about which rows."""

    kind: str
    table: str
    name: str
    arguments: dict[str, Json] = field(default_factory=dict)
    selection: list["Field"] = field(default_factory=list)
    key: str = ""

    def __post_init__(self) -> None:
        self.key = self.key or self.name


@dataclass
class Document:
    """Writes root fields as a request body. `as_variables`: which arguments go as variables,
    by the argument's name → its GraphQL type with `{}` for the table."""

    as_variables: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Json] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)

    def body(self, kind: str, fields: list[Field]) -> Json:
        """The request's JSON body."""
        shown = " ".join(self._field(one) for one in fields)
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        return {"query": f"{kind} q{declared} {{ {shown} }}", "variables": self.variables}

    def _field(self, one: Field) -> str:
        text = one.name if one.key == one.name else f"{one.key}: {one.name}"
        if one.arguments:
            given = [f"{k}: {self._argument(k, v, one)}" for k, v in one.arguments.items()]
            text += f"({', '.join(given)})"
        if one.selection:
            text += " { " + " ".join(self._field(inner) for inner in one.selection) + " }"
        return text

    def _argument(self, name: str, value: Json, one: Field) -> str:
        type_ = self.as_variables.get(name)
        if type_ is None:
            return literal(value)
        own = f"v{len(self.variables)}"
        self.variables[own] = value
        self.declared.append(f"${own}: {type_.format(one.table)}")
        return f"${own}"


def literal(value: Json) -> str:
    """A value in GraphQL's own notation."""
    match value:
        case Name():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{k}: {literal(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(literal(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
