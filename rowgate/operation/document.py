"""GraphQL text → the one operation asked for, with its variables and fragments, within limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import graphql

from rowgate.base.errors import ApiError, ValidationFailed
from rowgate.base.json import Json
from rowgate.base.session import ADMIN
from rowgate.operation.values import from_literal
from rowgate.schema.types import Type
from rowgate.settings import Settings

_LONG = " tokens. Parsing aborted."
_DEEP = " nested too deeply. Parsing aborted."
"""How the parser's messages end where a document is more than it reads."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may cost; 0 is no limit. Tokens as the lexer counts them, those of inputs
    with variables and fragments filled in; depth of selections and the input objects in them;
    fields after fragments are merged; levels of relationships; characters. `removes_unbound`: a
    variable that may be null and is not given is taken out of the operation, and not null."""

    tokens: int = 15_000
    depth: int = 100
    nodes: int = 10_000
    relationships: int = 0
    characters: int = 0
    removes_unbound: bool = False

    @classmethod
    def of(cls, settings: Settings, role: str) -> "Limits":
        """Those of a role."""
        return cls(
            settings.token_limit,
            settings.depth_limit,
            settings.node_limit,
            0 if role == ADMIN else settings.relationship_limit,
            settings.document_limit,
            "no_null_unbound_variable_default" in settings.experimental_features,
        )


@dataclass(frozen=True, slots=True)
class VariableDefinition:
    """A declared variable: its type as written, its default."""

    name: str
    type: graphql.TypeNode
    default: Json = None
    has_default: bool = False

    @property
    def non_null(self) -> bool:
        """Whether a value must be given, or a default stands in."""
        return isinstance(self.type, graphql.NonNullTypeNode)


@dataclass(slots=True)
class Document:
    """A parsed request text: the chosen operation and what it refers to. What is below grows while
    the operation is read: `usages`, variable → the input type it was used as first; `scalars`, the
    variables of which that is neither object nor list nor enum; `conditions`, those whose value
    decides the SQL; `counts`, those of which that does so while it is a number up to that one."""

    operation: graphql.OperationDefinitionNode
    fragments: Mapping[str, graphql.FragmentDefinitionNode]
    variables: Mapping[str, VariableDefinition]
    usages: dict[str, Type] = field(default_factory=dict)
    scalars: set[str] = field(default_factory=set)
    conditions: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def unbound(self, values: Mapping[str, Json]) -> frozenset[str]:
        """The variables without a value, of those that may be null."""
        return frozenset(
            name
            for name, one in self.variables.items()
            if name not in values and not one.has_default and not one.non_null
        )

    @property
    def kind(self) -> str:
        """`query`, `mutation` or `subscription`."""
        return self.operation.operation.value


def parse(text: str, operation_name: str | None, limits: Limits) -> Document:
    """The document of `text`; raises `ValidationFailed` at `$.query` where it is not GraphQL, and
    or beyond `limits`, and where the operation to run is not clear."""
    tree = _tree(text, limits)
    operations = [
        one for one in tree.definitions if isinstance(one, graphql.OperationDefinitionNode)
    ]
    fragments = {
        one.name.value: one
        for one in tree.definitions
        if isinstance(one, graphql.FragmentDefinitionNode)
    }
    chosen = _choose(operations, operation_name)
    return Document(chosen, fragments, _variables(chosen))


def _tree(text: str, limits: Limits) -> graphql.DocumentNode:
    if 0 < limits.characters < len(text):
        message = f"the document has more than {limits.characters} characters"
        raise ValidationFailed(message, path=("query",))
    try:
        return graphql.parse(text, no_location=True, max_tokens=limits.tokens or None)
    except graphql.GraphQLSyntaxError as error:
        message = "not a valid graphql query"
        if error.message.endswith(_LONG):
            message = f"the document has more than {limits.tokens} tokens"
        elif error.message.endswith(_DEEP):
            message = "the document is nested too deeply"
        raise ValidationFailed(message, path=("query",)) from error
    except RecursionError:
        raise ValidationFailed("the document is nested too deeply", path=("query",)) from None


def _choose(
    operations: list[graphql.OperationDefinitionNode], name: str | None
) -> graphql.OperationDefinitionNode:
    if name:
        found = [one for one in operations if one.name and one.name.value == name]
        if not found:
            raise ValidationFailed(f'no such operation found in the document: "{name}"')
        return found[0]
    if len(operations) == 1:
        return operations[0]
    raise ValidationFailed(
        "exactly one operation has to be present in the document when operationName is not "
        "specified"
    )


def _variables(
    operation: graphql.OperationDefinitionNode,
) -> Mapping[str, VariableDefinition]:
    found: dict[str, VariableDefinition] = {}
    for node in operation.variable_definitions or ():
        name = node.variable.name.value
        if name in found:
            raise ValidationFailed(f'multiple definitions for variable "{name}"')
        default = None if node.default_value is None else from_literal(node.default_value)
        found[name] = VariableDefinition(name, node.type, default, node.default_value is not None)
    return found


def variable_values(document: Document, given: Mapping[str, Json] | None) -> dict[str, Json]:
    """The value of every declared variable that has one; raises `ValidationFailed` for values
    that no variable takes and for required ones that are missing."""
    given = given or {}
    unexpected = [name for name in given if name not in document.variables]
    if unexpected:
        names = ", ".join(unexpected)
        raise ValidationFailed(f"unexpected variables in variableValues: {names}")
    values: dict[str, Json] = {}
    for name, definition in document.variables.items():
        if name in given:
            value = given[name]
        elif definition.has_default:
            value = definition.default
        elif definition.non_null:
            raise ValidationFailed(f'expecting a value for non-nullable variable: "{name}"')
        else:
            continue
        if value is None and definition.non_null:
            raise ValidationFailed(f'null value found for non-nullable variable: "{name}"')
        values[name] = value
    return values


def require_object(value: Json) -> Mapping[str, Json] | None:
    """`variables` of a request body; raises `ApiError` where it is neither object nor null."""
    if value is not None and not isinstance(value, dict):
        raise ApiError(
            "parsing Maybe failed, expected Object", code="parse-failed", path=("variables",)
        )
    return value
