"""Kriti: what templates come to, and how a wrong one is refused and where."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowgate.base.json import decode, encode
from rowgate.base.kriti.evaluation import fill
from rowgate.base.kriti.functions import of_session
from rowgate.base.kriti.parser import parse
from rowgate.base.kriti.types import KritiError

Json = Any
BODY: Json = {
    "name": "Ada",
    "age": 36,
    "admin": True,
    "none": None,
    "half": 0.5,
    "whole": 2.0,
    "my key": [1, {"x": "deep"}],
    "tags": ["a", "b"],
    "articles": [{"id": 1, "title": "One"}, {"id": 2, "title": "Two"}],
}
KNOWN = {"$body": BODY, "$": BODY, "$session_variables": {"x-hasura-user-id": "7"}}


def filled(text: str, **more: Json) -> Json:
    return fill(parse(text), {**KNOWN, **more}, of_session({"X-Hasura-User-Id": "7"}))


def refused(text: str) -> Json:
    with pytest.raises(KritiError) as caught:
        filled(text)
    return caught.value.as_json()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-2.5e3", -2500.0),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("true", True),
        ("null", None),
        ('""', ""),
        ('"a\\"b\\\\c\\n\\u00e9\\ud83d\\ude00\\d"', 'a"b\\c\né😀\\d'),
        ('"\\ud83d"', "\ufffd"),
        ('"a{b}c"', "a{b}c"),
        ("[]", []),
        ("{}", {}),
        ('{"a": {"b": {}}}', {"a": {"b": {}}}),
        ('# what it is\n[1, # one\n "# two"]', [1, "# two"]),
        ("{{ 2 }}", 2),
        ("$body.name", "Ada"),
        ("{{ $body.name }}", "Ada"),
        ("{{$.age}}", 36),
        ('{"a": {{$body.age}}}', {"a": 36}),
        ("{{ $body['my key'][1].x }}", "deep"),
        ('{{ $body["my key"][0] }}', 1),
        ('{{ $body["{{"my"}} key"][0] }}', 1),
        ("{{ $body.tags[{{ 1 }}] }}", "b"),
        ("{{ $session_variables.x-hasura-user-id }}", "7"),
        ("{{ $session_variables['x-hasura-user-id'] }}", "7"),
        ("{{ $body?.name }}", "Ada"),
        ("{{ $body?.missing }}", None),
        ("{{ $body?.missing.deeper[3].still }}", None),
        ("{{ $body.none?.deeper }}", None),
        ("{{ $body?['not there'] }}", None),
        ("{{ $body.tags?[9] }}", None),
        ("{{ $body?.missing ?? 3 }}", 3),
        ('{{ $body.none ?? $body?.missing ?? "x" == 1 }}', False),
        ("{{ $body.name ?? 3 }}", "Ada"),
        ('"Hello {{$body.name}}, {{ $body.age }}!"', "Hello Ada, 36!"),
        ('"{{$body.admin}} {{$body.half}} {{$body.whole}} {{1}}"', "true 0.5 2 1"),
        ("{{ $body.age > 35 }}", True),
        ("{{ $body.age <= 35 }}", False),
        ('{{ "a" < 1 }}', True),
        ('{{ "b" >= "a" }}', True),
        ("{{ [1, 2] < [1, 3] }}", True),
        ("{{ [1] < [1, 0] }}", True),
        ("{{ 1 == true }}", False),
        ("{{ 1 == 1.0 }}", True),
        ('{{ {"a": 1, "b": [null]} == {"b": [null], "a": 1} }}', True),
        ('{{ {"a": 1} == {"a": true} }}', False),
        ("{{ null != 0 }}", True),
        ("{{ $body.admin && $body.age == 36 }}", True),
        ("{{ false || not ($body.admin) }}", False),
        ("{{ false && true || true }}", True),
        ('{{ "name" in $body }}', True),
        ('{{ "b" in $body.tags }}', True),
        ("{{ true in [1] }}", False),
        ("{{ if $body.admin }} 1 {{ else }} 2 {{ end }}", 1),
        (
            '{{ if $body.age < 9 }} "child" {{ elif $body.age < 40 }} {"a": {{$.age}}} '
            '{{ elif true }} 0 {{ else }} "old" {{ end }}',
            {"a": 36},
        ),
        ("{{ range i, x := $body.tags }} [{{i}}, x] {{ end }}", [[0, "a"], [1, "b"]]),
        ("{{ range _, x := $body.articles }} {{ x.title }} {{ end }}", ["One", "Two"]),
        ("{{ range _, x := [] }} {{ x.title }} {{ end }}", []),
        (
            "{{ range _, x := [[1, 2], [3]] }} {{ range _, y := x }} "
            "{{ if y == 2 }} null {{ else }} y {{ end }} {{ end }} {{ end }}",
            [[1, None], [3]],
        ),
        ("{{ range _, $body := [1] }} $body {{ end }}", [1]),
        ("[{{ (1) }}, ($body.age)]", [1, 36]),
        ('{{ getSessionVariable "x-hasura-USER-id" }}', "7"),
        ("{{ getSessionVariable(null) }}", None),
    ],
)
def test_what_a_template_comes_to(text: str, value: Json) -> None:
    found = filled(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("empty([])", True),
        ('empty("  ")', True),
        ("empty(0)", True),
        ("empty(null)", True),
        ('empty({"a": 1})', False),
        ("size([1, 2])", 2),
        ('length("äb")', 2),
        ('size({"a": 1})', 1),
        ("size(2.5)", 2.5),
        ("size(true)", 1),
        ("size(null)", 0),
        ('inverse("asdf")', "fdsa"),
        ("inverse([1, 2])", [2, 1]),
        ("inverse(4)", 0.25),
        ("inverse(0.5)", 2),
        ("inverse(true)", False),
        ('inverse({"a": 1})', {"a": 1}),
        ("inverse(1" + "0" * 400 + ")", 0),
        ('head("asdf")', "a"),
        ("head([[1]])", [1]),
        ("tail([1, 2])", [2]),
        ('tail("")', ""),
        ('toCaseFold("STRAßE")', "strasse"),
        ('toLower("AbCd")', "abcd"),
        ('toUpper("AbCd")', "ABCD"),
        ('toTitle("AbCd")', "Abcd"),
        ('escapeUri("a b&c/ä~")', "a%20b%26c%2F%C3%A4~"),
        ('fromPairs([["a", 1], ["b", 2]])', {"a": 1, "b": 2}),
        ('toPairs({"a": 1, "b": 2})', [["a", 1], ["b", 2]]),
        ("removeNulls([1, null, [null]])", [1, [None]]),
        ("concat([[1, 2], [3]])", [1, 2, 3]),
        ('concat(["abc", "d"])', "abcd"),
        ('concat([{"a": 1, "b": 2}, {"b": 3}])', {"a": 1, "b": 3}),
        ("concat([])", []),
        ("not(false)", True),
        ("not empty $body.tags", True),
        ("toUpper $body.name", "ADA"),
    ],
)
def test_functions(call: str, value: Json) -> None:
    found = filled("{{ " + call + " }}")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "call",
    [
        *("empty(true)", "inverse(0)", "head([])", 'head("")', "head(1)", "tail(1)", "toLower(1)"),
        *("escapeUri([])", "fromPairs([[1, 2]])", 'fromPairs([["a"]])', "fromPairs({})"),
        *("toPairs([])", "removeNulls({})", 'concat([[], ""])', "concat(1)", "not(1)"),
        *('getSessionVariable("nobody")', "getSessionVariable(1)", "unknown(1)"),
    ],
)
def test_functions_refuse_what_does_not_fit(call: str) -> None:
    failure = refused("{{ " + call + " }}")
    assert failure["error_code"] == "Function Error"
    assert failure["message"]


@pytest.mark.parametrize(
    ("text", "code", "message", "columns"),
    [
        ("{{ $body.world }}", "Invalid Path", 'Path Lookup Error: "$body.world"', (9, 15)),
        ("{{ nothing }}", "Invalid Path", 'Path Lookup Error: "nothing"', (4, 11)),
        ("{{ $body.tags[7] }}", "Invalid Path", 'Path Lookup Error: "$body.tags[7]"', (14, 17)),
        ("{{ $body.tags[-1] }}", "Invalid Path", 'Path Lookup Error: "$body.tags[-1]"', (14, 18)),
        (
            "{{ $body.name.x }}",
            "Type Error",
            "Unexpected type 'String', expected an Object or an Array.",
            (14, 16),
        ),
        ("{{ $body[1] }}", "Type Error", "Unexpected type 'Number', expected a string.", (9, 12)),
        (
            "{{ $body.tags[0.5] }}",
            "Type Error",
            "Unexpected type 'Number', expected an integer.",
            (14, 19),
        ),
        ('"{{ $body.tags }}"', "Type Error", "Cannot interpolate type: 'Array'.", (5, 15)),
        ('"{{ null }}"', "Type Error", "Cannot interpolate type: 'Null'.", (5, 9)),
        (
            "{{ if 1 }} 1 {{ else }} 2 {{ end }}",
            "Type Error",
            "Unexpected type 'Number', expected a boolean.",
            (7, 8),
        ),
        (
            "{{ true && null }}",
            "Type Error",
            "Unexpected type 'Null', expected a boolean.",
            (12, 16),
        ),
        (
            "{{ range _, x := $body }} x {{ end }}",
            "Range Error",
            "Range Error: Can only range over an array",
            (18, 23),
        ),
        (
            '{{ getSessionVariable "this_is_not_there" }}',
            "Function Error",
            'Session variable "this_is_not_there" not found',
            (23, 42),
        ),
        (
            '{{ fooFunction "x" }}',
            "Function Error",
            "Function fooFunction is not defined.",
            (4, 15),
        ),
        ("$body.hello }}", "Parse Error", "Unexpected token '}}'.", (13, 15)),
        (
            "{{ 1 in 2 }}",
            "Type Error",
            "Unexpected type 'Number', expected an Object or an Array.",
            (9, 10),
        ),
        ("{{ 1 in $body }}", "Type Error", "Unexpected type 'Number', expected a string.", (4, 5)),
    ],
)  # fmt: skip
def test_failures_say_where(text: str, code: str, message: str, columns: tuple[int, int]) -> None:
    assert refused(text) == {
        "error_code": code,
        "message": message,
        "source_position": {
            "start_line": 0,
            "start_column": columns[0],
            "end_line": 0,
            "end_column": columns[1],
        },
    }


def test_lines_are_counted() -> None:
    place = refused('{\n  "a": {{ $body.x\n.y }}\n}')["source_position"]
    assert (place["start_line"], place["start_column"]) == (2, 1)
    place = refused('{\n  "a": {{ $body.x }}\n}')["source_position"]
    assert (place["start_line"], place["start_column"]) == (1, 16)


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "# only", "{", "}", "[", "[1,]", "[1 2]", '{"a"}', '{"a":}', "{a: 1}", '"x'),
        *("'x'", "{{ }}", "{{", "{{ 1", "{{ 1 }", "1 2", "{{ if true }} 1 {{ end }}", "{{ end }}"),
        *("{{ if true }} 1 {{ else }} 2", "{{ else }}", "{{ range x := [] }} 1 {{ end }}"),
        *("{{ range 1, x := [] }} 1 {{ end }}", "{{ range _, x := [] }} {{ end }}", "$body.", "1."),
        *("$$x[", "$body[", "$body['x]", "{{ 1 == }}", "{{ && }}", '{"a{{1}}": 2}', "1 +1", "\0"),
        *("ä", "{{ 1 ? 2 }}", "{{ 'a' }}"),
        "1" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_template(text: str) -> None:
    assert refused(text)["error_code"] == "Parse Error"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)  # fmt: skip
def test_json_is_a_template_of_itself(value: Json) -> None:
    text = json.dumps(value)
    if "{{" in text:
        return
    assert decode(encode(fill(parse(text), {}))) == decode(text)


@given(st.text(alphabet="{}[]()\"'$.?:,|&=<> xinfelsed01_#\\\n-", max_size=60))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    with suppress(KritiError):
        fill(parse(text), KNOWN)
