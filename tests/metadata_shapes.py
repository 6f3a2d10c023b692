"""Metadata documents of every kind of object, each as `export_metadata` gives it."""

from typing import Any

Json = Any

ME = "X-Hasura-User-Id"
CONFIGURATION = {
    "connection_info": {
        "database_url": {"from_env": "NO_SUCH_DATABASE"},
        "isolation_level": "read-committed",
        "pool_settings": {"max_connections": 5, "retries": 1},
        "use_prepared_statements": True,
    }
}
HEADERS = [{"name": "x-key", "value_from_env": "KEY"}, {"name": "x-kind", "value": "plain"}]
TRANSFORM = {
    "version": 2,
    "template_engine": "Kriti",
    "method": "POST",
    "url": "{{$base_url}}/x",
    "body": {"action": "transform", "template": '{\n  "id": {{$body.input.id}}\n}'},
}


def table(name: str, schema: str = "public", **more: Json) -> Json:
    """An entry of `tables`."""
    return {"table": {"name": name, "schema": schema}, **more}


def of_source(*tables: Json, **more: Json) -> Json:
    """A document of one source."""
    source = {"name": "default", "kind": "postgres", "configuration": CONFIGURATION}
    return {"version": 3, "sources": [{**source, "tables": list(tables), **more}]}


def beside(**sections: Json) -> Json:
    """A document without sources."""
    return {"version": 3, "sources": [], **sections}


def _key(**on: Json) -> Json:
    return {"foreign_key_constraint_on": on}


