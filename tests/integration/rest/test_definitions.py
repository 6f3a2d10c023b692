"""Endpoints that cannot be served: refused when made, told where the metadata holds them."""

from typing import Any

import pytest

from tests.integration.rest.conftest import ADMIN, Rest

pytestmark = pytest.mark.asyncio(loop_scope="module")
EMPTY = "Empty segments or unnamed variables are not allowed: "


@pytest.mark.parametrize(
    ("query", "url", "reason"),
    [
        ("all", "a//b", f"{EMPTY}a//b"),
        ("all", "a/", f"{EMPTY}a/"),
        ("all", "/a", f"{EMPTY}/a"),
        ("all", "a/:", f"{EMPTY}a/:"),
        ("all", ":x/:x", "Duplicate variables found in endpoint path: :x/:x"),
        (
            "live",
            "a",
            'Inconsistent object: in endpoint a: query with name "live" is a subscription',
        ),
        (
            "two",
            "a",
            'Inconsistent object: in endpoint a: query with name "two" has multiple definitions.',
        ),
    ],
)
async def test_what_cannot_be_served_is_refused(
    rest: Rest, query: str, url: str, reason: str
) -> None:
    refused = await rest.endpoint(query, url)
    assert refused.status_code == 400
    body = refused.json()
    assert (body["error"], body["path"], body["code"]) == (
        reason,
        "$.args",
        "invalid-configuration",
    )
    assert "rest_endpoints" not in await rest.command("export_metadata")


@pytest.mark.parametrize(
    ("first", "second"), [("a/:x", "a/b"), ("a/b", ":x/b"), ("a/:x", "a/:y"), (":x/b", "a/:y")]
)
async def test_paths_that_meet_are_refused_for_the_same_method_alone(
    rest: Rest, first: str, second: str
) -> None:
    await rest.open("all", first, "GET", "POST")
    refused = (await rest.endpoint("all", second, "GET")).json()
    urls = ", ".join(sorted([first, second]))
    assert (refused["error"], refused["path"]) == (f"Ambiguous URL paths: {urls}", "$.args")
    assert refused["code"] == "invalid-configuration"
    await rest.open("all", second, "PUT")
    await rest.open("all", "a/b/c")


async def test_a_query_that_is_not_there_is_refused(rest: Rest) -> None:
    for name in ("missing", ""):
        assert (await rest.endpoint(name, "a")).status_code == 400
    definition = {"query": {"collection_name": "missing", "query_name": "all"}}
    given = {"name": "a", "url": "a", "methods": ["GET"], "definition": definition}
    assert (await rest.send("create_rest_endpoint", **given)).status_code == 400
    for methods in ([], ["HEAD"], ["get"], "GET", [1]):
        changed = {**given, "methods": methods}
        changed["definition"] = {"query": {"collection_name": "notes", "query_name": "all"}}
        assert (await rest.send("create_rest_endpoint", **changed)).status_code == 400, methods


def _endpoint(name: str, url: str, query: str = "by_id") -> Any:
    definition = {"query": {"collection_name": "notes", "query_name": query}}
    return {"name": name, "url": url, "methods": ["GET"], "definition": definition}


async def test_ambiguous_endpoints_are_told_and_the_clear_requests_answered(rest: Rest) -> None:
    document = await rest.command("export_metadata")
    document["rest_endpoints"] = [
        _endpoint("one", ":id/b"),
        _endpoint("two", "1/:id"),
        _endpoint("three", "c//d"),
        _endpoint("four", "e", "missing"),
        _endpoint("one", "f"),
    ]
    given = {"metadata": document, "allow_inconsistent_metadata": True}
    body = {"type": "replace_metadata", "version": 2, "args": given}
    replaced = await rest.http.post("/v1/metadata", json=body, headers=ADMIN)
    assert replaced.status_code == 200, replaced.text
    told = (await rest.command("get_inconsistent_metadata"))["inconsistent_objects"]
    assert {(one["type"], one["name"], one["reason"]) for one in told} == {
        ("endpoint", "endpoint two", "Ambiguous URL paths: :id/b, 1/:id"),
        ("endpoint", "endpoint three", f"{EMPTY}c//d"),
        (
            "endpoint",
            "endpoint four",
            "Inconsistent object: in endpoint four: query with name "
            '"missing" does not exist in collection "notes"',
        ),
        ("endpoint", "endpoint one", "multiple definitions for endpoint one"),
    }
    assert await rest.call("2/b") == (200, {"note": [{"id": 2, "body": "a/b"}]})
    assert await rest.call("1/2") == (200, {"note": [{"id": 2, "body": "a/b"}]})
    status, answer = await rest.call("1/b")
    assert (status, answer["code"]) == (500, "unexpected")
    assert answer["error"] == "Multiple endpoints match request"
    assert (await rest.call("e"))[0] == 404


