"""`_entities`: rows by the keys that a gateway holds, as far as the role sees them."""

from typing import Any

import pytest

from rowgate.base.session import Session
from tests.serving import Served

USER = Session("user", {"x-hasura-user-id": "2"})
QUERY = """
query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on author { id name }
    ... on article { author_id number title }
  }
}
"""


def author(identity: Any) -> Any:
    return {"__typename": "author", "id": identity}


def article(author_id: int, number: int) -> Any:
    return {"__typename": "article", "author_id": author_id, "number": number}


def entities(engine: Served, *asked: Any, who: Session | None = None) -> Any:
    return engine.data(QUERY, {"representations": list(asked)}, who)["_entities"]


def test_rows_come_in_the_order_of_their_representations(engine: Served) -> None:
    asked = [author(2), article(1, 2), author(9), author(1), article(2, 1), author(2)]
    with engine.watched() as ran:
        found = entities(engine, *asked)
    assert found == [
        {"__typename": "author", "id": 2, "name": "a2"},
        {"__typename": "article", "author_id": 1, "number": 2, "title": "y"},
        None,
        {"__typename": "author", "id": 1, "name": "a1"},
        {"__typename": "article", "author_id": 2, "number": 1, "title": "z"},
        {"__typename": "author", "id": 2, "name": "a2"},
    ]
    assert len(ran) == 2


def test_one_program_serves_all_keys(engine: Served) -> None:
    before = len(engine.engine.world.current.prepared)
    with engine.watched() as ran:
        entities(engine, author(1))
        entities(engine, author(2), author(3))
    assert len({one.text for one in ran}) == 1
    assert "2" not in ran[0].arguments
    assert len(engine.engine.world.current.prepared) <= before + 1


def test_a_row_that_the_role_does_not_see_is_null(engine: Served) -> None:
    found = entities(engine, author(1), author(2), author(3), article(1, 1), who=USER)
    assert found == [
        None,
        {"__typename": "author", "id": 2, "name": "a2"},
        None,
        {"__typename": "article", "author_id": 1, "number": 1, "title": "x"},
    ]


def test_hidden_columns_and_types_are_unknown(engine: Served) -> None:
    text = QUERY.replace("id name", "secret")
    hidden = engine.refusal(text, {"representations": [author(2)]}, USER)
    assert hidden["code"] == "validation-failed"
    assert hidden["message"] == "field 'secret' not found in type: 'author'"
    for who in (Session("blind"), Session("nobody")):
        unknown = engine.refusal(QUERY, {"representations": [author(2)]}, who)
        assert unknown["message"] == "field '_entities' not found in type: 'query_root'"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"__typename": "plain", "id": 1}, 'type "plain" is not found'),
        ({"__typename": "keyless", "id": 1}, 'type "keyless" is not found'),
        ({"__typename": "Author", "id": 1}, 'type "Author" is not found'),
        ({"__typename": "query_root"}, 'type "query_root" is not found'),
        ({"__typename": None, "id": 1}, "expected a string in the field '__typename'"),
        ({"id": 1}, "expected a string in the field '__typename'"),
        ({"__typename": "author"}, "missing required field 'id'"),
        ({"__typename": "author", "id": None}, "null"),
        ({"__typename": "author", "id": "x"}, "expected a 32-bit integer for type 'Int'"),
        ({"__typename": "author", "id": 2**40}, "lies outside the bounds"),
        ({"__typename": "article", "author_id": 1, "nr": 1}, "missing required field 'number'"),
        (1, "expected an object for type '_Any', but found an integer"),
        ([author(1)], "expected an object for type '_Any', but found a list"),
        ("author", "expected an object for type '_Any', but found a string"),
    ],
)
def test_bad_representations_are_refused(engine: Served, asked: Any, message: str) -> None:
    refused = engine.refusal(QUERY, {"representations": [author(1), asked]})
    assert message in refused["message"]
    assert refused["code"] in ("validation-failed", "parse-failed")
    assert refused["path"].startswith("$.selectionSet._entities.args.representations[1]")


def test_representations_must_be_given(engine: Served) -> None:
    for given in ({}, {"representations": None}, {"representations": [None]}):
        assert engine.refusal(QUERY, given)["code"] == "validation-failed"
    assert entities(engine) == []
    assert engine.data(QUERY, {"representations": author(1)})["_entities"][0]["id"] == 1


def test_literals_with_variables_inside(engine: Served) -> None:
    text = """query ($id: Int!) {
      first: _entities(representations: [{__typename: "author", id: $id}]) { ... on author { id } }
      other: _entities(representations: {__typename: "author", id: 3}) { ... on author { id } }
    }"""
    for identity in (1, 2):
        found = engine.data(text, {"id": identity})
        assert found == {"first": [{"id": identity}], "other": [{"id": 3}]}


def test_values_that_look_like_sql_stay_values(engine: Served) -> None:
    text = """query ($r: [_Any!]!) {
      _entities(representations: $r) { ... on mooded { mood } ... on author { id } }
    }"""
    hostile = {"__typename": "mooded", "mood": "good' or true --"}
    assert engine.refusal(text, {"r": [hostile]})["code"] == "data-exception"
    good = {"__typename": "mooded", "mood": "good", "extra": {"ignored": [1]}}
    assert engine.data(text, {"r": [good]})["_entities"] == [{"mood": "good"}]
    assert engine.data(text, {"r": [author(1)]})["_entities"] == [{"id": 1}]


def test_relationships_aliases_and_fragments(engine: Served) -> None:
    text = """query ($r: [_Any!]!) {
      _entities(representations: $r) { ...named ... on author {
        works: articles(order_by: {number: asc}) { number size } } }
    } fragment named on author { called: name }"""
    found = engine.data(text, {"r": [author(1), article(1, 1)]})["_entities"]
    works = [{"number": 1, "size": 1.10}, {"number": 2, "size": None}]
    assert found == [{"called": "a1", "works": works}, {}]


def test_many_representations_are_two_statements(engine: Served) -> None:
    asked = [author(n % 7) for n in range(2_000)] + [article(1, 1)]
    with engine.watched() as ran:
        found = entities(engine, *asked)
    assert (len(found), len(ran)) == (2_001, 2)
    assert [one and one["id"] for one in found[:7]] == [None, 1, 2, 3, 4, 5, None]
