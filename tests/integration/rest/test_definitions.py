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
