"""The table of commands: the name on the wire → the reader of its arguments."""

from collections.abc import Callable, Mapping

from rowgate.admin import (
    collections,
    event_cleanup,
    event_log,
    functions,
    introspection,
    natives,
    options,
    permissions,
    relationships,
    rows,
    scheduled,
    sources,
    tables,
    transforms,
    webhooks,
    whole,
)
from rowgate.admin.draft import Step
from rowgate.admin.run_sql import run_sql
from rowgate.base.json import Json

Reader = Callable[[Json], Step]
VersionedReader = Callable[[Json, int], Step]

POSTGRES: Mapping[str, Reader] = {
    "add_source": sources.add_source,
    "update_source": sources.update_source,
    "drop_source": sources.drop_source,
    "test_connection_template": sources.test_connection_template,
    "get_source_tables": sources.get_source_tables,
    "get_source_trackables": sources.get_source_trackables,
    "get_table_info": sources.get_table_info,
    "track_table": tables.track_table,
    "track_tables": tables.track_tables,
    "untrack_table": tables.untrack_table,
    "untrack_tables": tables.untrack_tables,
    "set_table_customization": tables.set_table_customization,
    "set_table_custom_fields": tables.set_table_custom_fields,
    "set_table_is_enum": tables.set_table_is_enum,
    "set_apollo_federation_config": tables.set_apollo_federation_config,
    **{f"create_{kind}_permission": permissions.create(kind) for kind in permissions.KINDS},
    **{f"drop_{kind}_permission": permissions.drop(kind) for kind in permissions.KINDS},
    "set_permission_comment": permissions.set_comment,
    "create_object_relationship": relationships.create(relationships.OBJECT),
    "create_array_relationship": relationships.create(relationships.ARRAY),
    "drop_relationship": relationships.drop,
    "rename_relationship": relationships.rename_relationship,
    "set_relationship_comment": relationships.set_comment,
    "suggest_relationships": relationships.suggest,
    "create_remote_relationship": relationships.create_remote,
    "update_remote_relationship": relationships.update_remote,
    "delete_remote_relationship": relationships.delete_remote,
    "track_function": functions.track_function,
    "untrack_function": functions.untrack_function,
    "set_function_customization": functions.set_function_customization,
    "create_function_permission": functions.create_function_permission,
    "drop_function_permission": functions.drop_function_permission,
    "add_computed_field": functions.add_computed_field,
    "drop_computed_field": functions.drop_computed_field,
    "track_native_query": natives.track_native_query,
    "untrack_native_query": natives.untrack("native_queries", "Native query"),
    "get_native_query": natives.get_all("native_queries"),
    "track_logical_model": natives.track_logical_model,
    "untrack_logical_model": natives.untrack("logical_models", "Logical model"),
    "get_logical_model": natives.get_all("logical_models"),
    "create_logical_model_select_permission": natives.create_select_permission,
    "drop_logical_model_select_permission": natives.drop_select_permission,
    "create_event_trigger": webhooks.create_event_trigger,
    "delete_event_trigger": webhooks.delete_event_trigger,
    "invoke_event_trigger": event_log.invoke_event_trigger,
    "redeliver_event": event_log.redeliver_event,
    "get_event_logs": event_log.get_event_logs,
    "get_event_invocation_logs": event_log.get_event_invocation_logs,
    "get_event_by_id": event_log.get_event_by_id,
}
"""Commands about things of one database; each is also known with the prefix `pg_`."""

