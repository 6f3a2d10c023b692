"""Declared actions meet the custom types: every type that an action names must be defined."""

import re

from rowgate.base.errors import ApiError
from rowgate.metadata.types import ActionDeclaration, CustomTypes
from rowgate.snapshot.types import SCALARS

_TYPE = re.compile(r"\[*([_A-Za-z][_0-9A-Za-z]*)[\]!]*\Z")


def check_action(action: ActionDeclaration, types: CustomTypes) -> ActionDeclaration:
    """`action` as it is; raises `ApiError` where a type of it, or one that these lead to, is not
    defined or stands on the wrong side."""
    _refuse_unbuilt(action)
    shared = {one.name for one in types.enums} | {one.name for one in types.scalars} | SCALARS
    inputs = shared | {one.name for one in types.input_objects}
    outputs = shared | {one.name for one in types.objects}
    for argument in action.arguments:
        _known(argument.type, inputs, f'argument "{argument.name}"')
    _known(action.output_type, outputs, "the output type")
    for declared in types.objects:
        for field in declared.fields:
            _known(field.type, outputs, f'field "{field.name}" of type "{declared.name}"')
    for given in types.input_objects:
        for field in given.fields:
            _known(field.type, inputs, f'field "{field.name}" of type "{given.name}"')
    return action


def _refuse_unbuilt(action: ActionDeclaration) -> None:
    """Raise `ApiError` for what would be served otherwise than it is declared."""
    if action.kind != "synchronous":
        raise ApiError("asynchronous actions are not supported yet")


def _known(text: str, names: set[str] | frozenset[str], where: str) -> None:
    found = _TYPE.match(text.replace(" ", ""))
    if found is None:
        raise ApiError(f'{where}: "{text}" is not a GraphQL type')
    if found.group(1) not in names:
        raise ApiError(f'{where}: the type "{found.group(1)}" is not defined in custom types')
