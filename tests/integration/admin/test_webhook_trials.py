"""Remote schemas introspected, and transforms tried out, by command."""

from collections.abc import Iterator

import pytest
from graphql import build_schema, graphql_sync

from rowgate.base.json import Json, decode, encode
from rowgate.world import World
from tests.integration.admin.conftest import Desk, settings_for
from tests.listening import Heard, Service, listening

METADATA = "/v1/metadata"
SCHEMA = build_schema('"Roots" type Query { "says so" hello(name: String!): String }')


def introspected(heard: Heard) -> bytes:
    asked = decode(heard.content)
    answer = graphql_sync(SCHEMA, asked["query"], operation_name=asked["operationName"])
    return encode(answer.formatted)


@pytest.fixture
def remote() -> Iterator[Service]:
    with listening() as service:
        service.answer = introspected
        yield service


async def declare(desk: Desk, service: Service, **more: Json) -> None:
    definition = {"url": f"{service.address}/graphql", **more}
    await desk.do("add_remote_schema", {"name": "far's", "definition": definition}, to=METADATA)


async def introspect(desk: Desk) -> tuple[int, Json]:
    command = {"type": "introspect_remote_schema", "args": {"name": "far's"}}
    return await desk.send(command, to=METADATA)


async def test_a_remote_schema_is_asked_when_it_is_introspected(
    empty: Desk, remote: Service
) -> None:
    await declare(empty, remote, headers=[{"name": "X-Key", "value": "k"}])
    assert remote.heard == []
    status, answer = await introspect(empty)
    assert status == 200
    types = {one["name"]: one for one in answer["data"]["__schema"]["types"]}
    [field] = types["Query"]["fields"]
    assert (field["name"], field["description"]) == ("hello", "says so")
    [heard] = remote.heard
    assert (heard.method, heard.path, heard.headers["x-key"]) == ("POST", "/graphql", "k")
    assert heard.headers["content-type"] == "application/json"


async def test_addresses_and_headers_of_the_environment(metadata_url: str, remote: Service) -> None:
    settings = settings_for(metadata_url)
    object.__setattr__(settings, "environment", {"FAR": remote.address, "KEY": "of environment"})
    world = await World.open(settings)
    try:
        desk = Desk(world, settings, "")
        definition = {
            "url_from_env": "FAR",
            "headers": [
                {"name": "a", "value_from_env": "KEY"},
                {"name": "b", "value": "<{{KEY}}>"},
            ],
        }
        named = {"name": "far's", "definition": definition}
        await desk.do("add_remote_schema", named, to=METADATA)
        status, _ = await introspect(desk)
        assert status == 200
        [heard] = remote.heard
        assert (heard.headers["a"], heard.headers["b"]) == ("of environment", "<of environment>")
        definition["url_from_env"] = "NOWHERE"
        await desk.do("update_remote_schema", named, to=METADATA)
        status, answer = await introspect(desk)
        assert (status, answer["code"], answer["path"]) == (400, "invalid-configuration", "$.args")
    finally:
        await world.close()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, b"{}", "it answers with status 500"),
        (302, b"{}", "it answers with status 302"),
        (200, b"<html>", "its answer is not JSON"),
        (200, b"[]", "its answer has no schema"),
        (200, b"null", "its answer has no schema"),
        (200, b'{"data": {"__schema": null}}', "its answer has no schema"),
        (200, b'{"errors": [{"message": "no"}]}', "it refuses the introspection query"),
    ],
)
async def test_servers_that_do_not_answer_with_a_schema(
    empty: Desk, remote: Service, status: int, body: bytes, reason: str
) -> None:
    await declare(empty, remote)
    remote.status, remote.headers = status, {"location": "http://127.0.0.1:1/"}
    remote.answer = lambda _: body
    refused, answer = await introspect(empty)
    assert (refused, answer["code"], answer["path"]) == (400, "remote-schema-error", "$.args")
    assert answer["error"] == f"the remote schema cannot be introspected: {reason}"
    assert len(remote.heard) == 1, "redirects are not followed"