_NAMES = table(
    "person",
    "app",
    is_enum=False,
    apollo_federation_config={"enable": "v1"},
    configuration={
        "custom_name": "Person",
        "comment": "who\nthey are",
        "column_config": {"full_name": {"custom_name": "fullName", "comment": "as on paper"}},
        "custom_column_names": {"full_name": "fullName"},
        "custom_root_fields": {"select": "people", "insert_one": {"name": "add", "comment": "one"}},
    },
)
_RELATED = table(
    "article",
    object_relationships=[
        {"name": "author", "using": {"foreign_key_constraint_on": "author_id"}, "comment": "by"},
        {"name": "place", "using": {"foreign_key_constraint_on": ["country", "city"]}},
        {
            "name": "first",
            "using": {
                "manual_configuration": {
                    "remote_table": {"name": "tag", "schema": "public"},
                    "column_mapping": {"id": "article_id"},
                    "insertion_order": "after_parent",
                }
            },
        },
    ],
    array_relationships=[
        {
            "name": "tags",
            "using": _key(column="article_id", table={"name": "tag", "schema": "public"}),
        },
        {"name": "visits", "using": _key(columns=["a", "b"], table="visit")},
    ],
    computed_fields=[
        {
            "name": "score",
            "definition": {
                "function": {"name": "score", "schema": "public"},
                "table_argument": "row",
                "session_argument": "session",
            },
            "comment": "how good",
        }
    ],
)
_PERMITTED = table(
    "note",
    select_permissions=[
        {
            "role": "user",
            "permission": {
                "columns": ["id", "text"],
                "computed_fields": ["score"],
                "filter": {"_and": [{"owner": {"_eq": ME}}, {"_not": {"hidden": True}}]},
                "limit": 50,
                "allow_aggregations": True,
                "query_root_fields": ["select", "select_by_pk"],
                "subscription_root_fields": [],
            },
            "comment": "their own",
        },
        {"role": "clerk", "permission": {"columns": "*", "filter": {}}},
    ],
    insert_permissions=[
        {
            "role": "user",
            "permission": {
                "columns": ["text"],
                "check": {"_or": [{"owner": ME}, {"_exists": {"_table": "x", "_where": {}}}]},
                "set": {"owner": ME, "rank": 1, "open": False, "tags": None},
                "backend_only": True,
                "validate_input": {
                    "type": "http",
                    "definition": {"url": "{{V}}/note", "headers": HEADERS, "timeout": 5},
                },
            },
        }
    ],
    update_permissions=[
        {
            "role": "user",
            "permission": {"columns": ["text"], "filter": {"owner": ME}, "check": None},
        }
    ],
    delete_permissions=[{"role": "user", "permission": {"filter": {"owner": {"_eq": ME}}}}],
)
_TRIGGERED = table(
    "job",
    event_triggers=[
        {
            "name": "job_done",
            "definition": {
                "enable_manual": False,
                "insert": {"columns": "*"},
                "update": {"columns": ["state"], "payload": ["id", "state"]},
            },
            "webhook": "{{HOOKS}}/job",
            "retry_conf": {"num_retries": 3, "interval_sec": 10, "timeout_sec": 60},
            "headers": HEADERS,
            "request_transform": TRANSFORM,
            "cleanup_config": {"schedule": "0 0 * * *", "batch_size": 10000, "paused": True},
        }
    ],
)
_REMOTE = table(
    "customer",
    remote_relationships=[
        {
            "name": "orders",
            "definition": {
                "to_remote_schema": {
                    "remote_schema": "shop",
                    "lhs_fields": ["id"],
                    "remote_field": {"orders": {"arguments": {"customer": "$id"}}},
                }
            },
        },
        {
            "name": "ledger",
            "definition": {
                "to_source": {
                    "source": "books",
                    "table": "ledger",
                    "relationship_type": "array",
                    "field_mapping": {"id": "customer_id"},
                }
            },
        },
    ],
)
_FUNCTIONS = [
    {"function": {"name": "search", "schema": "public"}},
    {
        "function": {"name": "close", "schema": "app"},
        "configuration": {
            "exposed_as": "mutation",
            "session_argument": "session",
            "custom_name": "shut",
            "custom_root_fields": {"function": "shut", "function_aggregate": "shut_all"},
        },
        "permissions": [{"role": "user"}],
        "comment": "ends it",
    },
]
_MODELS = [
    {
        "name": "total",
        "fields": [
            {"name": "day", "type": {"scalar": "date", "nullable": False}},
            {"name": "parts", "type": {"array": {"logical_model": "total"}}},
        ],
        "select_permissions": [
            {"role": "user", "permission": {"columns": ["day"], "filter": {}}},
        ],
        "description": "a day's sum",
    }
]
_NATIVE = [
    {
        "root_field_name": "totals",
        "type": "query",
        "code": "select day, sum(n)\nfrom sales\nwhere day > {{since}}\ngroup by 1",
        "arguments": {"since": {"type": "date", "nullable": False, "description": "from when"}},
        "returns": "total",
        "array_relationships": [
            {
                "name": "next",
                "using": {"column_mapping": {"day": "day"}, "remote_native_query": "totals"},
            }
        ],
        "comment": "sums",
    }
]
_ACTIONS = [
    {
        "name": "login",
        "definition": {
            "type": "mutation",
            "kind": "synchronous",
            "handler": "{{ACTIONS}}/login",
            "arguments": [
                {"name": "who", "type": "Credentials!"},
                {"name": "how", "type": "[Method!]", "description": "in this order"},
            ],
            "output_type": "Tokens!",
            "headers": HEADERS,
            "forward_client_headers": True,
            "timeout": 20,
            "request_transform": TRANSFORM,
            "response_transform": {"version": 2, "body": {"action": "remove"}},
        },
        "permissions": [{"role": "anonymous"}, {"role": "user"}],
        "comment": "in",
    },
    {
        "name": "weather",
        "definition": {
            "type": "query",
            "handler": "https://example.org/weather",
            "output_type": "temperature",
        },
    },
]
_TYPES = {
    "input_objects": [
        {
            "name": "Credentials",
            "fields": [{"name": "name", "type": "String!", "description": "of the account"}],
            "description": "who asks",
        }
    ],
    "objects": [
        {
            "name": "Tokens",
            "fields": [{"name": "token", "type": "String!"}, {"name": "user_id", "type": "uuid!"}],
            "relationships": [
                {
                    "name": "user",
                    "type": "object",
                    "source": "default",
                    "remote_table": {"name": "person", "schema": "app"},
                    "field_mapping": {"user_id": "id"},
                }
            ],
        }
    ],
    "scalars": [{"name": "temperature", "description": "in Kelvin"}],
    "enums": [
        {
            "name": "Method",
            "values": [
                {"value": "PASSWORD", "description": "by heart"},
                {"value": "KEY", "is_deprecated": True},
            ],
        }
    ],
}
_COLLECTIONS = [
    {
        "name": "allowed",
        "definition": {
            "queries": [
                {"name": "people", "query": "query people {\n  people { id }\n}"},
                {"name": "one", "query": "query one($id: Int!) { person(id: $id) { id } }"},
            ]
        },
    },
    {"name": "other", "definition": {"queries": []}, "comment": "later"},
]
_ENDPOINTS = [
    {
        "name": "people",
        "url": "people/:id",
        "methods": ["GET", "POST"],
        "definition": {"query": {"collection_name": "allowed", "query_name": "one"}},
        "comment": "by number",
    }
]
_CRON = [
    {
        "name": "nightly",
        "webhook": "{{HOOKS}}/nightly",
        "schedule": "0 3 * * *",
        "include_in_metadata": True,
        "payload": {"deep": [1, 2.5, None, {"a": True}]},
        "retry_conf": {"num_retries": 0, "timeout_seconds": 60, "tolerance_seconds": 21600},
        "headers": HEADERS,
        "comment": "at night",
    }
]
_REMOTES = [
    {
        "name": "shop",
        "definition": {
            "url_from_env": "SHOP_URL",
            "timeout_seconds": 40,
            "headers": HEADERS,
            "forward_client_headers": False,
            "customization": {
                "root_fields_namespace": "shop",
                "type_names": {"prefix": "Shop", "mapping": {"Order": "Purchase"}},
                "field_names": [{"parent_type": "Query", "prefix": "shop_"}],
            },
        },
        "permissions": [
            {"role": "user", "definition": {"schema": "type Query {\n  orders: [Int]\n}"}}
        ],
        "remote_relationships": [
            {
                "type_name": "Order",
                "relationships": [
                    {
                        "name": "buyer",
                        "definition": {
                            "to_source": {
                                "source": "default",
                                "table": "customer",
                                "relationship_type": "object",
                                "field_mapping": {"buyer_id": "id"},
                            }
                        },
                    }
                ],
            }
        ],
        "comment": "elsewhere",
    }
]
_LIMITS = {
    "disabled": False,
    "depth_limit": {"global": 10, "per_role": {"user": 5}},
    "rate_limit": {"global": {"unique_params": "IP", "max_reqs_per_min": 60}},
}
_TELEMETRY = {
    "status": "enabled",
    "data_types": ["traces"],
    "exporter_otlp": {
        "headers": HEADERS,
        "protocol": "http/protobuf",
        "otlp_traces_endpoint": "{{OTLP}}/v1/traces",
        "resource_attributes": [{"name": "service.name", "value": "rowgate"}],
    },
    "batch_span_processor": {"max_export_batch_size": 512},
}

