"""The allow list: which operations a role may send, compared as syntax and not as text.

Two documents are the same where their definitions are, in order, `__typename` aside. Admins may
send anything.
"""

import graphql

from rowgate.base.errors import ValidationFailed
from rowgate.metadata.types import Metadata

Allowed = dict[str, frozenset[str] | None]
"""Normalized document → the roles that may send it; None: every role."""


def allowed(metadata: Metadata) -> Allowed:
    """What the metadata's allow list permits. A query that is not GraphQL permits nothing."""
    collections = {one.name: one.queries for one in metadata.query_collections}
    made: Allowed = {}
    for entry in metadata.allowlist:
        roles = None if entry.roles is None else frozenset(entry.roles)
        for text in collections.get(entry.collection, {}).values():
            key = normalized(text)
            if key is None:
                continue
            before = made.get(key, frozenset())
            made[key] = None if roles is None or before is None else before | roles
    return made


def normalized(text: str) -> str | None:
    """A document's canonical text without `__typename`; None where it is not GraphQL."""
    try:
        tree = graphql.parse(text, no_location=True, max_tokens=_TOKENS)
    except (graphql.GraphQLSyntaxError, RecursionError):
        return None
    return graphql.print_ast(graphql.visit(tree, _WithoutTypename()))


def check(permitted: Allowed, text: str, role: str) -> None:
    """Raise `ValidationFailed` where `role` may not send `text`."""
    key = normalized(text)
    roles = frozenset() if key is None else permitted.get(key, frozenset())
    if roles is not None and role not in roles:
        raise ValidationFailed("query is not allowed")


_TOKENS = 50_000


class _WithoutTypename(graphql.Visitor):
    """Removes every `__typename`."""

    def enter_field(self, node: graphql.FieldNode, *_: object) -> object:
        return graphql.REMOVE if node.name.value == "__typename" else None
