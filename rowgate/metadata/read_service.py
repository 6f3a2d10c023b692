"""Reads what stands beside sources and actions: collections, endpoints, roles, limits, triggers,
remote schemas; checks the keys of those that stay JSON."""

from rowgate.base.json import Json
from rowgate.metadata.read_action import (
    read_header,
    read_request_transform,
    read_response_transform,
)
from rowgate.metadata.read_table import remote_relationship
from rowgate.metadata.shapes import Misfit, Node
from rowgate.metadata.types import AllowlistEntry, InheritedRole, QueryCollection, RestEndpoint

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def read_inherited_role(node: Node) -> InheritedRole:
    """One item of `inherited_roles`."""
    node.required("role_set")
    return InheritedRole(node.name("role_name"), node.texts("role_set"))


def read_collection(node: Node) -> QueryCollection:
    """One item of `query_collections`; raises `Misfit` where two queries share a name."""
    pairs = node.inner("definition", lambda inner: inner.inners("queries", _query))
    if len(dict(pairs)) < len(pairs):
        raise Misfit(node.path, f"multiple queries of one name in {node.title}")
    return QueryCollection(node.name("name"), dict(pairs), node.maybe_text("comment"))


def _query(node: Node) -> tuple[str, str]:
    return (node.name("name"), node.text("query"))


def read_allowlist_entry(node: Node) -> AllowlistEntry:
    """One item of `allowlist`; without a scope it is global."""
    return AllowlistEntry(node.name("collection"), node.maybe_inner("scope", _scope, None))


def _scope(node: Node) -> tuple[str, ...] | None:
    is_global = node.maybe_flag("global")
    if is_global is None or is_global == node.has("roles"):
        raise Misfit(node.path, "either global is true, or it is false and there are roles")
    return None if is_global else node.texts("roles")


def read_endpoint(node: Node) -> RestEndpoint:
    """One item of `rest_endpoints`."""
    collection, query = node.inner(
        "definition", lambda inner: inner.inner("query", _query_reference)
    )
    methods = node.texts("methods")
    if not methods or any(method not in _METHODS for method in methods):
        raise node.wrong("methods", "some of " + ", ".join(_METHODS))
    return RestEndpoint(
        name=node.name("name"),
        url=node.name("url"),
        methods=methods,
        collection=collection,
        query=query,
        comment=node.maybe_text("comment"),
    )


def _query_reference(node: Node) -> tuple[str, str]:
    return (node.name("collection_name"), node.name("query_name"))


def read_introspection(node: Node) -> frozenset[str]:
    """The roles of `graphql_schema_introspection`."""
    return frozenset(node.texts("disabled_for_roles"))


def read_limits(node: Node) -> Json:
    """`api_limits`, its keys checked, as it is."""
    for key in ("depth_limit", "node_limit", "time_limit", "batch_limit", "rate_limit"):
        node.maybe_inner(key, lambda inner: inner.only("global", "per_role", "state"), None)
    node.maybe_flag("disabled")
    return node.value


def read_network(node: Node) -> Json:
    """`network`, its keys checked, as it is."""
    node.inners("tls_allowlist", lambda inner: inner.only("host", "suffix", "permissions"))
    return node.value


def read_opentelemetry(node: Node) -> Json:
    """`opentelemetry`, its keys checked, as it is."""
    return node.only("status", "data_types", "exporter_otlp", "batch_span_processor")


def read_cron_trigger(node: Node) -> Json:
    """One item of `cron_triggers`, its keys checked, as it is."""
    node.name("name")
    node.required("webhook")
    node.name("schedule")
    node.maybe_flag("include_in_metadata")
    node.inners("headers", read_header)
    node.maybe_inner("request_transform", read_request_transform, None)
    node.maybe_inner("response_transform", read_response_transform, None)
    return node.only(
        *("name", "webhook", "schedule", "include_in_metadata", "payload", "retry_conf"),
        *("headers", "comment", "request_transform", "response_transform"),
    )


def read_remote_schema(node: Node) -> Json:
    """One item of `remote_schemas`, its keys checked, as it is; a permission or relationship that
    does not fit spoils the whole, since the JSON is kept whole."""
    node.name("name")
    node.inner("definition", _remote_definition)
    node.inners("permissions", _remote_permission)
    node.inners("remote_relationships", _type_relationships)
    node.maybe_text("comment")
    return node.value


def _remote_definition(node: Node) -> None:
    if node.has("url") == node.has("url_from_env"):
        raise Misfit(node.path, "exactly one of 'url' and 'url_from_env' is needed")
    node.maybe_text("url")
    node.maybe_text("url_from_env")
    node.inners("headers", read_header)
    node.maybe_flag("forward_client_headers")
    node.maybe_count("timeout_seconds")
    node.maybe_inner(
        "customization",
        lambda inner: inner.only("root_fields_namespace", "type_names", "field_names"),
        None,
    )


def _remote_permission(node: Node) -> None:
    node.name("role")
    node.inner("definition", lambda inner: inner.text("schema"))
    node.maybe_text("comment")


def _type_relationships(node: Node) -> None:
    node.name("type_name")
    node.inners("relationships", remote_relationship)
