"""Documents and bodies that are broken, endless or ambiguous: each is refused by the contract's
code, or answered rightly, and the next request works."""

import json
from typing import Any

import pytest

from tests.integration.hostile.judging import judged, still_works
from tests.serving import Served

BROKEN_BODIES = {
    "nothing": b"",
    "no JSON": b"{ author { id } }",
    "cut off": b'{"query": "{ author { id } }',
    "100,000 brackets": b"[" * 100_000,
    "deep JSON": b"[" * 2_000 + b"]" * 2_000,
    "a lone surrogate": b'{"query": "{ a }", "variables": {"x": "\\ud800"}}',
    "no UTF-8": b'{"query": "{ author(where: {name: {_eq: \\"\xff\\"}}) { id } }"}',
    "NaN": b'{"query": "{ a }", "variables": {"x": NaN}}',
}
WRONG_BODIES: dict[str, Any] = {
    "null": None,
    "a text": "query",
    "a number": 1,
    "no query": {},
    "a list as query": {"query": ["{ author { id } }"]},
    "null as query": {"query": None},
    "a list as variables": {"query": "{ author { id } }", "variables": [1]},
    "a number as name": {"query": "{ author { id } }", "operationName": 1},
    "an unknown name": {"query": "query a { author { id } }", "operationName": "b"},
}


@pytest.mark.parametrize("name", BROKEN_BODIES)
def test_a_body_that_is_no_json_is_refused(name: str, library: Served) -> None:
    answer = judged(library.send(BROKEN_BODIES[name]))
    assert answer["errors"][0]["extensions"]["code"] == "invalid-json"
    still_works(library)


@pytest.mark.parametrize("number", ["1e1001", "1e-1001", "1e1000000000", "9" * 100_000])
def test_a_body_with_an_endless_number_is_refused(number: str, library: Served) -> None:
    body = f'{{"query": "{{ a }}", "variables": {{"x": {number}}}}}'
    answer = judged(library.send(body.encode()))
    assert answer["errors"][0]["extensions"]["code"] == "parse-failed"
    assert answer["errors"][0]["message"] == "a number may have at most 1000 digits"
    still_works(library)


@pytest.mark.parametrize("name", WRONG_BODIES)
def test_a_body_of_another_form_is_refused(name: str, library: Served) -> None:
    answer = judged(library.send(json.dumps(WRONG_BODIES[name]).encode()))
    assert answer["errors"][0]["extensions"]["code"] in ("parse-failed", "validation-failed")
    still_works(library)


def test_of_duplicate_keys_the_last_counts(library: Served) -> None:
    body = b'{"query": "{ nothing }", "query": "{ tag_by_pk(id: 1) { name } }"}'
    assert judged(library.send(body)) == {"data": {"tag_by_pk": {"name": "old"}}}
    query = "query ($w: tag_bool_exp) { tag(where: $w) { name } }"
    for more in (b"", b', "x": 12345678901234567890.5'):
        variables = b'{"w": {"id": {"_eq": 7}, "id": {"_eq": 2, "_eq": 1}}}'
        asked = b'{"query": "%s", "variables": {}, "variables": %s%s}' % (
            query.encode(), variables, more)  # fmt: skip
        assert judged(library.send(asked)) == {"data": {"tag": [{"name": "old"}]}}


def test_a_batch_answers_each_of_its_operations(library: Served) -> None:
    good = {"query": "{ tag_by_pk(id: 1) { id } }"}
    batch: list[Any] = [good, {"query": "{ nothing }"}, 7, [good], good]
    answers = json.loads(library.send(json.dumps(batch).encode()).body)
    assert [set(one) for one in answers] == [
        {"data"},
        {"errors"},
        {"errors"},
        {"errors"},
        {"data"},
    ]
    many = judged(library.send(json.dumps([good] * 1_000).encode()))
    assert many["errors"][0]["extensions"]["code"] == "validation-failed"
    assert library.send(b"[]").body == b"[]"


