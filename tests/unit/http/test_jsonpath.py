"""Paths into tokens, in the grammar that Hasura's parser takes."""

import pytest

from rowgate.base.names import PathStep
from rowgate.http.session.claims import read_claims
from rowgate.http.session.jsonpath import parse


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$", ()),
        ("$.a.b", ("a", "b")),
        ("a.b", ("a", "b")),
        ("$['a b'].c", ("a b", "c")),
        ("$.['https://example.com/claims'].user.id", ("https://example.com/claims", "user", "id")),
        ('$.["https://example.com/claims"]["user"]', ("https://example.com/claims", "user")),
        ("$.a.[0].[1][2]", ("a", 0, 1, 2)),
        (r"$['it\'s']", ("it's",)),
        (r'$["a\"b"]', ('a"b',)),
        (r"$['a\"b\\c\u0041']", ('a"b\\cA',)),
        ("""$['say "a"']""", ('say "a"',)),
        ("""$["it's"]""", ("it's",)),
        ("$['a]b'].c", ("a]b", "c")),
        ("$['']", ("",)),
    ],
)
def test_paths(text: str, steps: tuple[PathStep, ...]) -> None:
    assert parse(text) == steps


@pytest.mark.parametrize(
    "text", ["$.", "$..a", "$[", "$['a", "$['a\"]", "$[a]", r"$['\x']", "$[-1]"]
)
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON path|escape"):
        parse(text)


def test_both_places_of_a_secret_take_such_paths() -> None:
    path = "$.['https://example.com/claims'].user.id"
    read_claims({"claims_namespace_path": path})
    places = {
        "x-hasura-allowed-roles": {"path": path},
        "x-hasura-default-role": {"path": "$.['a'][0]", "default": "user"},
    }
    read_claims({"claims_map": places})
