"""`_service`: the role's schema as text for a gateway, its keys marked, nothing hidden in it."""

import graphql
import pytest

from rowgate.base.session import Session
from tests.integration.federation.conftest import SCRIPT, document
from tests.serving import Served, serving

USER = Session("user", {"x-hasura-user-id": "2"})
KEY = "directive @key(fields: String!) on OBJECT\n"


def sdl(engine: Served, who: Session | None = None) -> str:
    text: str = engine.data("{ _service { sdl } }", None, who)["_service"]["sdl"]
    return text


def keys(text: str) -> dict[str, str]:
    """Type → fields of its `@key`; the text must be a valid schema."""
    schema = graphql.build_schema(KEY + text)
    found = {}
    for type_ in schema.type_map.values():
        node = type_.ast_node
        for directive in (node.directives if node else None) or ():
            assert directive.name.value == "key"
            assert directive.arguments
            value = directive.arguments[0].value
            assert isinstance(value, graphql.StringValueNode)
            found[type_.name] = value.value
    return found


def test_the_schema_as_text(engine: Served) -> None:
    text = sdl(engine)
    assert keys(text) == {"author": "id", "article": "author_id number", "mooded": "mood"}
    schema = graphql.build_schema(KEY + text)
    assert schema.query_type is not None
    assert {"author", "author_by_pk", "plain"} <= set(schema.query_type.fields)
    assert not {"_service", "_entities"} & set(schema.query_type.fields)
    assert not {"_Any", "_Entity", "_Service"} & set(schema.type_map)
    assert schema.mutation_type is not None


def test_a_role_reads_its_own_schema(engine: Served) -> None:
    text = sdl(engine, USER)
    assert keys(text) == {"author": "id", "article": "author_id number"}
    assert "secret" not in text
    assert "mooded" not in text
    blind = sdl(engine, Session("blind"))
    assert keys(blind) == {}
    assert "name: String!" in blind
    nobody = sdl(engine, Session("nobody"))
    assert "author" not in nobody


def test_members_by_any_name(engine: Served) -> None:
    found = engine.data("{ s: _service { __typename a: sdl b: sdl } }")["s"]
    assert list(found) == ["__typename", "a", "b"]
    assert found["__typename"] == "_Service"
    assert found["a"] == found["b"] == sdl(engine)


def test_a_role_that_may_not_introspect_gets_no_text(module_database_url: str) -> None:
    made = document(module_database_url)
    made["graphql_schema_introspection"] = {"disabled_for_roles": ["user"]}
    options = {"HASURA_GRAPHQL_EXPERIMENTAL_FEATURES": "apollo_federation"}
    with serving(module_database_url, "select 1", made, options=options) as served:
        refused = served.refusal("{ _service { sdl } }", None, USER)
        assert refused["message"] == 'introspection is disabled for role: "user"'
        assert keys(sdl(served))["author"] == "id"


@pytest.mark.parametrize(
    "field", ["_service { sdl }", "_entities(representations: []) { __typename }"]
)
def test_switched_off_there_is_nothing(database_url: str, field: str) -> None:
    with serving(database_url, SCRIPT, document(database_url)) as served:
        refused = served.refusal(f"{{ {field} }}")
        assert refused["code"] == "validation-failed"
        assert "not found in type: 'query_root'" in refused["message"]


def test_a_table_without_a_key_is_told(engine: Served) -> None:
    told = [one.name for one in engine.engine.world.current.snapshot.warnings]
    assert told == ["apollo_federation_config in table keyless in source default"]
