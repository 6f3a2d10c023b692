"""Actions and custom types between the document and its two files."""

from typing import Any

import pytest

from rowgate.base.errors import ParseFailed
from rowgate.metadata import sdl

DOCUMENT: dict[str, Any] = {
    "actions": [
        {
            "name": "login",
            "definition": {
                "type": "mutation",
                "kind": "synchronous",
                "handler": "{{H}}/login",
                "output_type": "[Tokens!]!",
                "arguments": [
                    {"name": "input", "type": "Login!", "description": 'who "asks"'},
                    {"name": "kinds", "type": "[Kind!]"},
                ],
                "headers": [{"name": "k", "value_from_env": "K"}],
            },
            "permissions": [{"role": "anonymous"}],
            "comment": "Sign in\nhere",
        },
        {"name": "when", "definition": {"type": "query", "handler": "h", "output_type": "S"}},
    ],
    "custom_types": {
        "enums": [
            {
                "name": "Kind",
                "description": "which",
                "values": [
                    {"value": "A", "is_deprecated": True},
                    {"value": "B", "description": "the second"},
                ],
            }
        ],
        "input_objects": [{"name": "Login", "fields": [{"name": "name", "type": "String!"}]}],
        "objects": [
            {
                "name": "Tokens",
                "description": 'What \\ opens """ doors',
                "fields": [{"name": "user_id", "type": "uuid!", "description": "  whose"}],
                "relationships": [{"name": "user", "remote_table": "users", "type": "object"}],
            }
        ],
        "scalars": [{"name": "S"}],
    },
}


def test_what_is_split_is_joined() -> None:
    text, halves = sdl.split(DOCUMENT)
    assert sdl.join(text, halves) == DOCUMENT


def test_signatures_stand_in_the_text_and_the_rest_in_the_yaml() -> None:
    text, halves = sdl.split(DOCUMENT)
    assert "type Query {\n  when: S\n}" in text
    assert "): [Tokens!]!" in text
    assert "input Login {\n  name: String!\n}" in text
    assert halves["actions"][1] == {"name": "when", "definition": {"handler": "h"}}
    assert "fields" not in halves["custom_types"]["objects"][0]
    assert halves["custom_types"]["objects"][0]["relationships"]


@pytest.mark.parametrize(
    "action",
    [
        {"name": "no name", "definition": {"handler": "h", "output_type": "T"}},
        {"name": "a", "definition": {"handler": "h", "output_type": "} type X { a: Int"}},
        {"name": "a", "definition": {"handler": "h", "output_type": "[ T ]"}},
        {"name": "a: Int } type X { b", "definition": {"handler": "h", "output_type": "T"}},
    ],
)
def test_what_the_text_cannot_hold_stays_in_the_yaml(action: Any) -> None:
    text, halves = sdl.split({"actions": [action]})
    assert text == ""
    assert sdl.join(text, halves) == {"actions": [action]}


def test_an_action_only_in_the_text_is_an_action() -> None:
    joined = sdl.join('extend type Mutation {\n  "why"\n  a(b: Int): T\n}', {})
    assert joined["actions"] == [
        {
            "name": "a",
            "comment": "why",
            "definition": {
                "type": "mutation",
                "output_type": "T",
                "arguments": [{"name": "b", "type": "Int"}],
            },
        }
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n"])
def test_no_text_declares_nothing(text: str) -> None:
    assert sdl.join(text, {}) == {}


@pytest.mark.parametrize("text", ["{ a }", "type", "union U = A | B", "directive @d on FIELD"])
def test_what_has_no_place_is_refused(text: str) -> None:
    with pytest.raises(ParseFailed, match=r"actions.graphql:1: "):
        sdl.join(text, {})


def test_layout_does_not_count_but_content_does() -> None:
    one = "type Query { a: Int } scalar S"
    assert sdl.same_text(one, "# x\nscalar S\ntype Query {\n  a: Int\n}\n")
    assert not sdl.same_text(one, "type Query { a: Int! } scalar S")
