"""What is declared and not executed is named, and does not stand in the way of the rest."""

from typing import Any

import pytest

from rowgate.metadata.read import read
from rowgate.settings import Settings
from rowgate.snapshot.resolve import resolve

CONFIGURATION = {"connection_info": {"database_url": "postgresql://h/d"}}
TRIGGER = {"name": "e", "definition": {"insert": {"columns": "*"}}, "webhook": "http://h"}
REMOTE = {"name": "r", "definition": {"to_source": {}}}


def source(**members: Any) -> dict[str, Any]:
    return {
        "sources": [
            {
                "name": "s",
                "kind": "postgres",
                "configuration": CONFIGURATION,
                "tables": [],
                **members,
            }
        ]
    }


def table(**members: Any) -> dict[str, Any]:
    return source(tables=[{"table": "t", **members}])


def warnings(document: dict[str, Any]) -> list[tuple[str, str]]:
    snapshot = resolve(read({"version": 3, "sources": [], **document}), {}, Settings())
    assert snapshot.inconsistencies == ()
    assert all(one.reason.startswith("Not supported yet: ") for one in snapshot.warnings)
    return [(one.kind, one.name) for one in snapshot.warnings]


@pytest.mark.parametrize(
    ("document", "kind", "name"),
    [
        (table(event_triggers=[TRIGGER]), "event_trigger", "e in table t in source s"),
        (table(remote_relationships=[REMOTE]), "remote_relationship", "r in table t in source s"),
        (source(query_tags={"disabled": False}), "query_tags", "in source s"),
        (source(health_check={"interval": 5}), "health_check", "in source s"),
        (
            {"remote_schemas": [{"name": "r", "definition": {"url": "http://h"}}]},
            "remote_schema",
            "r",
        ),
        (
            {"cron_triggers": [{"name": "c", "webhook": "http://h", "schedule": "* * * * *"}]},
            "cron_trigger",
            "c",
        ),
        ({"api_limits": {"depth_limit": {"global": 3}}}, "api_limits", ""),
        ({"opentelemetry": {"status": "enabled"}}, "opentelemetry", ""),
        ({"network": {"tls_allowlist": [{"host": "h"}]}}, "network", ""),
        ({"metrics_config": {"analyze_query_variables": True}}, "metrics_config", ""),
        (
            {"custom_types": {"objects": [
                {"name": "O", "fields": [{"name": "a", "type": "Int"}], "relationships": [
                    {"name": "x", "type": "object", "remote_table": "t", "field_mapping": {}}
                ]}
            ]}},
            "remote_relationship",
            "x in type O",
        ),
    ],
)  # fmt: skip
def test_each_is_named(document: dict[str, Any], kind: str, name: str) -> None:
    assert warnings(document) == [(kind, f"{kind} {name}".strip())]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"api_limits": {}, "network": {}, "opentelemetry": {}, "metrics_config": {}},
        {"api_limits": {"disabled": True, "depth_limit": {"global": 3}}},
        {"opentelemetry": {"status": "disabled"}},
        {"metrics_config": {"analyze_query_variables": False}},
        source(query_tags={"disabled": True}),
        table(event_triggers=[]),
    ],
)
def test_what_asks_for_nothing_is_not_warned_of(document: dict[str, Any]) -> None:
    assert warnings(document) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "asynchronous"}, "asynchronous actions"),
        ({"request_transform": {"body": "{{"}}, "Unexpected end of the template."),
        ({"request_transform": {"version": 2, "retries": 1}}, "unknown key 'retries'"),
        ({"response_transform": {"template_engine": "Jinja"}}, "the only template engine is Kriti"),
        ({"response_transform": {"body": {"action": "none"}}}, "one of remove, transform"),
    ],
)
def test_an_action_that_would_be_served_wrongly_is_not_served(
    change: dict[str, Any], reason: str
) -> None:
    definition = {"handler": "http://h", "output_type": "Int", **change}
    document = {"version": 3, "sources": [], "actions": [{"name": "a", "definition": definition}]}
    snapshot = resolve(read(document), {}, Settings())
    assert snapshot.actions == ()
    (broken,) = snapshot.inconsistencies
    assert (broken.kind, broken.name) == ("action", "action a")
    assert reason in broken.reason