GENERAL: Mapping[str, Reader] = {
    "rename_source": sources.rename_source,
    "list_source_kinds": sources.list_source_kinds,
    "get_source_kind_capabilities": sources.get_source_kind_capabilities,
    "create_action": webhooks.create_action,
    "update_action": webhooks.update_action,
    "drop_action": webhooks.drop_action,
    "create_action_permission": webhooks.create_action_permission,
    "drop_action_permission": webhooks.drop_action_permission,
    "set_custom_types": webhooks.set_custom_types,
    "add_remote_schema": webhooks.add_remote_schema,
    "update_remote_schema": webhooks.update_remote_schema,
    "remove_remote_schema": webhooks.remove_remote_schema,
    "reload_remote_schema": webhooks.reload_remote_schema,
    "introspect_remote_schema": introspection.introspect_remote_schema,
    "add_remote_schema_permissions": webhooks.add_remote_schema_permissions,
    "drop_remote_schema_permissions": webhooks.drop_remote_schema_permissions,
    "create_remote_schema_remote_relationship": webhooks.create_remote_schema_relationship,
    "update_remote_schema_remote_relationship": webhooks.update_remote_schema_relationship,
    "delete_remote_schema_remote_relationship": webhooks.delete_remote_schema_relationship,
    "create_cron_trigger": webhooks.create_cron_trigger,
    "delete_cron_trigger": webhooks.delete_cron_trigger,
    "get_cron_triggers": webhooks.get_cron_triggers,
    "cleanup_event_trigger_logs": event_cleanup.cleanup_event_trigger_logs,
    "pause_event_trigger_cleanups": event_cleanup.pause_event_trigger_cleanups,
    "resume_event_trigger_cleanups": event_cleanup.resume_event_trigger_cleanups,
    "create_scheduled_event": scheduled.create_scheduled_event,
    "delete_scheduled_event": scheduled.delete_scheduled_event,
    "get_scheduled_events": scheduled.get_scheduled_events,
    "get_scheduled_event_invocations": scheduled.get_scheduled_event_invocations,
    "create_query_collection": collections.create_query_collection,
    "rename_query_collection": collections.rename_query_collection,
    "drop_query_collection": collections.drop_query_collection,
    "add_query_to_collection": collections.add_query_to_collection,
    "drop_query_from_collection": collections.drop_query_from_collection,
    "add_collection_to_allowlist": collections.add_collection_to_allowlist,
    "drop_collection_from_allowlist": collections.drop_collection_from_allowlist,
    "update_scope_of_collection_in_allowlist": (
        collections.update_scope_of_collection_in_allowlist
    ),
    "create_rest_endpoint": collections.create_rest_endpoint,
    "drop_rest_endpoint": collections.drop_rest_endpoint,
    "add_inherited_role": options.add_inherited_role,
    "drop_inherited_role": options.drop_inherited_role,
    "set_api_limits": options.set_member("api_limits"),
    "remove_api_limits": options.remove_member("api_limits"),
    "set_metrics_config": options.set_member("metrics_config"),
    "remove_metrics_config": options.remove_member("metrics_config"),
    "set_graphql_schema_introspection_options": options.set_introspection_options,
    "set_query_tags": options.set_query_tags,
    "set_opentelemetry_config": options.set_member("opentelemetry"),
    "set_opentelemetry_status": options.set_opentelemetry_status,
    "add_host_to_tls_allowlist": options.add_host_to_tls_allowlist,
    "drop_host_from_tls_allowlist": options.drop_host_from_tls_allowlist,
    "clear_metadata": whole.clear_metadata,
    "reload_metadata": whole.reload_metadata,
    "get_inconsistent_metadata": whole.get_inconsistent_metadata,
    "drop_inconsistent_metadata": whole.drop_inconsistent_metadata,
    "test_webhook_transform": transforms.test_webhook_transform,
    "dump_internal_state": whole.dump_internal_state,
    "get_catalog_state": whole.get_catalog_state,
    "set_catalog_state": whole.set_catalog_state,
}
"""Commands about everything else."""

VERSIONED: Mapping[str, VersionedReader] = {
    "export_metadata": whole.export_metadata,
    "replace_metadata": whole.replace_metadata,
}
"""Commands whose arguments or answer depend on the request's `version`."""

DATA: Mapping[str, Reader] = {
    "select": rows.select,
    "insert": rows.insert,
    "update": rows.update,
    "delete": rows.delete,
    "count": rows.count,
}
"""Commands about rows, for every role."""

SQL: Mapping[str, Reader] = {"run_sql": run_sql}
"""SQL as it is, for admins."""

OLDER_NAMES: Mapping[str, str] = {"add_existing_table_or_view": "track_table"}
"""Names that only the oldest scripts use."""

PREFIXES = ("pg_", "postgres_")
"""Prefixes of commands about Postgres."""
