"""Stored operations called by URL: matching, variables, answers, refusals."""

import asyncio

import pytest

from rowgate.base.errors import ApiError
from rowgate.features.rest.reading import read
from rowgate.features.rest.types import RestCall
from rowgate.settings import Settings
from rowgate.snapshot.types import StoredEndpoint
from tests.integration.rest.conftest import ADMIN, Rest, bearer

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_data_is_not_wrapped_and_the_session_is_the_callers(rest: Rest) -> None:
    await rest.open("all", "notes")
    everything = {"note": [{"id": 1, "body": "mine"}, {"id": 2, "body": "a/b"}]}
    everything["note"].append({"id": 3, "body": "a b+c"})
    assert await rest.call("notes") == (200, everything)
    own = {"note": [{"id": 1, "body": "mine"}]}
    assert await rest.call("notes", headers=bearer()) == (200, own)
    status, body = await rest.call("notes", headers={"x-hasura-admin-secret": "no"})
    assert (status, body["code"]) == (401, "access-denied")
    assert "note" not in body


async def test_variables_of_the_path_win_over_query_string_and_body(rest: Rest) -> None:
    await rest.open("by_id", "notes/:id", "GET", "POST")
    await rest.open("by_id", "notes", "GET", "POST")
    one = (200, {"note": [{"id": 1, "body": "mine"}]})
    two = (200, {"note": [{"id": 2, "body": "a/b"}]})
    assert await rest.call("notes/1") == one
    assert await rest.call("notes/1?id=2", "POST", json={"id": 2}) == one
    assert await rest.call("notes?id=1", "POST", json={"id": 2}) == one
    assert await rest.call("notes", "POST", json={"id": 2}) == two
    assert await rest.call("notes?id=2") == two


@pytest.mark.parametrize(
    ("query", "call", "found"),
    [
        ("done", "done", [1, 2, 3]),
        ("done", "true", [1]),
        ("done", "false", [2, 3]),
        ("heavy", "1.6", [2]),
        ("by_body", "a%2Fb", [2]),
        ("by_body", "a%20b+c", [3]),
        ("by_body", "1", []),
        ("by_body", "true", []),
    ],
)
async def test_a_segment_is_read_as_the_variables_type(
    rest: Rest, query: str, call: str, found: list[int]
) -> None:
    name = {"done": "done", "heavy": "weight", "by_body": "body"}[query]
    await rest.open(query, f"x/:{name}")
    status, body = await rest.call(f"x/{call}")
    if call == "done":
        assert (status, body["code"]) == (400, "validation-failed"), body
    else:
        assert (status, [one["id"] for one in body["note"]]) == (200, found)


@pytest.mark.parametrize(
    ("query", "call", "found"),
    [
        ("done", "?done", [1]),
        ("done", "?done=", [1]),
        ("done", "?done=false", [2, 3]),
        ("by_body", "?body=a+b%2Bc", [3]),
        ("by_body", "?body=mine&body=a/b", [2]),
        ("by_body", "?body=mine&utm-source=x", [1]),
        ("default", "", [1]),
        ("default", "?body=a/b", [2]),
        ("heavy", "?weight=2", [2]),
    ],
)
async def test_the_query_string_is_read_as_the_variables_types(
    rest: Rest, query: str, call: str, found: list[int]
) -> None:
    await rest.open(query, "x")
    status, body = await rest.call(f"x{call}")
    assert (status, body) == (200, {"note": [{"id": one} for one in found]})


async def test_an_empty_text_is_null_where_the_variable_may_be(rest: Rest) -> None:
    await rest.open("by_body", "x")
    empty, missing = await rest.call("x?body="), await rest.call("x")
    null = await rest.call("x", "GET", content=b'{"body":null}')
    assert empty == missing == null
    assert (empty[0], empty[1]["code"]) == (400, "validation-failed")
    assert "null" in empty[1]["error"]


async def test_lists_come_in_the_body_only(rest: Rest) -> None:
    await rest.open("some", "x", "POST")
    assert await rest.call("x", "POST", json={"ids": [1, 3]}) == (
        200,
        {"note": [{"id": 1}, {"id": 3}]},
    )
    assert await rest.call("x?ids=1", "POST") == (
        400,
        {
            "error": "List variables are not currently supported in URL or Query parameters. "
            '(Variable ids, with value "1")',
            "path": "$",
            "code": "bad-request",
        },
    )


