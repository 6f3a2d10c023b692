"""Reads a source: its connection, its naming, its tables, functions, native queries and models."""

from collections.abc import Mapping
from dataclasses import replace

from rowgate.base.json import Json, encode
from rowgate.metadata.read_permission import select_permissions
from rowgate.metadata.read_table import read_table, table_label
from rowgate.metadata.shapes import Label, Misfit, Node, Problems
from rowgate.metadata.types import (
    FunctionDeclaration,
    LogicalModelDeclaration,
    LogicalModelField,
    NativeQueryArgument,
    NativeQueryDeclaration,
    NativeQueryRelationship,
    SourceCustomization,
    SourceDeclaration,
    TableDeclaration,
)

_POSTGRES_KINDS = ("postgres", "pg", "citus", "alloy")
_CONVENTIONS = ("hasura-default", "graphql-default")


def read_source(node: Node, problems: Problems) -> SourceDeclaration:
    """One item of `sources`; raises `Misfit` where the source as such cannot be read, while a
    table or the like that cannot is noted in `problems`."""
    name = node.name("name")
    node.choice("kind", _POSTGRES_KINDS, "postgres")
    if node.values("stored_procedures"):
        raise Misfit(
            (*node.path, "stored_procedures"), "Postgres has no stored procedures to track"
        )
    within = f" in source {name}"
    return SourceDeclaration(
        name=name,
        kind="postgres",
        configuration=node.maybe_inner("configuration", _connection, None),
        customization=node.maybe_inner("customization", _customization, SourceCustomization()),
        tables=problems.each(
            node, "tables", table_label(name), lambda item: _table(item, problems, name)
        ),
        functions=problems.each(
            node, "functions", Label("function", "function", within), _function
        ),
        logical_models=problems.each(
            node,
            "logical_models",
            Label("logical_model", within=within),
            lambda item: _logical_model(item, problems, within),
        ),
        native_queries=problems.each(
            node, "native_queries", Label("native_query", "root_field_name", within), _native_query
        ),
        query_tags=node.maybe_inner(
            "query_tags", lambda inner: inner.only("disabled", "format", "omit_request_id"), None
        ),
        health_check=node.maybe_inner(
            "health_check",
            lambda inner: inner.only("test", "interval", "timeout", "retries", "retry_interval"),
            None,
        ),
    )


def _table(node: Node, problems: Problems, source: str) -> TableDeclaration:
    """A table; one that was read before, and is the same to the byte, is not read again."""
    key = (source, encode(node.value))
    known = problems.known.get(key)
    if isinstance(known, TableDeclaration):
        node.skip()
        return known
    before = len(problems.found)
    table = read_table(node, problems, source)
    if len(problems.found) == before and not node.unknown():
        problems.known[key] = table
    return table


def _connection(node: Node) -> Json:
    if node.has("connection_info"):
        node.inner("connection_info", connection_info)
    node.inners("read_replicas", connection_info)
    return node.only(
        *("connection_info", "read_replicas", "extensions_schema"),
        *("connection_template", "connection_set"),
    )


def connection_info(node: Node) -> Json:
    """A `connection_info`, its keys checked, as it is."""
    if not isinstance(node.required("database_url"), str):
        node.inner(
            "database_url",
            lambda url: url.only("from_env", "connection_parameters", "dynamic_from_file"),
        )
    node.maybe_inner(
        "pool_settings",
        lambda pool: pool.only(
            *("max_connections", "total_max_connections", "idle_timeout", "retries"),
            *("pool_timeout", "connection_lifetime"),
        ),
        None,
    )
    node.maybe_flag("use_prepared_statements")
    node.choice(
        "isolation_level", ("read-committed", "repeatable-read", "serializable"), "read-committed"
    )
    node.maybe_inner(
        "ssl_configuration",
        lambda tls: tls.only("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword"),
        None,
    )
    return node.value


def _customization(node: Node) -> SourceCustomization:
    names = node.maybe_inner("root_fields", _root_fields, SourceCustomization())
    type_prefix, type_suffix = node.maybe_inner("type_names", _affixes, ("", ""))
    return replace(
        names,
        type_prefix=type_prefix,
        type_suffix=type_suffix,
        naming_convention=node.choice("naming_convention", _CONVENTIONS, "") or None,
    )


