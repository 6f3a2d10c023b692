"""Metadata over a catalog: what does not fit is an inconsistency, and the rest is served."""

from typing import Any

import pytest

from tests.unit.small_world import ARTICLE, AUTHOR, document, exposed, resolved, select


def test_everything_fits() -> None:
    snapshot = resolved()
    assert snapshot.inconsistencies == ()
    tables = snapshot.sources["default"].tables
    assert tables[AUTHOR].relationships["articles"].is_array
    author = tables[ARTICLE].relationships["author"]
    assert (author.is_array, author.join.target) == (False, AUTHOR)
    assert author.join.pairs == (("author_id", "id"),)


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("a column that is not there", {"select_permissions": [select("u", ["nothing"], {})]}),
    ("a filter that is no filter", {"select_permissions": [select("u", ["id"], {"nothing": 1})]}),
    (
        "a relationship without a key",
        {"object_relationships": [{"name": "x", "using": {"foreign_key_constraint_on": "title"}}]},
    ),
    (
        "a preset of an unknown column",
        {
            "insert_permissions": [
                {"role": "u", "permission": {"columns": [], "check": {}, "set": {"nothing": 1}}}
            ]
        },
    ),
]


@pytest.mark.parametrize(("why", "article"), BROKEN)
def test_what_does_not_fit_is_left_out_and_told(why: str, article: dict[str, Any]) -> None:
    snapshot = resolved(document(article=article))
    assert len(snapshot.inconsistencies) == 1, why
    assert snapshot.inconsistencies[0].reason
    query = exposed(snapshot).query.fields
    assert {"author", "article"} <= set(query)
    table = snapshot.sources["default"].tables[ARTICLE]
    assert table.permission("u").select is None
    assert table.permission("u").insert is None


def test_a_missing_table_takes_only_what_needs_it_along() -> None:
    declared = document()
    declared["sources"][0]["tables"].append({"table": "gone"})
    snapshot = resolved(declared)
    assert len(snapshot.inconsistencies) == 1
    assert "gone" in snapshot.inconsistencies[0].reason + snapshot.inconsistencies[0].name
    assert set(snapshot.sources["default"].tables) == {AUTHOR, ARTICLE}
