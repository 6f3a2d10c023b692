"""The whole list of the metadata API's commands for Postgres: none of them is unknown."""

import pytest

from rowgate.base.json import Json
from tests.integration.admin.conftest import Desk

OF_POSTGRES = """
    add_source drop_source update_source get_source_tables get_source_trackables get_table_info
    test_connection_template
    track_table track_tables untrack_table untrack_tables set_table_customization
    set_table_is_enum set_apollo_federation_config
    create_select_permission create_insert_permission create_update_permission
    create_delete_permission drop_select_permission drop_insert_permission drop_update_permission
    drop_delete_permission set_permission_comment
    create_object_relationship create_array_relationship drop_relationship rename_relationship
    set_relationship_comment suggest_relationships
    create_remote_relationship update_remote_relationship delete_remote_relationship
    track_function untrack_function set_function_customization create_function_permission
    drop_function_permission add_computed_field drop_computed_field
    get_native_query track_native_query untrack_native_query
    get_logical_model track_logical_model untrack_logical_model
    create_logical_model_select_permission drop_logical_model_select_permission
    create_event_trigger delete_event_trigger redeliver_event invoke_event_trigger get_event_logs
    get_event_invocation_logs get_event_by_id
""".split()
OF_EVERYTHING = """
    rename_source list_source_kinds get_source_kind_capabilities get_table_info
    create_remote_schema_remote_relationship update_remote_schema_remote_relationship
    delete_remote_schema_remote_relationship
    cleanup_event_trigger_logs resume_event_trigger_cleanups pause_event_trigger_cleanups
    create_cron_trigger delete_cron_trigger get_cron_triggers create_scheduled_event
    delete_scheduled_event get_scheduled_events get_scheduled_event_invocations
    add_remote_schema update_remote_schema remove_remote_schema reload_remote_schema
    introspect_remote_schema add_remote_schema_permissions drop_remote_schema_permissions
    create_action update_action drop_action create_action_permission drop_action_permission
    set_custom_types
    create_query_collection rename_query_collection drop_query_collection add_query_to_collection
    drop_query_from_collection add_collection_to_allowlist drop_collection_from_allowlist
    update_scope_of_collection_in_allowlist
    create_rest_endpoint drop_rest_endpoint add_inherited_role drop_inherited_role
    set_api_limits remove_api_limits set_metrics_config remove_metrics_config
    set_graphql_schema_introspection_options set_query_tags set_opentelemetry_config
    set_opentelemetry_status add_host_to_tls_allowlist drop_host_from_tls_allowlist
    export_metadata replace_metadata clear_metadata reload_metadata get_inconsistent_metadata
    drop_inconsistent_metadata
    dump_internal_state get_catalog_state set_catalog_state test_webhook_transform
    bulk bulk_keep_going bulk_atomic
""".split()
NO_ARGUMENTS: tuple[Json, ...] = ({}, [], None, 7, "x")
TYPES = [*(f"pg_{name}" for name in OF_POSTGRES), *OF_EVERYTHING]


async def answered(desk: Desk, kind: str, args: Json) -> tuple[int, Json]:
    return await desk.send({"type": kind, "args": args}, to="/v1/metadata")


async def test_no_command_is_unknown(empty: Desk) -> None:
    for kind in TYPES:
        for args in NO_ARGUMENTS:
            status, answer = await answered(empty, kind, args)
            assert status < 500, (kind, args, answer)
            assert "unknown command" not in str(answer), (kind, args, answer)


@pytest.mark.parametrize("kind", ["pg_track_everything", "mssql_track_table", "", "pg_"])
async def test_others_are(empty: Desk, kind: str) -> None:
    status, answer = await answered(empty, kind, {})
    assert (status, answer["code"], answer["path"]) == (400, "parse-failed", "$.type")


async def test_connection_templates_are_refused(empty: Desk) -> None:
    given = {"source_name": "default", "request_context": {}}
    status, answer = await answered(empty, "pg_test_connection_template", given)
    assert (status, answer["code"]) == (400, "not-supported")