async def test_servers_that_are_slow_or_not_there(empty: Desk, remote: Service) -> None:
    await declare(empty, remote, timeout_seconds=0)
    status, answer = await introspect(empty)
    assert (status, answer["code"], answer["internal"]) == (
        400,
        "remote-schema-error",
        "TimeoutError",
    )
    gone = {"url": "http://127.0.0.1:1/"}
    await empty.do("update_remote_schema", {"name": "far's", "definition": gone}, to=METADATA)
    status, answer = await introspect(empty)
    assert (status, answer["code"]) == (400, "remote-schema-error")


@pytest.mark.parametrize(
    ("args", "code", "path"),
    [
        ({}, "parse-failed", "$"),
        ({"name": 7}, "parse-failed", "$.name"),
        ({"name": "nobody's"}, "not-exists", "$.args"),
    ],
)
async def test_introspection_refused(empty: Desk, args: Json, code: str, path: str) -> None:
    answer = await empty.refused("introspect_remote_schema", args, to=METADATA)
    assert (answer["code"], answer["path"]) == (code, path)


HOOK = {"webhook_url": "http://localhost:1234", "body": {"hello": "world"}}
ENGINE = {"version": 2, "template_engine": "Kriti"}


async def tried(desk: Desk, transform: Json, **more: Json) -> Json:
    given = {**HOOK, "request_transform": transform, **more}
    return await desk.do("test_webhook_transform", given, to=METADATA)


async def test_a_transform_is_tried_out(empty: Desk) -> None:
    transform = {
        **ENGINE,
        "url": "{{$base_url}}/a",
        "method": "POST",
        "query_params": {"foo": "{{$body.hello}}"},
        "body": {"action": "transform", "template": '"hello_{{ $body.hello }}"'},
        "request_headers": {"add_headers": {"Foo": "bar"}, "remove_headers": ["gone"]},
    }
    headers = [["Content-Type", "application/json"], ["Gone", "x"]]
    assert await tried(empty, transform, request_headers=headers) == {
        "webhook_url": "http://localhost:1234/a?foo=world",
        "method": "POST",
        "headers": [["content-type", "application/json"], ["foo", "bar"]],
        "body": "hello_world",
    }


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('"hello_{{ $body.hello }}"', "hello_world"),
        ('{{ getSessionVariable "myVariable" }}', "some value"),
        ("{{ $session_variables.myvariable }}", "some value"),
        ({"action": "transform", "template": '{"a": [1, {{$body.hello}}]}'}, {"a": [1, "world"]}),
        ({"action": "remove"}, ""),
        (
            {
                "action": "x_www_form_urlencoded",
                "form_template": {"foo": "bar", "baz": "{{$body.hello}}"},
            },
            "foo=bar&baz=world",
        ),
    ],
)
async def test_bodies(empty: Desk, body: Json, shown: Json) -> None:
    variables = {"myVariable": "some value"}
    answer = await tried(empty, {**ENGINE, "body": body}, session_variables=variables)
    assert answer["body"] == shown
    assert (answer["headers"], answer["method"]) == ([], "GET")


async def test_the_environment_is_what_the_test_gives(empty: Desk) -> None:
    environment = {"HOOK": "http://h", "KEY": "k"}
    given: Json = {
        "webhook_url": {"from_env": "HOOK"},
        "env": environment,
        "request_headers": {"x": "<{{KEY}}>"},
    }
    answer = await tried(empty, ENGINE, **given)
    assert (answer["webhook_url"], answer["headers"]) == ("http://h", [["x", "<k>"]])
    answer = await tried(empty, ENGINE, **{**given, "webhook_url": "{{HOOK}}/x"})
    assert answer["webhook_url"] == "http://h/x"
    given["webhook_url"] = "http://{{HASURA_GRAPHQL_ADMIN_SECRET}}"
    refused = {**HOOK, **given, "request_transform": ENGINE}
    answer = await empty.refused("test_webhook_transform", refused, to=METADATA)
    assert (answer["code"], answer["path"]) == ("not-found", "$.args")
    assert answer["error"].startswith("Missing Env Var: HASURA_GRAPHQL_ADMIN_SECRET")


