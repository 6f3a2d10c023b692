"""Reads a tracked table and what hangs on it, but for its permissions.

Apart from `read_source`, which reads what stands beside tables.
"""

from rowgate.base.json import Json
from rowgate.metadata.read_permission import (
    delete_permissions,
    insert_permissions,
    select_permissions,
    update_permissions,
)
from rowgate.metadata.shapes import Label, Misfit, Node, Problems
from rowgate.metadata.types import (
    ColumnConfiguration,
    ComputedFieldDeclaration,
    ForeignKeyOn,
    ManualMapping,
    RelationshipDeclaration,
    RootFieldName,
    TableConfiguration,
    TableDeclaration,
)

_ROOT_FIELDS = frozenset(
    {"select", "select_by_pk", "select_aggregate", "select_stream", "insert", "insert_one"}
    | {"update", "update_by_pk", "update_many", "delete", "delete_by_pk"}
)
_INSERTION_ORDERS = ("before_parent", "after_parent")


def read_table(node: Node, problems: Problems, source: str) -> TableDeclaration:
    """One item of a source's `tables`; raises `Misfit` where the table as such cannot be read,
    while a relationship, permission or the like that cannot is noted in `problems`."""
    name = node.qualified("table")
    within = f" in table {name} in source {source}"
    return TableDeclaration(
        name=name,
        configuration=node.maybe_inner("configuration", _configuration, TableConfiguration()),
        is_enum=node.flag("is_enum"),
        object_relationships=_relationships(node, "object", problems, within),
        array_relationships=_relationships(node, "array", problems, within),
        computed_fields=problems.each(
            node, "computed_fields", Label("computed_field", within=within), _computed_field
        ),
        select_permissions=select_permissions(node, problems, within),
        insert_permissions=insert_permissions(node, problems, within),
        update_permissions=update_permissions(node, problems, within),
        delete_permissions=delete_permissions(node, problems, within),
        event_triggers=problems.each(
            node, "event_triggers", Label("event_trigger", within=within), _event_trigger
        ),
        remote_relationships=problems.each(
            node,
            "remote_relationships",
            Label("remote_relationship", within=within),
            remote_relationship,
        ),
        apollo_federation=node.maybe_inner("apollo_federation_config", _federation, None),
    )


def _configuration(node: Node) -> TableConfiguration:
    columns = {
        column: ColumnConfiguration(custom_name=name)
        for column, name in node.text_map("custom_column_names").items()
    }
    for column, configuration in node.mapped("column_config", _column).items():
        legacy = columns.get(column, ColumnConfiguration())
        name = configuration.custom_name or legacy.custom_name
        columns[column] = ColumnConfiguration(name, configuration.comment)
    return TableConfiguration(
        custom_name=node.maybe_text("custom_name"),
        custom_root_fields=_root_fields(node),
        column_config=columns,
        comment=node.maybe_text("comment"),
    )


def _column(node: Node) -> ColumnConfiguration:
    return ColumnConfiguration(node.maybe_text("custom_name"), node.maybe_text("comment"))


def _root_fields(node: Node) -> dict[str, RootFieldName]:
    names = {}
    for field, value in node.object("custom_root_fields").items():
        path = (*node.path, "custom_root_fields", field)
        if field not in _ROOT_FIELDS:
            raise Misfit(path, f"unknown key '{field}' in 'custom_root_fields' of {node.title}")
        if value is not None:
            names[field] = _root_field(value, path, field)
    return names


def _root_field(value: Json, path: tuple[str | int, ...], field: str) -> RootFieldName:
    if isinstance(value, str):
        return RootFieldName(value)
    node = Node(value, path, f"'{field}' of 'custom_root_fields'")
    name = RootFieldName(node.maybe_text("name"), node.maybe_text("comment"))
    node.close()
    return name


def _relationships(
    node: Node, kind: str, problems: Problems, within: str
) -> tuple[RelationshipDeclaration, ...]:
    label = Label(f"{kind}_relation", within=within)
    return problems.each(node, f"{kind}_relationships", label, _relationship)


def _relationship(node: Node) -> RelationshipDeclaration:
    return RelationshipDeclaration(
        name=node.name("name"),
        using=node.inner("using", _using),
        comment=node.maybe_text("comment"),
    )


def _using(node: Node) -> ForeignKeyOn | ManualMapping:
    if node.has("foreign_key_constraint_on") == node.has("manual_configuration"):
        raise Misfit(
            node.path,
            "exactly one of 'foreign_key_constraint_on' and 'manual_configuration' is needed",
        )
    if node.has("manual_configuration"):
        return node.inner("manual_configuration", _manual)
    value = node.json("foreign_key_constraint_on")
    if isinstance(value, str):
        return ForeignKeyOn((value,))
    if isinstance(value, list):
        return ForeignKeyOn(_not_empty(node, "foreign_key_constraint_on"))
    return node.inner("foreign_key_constraint_on", _foreign_key_of)


def _foreign_key_of(node: Node) -> ForeignKeyOn:
    """The columns stand in `column`, or in `columns` as a name or a list of names."""
    table = node.qualified("table")
    column = node.maybe_text("column")
    if column is not None:
        return ForeignKeyOn((column,), table)
    value = node.required("columns")
    columns = (value,) if isinstance(value, str) else _not_empty(node, "columns")
    return ForeignKeyOn(columns, table)


def _not_empty(node: Node, key: str) -> tuple[str, ...]:
    columns = node.texts(key)
    if not columns:
        raise node.wrong(key, "at least one column")
    return columns


def _manual(node: Node) -> ManualMapping:
    node.required("column_mapping")
    order = node.choice("insertion_order", _INSERTION_ORDERS, "")
    return ManualMapping(
        remote_table=node.qualified("remote_table"),
        column_mapping=node.text_map("column_mapping"),
        insertion_order=order or None,
    )


def _computed_field(node: Node) -> ComputedFieldDeclaration:
    name, comment = node.name("name"), node.maybe_text("comment")

    def definition(inner: Node) -> ComputedFieldDeclaration:
        return ComputedFieldDeclaration(
            name=name,
            function=inner.qualified("function"),
            table_argument=inner.maybe_text("table_argument"),
            session_argument=inner.maybe_text("session_argument"),
            comment=comment,
        )

    return node.inner("definition", definition)


def _event_trigger(node: Node) -> Json:
    node.name("name")
    node.inner(
        "definition",
        lambda inner: inner.only("insert", "update", "delete", "enable_manual"),
    )
    return node.only(
        *("name", "definition", "webhook", "webhook_from_env", "retry_conf", "headers"),
        *("request_transform", "response_transform", "cleanup_config", "comment"),
        "trigger_on_replication",
    )


def remote_relationship(node: Node) -> Json:
    """A relationship that leaves the source, of a table or of a remote schema's type; the form of
    metadata v2 (`remote_schema`, `hasura_fields`, `remote_field`) is read too."""
    node.name("name")
    if node.has("definition"):
        node.object("definition")
        return node.only("name", "definition", "comment")
    node.name("remote_schema")
    node.required("remote_field")
    return node.only("name", "remote_schema", "hasura_fields", "remote_field", "comment")


def _federation(node: Node) -> Json:
    node.choice("enable", ("v1",), "v1")
    return node.value


def table_label(source: str) -> Label:
    """How a report calls a table of that source."""
    return Label("table", "table", f" in source {source}")