SHAPES: dict[str, Json] = {
    "nothing": beside(),
    "names": of_source(_NAMES, table("colour", is_enum=True)),
    "relationships": of_source(_RELATED, table("tag")),
    "permissions": of_source(_PERMITTED),
    "event triggers": of_source(_TRIGGERED),
    "remote relationships": of_source(_REMOTE),
    "functions": of_source(functions=_FUNCTIONS),
    "native queries": of_source(logical_models=_MODELS, native_queries=_NATIVE),
    "sources": {
        "version": 3,
        "sources": [
            {
                "name": name,
                "kind": "postgres",
                "configuration": CONFIGURATION,
                "customization": {
                    "root_fields": {"namespace": f"{name}_db", "prefix": "p_", "suffix": "_s"},
                    "type_names": {"prefix": "T", "suffix": "_t"},
                    "naming_convention": "graphql-default",
                },
                "query_tags": {"format": "sqlcommenter", "omit_request_id": True},
                "health_check": {"test": {"sql": "select 1"}, "interval": 60},
                "tables": [table(f"{name}_a"), table(f"{name}_b", "other")],
            }
            for name in ("default", "books")
        ],
    },
    "actions": beside(actions=_ACTIONS, custom_types=_TYPES),
    "collections": beside(
        query_collections=_COLLECTIONS,
        allowlist=[
            {"collection": "allowed", "scope": {"global": True}},
            {"collection": "other", "scope": {"global": False, "roles": ["user"]}},
        ],
        rest_endpoints=_ENDPOINTS,
    ),
    "cron triggers": beside(cron_triggers=_CRON),
    "remote schemas": beside(remote_schemas=_REMOTES),
    "inherited roles": beside(inherited_roles=[{"role_name": "both", "role_set": ["a", "b"]}]),
    "limits": beside(
        api_limits=_LIMITS, graphql_schema_introspection={"disabled_for_roles": ["user"]}
    ),
    "operations": beside(
        opentelemetry=_TELEMETRY,
        metrics_config={"analyze_query_variables": True, "analyze_response_body": False},
        network={"tls_allowlist": [{"host": "example.org", "suffix": "8443"}]},
    ),
}
"""By what they show."""