def _root_fields(node: Node) -> SourceCustomization:
    prefix, suffix = _affixes(node)
    return SourceCustomization(
        root_namespace=node.maybe_text("namespace") or None, root_prefix=prefix, root_suffix=suffix
    )


def _affixes(node: Node) -> tuple[str, str]:
    return (node.maybe_text("prefix") or "", node.maybe_text("suffix") or "")


def _function(node: Node) -> FunctionDeclaration:
    function = FunctionDeclaration(
        name=node.qualified("function"),
        permitted_roles=node.inners("permissions", _role),
        comment=node.maybe_text("comment"),
    )
    return node.maybe_inner(
        "configuration", lambda inner: _function_configuration(inner, function), function
    )


def _function_configuration(node: Node, function: FunctionDeclaration) -> FunctionDeclaration:
    return replace(
        function,
        custom_name=node.maybe_text("custom_name"),
        custom_root_fields=node.maybe_inner("custom_root_fields", _function_fields, {}),
        session_argument=node.maybe_text("session_argument"),
        exposed_as=node.choice("exposed_as", ("query", "mutation"), "") or None,
    )


def _function_fields(node: Node) -> Mapping[str, str]:
    names = {key: node.maybe_text(key) for key in ("function", "function_aggregate")}
    return {key: name for key, name in names.items() if name is not None}


def _role(node: Node) -> str:
    node.object("definition")
    node.maybe_text("comment")
    return node.name("role")


def _logical_model(node: Node, problems: Problems, within: str) -> LogicalModelDeclaration:
    name = node.name("name")
    return LogicalModelDeclaration(
        name=name,
        fields=node.inners("fields", _model_field),
        select_permissions=select_permissions(node, problems, f" in logical_model {name}{within}"),
        description=node.maybe_text("description"),
    )


def _model_field(node: Node) -> LogicalModelField:
    name, description = node.name("name"), node.maybe_text("description")
    if isinstance(node.required("type"), str):
        scalar = node.name("type")
        nullable = node.flag("nullable")
        return LogicalModelField(name, scalar=scalar, nullable=nullable, description=description)
    scalar_name, model, is_array, nullable = node.inner("type", _model_type)
    return LogicalModelField(name, scalar_name, model, is_array, nullable, description)


def _model_type(node: Node) -> tuple[str | None, str | None, bool, bool]:
    """Scalar, model, whether it is an array, whether it may be null; one level of array only."""
    nullable = node.flag("nullable")
    if node.has("array"):
        scalar, model = node.inner("array", _element_type)
        return (scalar, model, True, nullable)
    scalar, model = _plain_type(node)
    return (scalar, model, False, nullable)


def _element_type(node: Node) -> tuple[str | None, str | None]:
    if node.has("array"):
        raise Misfit((*node.path, "array"), "an array of arrays is not supported")
    node.maybe_flag("nullable")
    return _plain_type(node)


def _plain_type(node: Node) -> tuple[str | None, str | None]:
    if node.has("logical_model"):
        return (None, node.name("logical_model"))
    return (node.name("scalar"), None)


def _native_query(node: Node) -> NativeQueryDeclaration:
    node.choice("type", ("query",), "query")
    arguments = node.mapped("arguments", _native_argument)
    description = node.maybe_text("description")
    return NativeQueryDeclaration(
        root_field_name=node.name("root_field_name"),
        code=node.text("code"),
        returns=node.name("returns"),
        arguments=tuple(
            NativeQueryArgument(name, *argument) for name, argument in arguments.items()
        ),
        object_relationships=node.inners("object_relationships", _native_relationship),
        array_relationships=node.inners("array_relationships", _native_relationship),
        comment=node.maybe_text("comment") or description,
    )


def _native_argument(node: Node) -> tuple[str, bool, str | None]:
    return (node.name("type"), node.flag("nullable"), node.maybe_text("description"))


def _native_relationship(node: Node) -> NativeQueryRelationship:
    name, comment = node.name("name"), node.maybe_text("comment")

    def using(inner: Node) -> NativeQueryRelationship:
        inner.required("column_mapping")
        inner.choice("insertion_order", ("before_parent", "after_parent"), "")
        return NativeQueryRelationship(
            name, inner.text_map("column_mapping"), inner.name("remote_native_query"), comment
        )

    return node.inner("using", using)
