"""The semantic difference: what counts, what does not, and how a change is named."""

from typing import Any

import pytest

from rowgate.metadata.diff import Change, Verb, diff

Json = Any


def of(*tables: Json) -> Json:
    return {"version": 3, "sources": [{"name": "default", "tables": list(tables)}]}


def select(**permission: Json) -> Json:
    return {"table": "t", "select_permissions": [{"role": "user", "permission": permission}]}


PLACE = ("sources", "default", "tables", "t", "select_permissions", "user", "permission")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (of({"table": "t"}), of({"table": {"name": "t", "schema": "public"}})),
        (of({"table": "a"}, {"table": "b"}), of({"table": "b"}, {"table": "a"})),
        (select(columns=["a", "b"]), select(columns=["b", "a"])),
        (of({"table": "t", "array_relationships": []}), of({"table": "t"})),
        ({"sources": [], "actions": [], "api_limits": {}}, {"sources": []}),
        ({"inherited_roles": None}, {}),
    ],
)
def test_the_same_in_other_words(before: Json, after: Json) -> None:
    assert diff(before, after) == ()
    assert diff(after, before) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (of({"table": "t"}), of({"table": {"name": "t", "schema": "app"}})),
        (of(select(filter={})), of(select())),
        (of(select(filter={"a": {"_eq": 1}})), of(select(filter={"a": {"_eq": True}}))),
        (of(select(limit=1)), of(select(limit=None))),
        (of(select(filter={"_and": [{"a": 1}, {"b": 2}]})), of(select(filter={"_and": []}))),
    ],
)
def test_what_is_not_the_same(before: Json, after: Json) -> None:
    assert diff(before, after) != ()


def test_changes_name_their_place() -> None:
    before = of(select(columns=["a", "b"], filter={"id": {"_eq": 1}}, limit=5))
    after = of(select(columns=["b", "c"], filter={"id": {"_eq": 2}}), {"table": "u"})
    assert diff(before, after) == (
        Change(Verb.REMOVED, (*PLACE, "columns"), "a", None),
        Change(Verb.ADDED, (*PLACE, "columns"), None, "c"),
        Change(Verb.CHANGED, (*PLACE, "filter", "id", "_eq"), 1, 2),
        Change(Verb.REMOVED, (*PLACE, "limit"), 5, None),
        Change(Verb.ADDED, ("sources", "default", "tables", "u"), None, {"table": "u"}),
    )
