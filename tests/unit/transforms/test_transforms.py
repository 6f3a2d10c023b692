"""Transforms: what becomes of a request and of an answer, and which declarations are refused."""

from typing import Any

import pytest

from rowgate.base.json import decode
from rowgate.base.transforms.applying import transform_request, transform_response
from rowgate.base.transforms.reading import read_request_transform, read_response_transform
from rowgate.base.transforms.types import (
    Misshapen,
    Transformed,
    TransformFailed,
    WebhookAnswer,
    WebhookRequest,
)

Json = Any
REQUEST = WebhookRequest(
    url="http://h:3000/path?a=1&b=",
    method="POST",
    headers=(("content-type", "application/json"), ("x-one", "1")),
    body={"input": {"name": "Ada L", "tags": ["x"], "none": None}},
    session_variables={"x-hasura-user-id": "7"},
)


def sent(request: WebhookRequest = REQUEST, **transform: Json) -> Transformed:
    return transform_request(read_request_transform(transform), request)


def failures(**transform: Json) -> list[Json]:
    with pytest.raises(TransformFailed) as caught:
        sent(**transform)
    return caught.value.failures


def test_nothing_is_changed_by_nothing() -> None:
    request = sent(version=2, template_engine="Kriti")
    assert (request.url, request.method, request.headers) == (
        REQUEST.url,
        "POST",
        REQUEST.headers,
    )
    assert decode(request.content) == REQUEST.body


def test_everything_is_changed() -> None:
    request = sent(
        version=2,
        method="get",
        url="{{$base_url}}/{{escapeUri $body.input.name}}",
        query_params={"q": "{{$body.input.name}}", "n{{1}}": "{{$query_params[0][1]}}"},
        body={"action": "transform", "template": '{"who": {{$session_variables}}}'},
        request_headers={"add_headers": {"X-Two": "{{$body.input.name}}"}},
    )
    assert request.url == "http://h:3000/path?q=Ada%20L&n1=1"
    assert request.method == "GET"
    assert request.headers == (*REQUEST.headers, ("x-two", "Ada L"))
    assert decode(request.content) == {"who": {"x-hasura-user-id": "7"}}


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ({}, "?a=1&b="),
        ({"q": "null", "null": "1", "x": "y"}, "?x=y"),
        ({"flag": None}, "?flag"),
        ({"a b": "c&d=/ä"}, "?a%20b=c%26d%3D%2F%C3%A4"),
        ("x={{$body.input.name}}&y=2", "?x=Ada%20L&y=2"),
        ("?x=1", "?x=1"),
        ({"n": "{{ 1.5 }}{{ true }}"}, "?n=1.5true"),
    ],
)
def test_query_parameters(params: Json, query: str) -> None:
    assert sent(query_params=params).url == f"http://h:3000/path{query}"


def test_a_url_keeps_its_fragment_and_may_have_no_path() -> None:
    assert sent(url="http://www.h", query_params={"a": "b"}).url == "http://www.h?a=b"
    assert sent(url="http://h/#x", query_params={"a": "b"}).url == "http://h/?a=b#x"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("{{$body.input.name}}", "Ada L"),
        ("ftp://h/x", "ftp://h/x"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("http://[", "http://["),
        ("//h/x", "//h/x"),
        ("", ""),
        ("http://", "http://"),
    ],
)
def test_what_is_no_url(url: str, shown: str) -> None:
    expected = {"error_code": "TransformationError", "message": f"Invalid URL: {shown}"}
    assert failures(url=url) == [expected]


def test_a_request_whose_own_url_is_none_is_refused() -> None:
    with pytest.raises(TransformFailed):
        sent(WebhookRequest("nowhere", "POST", (), None))


def test_headers_are_replaced_and_removed_without_case() -> None:
    headers = {"add_headers": {"Content-TYPE": "text/plain"}, "remove_headers": ["X-ONE"]}
    assert sent(request_headers=headers).headers == (("content-type", "text/plain"),)


def test_the_content_type_of_the_first_version() -> None:
    assert sent(content_type="text/a").headers == (("x-one", "1"), ("content-type", "text/a"))
    both = {"add_headers": {"content-type": "text/b"}}
    assert sent(content_type="text/a", request_headers=both).headers[-1][1] == "text/b"


def test_bodies() -> None:
    assert sent(body='"v1 {{$body.input.name}}"').content == b'"v1 Ada L"'
    assert sent(body={"action": "remove"}).content == b""
    form = {"name": "{{$body.input.name}}", "a&b": "1=2", "n": "{{ 3 }}"}
    made = sent(body={"action": "x_www_form_urlencoded", "form_template": form}).content
    assert made == b"name=Ada%20L&a%26b=1%3D2&n=3"


