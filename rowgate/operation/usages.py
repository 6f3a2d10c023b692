"""Where a variable, or null, may stand."""

import graphql

from rowgate.base.errors import ValidationFailed
from rowgate.operation.document import VariableDefinition
from rowgate.operation.types import Path
from rowgate.schema.types import (
    Coercion,
    EnumType,
    InputField,
    InputType,
    ListOf,
    NonNull,
    ScalarType,
    Type,
    nullable,
    printed,
)

_WANTED = {
    Coercion.BOOLEAN: "a boolean",
    Coercion.STRING: "a string",
    Coercion.INT: "a 32-bit integer",
}


def refuse_null(item: InputField | None, at: Path) -> None:
    """Raise `ValidationFailed` where a field may be left out, but not be null."""
    if item is None or item.takes_null:
        return
    inner = nullable(item.type)
    match inner:
        case ListOf():
            text = "expected a list, but found null"
        case InputType():
            text = f"expected an object for type '{inner.name}', but found null"
        case EnumType():
            text = f"expected an enum value for type '{inner.name}', but found null"
        case ScalarType() if inner.coercion in _WANTED:
            wanted = _WANTED[inner.coercion]
            text = f"expected {wanted} for type '{inner.name}', but found null"
        case _:
            text = f"unexpected null value for type '{printed(inner)}'"
    raise ValidationFailed(text, path=at)


def check_usage(
    definition: VariableDefinition, type_: Type, at: Path, item: InputField | None
) -> None:
    """Raise `ValidationFailed` where a variable may not stand where `type_` is wanted."""
    declared = graphql.print_ast(definition.type)
    wanted = printed(type_)
    if _fits(definition.type, type_):
        return
    defaulted = (definition.has_default and definition.default is not None) or (
        item is not None and item.has_default
    )
    if isinstance(type_, NonNull) and defaulted and _fits(definition.type, type_.of):
        return
    raise ValidationFailed(
        f"variable '{definition.name}' is declared as '{declared}', but used where '{wanted}' is "
        "expected",
        path=at,
    )


def _fits(declared: graphql.TypeNode, wanted: Type) -> bool:
    if isinstance(wanted, NonNull):
        return isinstance(declared, graphql.NonNullTypeNode) and _fits(declared.type, wanted.of)
    if isinstance(declared, graphql.NonNullTypeNode):
        return _fits(declared.type, wanted)
    if isinstance(wanted, ListOf):
        if isinstance(declared, graphql.ListTypeNode):
            return _fits(declared.type, wanted.of)
        return _fits(declared, nullable(wanted.of))
    return isinstance(declared, graphql.NamedTypeNode) and declared.name.value == wanted.name
