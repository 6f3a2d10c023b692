"""Answers spliced from bytes that are JSON already; refusals in the contract's two shapes."""

import json

from rowgate.base.errors import ApiError, Overloaded, Unexpected
from rowgate.base.json import decode, encode
from rowgate.response.assemble import data, errors, items, members


def test_results_are_spliced_undecoded() -> None:
    assert (
        data([(b'"a"', b"[1]"), (b'"b"', b'{"c" : null}')])
        == b'{"data":{"a":[1],"b":{"c" : null}}}'
    )
    assert data([]) == b'{"data":{}}'
    assert members([(b'"a"', b"1")]) == b'{"a":1}'
    assert items([b"1", b'"x"']) == b'[1,"x"]'
    assert items([]) == b"[]"


def test_a_refusal() -> None:
    error = ApiError("no", code="validation-failed", path=("a", 0, "b c"), internal={"sql": "x"})
    assert json.loads(errors(error, with_internal=False)) == {
        "errors": [
            {
                "message": "no",
                "extensions": {"path": '$.a[0]["b c"]', "code": "validation-failed"},
            }
        ]
    }
    shown = json.loads(errors(error, with_internal=True))["errors"][0]["extensions"]
    assert shown["internal"] == {"sql": "x"}
    assert error.as_body() == {"error": "no", "path": '$.a[0]["b c"]', "code": "validation-failed"}


def test_extensions_of_a_webhook_replace_code_and_path() -> None:
    error = Unexpected("no", internal="x")
    error.extensions = {"code": "mine", "more": 1}
    assert json.loads(errors(error, with_internal=True))["errors"][0]["extensions"] == {
        "code": "mine",
        "more": 1,
    }


def test_paths_grow_to_the_left() -> None:
    assert ApiError("x", path=("b",)).under("a", 1).path == ("a", 1, "b")
    assert (Overloaded("x").status, Unexpected("x").status, ApiError("x").status) == (503, 500, 400)


def test_numbers_beyond_64_bits_are_written_whole() -> None:
    assert encode({"a": 2**80}) == b'{"a":1208925819614629174706176}'
    assert decode(b'"\xc3\xa4"') == "ä"
