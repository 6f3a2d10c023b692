"""Values made to break out of SQL, in every operator and every place that takes one (D2, D4, D5):
they stay parameters, so that no value makes another statement."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rowgate.base.session import Session
from rowgate.pipeline import Endpoint
from tests.integration.hostile.judging import still_works
from tests.library.opening import ROWS, SCHEMA
from tests.serving import Ran, Served, serving, source

HOSTILE = (
    "'",
    "''",
    '"',
    "\\",
    "\\'",
    "'; drop table author; --",
    "$1",
    "$$",
    "%s",
    "%",
    "_",
    "{0}",
    "{}",
    "{a,b}",
    '{"',
    "[",
    "(a+)+$",
    "null",
    "NULL",
    "x-hasura-user-id",
    "X-Hasura-Role",
    "1); select pg_sleep(9); --",
    "名前",
    "\U0001f600",
    "\r\n\t",
    "\u202e",
    "*/ union select 1 /*",
    "::text",
    "E'\\x00'",
    "$.a']; drop",
    "",
)
TEXT_OPERATORS = (
    "_eq", "_neq", "_gt", "_gte", "_lt", "_lte", "_like", "_nlike", "_ilike", "_nilike",
    "_similar", "_nsimilar", "_regex", "_nregex", "_iregex", "_niregex",
)  # fmt: skip
JSON_OPERATORS = ("_contains", "_contained_in", "_eq", "_neq", "_gt", "_lte")
FINE = ("data-exception", "bad-request")
"""The second is what a pattern gets that ends in its escape character, if Postgres comes so far."""


def texts(ran: list[Ran]) -> set[str]:
    return {one.text for one in ran}


def outcome(served: Served, query: str, variables: Any = None) -> Any:
    """The data of an operation, or the code of the refusal that a value of a wrong form gets."""
    answer = served.ask(query, variables)
    if "errors" in answer:
        assert answer["errors"][0]["extensions"]["code"] in FINE, answer
        return answer["errors"][0]["extensions"]["code"]
    return answer["data"]


@pytest.mark.parametrize("operator", TEXT_OPERATORS)
def test_a_text_is_one_parameter_whatever_it_holds(operator: str, library: Served) -> None:
    as_variable = f"query ($v: String) {{ author(where: {{name: {{{operator}: $v}}}}) {{ id }} }}"
    with library.watched() as ran:
        by_variable = [outcome(library, as_variable, {"v": text}) for text in HOSTILE]
        literal = []
        for text in HOSTILE:
            quoted = text.replace("\\", "\\\\").replace('"', '\\"')
            quoted = quoted.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
            query = f'{{ author(where: {{name: {{{operator}: "{quoted}"}}}}) {{ id }} }}'
            literal.append(outcome(library, query))
    for one, other in zip(literal, by_variable, strict=True):
        assert one == other or FINE[1] in (one, other)
    assert len(texts(ran)) == 1
    assert {one.arguments[0] for one in ran} == set(HOSTILE)
    still_works(library)


@pytest.mark.parametrize("operator", ["_in", "_nin"])
def test_a_list_of_texts_is_one_parameter(operator: str, library: Served) -> None:
    query = f"query ($v: [String!]) {{ author(where: {{name: {{{operator}: $v}}}}) {{ id }} }}"
    with library.watched() as ran:
        for many in (HOSTILE, HOSTILE[:1], ()):
            found = library.data(query, {"v": many})["author"]
            assert len(found) == (0 if operator == "_in" else 3)
    assert len(texts(ran)) == 1
    assert list(ran[0].arguments[0]) == list(HOSTILE)


@pytest.mark.parametrize("operator", JSON_OPERATORS)
def test_json_is_one_parameter_whatever_it_holds(operator: str, library: Served) -> None:
    query = f"query ($v: jsonb) {{ author(where: {{profile: {{{operator}: $v}}}}) {{ id }} }}"
    with library.watched() as ran:
        for text in HOSTILE:
            for value in (text, {text: [text]}, [{"a": text}]):
                library.data(query, {"v": value})
    assert len(texts(ran)) == 1
    keys = (
        "query ($k: String, $many: [String!]) { author(where: {profile: {_has_key: $k, "
        "_has_keys_any: $many, _has_keys_all: $many, _cast: {String: {_like: $k}}}}) { id } }"
    )
    with library.watched() as ran:
        for text in HOSTILE:
            outcome(library, keys, {"k": text, "many": [text, *HOSTILE]})
    assert len(texts(ran)) == 1


def test_array_literals_hold_what_was_given(library: Served) -> None:
    library.sql(ROWS)
    query = (
        'mutation ($l: [String!]!) { insert_article_one(object: {title: "x", labels: $l}) '
        "{ labels } }"
    )
    made = library.data(query, {"l": list(HOSTILE)})
    assert made == {"insert_article_one": {"labels": list(HOSTILE)}}
    find = "query ($l: [String!]) { article(where: {labels: {_eq: $l}}) { title } }"
    assert library.data(find, {"l": list(HOSTILE)}) == {"article": [{"title": "x"}]}
    library.sql(ROWS)


def test_a_json_path_reaches_only_into_the_value(library: Served) -> None:
    query = "query ($p: String) { author(order_by: {id: asc}, limit: 1) { profile(path: $p) } }"
    for path in ("$.a'\\]; drop", "$['a'' or 1=1']", '$["\'"]', "$.a'b", "a;--", "$.$1", "%s"):
        answer = library.ask(query, {"p": path})
        if "data" in answer:
            assert answer == {"data": {"author": [{"profile": None}]}}, path
        else:
            assert answer["errors"][0]["extensions"]["code"] == "parse-failed", path
    still_works(library)


@pytest.mark.parametrize("text", HOSTILE)
def test_functions_and_computed_fields_take_any_text(text: str, library: Served) -> None:
    query = """query ($w: String) {
        search_articles(args: {word: $w}) { id }
        author { articles_like(args: {word: $w}) { id } }
    }"""
    outcome(library, query, {"w": text})
    still_works(library)


@pytest.mark.parametrize("text", HOSTILE)
def test_every_text_is_stored_as_it_is(text: str, library: Served) -> None:
    query = """mutation ($t: String!, $j: jsonb) {
        insert_author_one(object: {name: $t, profile: $j}) { id name profile }
        update_author(where: {name: {_eq: $t}}, _append: {profile: {more: 1}}) {
            returning { name profile }
        }
        upsert: insert_author(
            objects: [{name: $t, profile: $j}]
            on_conflict: {constraint: author_name_key, update_columns: [profile]}
        ) { affected_rows }
        delete_author(where: {name: {_eq: $t}}) { returning { name profile } }
    }"""
    value = {text: text}
    answer = library.data(query, {"t": text, "j": value})
    assert answer["insert_author_one"]["name"] == text
    assert answer["insert_author_one"]["profile"] == value
    assert answer["update_author"]["returning"] == [{"name": text, "profile": {**value, "more": 1}}]
    assert answer["upsert"] == {"affected_rows": 1}
    assert answer["delete_author"] == {"returning": [{"name": text, "profile": value}]}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
@example(text="\ufeff")
@example(text="\U0010ffff'")
def test_any_text_comes_back(text: str, library: Served) -> None:
    query = """mutation ($t: String!, $l: [String!]!) {
        insert_author_one(
            object: {name: $t, nicknames: $l, articles: {data: [{title: $t, labels: $l}]}}
        ) { name nicknames articles { title labels } }
        delete_article(where: {title: {_eq: $t}, author: {name: {_eq: $t}}}) { affected_rows }
        delete_author(where: {name: {_eq: $t}}) { affected_rows }
    }"""
    answer = library.data(query, {"t": text, "l": [text, "b"]})
    assert answer["insert_author_one"] == {
        "name": text,
        "nicknames": [text, "b"],
        "articles": [{"title": text, "labels": [text, "b"]}],
    }
    assert answer["delete_article"] == answer["delete_author"] == {"affected_rows": 1}


def test_numbers_and_dates_of_a_wrong_form_are_data_exceptions(library: Served) -> None:
    for query, value in (
        ("query ($v: date) { author(where: {born: {_eq: $v}}) { id } }", "'; select 1"),
        ("query ($v: timestamptz) { article(where: {published_at: {_gt: $v}}) { id } }", "then'"),
        ("query ($v: numeric) { author(where: {rating: {_lt: $v}}) { id } }", "1); --"),
        ("query ($v: bigint) { article(where: {views: {_lt: $v}}) { id } }", "1e99"),
        ("query ($v: bigint) { article(where: {views: {_lt: $v}}) { id } }", "9223372036854775808"),
        ("query ($v: bigint) { article(offset: 0, where: {views: {_eq: $v}}) { id } }", ""),
    ):
        assert library.refusal(query, {"v": value})["code"] == "data-exception", (query, value)
        still_works(library)


def test_limits_and_offsets_without_end(library: Served) -> None:
    most = 2**31 - 1
    query = f'{{ author(limit: {most}, offset: "9223372036854775807") {{ id }} }}'
    assert library.data(query) == {"author": []}
    assert library.refusal('{ author(offset: "9223372036854775808") { id } }')
    for wrong in ("-1", str(2**31), '"1; drop"', "1.5", "null_", "[1]"):
        assert "message" in library.refusal(f"{{ author(limit: {wrong}) {{ id }} }}"), wrong
    for offset in ('"-1"', "-1"):
        assert library.refusal(f"{{ author(offset: {offset}) {{ id }} }}")["code"] in (
            "data-exception",
            "validation-failed",
        )
    still_works(library)


CURSORS = (
    "",
    "%%%",
    base64.b64encode(b"[").decode(),
    base64.b64encode(b"[1]").decode(),
    base64.b64encode(b'[1, "public", "author"]').decode(),
    base64.b64encode(b'[1, "public", "author", "x\'; --"]').decode(),
    base64.b64encode(b'[1, "public", "author", 1, 2]').decode(),
    base64.b64encode(b'[1, "pg_catalog", "pg_authid", 10]').decode(),
    base64.b64encode(b'[1, "public", "nothing", 1]').decode(),
    base64.b64encode(b'{"id": "\'; --"}').decode(),
    base64.b64encode(b'{"id": [1]}').decode(),
    base64.b64encode(b"\xff\xfe").decode(),
)


@pytest.mark.parametrize("cursor", CURSORS)
def test_forged_ids_and_cursors_are_refused(cursor: str, library: Served) -> None:
    for query in (
        "query ($c: ID!) { node(id: $c) { id } }",
        "query ($c: String!) { author_connection(first: 1, after: $c) { edges { cursor } } }",
    ):
        name = "ID" if "ID" in query else "String"
        answer = library.ask(query, {"c": cursor}, None, Endpoint.RELAY)
        codes = [one["extensions"]["code"] for one in answer.get("errors", [])]
        known = {"validation-failed", "parse-failed", "data-exception", "invalid-json", "not-found"}
        assert set(codes) <= known, (name, answer)
        if not codes and "node" in query:
            assert answer["data"]["node"] is None


# --- session variables (D4) and time (D5)

SLOW = """
create function slow (seconds float8) returns setof author language sql stable as $$
    select author.* from author, pg_sleep(seconds)