REFUSED = {
    "a cycle": (
        "{ author { ...a } } fragment a on author { ...b } fragment b on author { ...a }",
        "the fragment definition(s) a and b form a cycle",
    ),
    "a fragment that is nowhere": ("{ author { ...a } }", 'reference to undefined fragment "a"'),
    "one key for two fields": (
        "{ author { id: name id } }",
        "selection of both 'name' and 'id' specify the same response name, 'id'",
    ),
    "one key for two arguments": (
        "{ author { articles(limit: 1) { id } articles(limit: 2) { id } } }",
        "inconsistent arguments between multiple selections of field 'articles'",
    ),
    "a deep selection": (
        "{ author { " + "articles { author { " * 60 + "id" + " } }" * 60 + " } }",
        "the selection is nested deeper than 100 levels",
    ),
    "an unknown directive": (
        "{ author { id @nothing } }",
        "directive 'nothing' is not defined in the schema",
    ),
    "two operations without a name": (
        "query a { author { id } } query b { author { id } }",
        "exactly one operation has to be present in the document when operationName is not "
        "specified",
    ),
    "a variable twice": (
        "query ($a: Int, $a: Int) { author { id } }",
        'multiple definitions for variable "a"',
    ),
    "a field given twice": (
        "{ author(where: {id: {_eq: 1}, id: {_eq: 2}}) { id } }",
        "duplicate field 'id'",
    ),
    "a lone surrogate": (
        '{ author(where: {name: {_eq: "\\uD800"}}) { id } }',
        "not a valid graphql query",
    ),
    "an endless float": (
        "{ article(where: {rating: {_eq: 1e4000}}) { id } }",
        "a number may have at most 1000 digits",
    ),
    "an endless float in jsonb": (
        "{ author(where: {profile: {_contains: {a: [1e4000]}}}) { id } }",
        "a number may have at most 1000 digits",
    ),
    "a number without end": (
        "{ author(where: {id: {_eq: " + "9" * 5_000 + "}}) { id } }",
        "a number may have at most 1000 digits",
    ),
    "no selection": ("{ author }", "missing selection set for 'author'"),
    "a selection of a leaf": (
        "{ author { id { x } } }",
        "unexpected subselection set for non-object field",
    ),
    "an argument given twice": (
        "{ author(limit: 1, limit: 2) { id } }",
        "there can be only one argument named 'limit'",
    ),
    "a fragment on another type": ("{ author { ... on nothing { id } } }", None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_document_is_refused_in_words(name: str, library: Served) -> None:
    query, message = REFUSED[name]
    answer = judged(library.send(json.dumps({"query": query}).encode()))
    if message is not None:
        assert answer["errors"][0]["message"] == message
    still_works(library)


def test_fragments_that_fan_out_are_counted_expanded(library: Served) -> None:
    leaves = " ".join(f"a{n}: id" for n in range(100))
    spread = " ".join(f"s{n}: articles {{ author {{ ...f }} }}" for n in range(20))
    query = f"{{ author {{ {spread} }} }} fragment f on author {{ {leaves} }}"
    assert library.refusal(query)["message"] == "the operation selects more than 1000 fields"


@pytest.mark.parametrize("depth", [50, 90, 180, 500, 900])
@pytest.mark.parametrize("key", ["_not", "_and", "_or", "articles"])
def test_deep_conditions_are_answered_or_refused(depth: int, key: str, library: Served) -> None:
    opening = {
        "_not": '{"_not":',
        "_and": '{"_and":[',
        "_or": '{"_or":[',
        "articles": '{"articles":{"author":',
    }[key]
    closing = {"_not": "}", "_and": "]}", "_or": "]}", "articles": "}}"}[key]
    condition = opening * depth + '{"id":{"_eq":1}}' + closing * depth
    query = "query ($w: author_bool_exp!) { author(where: $w) { id } }"
    body = f'{{"query":{json.dumps(query)},"variables":{{"w":{condition}}}}}'
    answer = judged(library.send(body.encode()))
    if depth >= 500:
        assert answer["errors"][0]["extensions"]["code"] in ("validation-failed", "invalid-json")
    literal = condition.replace('"', "")
    answer = judged(
        library.send(json.dumps({"query": f"{{ author(where: {literal}) {{ id }} }}"}).encode())
    )
    if depth >= 500:
        assert answer["errors"][0]["extensions"]["code"] == "validation-failed"
    if depth == 50 and key in ("_and", "_or"):
        assert answer == {"data": {"author": [{"id": 1}]}}
    still_works(library)


def test_a_deep_jsonb_value_is_stored_as_it_is(library: Served) -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    query = """mutation ($p: jsonb) {
        insert_author_one(object: {name: "deep", profile: $p}) { profile }
    }"""
    made = library.data(query, {"p": deep})
    assert made == {"insert_author_one": {"profile": deep}}


def test_texts_with_nul_are_refused_as_data(library: Served) -> None:
    for query, variables in (
        ('{ author(where: {name: {_eq: "\\u0000"}}) { id } }', None),
        ("query ($n: String) { author(where: {name: {_like: $n}}) { id } }", {"n": "a\0b"}),
        ("query ($n: jsonb) { author(where: {profile: {_eq: $n}}) { id } }", {"n": {"a": "\0"}}),
        ("query ($n: [String!]) { article(where: {labels: {_eq: $n}}) { id } }", {"n": ["\0"]}),
        ("query ($n: String) { author { profile(path: $n) } }", {"n": "a\0b"}),
        (
            "mutation ($n: String!) { insert_tag_one(object: {name: $n}) { id } }",
            {"n": "\0"},
        ),
    ):
        assert library.refusal(query, variables)["code"] == "data-exception", query
        still_works(library)


def test_no_refusal_suggests_a_name(library: Served) -> None:
    for query in ("{ autho { id } }", "{ author { nam } }", "{ author(wher: {}) { id } }"):
        assert "did you mean" not in library.refusal(query)["message"].lower()
