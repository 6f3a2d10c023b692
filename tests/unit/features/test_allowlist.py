"""The allow list: what counts as the same document, and for whom."""

import pytest

from rowgate.base.errors import ValidationFailed
from rowgate.features.allowlist import allowed, check, normalized
from rowgate.metadata.read import read


def _permitted(scope: dict[str, object]) -> dict[str, frozenset[str] | None]:
    return allowed(
        read(
            {
                "version": 3,
                "sources": [],
                "query_collections": [
                    {
                        "name": "app",
                        "definition": {
                            "queries": [
                                {"name": "a", "query": "query Q { author { id name } }"},
                                {"name": "broken", "query": "query {"},
                            ]
                        },
                    }
                ],
                "allowlist": [{"collection": "app", **scope}],
            }
        )
    )


def test_spelling_and_typename_do_not_count() -> None:
    assert normalized("{ a { b } }") == normalized("query {\n a { __typename\n b # c\n } }")


def test_the_order_of_fields_counts() -> None:
    assert normalized("{ a b }") != normalized("{ b a }")


def test_a_listed_operation_passes_for_every_role() -> None:
    permitted = _permitted({})
    check(permitted, "query Q { author { id __typename name } }", "anyone")
    with pytest.raises(ValidationFailed, match="query is not allowed"):
        check(permitted, "query Q { author { name } }", "anyone")


def test_a_scoped_entry_counts_for_its_roles_alone() -> None:
    permitted = _permitted({"scope": {"global": False, "roles": ["user"]}})
    check(permitted, "query Q { author { id name } }", "user")
    with pytest.raises(ValidationFailed):
        check(permitted, "query Q { author { id name } }", "other")


def test_what_is_not_graphql_is_not_allowed() -> None:
    with pytest.raises(ValidationFailed):
        check(_permitted({}), "query {", "user")
