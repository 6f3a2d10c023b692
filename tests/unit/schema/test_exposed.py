"""What a role's schema holds: names by convention, and nothing that the role may not reach."""

from typing import Any

import pytest

from rowgate.base.names import QualifiedName, is_graphql_name, jsonpath
from rowgate.base.naming import (
    Naming,
    base_name,
    camel_case,
    enum_value,
    field_name,
    pascal_case,
    root_field,
    type_name,
)
from rowgate.schema.types import InputType, ObjectType, RoleSchema, named
from tests.unit.small_world import document, exposed, resolved, select

CAMEL = Naming(camel=True)


@pytest.mark.parametrize(
    ("text", "camel", "pascal"),
    [
        ("author", "author", "Author"),
        ("insert_author_one", "insertAuthorOne", "InsertAuthorOne"),
        ("_and", "_and", "_and"),
        ("author_bool_exp", "authorBoolExp", "AuthorBoolExp"),
        ("a__b", "aB", "AB"),
        ("x_1", "x1", "X1"),
    ],
)
def test_names_in_camel_case(text: str, camel: str, pascal: str) -> None:
    assert camel_case(text) == camel
    assert pascal_case(text) == pascal


def test_names_by_convention_and_affix() -> None:
    plain = Naming(root_prefix="p_", root_suffix="_s", type_prefix="T", type_suffix="Z")
    assert root_field(plain, "author_by_pk") == "p_author_by_pk_s"
    assert type_name(plain, "author") == "TauthorZ"
    assert field_name(plain, "order_by") == "order_by"
    assert (field_name(CAMEL, "order_by"), enum_value(CAMEL, "asc")) == ("orderBy", "ASC")
    assert base_name(QualifiedName("public", "a-b")) is None
    assert base_name(QualifiedName("s", "t")) == "s_t"


def test_names_and_paths() -> None:
    assert [is_graphql_name(one) for one in ("_a1", "1a", "ä", "a b", "a\n")] == [
        True, False, False, False, False,
    ]  # fmt: skip
    assert jsonpath(("a", "$set", 1, 'x"y', "b\\")) == '$.a["$set"][1]["x\\"y"]["b\\\\"]'


def fields(schema: RoleSchema, name: str) -> set[str]:
    type_ = named(schema.query.fields[name].type)
    assert isinstance(type_, ObjectType)
    return set(type_.fields)


def condition_fields(schema: RoleSchema, name: str) -> set[str]:
    type_ = named(schema.query.fields[name].arguments["where"].type)
    assert isinstance(type_, InputType)
    return set(type_.fields)


def test_admin_sees_every_root() -> None:
    schema = exposed(resolved())
    assert {"author", "author_by_pk", "author_aggregate"} <= set(schema.query.fields)
    assert schema.mutation is not None
    assert {
        "insert_author",
        "insert_author_one",
        "update_author",
        "update_author_by_pk",
        "update_author_many",
        "delete_author",
        "delete_author_by_pk",
    } <= set(schema.mutation.fields)


def test_a_role_sees_what_its_permissions_name() -> None:
    only = {"select_permissions": [select("user", ["id"], {})]}
    schema = exposed(resolved(document(author=only)), "user")
    assert {name for name in schema.query.fields if not name.startswith("__")} == {
        "author",
        "author_by_pk",
    }
    assert schema.mutation is None
    assert fields(schema, "author") == {"id"}
    assert condition_fields(schema, "author") == {"_and", "_or", "_not", "id"}


def test_without_its_key_a_row_cannot_be_named() -> None:
    only = {"select_permissions": [select("user", ["name"], {})]}
    schema = exposed(resolved(document(author=only)), "user")
    assert "author_by_pk" not in schema.query.fields


def test_aggregates_need_to_be_allowed() -> None:
    allowed = {"select_permissions": [select("user", ["id"], {}, allow_aggregations=True)]}
    schema = exposed(resolved(document(author=allowed)), "user")
    assert "author_aggregate" in schema.query.fields


def test_a_stranger_sees_nothing() -> None:
    schema = exposed(resolved(), "stranger")
    assert "author" not in schema.query.fields
    assert schema.mutation is None


def test_a_mutation_is_there_with_its_permission_and_its_columns() -> None:
    rules: dict[str, Any] = {
        "select_permissions": [select("user", ["id"], {})],
        "insert_permissions": [
            {
                "role": "user",
                "permission": {
                    "columns": ["title"],
                    "check": {},
                    "set": {"author_id": "x-hasura-u"},
                },
            }
        ],
    }
    schema = exposed(resolved(document(article=rules)), "user")
    assert schema.mutation is not None
    roots = {name for name in schema.mutation.fields if not name.startswith("__")}
    assert roots == {"insert_article", "insert_article_one"}
    given = named(schema.mutation.fields["insert_article_one"].arguments["object"].type)
    assert isinstance(given, InputType)
    assert set(given.fields) == {"title"}


def test_backend_only_mutations_are_hidden() -> None:
    permission = {"columns": "*", "check": {}, "backend_only": True}
    rules = {"insert_permissions": [{"role": "user", "permission": permission}]}
    schema = exposed(resolved(document(author=rules)), "user")
    assert schema.mutation is None


def test_the_camel_convention_reaches_fields_arguments_and_enums() -> None:
    customized = {"source": {"customization": {"naming_convention": "graphql-default"}}}
    options = {"HASURA_GRAPHQL_EXPERIMENTAL_FEATURES": "naming_convention"}
    schema = exposed(resolved(document(**customized), **options), **options)
    assert {"articleByPk", "articleAggregate"} <= set(schema.query.fields)
    assert "authorId" in fields(schema, "article")
    arguments = schema.query.fields["article"].arguments
    assert {"orderBy", "distinctOn", "where"} <= set(arguments)
    assert named(arguments["where"].type).name == "ArticleBoolExp"


def test_the_camel_convention_reaches_operators_and_the_types_that_all_tables_share() -> None:
    customized = {
        "source": {
            "customization": {
                "naming_convention": "graphql-default",
                "type_names": {"prefix": "My", "suffix": "Type"},
            }
        }
    }
    schema = exposed(resolved(document(**customized)))
    where = named(schema.query.fields["author"].arguments["where"].type)
    assert isinstance(where, InputType)
    assert where.name == "MyAuthorBoolExpType"
    compared = {name: named(item.type) for name, item in where.fields.items()}
    texts, documents = compared["name"], compared["profile"]
    assert isinstance(texts, InputType)
    assert isinstance(documents, InputType)
    assert texts.name == "StringComparisonExp"
    assert "_isNull" in texts.fields
    assert {"_hasKey", "_hasKeysAny", "_containedIn", "_cast"} <= set(documents.fields)
    assert named(documents.fields["_cast"].type).name == "JsonbCastExp"
    assert texts.fields["_isNull"].key == "_is_null"