async def _told(rest: Rest) -> dict[str, str]:
    """The stored queries that are inconsistent, with the reasons."""
    told = await rest.command("get_inconsistent_metadata")
    found = told["inconsistent_objects"]
    assert {one["type"] for one in found} <= {"query_collections"}, found
    return {one["name"]: one["reason"] for one in found}


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("{ note { id lost } }", "$.note.lost: field 'lost' not found in object 'note'"),
        ("{ gone { id } }", "$.gone: field 'gone' not found in object 'query_root'"),
        ("mutation { insert_note(object: {id: 1}) { affected_rows } }", None),
        ("{ note(where: {lost: {_eq: 1}}) { id } }", None),
        ("{ note(order_by: {lost: asc}) { id } }", None),
        ("{ note(distinct_on: lost) { id } }", "$.note: enum 'note_select_column' has no value"),
        ("{ note { id { x } } }", "$.note.id: scalar 'Int' does not accept a selection set"),
        ("{ note }", "$.note: object of type 'note' must have a selection set"),
        ("{ note { ...part } } fragment part on note { lost }", "$.note.lost: field 'lost'"),
        (
            "query ($b: Boolean) { note(where: {id: {_eq: $b}}) { id } }",
            "$.note: variable 'b' is declared as 'Boolean', but used where 'Int' is expected",
        ),
        ("query { note_by_pk { id } }", "$.note_by_pk: missing required field 'id'"),
        ("query A { note { id } } query B { note { lost } }", "$.note.lost: field 'lost'"),
    ],
)
async def test_a_query_that_does_not_fit_is_refused(
    query: str, error: str | None, rest: Rest
) -> None:
    given = {"collection_name": "notes", "query_name": "q", "query": query}
    refused = await rest.send("add_query_to_collection", **given)
    assert refused.status_code == 400
    (told,) = refused.json()["internal"]
    assert (told["type"], told["name"]) == ("query_collections", "q in notes")
    begins = 'In query collection "notes" the query "q" is invalid with the following error(s): '
    assert told["reason"].startswith(begins)
    assert (error or "not found in type") in told["reason"] or "no argument" in told["reason"]
    assert await _told(rest) == {}


async def test_a_stored_query_follows_what_run_sql_does(rest: Rest) -> None:
    await rest.open("all", "all")
    await rest.command("add_collection_to_allowlist", collection="notes")
    sql = {"sql": "alter table note rename body to text"}
    body = {"type": "run_sql", "args": sql}
    refused = await rest.http.post("/v2/query", json=body, headers=ADMIN)
    assert refused.json()["code"] == "dependency-error"
    assert "query all in notes" in refused.json()["error"]
    await rest.sql(sql["sql"])
    told = await _told(rest)
    assert set(told) == {
        "all in notes",
        "by_id in notes",
        "by_body in notes",
        "default in notes",
    } | {
        "add in notes",
        "spread in notes",
    }
    assert told["all in notes"].endswith(
        "\"$.note.body: field 'body' not found in object 'note'\". This query is being used in "
        'the following REST endpoint(s): "all". This query is in allowlist.'
    )
    status, answer = await rest.call("all")
    assert (status, answer["code"]) == (400, "validation-failed")
    await rest.sql("alter table note rename text to body")
    assert await _told(rest) == {}
    assert (await rest.call("all"))[0] == 200


async def test_a_cascade_leaves_the_query_and_says_so(rest: Rest) -> None:
    body = {"type": "run_sql", "args": {"sql": "alter table note drop weight", "cascade": True}}
    done = await rest.http.post("/v2/query", json=body, headers=ADMIN)
    assert done.status_code == 200, done.text
    assert set(await _told(rest)) == {"heavy in notes"}
    refused = await rest.send("pg_untrack_table", table="note", source="default")
    assert refused.json()["code"] == "dependency-error"
    await rest.command("drop_inconsistent_metadata")
    assert await _told(rest) == {}
    await rest.sql("alter table note add weight numeric")
    await rest.command("reload_metadata")
