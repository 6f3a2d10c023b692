"""Selections and arguments against a schema: merged, checked, and where errors point."""

from typing import Any

import pytest

from rowgate.base.errors import ApiError, ValidationFailed
from rowgate.base.names import jsonpath
from rowgate.operation.document import Limits
from rowgate.operation.select import Reader
from rowgate.operation.types import Entries, FromVariable, Items, Null, Scalar
from tests.unit.small_world import document, exposed, operation, parsed, resolved, select


def keys(query: str, variables: Any = None) -> list[str]:
    (field,) = operation(query, variables).fields
    return [one.key for one in field.selections]


def test_fields_of_one_key_are_one_field() -> None:
    (field,) = operation("{ article { author { id } author { name id } } }").fields
    (author,) = field.selections
    assert [one.key for one in author.selections] == ["id", "name"]


def test_fragments_are_spread_in_place() -> None:
    query = """{ author { z: id ...f ... on author { tags } ... { profile } } }
        fragment f on author { name }"""
    assert keys(query) == ["z", "name", "tags", "profile"]


def test_a_fragment_on_another_type_gives_nothing() -> None:
    assert keys("{ author { id ... on article { title } } }") == ["id"]


@pytest.mark.parametrize(
    ("directives", "variables", "shown"),
    [
        ("@include(if: true)", None, True),
        ("@include(if: false)", None, False),
        ("@skip(if: $v)", {"v": True}, False),
        ("@skip(if: $v)", {"v": False}, True),
        ("@include(if: $v) @skip(if: false)", {"v": True}, True),
        ("@include(if: $v) @skip(if: true)", {"v": True}, False),
    ],
)
def test_directives_decide(directives: str, variables: Any, shown: bool) -> None:
    declared = "query ($v: Boolean!)" if variables else ""
    query = f"{declared} {{ author {{ id name {directives} }} }}"
    assert keys(query, variables) == (["id", "name"] if shown else ["id"])


@pytest.mark.parametrize(
    ("query", "variables", "message", "path"),
    [
        (
            "{ nothing }",
            None,
            "field 'nothing' not found in type: 'query_root'",
            "$.selectionSet.nothing",
        ),
        (
            "{ author { ...f } } fragment f on author { nothing }",
            None,
            "field 'nothing' not found in type: 'author'",
            "$.selectionSet.author.selectionSet.f.selectionSet.nothing",
        ),
        (
            "{ author(nothing: 1) { id } }",
            None,
            "'author' has no argument named 'nothing'",
            "$.selectionSet.author",
        ),
        (
            "{ author(where: {nothing: 1}) { id } }",
            None,
            "field 'nothing' not found in type: 'author_bool_exp'",
            "$.selectionSet.author.args.where.nothing",
        ),
        (
            '{ author(where: {_or: [{}, {id: {_eq: "x"}}]}) { id } }',
            None,
            "expected a 32-bit integer for type 'Int', but found a string",
            "$.selectionSet.author.args.where._or[1].id._eq",
        ),
        (
            "{ author(limit: -1) { id } }",
            None,
            "expected a non-negative 32-bit integer for type 'Int', but found an integer",
            "$.selectionSet.author.args.limit",
        ),
        (
            "{ author(order_by: {id: up}) { id } }",
            None,
            "expected one of the values",
            "$.selectionSet.author.args.order_by.id",
        ),
        (
            "query ($v: String) { author(where: {id: {_eq: $v}}) { id } }",
            {"v": "1"},
            "variable 'v' is declared as 'String', but used where 'Int' is expected",
            "$.selectionSet.author.args.where.id._eq",
        ),
        (
            "query ($v: Int) { author_by_pk(id: $v) { id } }",
            {"v": 1},
            "variable 'v' is declared as 'Int', but used where 'Int!' is expected",
            "$.selectionSet.author_by_pk.args.id",
        ),
        (
            "{ author(where: {id: {_eq: $v}}) { id } }",
            None,
            'unbound variable "v"',
            "$.selectionSet.author.args.where.id._eq",
        ),
        (
            "query ($v: [author_bool_exp!]!) { author(where: {_and: $v}) { id } }",
            {"v": [{"id": {"_eq": 1}}, {"nothing": 1}]},
            "field 'nothing' not found in type: 'author_bool_exp'",
            "$.selectionSet.author.args.where._and[1].nothing",
        ),
        (
            "{ author_by_pk { id } }",
            None,
            "missing required field 'id'",
            "$.selectionSet.author_by_pk.args",
        ),
        ("{ author }", None, "missing selection set for 'author'", "$.selectionSet.author"),
    ],
)
def test_errors_point_where_they_are(query: str, variables: Any, message: str, path: str) -> None:
    with pytest.raises(ApiError) as error:
        operation(query, variables)
    assert error.value.message.startswith(message)
    assert (jsonpath(error.value.path), error.value.code) == (path, "validation-failed")


def argument(query: str, variables: Any, name: str) -> Any:
    return operation(query, variables).fields[0].arguments[name]


def test_scalars_of_variables_stay_leaves() -> None:
    given = argument(
        "query ($w: author_bool_exp) { author(where: $w) { id } }",
        {"w": {"id": {"_in": [1, 2]}, "name": {"_eq": "x"}}},
        "where",
    )
    assert isinstance(given, Entries)
    by_id = given.get("id")
    assert isinstance(by_id, Entries)
    many = by_id.get("_in")
    assert isinstance(many, FromVariable)
    assert many.path == ("w", "id", "_in")


def test_a_single_value_stands_for_a_list() -> None:
    order = argument("{ author(order_by: {id: asc}) { id } }", None, "order_by")
    assert isinstance(order, Items)
    assert [list(one.entries) for one in order.items if isinstance(one, Entries)] == [["id"]]
    many = argument("{ author(where: {id: {_in: 3}}) { id } }", None, "where")
    inner = many.get("id").get("_in")
    assert isinstance(inner, Items)
    assert isinstance(inner.items[0], Scalar)
    assert inner.items[0].value == 3


def test_null_is_told_from_nothing() -> None:
    assert argument("{ author(where: null) { id } }", None, "where") == Null()
    assert "where" not in operation("{ author { id } }").fields[0].arguments
    by_variable = argument("query ($w: author_bool_exp) { author(where: $w) { id } }", {}, "where")
    assert by_variable == Null()


def test_a_mutation_needs_a_mutation_root() -> None:
    world = resolved(document(author={"select_permissions": [select("user", ["id"], {})]}))
    with pytest.raises(ValidationFailed, match="no mutations exist"):
        operation("mutation { delete_author { id } }", snapshot=world, role="user")


@pytest.mark.parametrize("query", ["{}", "{ author {} }", "{ author { ... {} } }"])
def test_an_empty_selection_is_no_graphql(query: str) -> None:
    with pytest.raises(ValidationFailed, match="not a valid graphql query"):
        operation(query)


def test_limits_of_depth_and_fields() -> None:
    made, values = parsed("{ author { articles { author { id } } a: id b: id } }")
    schema = exposed(resolved())
    assert Reader(made, schema, values, Limits(depth=4, nodes=6)).read().fields
    with pytest.raises(ValidationFailed, match="deeper than 3 levels"):
        Reader(made, schema, values, Limits(depth=3)).read()
    assert Reader(made, schema, values, Limits(depth=0, nodes=0)).read().fields
    with pytest.raises(ValidationFailed, match="more than 5 fields"):
        Reader(made, schema, values, Limits(nodes=5)).read()
