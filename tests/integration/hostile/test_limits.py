"""What variables, fragments and relationships may cost: refused before anything is planned."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from rowgate.base.session import Session
from rowgate.pipeline import Endpoint
from tests.library.opening import open_library
from tests.serving import Served

EDITOR = Session("editor", {"x-hasura-user-id": "u1"})
TOKENS = "the inputs of the operation have more than 15000 tokens"
LEVELS = "more than 12 levels of relationships"
WHERE = "query ($w: article_bool_exp!) { article(where: $w) { id } }"


MANY: dict[str, tuple[str, Any]] = {
    "alternatives": (WHERE, {"w": {"_or": [{"id": {"_eq": 1}}] * 300_000}}),
    "empty alternatives": (WHERE, {"w": {"_or": [{}] * 300_000}}),
    "values": (WHERE, {"w": {"id": {"_in": [1] * 500_000}}}),
    "values by themselves": (
        "query ($i: [Int!]) { article(where: {id: {_in: $i}}) { id } }",
        {"i": [1] * 500_000},
    ),
    "elements": (
        "query ($l: [String!]) { article(where: {labels: {_contains: $l}}) { id } }",
        {"l": ["a"] * 20_000},
    ),
    "orders": (
        "query ($o: [article_order_by!]) { article(order_by: $o) { id } }",
        {"o": [{"id": "asc"}] * 5_000},
    ),
    "columns": (
        "query ($d: [article_select_column!]) { article(distinct_on: $d) { id } }",
        {"d": ["id"] * 20_000},
    ),
    "one variable many times": (
        "query ($w: article_bool_exp!) {"
        + " ".join(f"a{n}: article(where: $w) {{ id }}" for n in range(200))
        + "}",
        {"w": {"_or": [{"id": {"_eq": 1}}] * 20}},
    ),
    "a fragment many times": (
        "fragment f on author { articles(where: {_or: ["
        + "{id: {_eq: 1}}," * 800
        + "]}) { id } } {"
        + " ".join(f"a{n}: author {{ ...f }}" for n in range(100))
        + "}",
        None,
    ),
    "a variable inside a value": (
        "query ($p: jsonb) { author(where: {profile: {_contains: {a: $p}}}) { id } }",
        {"p": [1] * 300_000},
    ),
}


@pytest.fixture(scope="module")
def library(module_database_url: str) -> Iterator[Served]:
    with open_library(module_database_url) as served:
        yield served


@pytest.mark.parametrize("name", MANY)
def test_what_inputs_hold_is_limited(name: str, library: Served) -> None:
    query, variables = MANY[name]
    kept = library.engine.world.current.prepared
    for _ in range(2):
        error = library.refusal(query, variables)
        assert (error["message"], error["code"]) == (TOKENS, "validation-failed")
    (prepared,) = [kept.get(key) for key in kept._made if key[0] == query]
    assert prepared is not None
    assert len(prepared.programs) == 0


@pytest.mark.parametrize("name", ["alternatives", "values", "values by themselves", "columns"])
def test_they_are_limited_where_a_program_is_kept_too(name: str, library: Served) -> None:
    query, variables = MANY[name]
    (key, value), *_ = variables.items()
    few = {key: value[:1]} if isinstance(value, list) else {"w": {"_or": [{"id": {"_in": [1]}}]}}
    library.data(query, few)
    assert library.refusal(query, variables)["message"] == TOKENS


def test_a_limit_of_zero_is_none(module_database_url: str, library: Served) -> None:
    settings = library.engine.settings
    library.engine.settings = replace(settings, token_limit=0)
    try:
        library.data(WHERE, {"w": {"id": {"_in": [1] * 20_000}}})
    finally:
        library.engine.settings = settings


def test_rows_to_insert_are_not_counted_and_conditions_among_them_are(library: Served) -> None:
    query = "mutation ($o: [tag_insert_input!]!) { insert_tag(objects: $o) { affected_rows } }"
    rows = [{"name": f"limit {n}"} for n in range(6_000)]
    assert library.data(query, {"o": rows}) == {"insert_tag": {"affected_rows": 6_000}}
    query = (
        "mutation ($o: [article_insert_input!]!) { insert_article(objects: $o) { affected_rows } }"
    )
    labels = [{"title": "limit", "labels": ["a"] * 20_000, "details": {"a": [1] * 20_000}}]
    assert library.data(query, {"o": labels}) == {"insert_article": {"affected_rows": 1}}
    conflict = {
        "constraint": "author_pkey",
        "update_columns": ["name"],
        "where": {"_or": [{}] * 20_000},
    }
    nested = [{"title": "limit", "author": {"data": {"name": "x"}, "on_conflict": conflict}}]
    assert library.refusal(query, {"o": nested})["message"] == TOKENS
    library.sql("delete from tag where name like 'limit %'")
    library.sql("delete from article where title = 'limit'")


DEEP = "the input is nested deeper than 100 levels"


def test_input_objects_count_as_depth(library: Served) -> None:
    def nested(levels: int) -> Any:
        value: Any = {}
        for _ in range(levels):
            value = {"_not": value}
        return value

    literal = "{_not: " * 99 + "{}" + "}" * 99
    error = library.refusal(f"{{ article(where: {literal}) {{ id }} }}")
    assert (error["message"], error["code"]) == (DEEP, "validation-failed")
    assert library.refusal(WHERE, {"w": nested(99)})["message"] == DEEP
    library.data(WHERE, {"w": nested(98)})
    lower = "query ($w: article_bool_exp!) { author { articles(where: $w) { id } } }"
    library.data(lower, {"w": nested(97)})
    assert library.refusal(lower, {"w": nested(98)})["message"] == DEEP
    literal = "{_not: " * 400 + "{}" + "}" * 400
    error = library.refusal(f"{{ article(where: {literal}) {{ id }} }}")
    assert (error["message"], error["path"]) == ("the document is nested too deeply", "$.query")


def test_a_document_has_a_limit_of_characters(library: Served) -> None:
    query = "{ tag { id } }" + "#" * (256 * 1024)
    error = library.refusal(query)
    assert error == {
        "message": "the document has more than 262144 characters",
        "path": "$.query",
        "code": "validation-failed",
    }


def selection(levels: int) -> str:
    """Articles, and so many relationships behind them."""
    text = "id"
    for level in range(levels, 0, -1):
        text = f"{'author' if level % 2 else 'articles'} {{ {text} }}"
    return f"{{ article {{ {text} }} }}"


def condition(levels: int, first: str = "author") -> Any:
    value: Any = {}
    for level in range(levels, 0, -1):
        odd, even = ("author", "articles") if first == "author" else ("articles", "author")
        value = {odd if level % 2 else even: value}
    return value


def literal(value: Any) -> str:
    return json.dumps(value).replace('"', "")


@pytest.mark.parametrize(
    "ask",
    [
        lambda n: (selection(n), None),
        lambda n: (WHERE, {"w": condition(n)}),
        lambda n: (f"{{ article(where: {literal(condition(n))}) {{ id }} }}", None),
        lambda n: (
            f"{{ article {{ author {{ articles(where: {literal(condition(n - 2))}) {{ id }} }} }}"
            " }",
            None,
        ),
        lambda n: (
            "query ($w: author_bool_exp!) { article { author { articles_aggregate { nodes { "
            "author { articles_aggregate(where: {author: $w}) { aggregate { count } } } } } } } }",
            {"w": condition(n - 5, "articles")},
        ),
        lambda n: (
            f"{{ article_aggregate(where: {literal(condition(n))}) {{ nodes {{ id }} }} }}",
            None,
        ),
        lambda n: (
            'mutation ($w: article_bool_exp!) { update_article(where: $w, _set: {title: "x"}) '
            "{ affected_rows } }",
            {"w": {"_and": [{"id": {"_eq": -1}}, condition(n)]}},
        ),
    ],
)
def test_levels_of_relationships_are_limited_for_roles(ask: Any, library: Served) -> None:
    library.sql("truncate author, article, tag, article_tag restart identity")
    query, variables = ask(13)
    error = library.refusal(query, variables, EDITOR)
    assert (error["message"], error["code"]) == (LEVELS, "validation-failed")
    library.data(query, variables)
    query, variables = ask(12)
    library.data(query, variables, EDITOR)


def test_relatives_to_insert_and_to_sort_by_count_as_levels(library: Served) -> None:
    settings = library.engine.settings
    library.engine.settings = replace(settings, relationship_limit=1)
    try:
        two = "{ article(order_by: {author: {articles_aggregate: {count: asc}}}) { id } }"
        one = "{ article(order_by: {author: {name: asc}}) { id } }"
        message = "more than 1 levels of relationships"
        assert library.refusal(two, who=EDITOR)["message"] == message
        library.data(one, who=EDITOR)
        library.data(two)
    finally:
        library.engine.settings = settings


def test_introspection_is_exempt(library: Served) -> None:
    inner = "name"
    for _ in range(20):
        inner = f"name ofType {{ {inner} }}"
    library.data(f"{{ __schema {{ types {{ fields {{ type {{ {inner} }} }} }} }} }}", who=EDITOR)


def test_relay_has_the_limit_too(library: Served) -> None:
    inner = "id"
    for level in range(13, 0, -1):
        if level % 2:
            inner = f"author {{ {inner} }}"
        else:
            inner = f"articles_connection {{ edges {{ node {{ {inner} }} }} }}"
    query = f"{{ article_connection {{ edges {{ node {{ {inner} }} }} }} }}"
    answer = library.ask(query, who=EDITOR, endpoint=Endpoint.RELAY)
    assert answer["errors"][0]["message"] == LEVELS