def at(start: int, end: int) -> Json:
    return {"start_line": 0, "start_column": start, "end_line": 0, "end_column": end}


@pytest.mark.parametrize(
    ("transform", "failure"),
    [
        (
            {"body": "{{ $body.world }}"},
            {
                "error_code": "Invalid Path",
                "message": 'Path Lookup Error: "$body.world"',
                "source_position": at(9, 15),
            },
        ),
        (
            {"body": {"action": "transform", "template": "$body.hello }}"}},
            {
                "error_code": "Parse Error",
                "message": "Unexpected token '}}'.",
                "source_position": at(13, 15),
            },
        ),
        (
            {"body": '{{ getSessionVariable "x" }}'},
            {
                "error_code": "Function Error",
                "message": 'Session variable "x" not found',
                "source_position": at(23, 26),
            },
        ),
        (
            {"url": "nowhere"},
            {"error_code": "TransformationError", "message": "Invalid URL: nowhere"},
        ),
    ],
)
async def test_templates_that_fail(empty: Desk, transform: Json, failure: Json) -> None:
    given = {**HOOK, "request_transform": {**ENGINE, **transform}}
    assert await empty.refused("test_webhook_transform", given, to=METADATA) == {
        "error": "request transform validation failed",
        "path": "$.args",
        "code": "validation-failed",
        "internal": [failure],
    }


async def test_the_response_transform_is_checked_too(empty: Desk) -> None:
    given = {**HOOK, "request_transform": ENGINE, "response_transform": {"body": "{{"}}
    answer = await empty.refused("test_webhook_transform", given, to=METADATA)
    assert (answer["error"], answer["code"]) == (
        "response transform validation failed",
        "validation-failed",
    )
    given["response_transform"] = {"body": "{{ $response.status }}"}
    await empty.do("test_webhook_transform", given, to=METADATA)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"webhook_url": None}, "$.webhook_url"),
        ({"webhook_url": {}}, "$.webhook_url"),
        ({"webhook_url": ["x"]}, "$.webhook_url"),
        ({"env": []}, "$.env"),
        ({"env": {"A": 1}}, "$.env.A"),
        ({"session_variables": {"a": None}}, "$.session_variables.a"),
        ({"request_headers": "x"}, "$.request_headers"),
        ({"request_headers": [["a"]]}, "$.request_headers[0]"),
        ({"request_headers": [["a", 1]]}, "$.request_headers[0]"),
        ({"request_headers": [7]}, "$.request_headers[0]"),
        ({"request_headers": {"a": 1}}, "$.request_headers.a"),
        ({"request_transform": 7}, "$.request_transform"),
        ({"request_transform": {"a": 7}}, "$.request_transform.a"),
        ({"request_transform": {"body": {}}}, "$.request_transform.body.action"),
        ({"response_transform": {"url": "x"}}, "$.response_transform.url"),
    ],
)
async def test_trials_refused(empty: Desk, given: Json, path: str) -> None:
    args = {**HOOK, "request_transform": ENGINE, **given}
    answer = await empty.refused("test_webhook_transform", args, to=METADATA)
    assert (answer["code"], answer["path"]) == ("parse-failed", path)


@pytest.mark.parametrize("key", ["webhook_url", "body", "request_transform"])
async def test_what_a_trial_needs(empty: Desk, key: str) -> None:
    args = {**HOOK, "request_transform": ENGINE}
    del args[key]
    answer = await empty.refused("test_webhook_transform", args, to=METADATA)
    assert (answer["code"], answer["path"]) == ("parse-failed", "$")