async def test_refusals_have_their_status_and_the_metadata_apis_shape(rest: Rest) -> None:
    await rest.open("by_id", "notes/:id", "PUT", "DELETE")
    await rest.open("owned", "owned")
    await rest.open("add", "add", "POST")
    missing = {"error": "Endpoint not found", "path": "$", "code": "not-found"}
    for path in ("none", "notes", "notes/", "notes/1/", "notes//1", "", "notes/1/2"):
        assert await rest.call(path) == (404, missing), path
    not_allowed = {"error": "Allowed methods: PUT, DELETE", "path": "$"}
    not_allowed["code"] = "method-not-allowed"
    assert await rest.call("notes/1") == (405, not_allowed)
    unexpected = {"error": "Unexpected variable x", "path": "$", "code": "bad-request"}
    assert await rest.call("notes/1?x=1", "PUT") == (400, unexpected)
    status, body = await rest.call("owned", headers=bearer())
    assert (status, body) == (
        400,
        {
            "error": "field 'owner' not found in type: 'note'",
            "path": "$.selectionSet.note.selectionSet.owner",
            "code": "validation-failed",
        },
    )
    status, body = await rest.call("add", "POST", json={"id": 1})
    assert (status, body["code"]) == (400, "constraint-violation")
    assert body["path"] == "$.selectionSet.insert_note_one.args.object"
    status, body = await rest.call("add", "POST", json={})
    assert (status, body["code"]) == (400, "validation-failed")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"1e400", 400),
        (b"[" * 90_000, 400),
        (b'{"id":' + b"1" * 200_000 + b"}", 413),
        (b'{"id":"\\ud800"}', 400),
        (b'{"id":{"a":1}}', 400),
        (b"\xff", 400),
        (b"null", 400),
        (b"", 400),
    ],
)
async def test_bad_bodies_are_answered_and_the_next_call_works(
    rest: Rest, content: bytes, status: int
) -> None:
    await rest.open("by_id", "x", "POST")
    refused, body = await rest.call("x", "POST", content=content)
    assert (refused, set(body)) == (status, {"error", "path", "code"}), body
    assert await rest.call("x?id=1", "POST") == (200, {"note": [{"id": 1, "body": "mine"}]})


async def test_a_nul_in_the_url_is_a_data_exception(rest: Rest) -> None:
    await rest.open("by_body", "x/:body")
    for path in ("x/%00", "x/a%00b"):
        status, body = await rest.call(path)
        assert (status, body["code"]) == (400, "data-exception"), body
    status, body = await rest.call("x/%ff")
    assert (status, body) == (200, {"note": []})
    status, body = await rest.call("x/a?" + "&".join(f"a{n}=1" for n in range(1_500)))
    assert (status, body["code"]) == (400, "bad-request")


async def test_a_fragment_may_stand_beside_the_operation(rest: Rest) -> None:
    await rest.open("spread", "x")
    assert await rest.call("x") == (200, {"note": [{"id": 1, "body": "mine"}]})


async def test_changes_count_at_once(rest: Rest) -> None:
    await rest.open("all", "x")
    assert (await rest.call("x"))[0] == 200
    await rest.command("drop_rest_endpoint", name="x")
    assert (await rest.call("x"))[0] == 404


# --- where a path says something else than it seems (C12), and what links may do (C10)


async def _raw(rest: Rest, lines: str) -> bytes:
    url = rest.http.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(lines.replace("\n", "\r\n").encode() + b"\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "path",
    [
        "/api/rest/..%2f..%2fv1%2fversion",
        "/api/rest/../../v1/version",
        "/api/rest/%2e%2e/secret",
        "/api%2frest/secret",
        "/api/rest%2fsecret",
        "//api/rest/secret",
    ],
)
async def test_the_path_is_taken_as_it_was_sent(rest: Rest, path: str) -> None:
    await rest.open("all", "secret")
    secret = ADMIN["x-hasura-admin-secret"]
    answer = await _raw(rest, f"GET {path} HTTP/1.1\nhost: x\nx-hasura-admin-secret: {secret}")
    assert b"404" in answer.splitlines()[0], answer
    assert b"mine" not in answer
    assert b"server_type" not in answer


@pytest.mark.parametrize("host", ["a/b?", "x/v1/version?", "/api/rest/open", "127.0.0.1:1"])
async def test_the_host_decides_nothing(rest: Rest, host: str) -> None:
    await rest.open("all", "notes")
    answer = await _raw(rest, f"GET /api/rest/notes HTTP/1.1\nhost: {host}")
    assert b"mine" not in answer
    assert b"server_type" not in answer
    assert answer.splitlines()[0].split()[1] in (b"400", b"401", b"404")


async def test_head_changes_nothing(rest: Rest) -> None:
    await rest.open("add", "add/:id")
    await rest.open("all", "all")
    response = await rest.http.head("/api/rest/add/9", headers=ADMIN)
    assert (response.status_code, response.content) == (405, b"")
    response = await rest.http.head("/api/rest/all", headers=ADMIN)
    assert (response.status_code, response.content) == (200, b"")
    assert len((await rest.call("all"))[1]["note"]) == 3
    assert await rest.call("add/9") == (200, {"insert_note_one": {"id": 9}})


@pytest.mark.parametrize(
    ("headers", "known_by_cookie", "allowed"),
    [
        ({"cookie": "session=1"}, True, False),
        ({"cookie": "session=1", "x-requested-with": "app"}, True, True),
        ({"cookie": "session=1"}, False, True),
        ({}, True, True),
    ],
)
async def test_a_link_with_a_cookie_runs_no_mutation(
    headers: dict[str, str], known_by_cookie: bool, allowed: bool
) -> None:
    endpoint = StoredEndpoint("add", "add", ("GET",), "mutation { a }", ("add",), {}, mutates=True)
    secret = {"header": {"type": "Cookie", "name": "session"}} if known_by_cookie else {}
    settings = Settings(jwt_secrets=(secret,))
    call = RestCall("GET", ("add",), "", b"")
    if allowed:
        assert read([endpoint], call, headers, settings) == ("mutation { a }", {})
    else:
        with pytest.raises(ApiError, match="x-requested-with"):
            read([endpoint], call, headers, settings)
