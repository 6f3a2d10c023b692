"""docs/compatibility.md: its words are used as defined, and what it says is not there is not."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from rowgate.admin.connection import Lookup, primary
from rowgate.base.errors import ApiError
from rowgate.database.connections.pool import PoolSettings
from rowgate.metadata.read import read
from rowgate.settings.declaration import HASURA
from rowgate.settings.reading import ONLY_REPORTED, WITHOUT_EFFECT
from rowgate.snapshot.resolve import resolve
from rowgate.snapshot.types import Snapshot
from tests.docs.pages import ROOT, rows, section, text_of
from tests.docs.sources import modules
from tests.e2e.conftest import Running

Json = Any
PAGE = ROOT / "docs" / "compatibility.md"
STATUSES = ("same", "better", "differs", "not yet")
AREAS = [f"A{number}." for number in range(23)]


def features() -> list[tuple[str, str, str]]:
    """Feature, status, note of every row."""
    return [
        (row[0], row[1], row[2])
        for row in rows(text_of(PAGE).split("## In everything", 1)[1])
        if len(row) == 3
    ]


def _not_yet() -> list[str]:
    return [feature for feature, status, _ in features() if status == "not yet"]


def test_every_area_of_the_contract_has_its_section() -> None:
    headings = [line[3:] for line in text_of(PAGE).splitlines() if line.startswith("## A")]
    assert [heading.split()[0] for heading in headings] == AREAS
    assert all(rows(section(PAGE, heading)) for heading in headings)


def test_statuses_are_as_defined_and_differences_are_explained() -> None:
    assert len(features()) > 130
    for feature, status, note in features():
        assert status in STATUSES, feature
        assert note or status in ("same", "not yet"), f"{feature}: {status} needs a word of why"


def test_no_feature_is_listed_twice_in_a_section() -> None:
    for line in text_of(PAGE).splitlines():
        if line.startswith("## A"):
            names = [row[0] for row in rows(section(PAGE, line[3:]))]
            assert len(names) == len(set(names)), line


@dataclass(frozen=True)
class Limits:
    """The least that resolving wants to know of the settings."""

    infer_function_permissions: bool = True
    stringify_numeric_types: bool = False
    v1_boolean_null_collapse: bool = False
    enable_apollo_federation: bool = False
    experimental_features: frozenset[str] = frozenset()
    default_naming_convention: str = "hasura-default"


def resolved(**members: Json) -> Snapshot:
    """A document without tables, resolved."""
    return resolve(read({"version": 3, "sources": [], **members}), {}, Limits())


def _warned(kind: str, **members: Json) -> bool:
    return kind in {one.kind for one in resolved(**members).warnings}


def _of_a_table(**members: Json) -> dict[str, Json]:
    table: Json = {"table": {"schema": "public", "name": "t"}, **members}
    return {"sources": [{"name": "default", "kind": "postgres", "tables": [table]}]}


def _broken_action(**definition: Json) -> bool:
    """Whether an action that is defined so is inconsistent."""
    action = {"name": "a", "definition": {"output_type": "String", "handler": "x", **definition}}
    return bool(resolved(actions=[action]).inconsistencies)


def _no_connection(**members: Json) -> bool:
    """Whether a source of that configuration is refused."""
    configuration: Json = {"connection_info": {"database_url": "postgresql://x"}, **members}
    try:
        primary(configuration, Lookup({}), PoolSettings())
    except ApiError:
        return True
    return False


def _without_effect(*names: str) -> bool:
    return {HASURA + name for name in names} <= WITHOUT_EFFECT | ONLY_REPORTED


def _unsaid(*texts: str) -> bool:
    """Whether no string of the engine's source holds any of `texts`."""
    strings = [
        node.value
        for _, tree in modules("rowgate")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return not any(text in string for text in texts for string in strings)


def _relationship(kind: str) -> bool:
    definition: Json = {kind: {}}
    declared = [{"name": "r", "definition": definition}]
    return _warned("remote_relationship", **_of_a_table(remote_relationships=declared))


def _type_relationship() -> bool:
    declared = {"name": "r", "type": "object", "remote_table": "t", "field_mapping": {"a": "a"}}
    fields = [{"name": "a", "type": "Int!"}]
    types = {"objects": [{"name": "T", "fields": fields, "relationships": [declared]}]}
    return _warned("remote_relationship", custom_types=types)


def _remote_schema() -> dict[str, Json]:
    definition = {"url": "http://x"}
    permission = {"role": "r", "definition": {"schema": "type Query { a: Int }"}}
    return {
        "remote_schemas": [{"name": "s", "definition": definition, "permissions": [permission]}]
    }


def _event_trigger(**more: Json) -> dict[str, Json]:
    trigger = {"name": "e", "definition": {"insert": {"columns": "*"}}, "webhook": "x", **more}
    return _of_a_table(event_triggers=[trigger])


def _cron_trigger() -> dict[str, Json]:
    trigger = {"name": "c", "webhook": "x", "schedule": "* * * * *", "include_in_metadata": True}
    return {"cron_triggers": [trigger]}


def _unmetered() -> bool:
    telemetry = {"status": "enabled", "data_types": ["traces"], "exporter_otlp": {}}
    tagged = {"name": "d", "kind": "postgres", "tables": [], "query_tags": {"disabled": False}}
    return (
        _warned("opentelemetry", opentelemetry=telemetry)
        and _warned("query_tags", sources=[tagged])
        and _without_effect("METRICS_SECRET")
    )


LIVE = {"GET /healthz/sources": "/healthz/sources", "GET /v1/metrics": "/v1/metrics"}
"""What a running engine answers with 404."""

PROBES: dict[str, Callable[[], bool]] = {
    "disable_postgres_arrays": lambda: _unsaid("disable_postgres_arrays"),
    "hasura.tracecontext in SQL": lambda: _unsaid("hasura.tracecontext"),
    "Multiplexing": lambda: _without_effect("LIVE_QUERIES_MULTIPLEXED_BATCH_SIZE"),
    "Streaming (t_stream)": lambda: _without_effect(
        "STREAMING_QUERIES_MULTIPLEXED_BATCH_SIZE", "STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL"
    ),
    "Subscriptions to asynchronous actions": lambda: _without_effect(
        "ASYNC_ACTIONS_FETCH_INTERVAL"
    ),
    "Remote-schema permissions": lambda: _without_effect("ENABLE_REMOTE_SCHEMA_PERMISSIONS"),
    "Single sign-on of the console": lambda: _without_effect("SSO_PROVIDERS"),
    "Asynchronous actions": lambda: _broken_action(kind="asynchronous"),
    "Relationships of output types": _type_relationship,
    "Code generation, OpenAPI import": lambda: _unsaid("codegen"),
    "Deliver events": lambda: _warned("event_trigger", **_event_trigger()),
    "Clean-up of event logs by cleanup_config": lambda: _warned(
        "event_trigger", **_event_trigger(cleanup_config={})
    ),
    "Run cron triggers and one-off events": lambda: _warned("cron_trigger", **_cron_trigger()),
    "Serve remote schemas": lambda: _warned("remote_schema", **_remote_schema()),
    "Relationships to remote schemas": lambda: _relationship("to_remote_schema"),
    "Relationships to other sources": lambda: _relationship("to_source"),
    "Relationships of remote schemas' types": lambda: _warned("remote_schema", **_remote_schema()),
    "API limits and rate limits of the metadata": lambda: _warned(
        "api_limits", api_limits={"disabled": False, "depth_limit": {"global": 1}}
    ),
    "Maintenance and read-only mode": lambda: _without_effect("ENABLE_MAINTENANCE_MODE"),
    "Connection templates": lambda: _no_connection(connection_template={"template": ""}),
    "Masked variables, query only on error": lambda: _without_effect(
        "LOG_MASKED_VARIABLES", "HTTP_LOG_QUERY_ONLY_ON_ERROR"
    ),
    "B3 trace headers": lambda: _unsaid("x-b3-traceid"),
    "Metrics, OpenTelemetry, query tags": _unmetered,
}
"""What is said not to be there → whether it is not."""


@pytest.mark.parametrize("feature", _not_yet())
def test_what_is_not_yet_there_is_not_there(feature: str) -> None:
    name = feature.replace("`", "")
    if name in LIVE:
        return
    assert name in PROBES, "say how it can be seen that this is not there yet"
    assert PROBES[name](), "this is there now: the page has to say so"


def test_no_probe_is_left_over() -> None:
    assert {*PROBES, *LIVE} == {feature.replace("`", "") for feature in _not_yet()}


def test_paths_that_are_not_served(run: Running) -> None:
    for path in LIVE.values():
        secret = {"x-hasura-admin-secret": run.secrets["HASURA_GRAPHQL_ADMIN_SECRET"]}
        assert httpx.get(run.urls["engine"] + path, headers=secret).status_code == 404, path


def test_commands_of_the_contract_are_listed() -> None:
    listed = section(PAGE, "A13. Metadata API")
    for name in ("pg_track_table", "replace_metadata", "pg_create_select_permission"):
        assert f"`{name}`" in listed


def test_streams_are_in_no_schema(run: Running) -> None:
    secret = {"x-hasura-admin-secret": run.secrets["HASURA_GRAPHQL_ADMIN_SECRET"]}
    shown = run.data('{ __type(name: "subscription_root") { fields { name } } }', headers=secret)
    names = [field["name"] for field in shown["__type"]["fields"]]
    assert names
    assert [name for name in names if name.endswith("_stream")] == []


def test_the_probes_can_fail() -> None:
    assert not _unsaid("traceparent")
    assert not _warned("event_trigger", **_of_a_table())
    assert not _broken_action(kind="synchronous")
    assert not _no_connection(extensions_schema="public")
    assert not _without_effect("LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL")
