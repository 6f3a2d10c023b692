"""Reads permissions: what a role may do to a table, or see of a logical model.

Apart from `read_table`, since here every key that goes unread would open something.
"""

from collections.abc import Callable

from rowgate.base.json import Json
from rowgate.metadata.read_action import read_header
from rowgate.metadata.shapes import Label, Misfit, Node, Problems, T
from rowgate.metadata.types import (
    ALL_COLUMNS,
    Columns,
    DeletePermissionDeclaration,
    InsertPermissionDeclaration,
    SelectPermissionDeclaration,
    UpdatePermissionDeclaration,
)

_QUERY_FIELDS = ("select", "select_by_pk", "select_aggregate")
_SUBSCRIPTION_FIELDS = (*_QUERY_FIELDS, "select_stream")


def select_permissions(
    node: Node, problems: Problems, within: str
) -> tuple[SelectPermissionDeclaration, ...]:
    """The `select_permissions` of a table or logical model that is called `within`."""
    return _each(node, "select", problems, within, _select)


def insert_permissions(
    node: Node, problems: Problems, within: str
) -> tuple[InsertPermissionDeclaration, ...]:
    """The `insert_permissions` of a table."""
    return _each(node, "insert", problems, within, _insert)


def update_permissions(
    node: Node, problems: Problems, within: str
) -> tuple[UpdatePermissionDeclaration, ...]:
    """The `update_permissions` of a table."""
    return _each(node, "update", problems, within, _update)


def delete_permissions(
    node: Node, problems: Problems, within: str
) -> tuple[DeletePermissionDeclaration, ...]:
    """The `delete_permissions` of a table."""
    return _each(node, "delete", problems, within, _delete)


def _each(
    node: Node,
    verb: str,
    problems: Problems,
    within: str,
    read: Callable[[Node, str, str | None], T],
) -> tuple[T, ...]:
    def entry(item: Node) -> T:
        role, comment = item.name("role"), item.maybe_text("comment")
        return item.inner("permission", lambda permission: read(permission, role, comment))

    label = Label(f"{verb}_permission", "role", within)
    return problems.each(node, f"{verb}_permissions", label, entry)


def _select(node: Node, role: str, comment: str | None) -> SelectPermissionDeclaration:
    return SelectPermissionDeclaration(
        role=role,
        columns=_columns(node),
        computed_fields=node.texts("computed_fields"),
        filter=_expression(node, "filter"),
        limit=node.maybe_count("limit"),
        allow_aggregations=node.flag("allow_aggregations"),
        query_root_fields=_root_fields(node, "query_root_fields", _QUERY_FIELDS),
        subscription_root_fields=_root_fields(
            node, "subscription_root_fields", _SUBSCRIPTION_FIELDS
        ),
        comment=comment,
    )


def _insert(node: Node, role: str, comment: str | None) -> InsertPermissionDeclaration:
    return InsertPermissionDeclaration(
        role=role,
        columns=_columns(node) if node.has("columns") else ALL_COLUMNS,
        check=_expression(node, "check"),
        presets=node.object("set"),
        backend_only=node.flag("backend_only"),
        validate_input=_validation(node),
        comment=comment,
    )


def _update(node: Node, role: str, comment: str | None) -> UpdatePermissionDeclaration:
    return UpdatePermissionDeclaration(
        role=role,
        columns=_columns(node),
        filter=_expression(node, "filter"),
        check=_expression(node, "check") if node.has("check") else None,
        presets=node.object("set"),
        backend_only=node.flag("backend_only"),
        validate_input=_validation(node),
        comment=comment,
    )


def _delete(node: Node, role: str, comment: str | None) -> DeletePermissionDeclaration:
    return DeletePermissionDeclaration(
        role=role,
        filter=_expression(node, "filter"),
        backend_only=node.flag("backend_only"),
        validate_input=_validation(node),
        comment=comment,
    )


def _columns(node: Node) -> Columns:
    return ALL_COLUMNS if node.required("columns") == ALL_COLUMNS else node.texts("columns")


def _expression(node: Node, key: str) -> Json:
    """A boolean expression, which must be there: its absence would mean everything."""
    node.required(key)
    return node.object(key)


def _root_fields(node: Node, key: str, allowed: tuple[str, ...]) -> tuple[str, ...] | None:
    chosen = node.maybe_texts(key)
    for index, field in enumerate(chosen or ()):
        if field not in allowed:
            reason = f"expected one of {', '.join(allowed)} in '{key}', but found '{field}'"
            raise Misfit((*node.path, key, index), reason)
    return chosen


def _validation(node: Node) -> Json:
    return node.maybe_inner("validate_input", _webhook, None)


def _webhook(node: Node) -> Json:
    node.choice("type", ("http",), "http")
    node.inner("definition", _definition)
    return node.value


def _definition(node: Node) -> None:
    node.name("url")
    node.inners("headers", read_header)
    node.maybe_flag("forward_client_headers")
    if node.maybe_count("timeout") == 0:
        raise node.wrong("timeout", "a positive number of seconds")
