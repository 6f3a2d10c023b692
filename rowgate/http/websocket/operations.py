"""What kind of operation a document asks for, so that a socket knows whether to run or to watch."""

from enum import StrEnum
from functools import lru_cache

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

from rowgate.base.errors import ApiError
from rowgate.http.types import Operation
from rowgate.settings import Settings

REMEMBERED_UP_TO = 8_192
"""Characters of a document whose kind is remembered."""


class Kind(StrEnum):
    """Once answered, or watched."""

    ONCE = "once"
    WATCHED = "watched"


def kind_of(operation: Operation, settings: Settings) -> Kind:
    """The kind of the operation that would run. A document that cannot be read, or is too long, or
    where it is not clear which of its operations is meant, is asked once: the pipeline says what is
    wrong with it."""
    if 0 < settings.document_limit < len(operation.query):
        return Kind.ONCE
    limit = settings.token_limit or None
    if len(operation.query) <= REMEMBERED_UP_TO:
        return _remembered(operation.query, operation.operation_name, limit)
    return _kind(operation.query, operation.operation_name, limit)


def _kind(query: str, name: str | None, token_limit: int | None) -> Kind:
    try:
        document = parse(query, no_location=True, max_tokens=token_limit)
    except (GraphQLError, RecursionError):
        return Kind.ONCE
    meant = [
        node.operation
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (name is None or (node.name is not None and node.name.value == name))
    ]
    return Kind.WATCHED if meant == [OperationType.SUBSCRIPTION] else Kind.ONCE


_remembered = lru_cache(maxsize=1024)(_kind)


EXECUTION_CODES = frozenset(
    {
        *("constraint-violation", "permission-error", "constraint-error", "data-exception"),
        *("concurrent-update", "unexpected", "postgres-error", "timeout"),
        "postgres-max-connections-error",
    }
)
"""Codes of errors that come up while an operation runs: they are its answer, not its refusal."""


def is_refusal(code: str) -> bool:
    """Whether an error of `code` means that the operation was not run at all."""
    return code not in EXECUTION_CODES


def refusal(message: str) -> ApiError:
    """An operation that may not start."""
    return ApiError(message, code="start-failed")
