"""The typed reading of a document: every form that is accepted, every misfit that is reported."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rowgate.base.names import QualifiedName
from rowgate.metadata.read import read
from rowgate.metadata.types import (
    ALL_COLUMNS,
    ForeignKeyOn,
    ManualMapping,
    Metadata,
    Problem,
    TableDeclaration,
)


def document(**table: Any) -> dict[str, Any]:
    return {"version": 3, "sources": [{"name": "default", "tables": [{"table": "t", **table}]}]}


def only_table(metadata: Metadata) -> TableDeclaration:
    assert metadata.problems == ()
    return metadata.sources[0].tables[0]


def only_problem(metadata: Metadata) -> Problem:
    assert len(metadata.problems) == 1, metadata.problems
    return metadata.problems[0]


def test_an_empty_document_declares_nothing() -> None:
    assert read({"version": 3, "sources": []}) == Metadata()
    assert read({}) == Metadata()


@pytest.mark.parametrize("value", [None, [], "x", 3, True])
def test_a_document_that_is_no_object_is_one_problem(value: Any) -> None:
    metadata = read(value)
    assert metadata.sources == ()
    assert only_problem(metadata).path == ()


def test_another_version_is_refused() -> None:
    assert only_problem(read({"version": 2, "tables": []})).path == ("version",)


def test_both_forms_of_a_table_name() -> None:
    both = {
        "version": 3,
        "sources": [
            {"name": "s", "tables": [{"table": "a"}, {"table": {"schema": "x", "name": "b"}}]}
        ],
    }
    names = [table.name for table in read(both).sources[0].tables]
    assert names == [QualifiedName("public", "a"), QualifiedName("x", "b")]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("a", ForeignKeyOn(("a",))),
        (["a", "b"], ForeignKeyOn(("a", "b"))),
        ({"table": "o", "column": "c"}, ForeignKeyOn(("c",), QualifiedName("public", "o"))),
        (
            {"table": {"schema": "x", "name": "o"}, "columns": ["c", "d"]},
            ForeignKeyOn(("c", "d"), QualifiedName("x", "o")),
        ),
        ({"table": "o", "columns": "c"}, ForeignKeyOn(("c",), QualifiedName("public", "o"))),
    ],
)
def test_every_form_of_foreign_key_constraint_on(on: Any, expected: ForeignKeyOn) -> None:
    relationship = {"name": "r", "using": {"foreign_key_constraint_on": on}}
    table = only_table(read(document(array_relationships=[relationship])))
    assert table.array_relationships[0].using == expected


def test_a_manual_relationship() -> None:
    manual = {
        "remote_table": {"schema": "x", "name": "o"},
        "column_mapping": {"a": "b"},
        "insertion_order": "before_parent",
    }
    relationship = {"name": "r", "using": {"manual_configuration": manual}, "comment": "c"}
    found = only_table(read(document(object_relationships=[relationship]))).object_relationships[0]
    assert found.using == ManualMapping(QualifiedName("x", "o"), {"a": "b"}, "before_parent")
    assert found.comment == "c"


def test_customization_with_root_fields_of_both_forms_and_legacy_column_names() -> None:
    configuration = {
        "custom_name": "T",
        "custom_root_fields": {"select": "all", "insert": {"name": "add", "comment": "c"}},
        "custom_column_names": {"a": "A", "b": "old"},
        "column_config": {"b": {"custom_name": "B", "comment": "x"}},
        "comment": "",
    }
    found = only_table(read(document(configuration=configuration))).configuration
    assert found.custom_name == "T"
    assert found.custom_root_fields["select"].name == "all"
    assert found.custom_root_fields["insert"].comment == "c"
    assert {name: column.custom_name for name, column in found.column_config.items()} == {
        "a": "A",
        "b": "B",
    }
    assert found.comment == ""


def test_permissions_with_defaults() -> None:
    table = only_table(
        read(
            document(
                select_permissions=[{"role": "r", "permission": {"columns": "*", "filter": {}}}],
                insert_permissions=[{"role": "r", "permission": {"check": {}, "set": {"a": 1}}}],
                update_permissions=[
                    {"role": "r", "permission": {"columns": ["a"], "filter": {}, "check": None}}
                ],
                delete_permissions=[{"role": "r", "permission": {"filter": {"a": {"_eq": 1}}}}],
            )
        )
    )
    assert table.select_permissions[0].columns == ALL_COLUMNS
    assert table.select_permissions[0].query_root_fields is None
    assert table.insert_permissions[0].columns == ALL_COLUMNS
    assert table.insert_permissions[0].presets == {"a": 1}
    assert table.update_permissions[0].check is None
    assert table.delete_permissions[0].filter == {"a": {"_eq": 1}}


@pytest.mark.parametrize(
    "permission",
    [
        {"columns": "*"},
        {"filter": {}},
        {"columns": "*", "filter": None},
        {"columns": "*", "filter": []},
        {"columns": "all", "filter": {}},
        {"columns": [1], "filter": {}},
        {"columns": "*", "filter": {}, "limit": -1},
        {"columns": "*", "filter": {}, "limit": True},
        {"columns": "*", "filter": {}, "allow_aggregations": "yes"},
        {"columns": "*", "filter": {}, "query_root_fields": ["select_stream"]},
        {"columns": "*", "filter": {}, "row_limit": 3},
    ],
)
def test_a_select_permission_that_does_not_fit_is_left_out(permission: Any) -> None:
    good = {"role": "good", "permission": {"columns": [], "filter": {}}}
    bad = {"role": "bad", "permission": permission}
    metadata = read(document(select_permissions=[bad, good]))
    problem = only_problem(metadata)
    assert [p.role for p in metadata.sources[0].tables[0].select_permissions] == ["good"]
    assert problem.kind == "select_permission"
    assert problem.name == "select_permission bad in table t in source default"
    assert problem.path[:6] == ("sources", 0, "tables", 0, "select_permissions", 0)
    assert problem.definition == bad


def test_an_unknown_key_is_named() -> None:
    metadata = read(document(foo=1))
    problem = only_problem(metadata)
    assert problem.reason == "unknown key 'foo' in table t in source default"
    assert problem.path == ("sources", 0, "tables", 0, "foo")
    assert metadata.sources[0].tables == ()


def test_an_unknown_section_leaves_the_rest() -> None:
    metadata = read({**document(), "foo": {}})
    assert only_problem(metadata).path == ("foo",)
    assert len(metadata.sources) == 1


def test_a_section_of_another_shape_leaves_the_rest() -> None:
    metadata = read({**document(), "actions": {}})
    assert only_problem(metadata).path == ("actions",)
    assert len(metadata.sources) == 1


def test_a_second_definition_is_a_problem() -> None:
    twice = {
        "sources": [
            {"name": "s", "tables": [{"table": "a"}, {"table": {"schema": "public", "name": "a"}}]}
        ]
    }
    metadata = read(twice)
    assert only_problem(metadata).reason == "multiple definitions for table a in source s"
    assert len(metadata.sources[0].tables) == 1


def test_a_source_of_another_database_is_a_problem() -> None:
    metadata = read({"sources": [{"name": "s", "kind": "mssql", "tables": []}]})
    assert only_problem(metadata).kind == "source"


def test_an_empty_role_is_a_problem() -> None:
    permission = {"role": "", "permission": {"columns": "*", "filter": {}}}
    problem = only_problem(read(document(select_permissions=[permission])))
    assert problem.reason == "empty string not allowed"


def test_a_header_may_not_read_the_engines_own_environment() -> None:
    action = {
        "name": "a",
        "definition": {
            "handler": "h",
            "output_type": "T",
            "headers": [{"name": "x", "value_from_env": "HASURA_GRAPHQL_ADMIN_SECRET"}],
        },
    }
    assert only_problem(read({"actions": [action]})).kind == "action"


EVERYTHING: dict[str, Any] = {
    "version": 3,
    "sources": [
        {
            "name": "default",
            "kind": "postgres",
            "configuration": {
                "connection_info": {
                    "database_url": {"from_env": "DATABASE_URL"},
                    "isolation_level": "read-committed",
                    "pool_settings": {"max_connections": 5},
                    "use_prepared_statements": True,
                }
            },
            "customization": {
                "root_fields": {"namespace": "n", "prefix": "p_", "suffix": None},
                "type_names": {"prefix": "P", "suffix": "_s"},
                "naming_convention": "hasura-default",
            },
            "tables": [
                {
                    "table": "t",
                    "is_enum": True,
                    "computed_fields": [
                        {
                            "name": "c",
                            "definition": {"function": "f", "session_argument": "s"},
                            "comment": "x",
                        }
                    ],
                    "event_triggers": [
                        {
                            "name": "e",
                            "definition": {"insert": {"columns": "*"}, "enable_manual": False},
                            "webhook": "http://h",
                            "retry_conf": {"num_retries": 0},
                        }
                    ],
                    "remote_relationships": [{"name": "r", "definition": {"to_source": {}}}],
                    "apollo_federation_config": {"enable": "v1"},
                }
            ],
            "functions": [
                {
                    "function": {"schema": "public", "name": "f"},
                    "configuration": {
                        "exposed_as": "query",
                        "custom_name": "F",
                        "session_argument": "s",
                        "custom_root_fields": {"function": "g", "function_aggregate": None},
                    },
                    "permissions": [{"role": "r"}],
                }
            ],
            "logical_models": [
                {
                    "name": "m",
                    "fields": [
                        {"name": "a", "type": {"scalar": "integer", "nullable": True}},
                        {"name": "b", "type": {"array": {"logical_model": "m"}}},
                    ],
                    "select_permissions": [
                        {"role": "r", "permission": {"columns": ["a"], "filter": {}}}
                    ],
                }
            ],
            "native_queries": [
                {
                    "root_field_name": "q",
                    "code": "select {{x}}",
                    "returns": "m",
                    "arguments": {"x": {"type": "integer", "nullable": False}},
                    "array_relationships": [
                        {
                            "name": "n",
                            "using": {"column_mapping": {"a": "a"}, "remote_native_query": "q"},
                        }
                    ],
                }
            ],
        }
    ],
    "actions": [
        {
            "name": "act",
            "definition": {
                "type": "query",
                "handler": "{{H}}/x",
                "output_type": "[O!]!",
                "arguments": [{"name": "a", "type": "I!"}],
                "headers": [{"name": "k", "value": "v"}],
                "forward_client_headers": True,
                "timeout": 5,
            },
            "permissions": [{"role": "r"}],
            "comment": "c",
        }
    ],
    "custom_types": {
        "objects": [
            {
                "name": "O",
                "fields": [{"name": "f", "type": "Int"}],
                "relationships": [
                    {
                        "name": "r",
                        "type": "object",
                        "remote_table": "t",
                        "source": "default",
                        "field_mapping": {"f": "id"},
                    }
                ],
            }
        ],
        "input_objects": [{"name": "I", "fields": [{"name": "f", "type": "Int"}]}],
        "enums": [{"name": "E", "values": [{"value": "A", "is_deprecated": True}]}],
        "scalars": [{"name": "S", "description": "d"}],
    },
    "inherited_roles": [{"role_name": "i", "role_set": ["a", "b"]}],
    "query_collections": [
        {"name": "c", "definition": {"queries": [{"name": "q", "query": "{ t { a } }"}]}}
    ],
    "allowlist": [
        {"collection": "c"},
        {"collection": "d", "scope": {"global": False, "roles": ["r"]}},
    ],
    "rest_endpoints": [
        {
            "name": "e",
            "url": "a/:id",
            "methods": ["GET"],
            "definition": {"query": {"collection_name": "c", "query_name": "q"}},
        }
    ],
    "graphql_schema_introspection": {"disabled_for_roles": ["r"]},
    "api_limits": {"disabled": False, "depth_limit": {"global": 5, "per_role": {"r": 3}}},
    "cron_triggers": [
        {"name": "c", "webhook": "w", "schedule": "* * * * *", "include_in_metadata": True}
    ],
    "remote_schemas": [
        {
            "name": "r",
            "definition": {"url": "http://h", "timeout_seconds": 60},
            "permissions": [{"role": "r", "definition": {"schema": "type Query { a: Int }"}}],
        }
    ],
    "network": {"tls_allowlist": [{"host": "h"}]},
    "opentelemetry": {"status": "disabled"},
    "metrics_config": {"analyze_query_variables": True},
    "backend_configs": {"dataconnector": {}},
}


def test_every_section_is_read() -> None:
    metadata = read(EVERYTHING)
    assert metadata.problems == ()
    source = metadata.sources[0]
    assert source.customization.root_prefix == "p_"
    assert source.functions[0].custom_root_fields == {"function": "g"}
    assert source.functions[0].permitted_roles == ("r",)
    assert source.logical_models[0].fields[1].is_array
    assert source.native_queries[0].arguments[0].name == "x"
    assert metadata.actions[0].timeout == 5
    assert metadata.actions[0].type == "query"
    assert metadata.custom_types.enums[0].values[0].is_deprecated
    assert metadata.allowlist[0].roles is None
    assert metadata.allowlist[1].roles == ("r",)
    assert metadata.introspection_disabled_for == frozenset({"r"})
    assert metadata.rest_endpoints[0].collection == "c"
    assert len(metadata.cron_triggers) == len(metadata.remote_schemas) == 1


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a JSON document."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(found for key, item in items for found in _places(item, (*path, key)))]


def _put(root: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(root)
    if not path:
        return value
    node = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return changed


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_places(EVERYTHING)), ANY_JSON)
def test_no_value_anywhere_makes_reading_fail(path: tuple[Any, ...], value: Any) -> None:
    metadata = read(_put(EVERYTHING, path, value))
    assert isinstance(metadata, Metadata)


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in _places(EVERYTHING)
        if isinstance(path[-1] if path else 0, int) and len(path) > 1
    ],
    ids=str,
)
def test_an_unknown_key_in_any_object_of_a_list_is_reported(path: tuple[Any, ...]) -> None:
    node = EVERYTHING
    for step in path:
        node = node[step]
    if isinstance(node, dict):
        changed = read(_put(EVERYTHING, (*path, "surprise"), 1))
        assert [problem.path[-1] for problem in changed.problems] == ["surprise"]