def test_a_text_cannot_be_made_of_an_object() -> None:
    for template in ("{{$body.input}}", "{{$body.input.none}}"):
        [failure] = failures(request_headers={"add_headers": {"x": template}})
        assert failure["error_code"] == "Type Error"


def test_a_template_that_ends_its_quotes_gives_no_more_than_text() -> None:
    assert sent(request_headers={"add_headers": {"x": 'a" == "a'}}).headers[-1] == ("x", "true")
    [failure] = failures(request_headers={"add_headers": {"x": '" in ["a"] && [true] in [["'}})
    assert failure["error_code"] == "Parse Error"
    [failure] = failures(url='{{ $body.input.none }}" ?? ["x')
    assert failure["error_code"] == "Parse Error"


def test_every_template_that_cannot_be_read_is_told() -> None:
    found = failures(
        url="{{",
        query_params={"{{": "}}", "a": "{{ 1 }"},
        body={"action": "transform", "template": "]"},
        request_headers={"add_headers": {"x": "{{ }}"}},
    )
    assert [one["error_code"] for one in found] == ["Parse Error"] * 5


@pytest.mark.parametrize(
    ("transform", "path"),
    [
        (None, ()),
        ([], ()),
        ({"versoin": 2}, ("versoin",)),
        ({"version": 3}, ("version",)),
        ({"version": True}, ("version",)),
        ({"template_engine": "Jinja"}, ("template_engine",)),
        ({"method": 7}, ("method",)),
        ({"method": "GET /x"}, ("method",)),
        ({"method": ""}, ("method",)),
        ({"url": {}}, ("url",)),
        ({"query_params": []}, ("query_params",)),
        ({"query_params": {"a": 1}}, ("query_params", "a")),
        ({"body": []}, ("body",)),
        ({"body": {}}, ("body", "action")),
        ({"body": {"action": "burn"}}, ("body", "action")),
        ({"body": {"action": "transform"}}, ("body", "template")),
        ({"body": {"action": "remove", "x": 1}}, ("body", "x")),
        ({"body": {"action": "x_www_form_urlencoded"}}, ("body", "form_template")),
        ({"request_headers": []}, ("request_headers",)),
        ({"request_headers": {"x": 1}}, ("request_headers", "x")),
        (
            {"request_headers": {"add_headers": {"a": 1}}},
            ("request_headers", "add_headers", "a"),
        ),
        (
            {"request_headers": {"remove_headers": "a"}},
            ("request_headers", "remove_headers"),
        ),
        (
            {"request_headers": {"remove_headers": [1]}},
            ("request_headers", "remove_headers", 0),
        ),
    ],
)
def test_declarations_of_another_form(transform: Json, path: tuple[str, ...]) -> None:
    with pytest.raises(Misshapen) as caught:
        read_request_transform(transform)
    assert caught.value.path == path
    assert caught.value.message


def answered(transform: Json, body: Json, *, request: WebhookRequest | None = REQUEST) -> Json:
    answer = WebhookAnswer(body, 418, request, {"x-hasura-user-id": "7"})
    return transform_response(read_response_transform(transform), answer)


def test_answers() -> None:
    assert answered({"version": 2}, {"a": 1}) == {"a": 1}
    template = (
        '{"a": {{$body.a}}, "s": {{$response.status}}, "n": {{$request.body.input.name}}, '
        '"u": {{$request.base_url}}, "v": {{$request.session_variables.x-hasura-user-id}}}'
    )
    expected = {"a": 1, "s": 418, "n": "Ada L", "u": REQUEST.url, "v": "7"}
    assert answered({"version": 1, "body": template}, {"a": 1}) == expected
    transform = {"body": {"action": "transform", "template": "{{$request}}"}}
    assert answered(transform, None, request=None) is None
    transform = {"body": {"action": "transform", "template": "{{getSessionVariable 'x'}}"}}
    with pytest.raises(TransformFailed):
        answered(transform, None)
    mine = {"body": '{{getSessionVariable "x-hasura-user-id"}}'}
    assert answered(mine, None, request=None) == "7"
    assert answered({"body": {"action": "remove"}}, {"a": 1}) is None
    form = {"action": "x_www_form_urlencoded", "form_template": {"a": "{{$body.a}} "}}
    assert answered({"body": form}, {"a": 1}) == "a=1%20"


@pytest.mark.parametrize(
    "transform", [None, {"url": "x"}, {"body": 7}, {"version": 0}, {"body": {"action": None}}]
)
def test_answers_of_another_form(transform: Json) -> None:
    with pytest.raises(Misshapen):
        read_response_transform(transform)
