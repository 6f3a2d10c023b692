"""Actions whose request and answer are transformed: what reaches the service, what the client."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from rowgate.app import create
from tests import http_doubles as doubles
from tests.http_doubles import SECRET
from tests.listening import Service, listening

Json = Any
ADMIN = {"x-hasura-admin-secret": SECRET}
USER = {**ADMIN, "x-hasura-role": "user", "x-hasura-user-id": "7"}
TYPES = {
    "objects": [
        {
            "name": "Pet",
            "fields": [{"name": "id", "type": "bigint!"}, {"name": "name", "type": "String"}],
        }
    ],
    "scalars": [{"name": "bigint"}],
}
ASK = "query ($name: String!) { pet(name: $name) { id name } }"


@pytest.fixture
def service() -> Iterator[Service]:
    with listening() as made:
        made.answer = lambda _: b'{"id": 1, "name": "Rex"}'
        yield made


class Engine:
    """An engine with one action, over HTTP."""

    def __init__(self, http: httpx.AsyncClient, service: Service) -> None:
        self.http = http
        self.service = service

    async def command(self, kind: str, args: Json) -> httpx.Response:
        body = {"type": kind, "args": args}
        return await self.http.post("/v1/metadata", json=body, headers=ADMIN)

    def action(self, **more: Json) -> Json:
        definition = {
            "type": "query",
            "arguments": [{"name": "name", "type": "String!"}],
            "output_type": "Pet",
            "handler": f"{self.service.address}/act?v=1",
            "headers": [{"name": "x-key", "value": "k"}],
            **more,
        }
        return {"name": "pet", "definition": definition}

    async def declare(self, **more: Json) -> None:
        for kind, args in (
            ("set_custom_types", TYPES),
            ("create_action", self.action(**more)),
            ("create_action_permission", {"action": "pet", "role": "user"}),
        ):
            answer = await self.command(kind, args)
            assert answer.status_code == 200, answer.text

    async def ask(self, name: str = "Ada & co", headers: Json = None) -> Json:
        body = {"query": ASK, "variables": {"name": name}}
        answer = await self.http.post("/v1/graphql", json=body, headers=headers or USER)
        return answer.json()


@pytest.fixture
async def engine(database_url: str, service: Service) -> AsyncIterator[Engine]:
    settings = doubles.settings(metadata_database_url=database_url, database_url=database_url)
    async with (
        doubles.served(create(settings)) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as http,
    ):
        yield Engine(http, service)


async def test_a_service_of_another_shape_is_an_action(engine: Engine) -> None:
    await engine.declare(
        request_transform={
            "version": 2,
            "template_engine": "Kriti",
            "method": "PUT",
            "url": "{{$base_url}}",
            "query_params": {"who": "{{$body.input.name}}", "v": "{{$query_params[0][1]}}"},
            "body": {
                "action": "transform",
                "template": '{"n": {{$body.input.name}}, "of": '
                "{{$session_variables['x-hasura-user-id']}}, "
                '"role": {{ getSessionVariable "X-Hasura-Role" }}}',
            },
            "request_headers": {
                "add_headers": {"x-who": "{{ escapeUri $body.input.name }}"},
                "remove_headers": ["X-KEY"],
            },
        },
        response_transform={
            "version": 2,
            "body": {
                "action": "transform",
                "template": '{"id": {{$body.pets[0].number}}, '
                '"name": "{{$request.body.input.name}}/{{$response.status}}"}',
            },
        },
    )
    engine.service.answer = lambda _: b'{"pets": [{"number": 12345678901234567890123}]}'
    answer = await engine.ask()
    assert answer == {"data": {"pet": {"id": 12345678901234567890123, "name": "Ada & co/200"}}}
    [heard] = engine.service.heard
    assert (heard.method, heard.path) == ("PUT", "/act?who=Ada%20%26%20co&v=1")
    assert json.loads(heard.content) == {"n": "Ada & co", "of": "7", "role": "user"}
    assert heard.headers["x-who"] == "Ada%20%26%20co"
    assert heard.headers["content-type"] == "application/json"
    assert "x-key" not in heard.headers


async def test_a_form_is_sent_and_no_body_is_none(engine: Engine) -> None:
    form = {"action": "x_www_form_urlencoded", "form_template": {"n": "{{$body.input.name}}"}}
    await engine.declare(request_transform={"version": 2, "body": form})
    await engine.ask()
    gone = {"version": 2, "method": "GET", "body": {"action": "remove"}}
    await engine.command("update_action", engine.action(request_transform=gone))
    assert (await engine.ask())["data"]["pet"] == {"id": 1, "name": "Rex"}
    first, second = engine.service.heard
    assert (first.method, first.content) == ("POST", b"n=Ada%20%26%20co")
    assert (second.method, second.content) == ("GET", b"")


async def test_without_transforms_nothing_changes(engine: Engine) -> None:
    await engine.declare()
    assert (await engine.ask())["data"]["pet"] == {"id": 1, "name": "Rex"}
    [heard] = engine.service.heard
    assert (heard.method, heard.path, heard.headers["x-key"]) == ("POST", "/act?v=1", "k")
    assert json.loads(heard.content) == {
        "action": {"name": "pet"},
        "input": {"name": "Ada & co"},
        "session_variables": {"x-hasura-role": "user", "x-hasura-user-id": "7"},
        "request_query": ASK,
    }


@pytest.mark.parametrize(
    ("status", "body", "template", "error"),
    [
        (404, b'{"why": "no such pet"}', '{"message": {{$body.why}}}', "no such pet"),
        (500, b"{}", '{"message": "hidden"}', "internal error"),
        (200, b"<html>", '{"id": {{$body.id}}}', "Response Transformation Error"),
        (200, b"{}", '{"name": "x"}', 'field "id" expected in webhook response, but not found'),
    ],
)
async def test_answers_that_refuse(
    engine: Engine, status: int, body: bytes, template: str, error: str
) -> None:
    await engine.declare(response_transform={"version": 1, "body": template})
    engine.service.status = status
    engine.service.answer = lambda _: body
    [failure] = (await engine.ask())["errors"]
    assert failure["message"] == error
    assert failure["extensions"] == {"path": "$", "code": "unexpected"}


async def test_an_answer_that_is_no_json_may_be_replaced(engine: Engine) -> None:
    template = '{"id": 5, "name": "{{$response.status}}"}'
    await engine.declare(response_transform={"version": 1, "body": template})
    engine.service.answer = lambda _: b"<html>"
    assert (await engine.ask())["data"]["pet"] == {"id": 5, "name": "200"}


async def test_a_template_that_fails_says_where_to_admins_only(engine: Engine) -> None:
    await engine.declare(request_transform={"version": 2, "url": "{{$body.nothing}}"})
    [failure] = (await engine.ask())["errors"]
    assert failure == {
        "message": "Request Transformation Error",
        "extensions": {"path": "$", "code": "unexpected"},
    }
    [failure] = (await engine.ask(headers=ADMIN))["errors"]
    [reason] = failure["extensions"]["internal"]
    assert reason["message"] == 'Path Lookup Error: "$body.nothing"'
    assert engine.service.heard == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("{{$body.input.name}}", "file:///etc/passwd"),
        ("{{$body.input.name}}", "gopher://h/"),
        ("{{$body.input.name}}", "//h"),
        ("{{$body.input.name}}", "http://["),
    ],
)
async def test_only_http_is_called(engine: Engine, url: str, name: str) -> None:
    await engine.declare(request_transform={"version": 2, "url": url})
    [failure] = (await engine.ask(name))["errors"]
    assert failure["message"] == "Request Transformation Error"


@pytest.mark.parametrize("name", ["a\r\nx-injected: 1", "a\nb", "ä€", "\0"])
async def test_a_header_cannot_be_smuggled(engine: Engine, name: str) -> None:
    headers = {"add_headers": {"x-name": "{{$body.input.name}}"}}
    await engine.declare(request_transform={"version": 2, "request_headers": headers})
    [failure] = (await engine.ask(name))["errors"]
    assert failure["message"] == "http exception when calling webhook"
    assert engine.service.heard == []


async def test_a_client_cannot_make_a_template_run_on(engine: Engine) -> None:
    double = '["{{a}}{{a}}"]'
    template = (
        "{{ range _, a := [$body.input.name] }}"
        + f"{{{{ range _, a := {double} }}}}" * 30
        + " a "
        + "{{ end }}" * 31
    )
    await engine.declare(request_transform={"version": 1, "body": template})
    started = time.perf_counter()
    [failure] = (await engine.ask("x" * 100_000))["errors"]
    assert failure["message"] == "Request Transformation Error"
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("which", "transform", "status"),
    [
        ("request_transform", {"body": "{{"}, ("validation-failed", "$.args")),
        ("response_transform", {"body": "{{ $body. }}"}, ("validation-failed", "$.args")),
        (
            "request_transform",
            {"retries": 1},
            ("parse-failed", "$.definition.request_transform.retries"),
        ),
        (
            "response_transform",
            {"version": 3},
            ("parse-failed", "$.definition.response_transform.version"),
        ),
        ("request_transform", [], ("parse-failed", "$.definition.request_transform")),
    ],
)
async def test_transforms_are_checked_when_they_are_declared(
    engine: Engine, which: str, transform: Json, status: tuple[str, str]
) -> None:
    await engine.command("set_custom_types", TYPES)
    answer = await engine.command("create_action", engine.action(**{which: transform}))
    refused = answer.json()
    assert (answer.status_code, refused["code"], refused["path"]) == (400, *status)
    cron = {
        "name": "c",
        "webhook": "http://h",
        "schedule": "* * * * *",
        "include_in_metadata": False,
        which: transform,
    }
    answer = await engine.command("create_cron_trigger", cron)
    assert (answer.status_code, answer.json()["code"]) == (400, status[0])
    document = (await engine.command("export_metadata", {})).json()
    assert "actions" not in document
    assert "cron_triggers" not in document