$$;
"""
ROLES = [
    {
        "role": "reader",
        "permission": {"columns": "*", "filter": {"id": {"_in": "X-Hasura-Ids"}}},
    },
    {
        "role": "single",
        "permission": {"columns": "*", "filter": {"id": {"_eq": "X-Hasura-Id"}}},
    },
    {
        "role": "named",
        "permission": {"columns": "*", "filter": {"name": {"_eq": "X-Hasura-Name"}}},
    },
]


@pytest.fixture(scope="module")
def secured(module_database_url: str) -> Iterator[Served]:
    drop = "drop schema public cascade; create schema public;"
    tables = [{"table": "author", "select_permissions": ROLES}]
    document = source(module_database_url, tables, [{"function": "slow"}])
    with serving(module_database_url, drop + SCHEMA + ROWS + SLOW, document) as one:
        yield one


@pytest.mark.parametrize(
    "ids", ["{1,2});--", "1", "", "{1", "{1,,2}", "{{1}}", '{"1}', "{a}", "{1\n});", "{1;2}", "}"]
)
def test_a_forged_list_in_the_session_gives_no_rows(ids: str, secured: Served) -> None:
    answer = secured.ask("{ author { id } }", None, Session("reader", {"x-hasura-ids": ids}))
    if "data" in answer:
        assert answer == {"data": {"author": []}}
    else:
        assert answer["errors"][0]["extensions"]["code"] == "data-exception"
    still_works(secured)


def test_lists_in_the_session_are_read_as_postgres_reads_them(secured: Served) -> None:
    for ids, found in (("{}", 0), ("{1}", 1), ("{1, 2}", 2), ('{"1",NULL,3}', 2), (" {1} ", 1)):
        who = Session("reader", {"x-hasura-ids": ids})
        assert len(secured.data("{ author { id } }", who=who)["author"]) == found, ids


@pytest.mark.parametrize("text", ["1 or 1=1", "1;", "", "NaN", "1\n", "1e0", "\0"])
def test_a_forged_value_in_the_session_gives_no_rows(text: str, secured: Served) -> None:
    answer = secured.ask("{ author { id } }", None, Session("single", {"x-hasura-id": text}))
    if text == "1\n":
        assert answer == {"data": {"author": [{"id": 1}]}}
    else:
        assert answer["errors"][0]["extensions"]["code"] == "data-exception"
    still_works(secured)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_in_the_session_matches_only_itself(text: str, secured: Served) -> None:
    who = Session("named", {"x-hasura-name": text})
    assert secured.data("{ author { id } }", who=who) == {"author": []}


def test_a_text_that_names_a_session_variable_is_a_text(secured: Served) -> None:
    who = Session("reader", {"x-hasura-ids": "{1,2,3}", "x-hasura-name": "Ada"})
    query = '{ author(where: {name: {_eq: "X-Hasura-Name"}}) { id } }'
    assert secured.data(query, who=who) == {"author": []}
    variable = "query ($n: String) { author(where: {name: {_eq: $n}}) { id } }"
    assert secured.data(variable, {"n": "x-hasura-name"}, who) == {"author": []}


def test_a_missing_session_variable_is_named(secured: Served) -> None:
    assert secured.refusal("{ author { id } }", who=Session("reader", {})) == {
        "message": 'missing session variable: "x-hasura-ids"',
        "path": "$",
        "code": "not-found",
    }
