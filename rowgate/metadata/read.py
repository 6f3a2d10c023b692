"""Reads the whole JSON document into typed values, leaving out and reporting what does not fit."""

from collections.abc import Callable

from rowgate.base.json import Json
from rowgate.metadata.action_types import CustomTypes
from rowgate.metadata.read_action import read_action, read_custom_types
from rowgate.metadata.read_service import (
    read_allowlist_entry,
    read_collection,
    read_cron_trigger,
    read_endpoint,
    read_inherited_role,
    read_introspection,
    read_limits,
    read_network,
    read_opentelemetry,
    read_remote_schema,
)
from rowgate.metadata.read_source import read_source
from rowgate.metadata.shapes import Label, Misfit, Node, Problems, T
from rowgate.metadata.types import Metadata, Problem

_WHOLE = Label("metadata")


Known = dict[tuple[str, bytes], object]
"""Tables that were read without a problem, by source and the bytes of their JSON."""


def read(document: Json, known: Known | None = None) -> Metadata:
    """The typed form of a v3 document. What `known` has is not read again; it is added to.

    Never raises for what the document holds: a key that is not known, or a value of another shape,
    becomes one of `problems`, and the smallest object of a list around it (a permission, a table,
    a source, an action, …) is left out. An empty document is an empty declaration.
    """
    problems = Problems(known={} if known is None else known)
    try:
        node = Node(document, (), "metadata")
        if node.json("version") not in (None, 3):
            raise Misfit(("version",), "only version 3 of the metadata is supported")
    except Misfit as misfit:
        problems.add(_WHOLE, document, misfit)
        return Metadata(problems=tuple(problems.found))
    return _sections(node, problems)


def _sections(node: Node, problems: Problems) -> Metadata:
    def each(key: str, label: Label, read_one: Callable[[Node], T]) -> tuple[T, ...]:
        return _list(node, problems, key, lambda: problems.each(node, key, label, read_one))

    def one(key: str, read_one: Callable[[Node], T], default: T) -> T:
        found = problems.one(node, key, Label(key), read_one)
        return default if found is None else found

    return Metadata(
        sources=each("sources", Label("source"), lambda item: read_source(item, problems)),
        actions=each("actions", Label("action"), read_action),
        custom_types=one(
            "custom_types", lambda item: read_custom_types(item, problems), CustomTypes()
        ),
        inherited_roles=each(
            "inherited_roles", Label("inherited_role", "role_name"), read_inherited_role
        ),
        query_collections=each("query_collections", Label("query_collection"), read_collection),
        allowlist=each("allowlist", Label("allowlist", "collection"), read_allowlist_entry),
        rest_endpoints=each("rest_endpoints", Label("endpoint"), read_endpoint),
        introspection_disabled_for=one(
            "graphql_schema_introspection", read_introspection, frozenset()
        ),
        api_limits=one("api_limits", read_limits, None),
        cron_triggers=each("cron_triggers", Label("cron_trigger"), read_cron_trigger),
        remote_schemas=each("remote_schemas", Label("remote_schema"), read_remote_schema),
        network=one("network", read_network, None),
        opentelemetry=one("opentelemetry", read_opentelemetry, None),
        metrics_config=one(
            "metrics_config",
            lambda item: item.only("analyze_query_variables", "analyze_response_body"),
            None,
        ),
        problems=_problems(node, problems),
    )


def _list(
    node: Node, problems: Problems, key: str, read_all: Callable[[], tuple[T, ...]]
) -> tuple[T, ...]:
    """A section that is no list at all is left out alone."""
    try:
        return read_all()
    except Misfit as misfit:
        problems.add(Label(key), node.value, misfit)
        return ()


def _problems(node: Node, problems: Problems) -> tuple[Problem, ...]:
    """All problems; to be asked last, when every key that is known was read."""
    problems.one(node, "backend_configs", Label("backend_configs"), _no_backends)
    for key in node.unknown():
        value = node.value[key]
        problems.add(_WHOLE, value, Misfit((key,), f"unknown key '{key}' in metadata"))
    return tuple(problems.found)


def _no_backends(node: Node) -> None:
    for key, value in node.only(*node.value).items():
        if value:
            raise Misfit((*node.path, key), "data connectors are not supported")
