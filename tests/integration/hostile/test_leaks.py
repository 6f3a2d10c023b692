"""What a role may not know (C9, C15): a name hidden from it is answered as a name that nobody ever
gave, and no error shows rows, SQL or names beyond its schema."""

import json
from typing import Any

import pytest

from rowgate.base.session import Session
from tests.serving import Served

GUEST = Session("guest", {})
NEVER = "zzqx"
"""A name that nothing has."""
TABLES = ("genre", "published_article")
HIDDEN_ROOTS = (
    "article_aggregate",
    "author_aggregate",
    "genre_by_pk",
    "publish_articles",
    "published_article",
    "search_articles_aggregate",
    "insert_article",
    "no_such_thing",
)
HIDDEN_COLUMNS = ("editor", "views", "body", "labels", "details", "published", "published_at")


def answers(library: Served, query: str, name: str) -> Any:
    """What a query about `name` is answered, the name itself blotted out."""
    answer = library.ask(query.replace("NAME", name), None, GUEST)
    return json.loads(json.dumps(answer).replace(name, "NAME"))


@pytest.mark.parametrize("name", HIDDEN_ROOTS)
@pytest.mark.parametrize("query", ["{ NAME { id } }", "mutation { NAME { id } }", "{ a: NAME }"])
def test_a_hidden_root_is_like_none(query: str, name: str, library: Served) -> None:
    assert answers(library, query, name) == answers(library, query, NEVER)


@pytest.mark.parametrize("name", HIDDEN_COLUMNS)
@pytest.mark.parametrize(
    "query",
    [
        "{ article { NAME } }",
        "{ author { articles { NAME } } }",
        "{ article(where: {NAME: {_eq: 1}}) { id } }",
        "{ author(where: {articles: {NAME: {_eq: 1}}}) { id } }",
        "{ article(order_by: {NAME: asc}) { id } }",
        "{ author(order_by: {articles: {NAME: asc}}) { id } }",
        "{ article(distinct_on: NAME) { id } }",
        "{ article(NAME: 1) { id } }",
        "{ search_articles(args: {NAME: 1}) { id } }",
    ],
)
def test_a_hidden_column_is_like_none(query: str, name: str, library: Served) -> None:
    assert answers(library, query, name) == answers(library, query, NEVER)


@pytest.mark.parametrize(
    "name", ["published_article", "published_article_bool_exp", "genre_enum_x"]
)
def test_a_hidden_type_is_like_none(name: str, library: Served) -> None:
    for query in (
        '{ __type(name: "NAME") { name } }',
        "query ($v: NAME) { article(where: {id: {_eq: $v}}) { id } }",
        "{ article { ... on NAME { id } } }",
    ):
        assert answers(library, query, name) == answers(library, query, NEVER)


def test_introspection_names_only_what_the_role_reaches(library: Served) -> None:
    query = """{ __schema { types { name description
        fields { name description args { name } }
        inputFields { name } enumValues { name } } } }"""
    text = json.dumps(library.data(query, who=GUEST))
    for hidden in (*HIDDEN_COLUMNS, "publish_articles", "registered", "born"):
        assert f'"{hidden}"' not in text, hidden
    for hidden in ("insert_", "update_", "delete_", "mutation_root", "published_article_"):
        assert f'"{hidden}' not in text, hidden
    assert '"title"' in text


def test_a_stranger_learns_nothing(library: Served) -> None:
    who = Session("stranger", {})
    text = json.dumps(library.data("{ __schema { types { name fields { name } } } }", who=who))
    for hidden in ("author", "article", "tag", "genre"):
        assert hidden not in text
    assert library.refusal("{ author { id } }", who=who)["message"] == (
        "field 'author' not found in type: 'query_root'"
    )


EDITOR = Session("editor", {"x-hasura-user-id": "u1"})


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (
            'mutation { insert_article_one(object: {title: "a", author_id: 99}) { id } }',
            "Foreign key violation. insert or update on table",
        ),
        (
            "mutation { insert_article_one(object: {title: null}) { id } }",
            "Not-NULL violation. null value in column",
        ),
        (
            'mutation { insert_article_one(object: {title: "forbidden"}) { id } }',
            "check constraint of an insert/update permission has failed",
        ),
    ],
)
def test_a_violation_shows_no_row_and_no_sql(query: str, shown: str, library: Served) -> None:
    refusal = library.refusal(query, who=EDITOR)
    assert refusal["message"].startswith(shown)
    assert set(refusal) == {"message", "path", "code"}
    text = json.dumps(refusal)
    for leak in ("Key (", "Failing row", "u1", "insert into", "select ", "$1"):
        assert leak not in text, text
