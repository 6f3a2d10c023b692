"""Wrong arguments are refused with code, message and path of the contract."""

from collections.abc import Callable

import pytest

from rowgate.admin.arguments import Arguments, read_name
from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.base.names import QualifiedName, jsonpath

GIVEN = Arguments(
    {"name": "", "table": {"schema": "s", "name": "t"}, "flag": "yes", "n": -1, "list": {}}
)


@pytest.mark.parametrize(
    ("ask", "message", "path"),
    [
        (lambda: GIVEN.text("name"), "empty string not allowed", "$.name"),
        (lambda: GIVEN.text("missing"), 'key "missing" not found', "$"),
        (
            lambda: GIVEN.text("table"),
            "parsing String failed, expected String, but encountered Object",
            "$.table",
        ),
        (lambda: GIVEN.flag("flag"), "expected Bool, but encountered String", "$.flag"),
        (lambda: GIVEN.number("n", 0), "unexpected negative value", "$.n"),
        (
            lambda: GIVEN.array("list"),
            "parsing Array failed, expected Array, but encountered Object",
            "$.list",
        ),
        (
            lambda: Arguments.of("text"),
            "parsing Object failed, expected Object, but encountered String",
            "$",
        ),
        (lambda: read_name({"schema": "s"}, ("table",)), 'key "name" not found', "$.table"),
        (
            lambda: read_name(7, ("table",)),
            "parsing Object failed, expected Object, but encountered Number",
            "$.table",
        ),
    ],
)
def test_refusals(ask: Callable[[], Json], message: str, path: str) -> None:
    with pytest.raises(ApiError) as raised:
        ask()
    assert (raised.value.code, raised.value.message) == ("parse-failed", message)
    assert jsonpath(raised.value.path) == path


def test_names_have_two_forms() -> None:
    assert GIVEN.table() == QualifiedName("s", "t")
    assert read_name("t") == QualifiedName("public", "t")
