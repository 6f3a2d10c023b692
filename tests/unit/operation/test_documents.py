"""Texts as documents: which operation, which variables, within which limits."""

from typing import Any

import pytest

from rowgate.base.errors import ApiError, ValidationFailed
from rowgate.operation.document import Limits, parse, require_object, variable_values
from tests.unit.small_world import LIMITS, parsed

TWO = "query a { author { id } } query b { author { id } }"


def refused(text: str, name: str | None = None, limits: Limits = LIMITS) -> ValidationFailed:
    with pytest.raises(ValidationFailed) as error:
        parse(text, name, limits)
    return error.value


def test_the_operation_is_chosen_by_name() -> None:
    chosen = parse(TWO, "b", LIMITS).operation.name
    assert chosen is not None
    assert chosen.value == "b"
    assert 'no such operation found in the document: "c"' in refused(TWO, "c").message
    assert refused(TWO).message.startswith("exactly one operation has to be present")
    assert refused("fragment f on author { id }").message.startswith("exactly one operation")


@pytest.mark.parametrize("text", ["", "{", "query", "{ a(b: ) }", "type A { b: Int }{", "\0"])
def test_what_is_no_graphql_points_at_the_query(text: str) -> None:
    error = refused(text)
    assert (error.message, error.path) == ("not a valid graphql query", ("query",))


def test_tokens_are_limited() -> None:
    text = "{ author { " + "id " * 50 + "} }"
    assert parse(text, None, Limits(tokens=60)).kind == "query"
    assert parse(text, None, Limits(tokens=0)).kind == "query"
    error = refused(text, None, Limits(tokens=40))
    assert (error.message, error.path) == ("the document has more than 40 tokens", ("query",))


def test_characters_are_limited() -> None:
    text = "{ author { id } }" + " " * 100
    assert parse(text, None, Limits(characters=len(text))).kind == "query"
    assert parse(text, None, Limits(characters=0)).kind == "query"
    error = refused(text, None, Limits(characters=116))
    assert (error.message, error.path) == ("the document has more than 116 characters", ("query",))


def test_what_the_parser_cannot_reach_is_nested_too_deeply() -> None:
    where = "{_not: " * 400 + "{}" + "}" * 400
    error = refused(f"{{ author(where: {where}) {{ id }} }}")
    assert (error.message, error.path) == ("the document is nested too deeply", ("query",))


@pytest.mark.parametrize(
    ("declared", "given", "values"),
    [
        ("$a: Int", {"a": 1}, {"a": 1}),
        ("$a: Int", {"a": None}, {"a": None}),
        ("$a: Int", {}, {}),
        ("$a: Int", None, {}),
        ("$a: Int = 5", None, {"a": 5}),
        ("$a: Int = 5", {"a": None}, {"a": None}),
        ("$a: Int! = 5", None, {"a": 5}),
        ("$a: [Int] = [1, 2]", None, {"a": [1, 2]}),
        ("$a: x = {b: {c: d}}", None, {"a": {"b": {"c": "d"}}}),
        ('$a: String = "x", $b: Boolean = true', {"a": "y"}, {"a": "y", "b": True}),
    ],
)
def test_the_values_of_variables(declared: str, given: Any, values: Any) -> None:
    document = parse(f"query ({declared}) {{ author {{ id }} }}", None, LIMITS)
    assert variable_values(document, given) == values


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        ("$a: Int!", None, 'expecting a value for non-nullable variable: "a"'),
        ("$a: Int!", {"a": None}, 'null value found for non-nullable variable: "a"'),
        ("$a: Int", {"b": 1, "a": 1}, "unexpected variables in variableValues: b"),
        ("$a: Int", {"b": 1, "c": 1}, "unexpected variables in variableValues: b, c"),
    ],
)
def test_wrong_variables(declared: str, given: Any, message: str) -> None:
    document = parse(f"query ({declared}) {{ author {{ id }} }}", None, LIMITS)
    with pytest.raises(ValidationFailed) as error:
        variable_values(document, given)
    assert error.value.message == message


def test_variables_are_an_object() -> None:
    assert require_object(None) is None
    assert require_object({"a": 1}) == {"a": 1}
    many: tuple[Any, ...] = ([], "a", 1, True)
    for wrong in many:
        with pytest.raises(ApiError) as error:
            require_object(wrong)
        assert (error.value.code, error.value.path) == ("parse-failed", ("variables",))


def test_a_default_holds_no_variable() -> None:
    with pytest.raises(ValidationFailed):
        parsed("query ($a: Int, $b: Int = $a) { author { id } }")
