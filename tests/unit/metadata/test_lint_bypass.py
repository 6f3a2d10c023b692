"""Lint: ways around permissions, by views and functions, in a database of which that is said."""

from typing import Any

import pytest

from rowgate.base.names import QualifiedName
from rowgate.catalog.types import (
    INT4,
    Catalog,
    Column,
    Function,
    FunctionReach,
    Reach,
    Relation,
    RelationKind,
)
from rowgate.metadata.lint.check import findings
from rowgate.metadata.lint.types import Subject

Json = Any
MINE = {"owner_id": {"_eq": "X-Hasura-User-Id"}}
OPEN = {"public": {"_eq": True}}
NOTE, VIEW, OTHER, NAMED = (QualifiedName("app", name) for name in ("note", "view", "other", "f"))
RULES = ("view-bypass", "function-bypass", "definer-function")


def table(name: str, **more: Json) -> Json:
    return {"table": {"schema": "app", "name": name}, **more}


def select(role: str = "user", columns: Json = ("id", "text"), **more: Json) -> Json:
    given = list(columns) if isinstance(columns, tuple) else columns
    return {"role": role, "permission": {"columns": given, "filter": {}, **more}}


def document(*tables: Json, functions: Json = (), **more: Json) -> Json:
    source = {"name": "d", "kind": "postgres", "tables": list(tables), "functions": list(functions)}
    return {"version": 3, "sources": [source], **more}


def relation(name: QualifiedName) -> Relation:
    columns = {one: Column(one, INT4) for one in ("id", "text", "owner_id")}
    return Relation(name, RelationKind.TABLE, columns)


def catalog(returns: QualifiedName | None, volatility: str) -> Catalog:
    relations = {name: relation(name) for name in (NOTE, VIEW, OTHER)}
    made = Function(NAMED, (), INT4, True, returns, volatility)
    return Catalog(relations=relations, functions={NAMED: (made,)})


def told(
    subject: Json,
    reached: Reach,
    returns: QualifiedName | None = None,
    volatility: str = "stable",
) -> list[tuple[str, str]]:
    known = {"d": catalog(returns, volatility)}
    found = findings(Subject(subject, catalogs=known, reaches={"d": reached}))
    return [(one.rule.name, one.message) for one in found if one.rule.name in RULES]


SEEN = Reach(views={VIEW: {NOTE: frozenset({"id", "text", "owner_id"})}})


@pytest.mark.parametrize(
    ("of_table", "of_view", "why"),
    [
        ([select(filter=MINE)], select(), "whose rows are filtered for it"),
        ([select(filter=OPEN)], select(), "whose rows are filtered for it"),
        ([select(filter=OPEN)], select(filter=MINE), "whose rows are filtered for it"),
        ([select(filter=MINE)], select(filter=OPEN), "whose rows are filtered for it"),
        ([select(filter=MINE)], select(filter=MINE), ""),
        ([select(filter=MINE)], select(filter={"_and": [OPEN, MINE]}), ""),
        ([select(filter=MINE)], select(filter={"_or": [OPEN, MINE]}), "whose rows are filtered"),
        ([select(filter=OPEN)], select(filter=OPEN), ""),
        ([select()], select(), ""),
        ([select()], select(filter=MINE), ""),
        ([select(columns=("id",))], select(), "of which it may not read 'text'"),
        ([select(columns=("id",))], select(columns="*"), "of which it may not read 'text', 'owner"),
        ([select(columns=("id",))], select(columns=("id", "made_up")), ""),
        ([select(columns="*")], select(columns="*"), ""),
        ([], select(), "on which it has no select permission"),
        ([select("other")], select(), "on which it has no select permission"),
    ],
)
def test_views(of_table: Json, of_view: Json, why: str) -> None:
    note = table("note", select_permissions=of_table)
    found = told(document(note, table("view", select_permissions=[of_view])), SEEN)
    if not why:
        assert found == []
        return
    [(rule, message)] = found
    assert rule == "view-bypass"
    assert message.startswith("role 'user' on app.view reads app.note, ")
    assert why in message


def test_a_table_that_is_not_tracked_has_no_permissions_to_bypass() -> None:
    assert told(document(table("view", select_permissions=[select()])), SEEN) == []


def test_a_view_that_nobody_reads_bypasses_nothing() -> None:
    note = table("note", select_permissions=[select(filter=MINE)])
    assert told(document(note, table("view")), SEEN) == []


@pytest.mark.parametrize(
    ("parents", "count"),
    [([select("a", filter=MINE)], 1), ([select("a", filter=MINE), select("b")], 0), ([], 1)],
)
def test_an_inherited_role_has_its_parents_permissions(parents: Json, count: int) -> None:
    note = table("note", select_permissions=parents)
    view = table("view", select_permissions=[select("both")])
    roles = [
        {"role_name": "both", "role_set": ["middle"]},
        {"role_name": "middle", "role_set": ["a", "b", "both"]},
    ]
    assert len(told(document(note, view, inherited_roles=roles), SEEN)) == count


def reads(*names: QualifiedName, **more: bool) -> Reach:
    return Reach(functions={NAMED: FunctionReach(frozenset(names), **more)})


TRACKED = {"function": {"schema": "app", "name": "f"}}
FILTERED = table("note", select_permissions=[select(filter=MINE)])


@pytest.mark.parametrize(
    ("returns", "of_other", "permissions", "rules"),
    [
        (NOTE, None, [], []),
        (NOTE, None, [{"role": "user"}], []),
        (OTHER, select(), [], ["function-bypass"]),
        (OTHER, select(filter=MINE), [], []),
        (OTHER, select("admin's"), [], ["function-bypass"]),
        (OTHER, None, [], []),
        (OTHER, None, [{"role": "user"}], ["function-bypass"]),
        (None, None, [{"role": "user"}, {"role": "nobody"}], ["function-bypass"] * 2),
    ],
)
def test_tracked_functions(
    returns: QualifiedName | None, of_other: Json, permissions: Json, rules: list[str]
) -> None:
    other = table("other", select_permissions=[of_other] if of_other else [])
    subject = document(FILTERED, other, functions=[{**TRACKED, "permissions": permissions}])
    assert [rule for rule, _ in told(subject, reads(NOTE), returns)] == rules


def test_a_volatile_function_is_called_by_those_whom_it_is_given_to() -> None:
    other = table("other", select_permissions=[select()])
    subject = document(FILTERED, other, functions=[TRACKED])
    assert told(subject, reads(NOTE), OTHER, "volatile") == []


def test_rights_of_the_owner() -> None:
    subject = document(FILTERED, functions=[{**TRACKED, "permissions": [{"role": "user"}]}])
    assert told(subject, reads(definer=True), NOTE) == [
        (
            "definer-function",
            "role 'user' has the use of app.f, which has its owner's rights and no search_path.",
        )
    ]
    [(_, message)] = told(subject, reads(definer=True, has_path=True), NOTE)
    assert message.endswith("which has its owner's rights.")
    assert told(document(FILTERED, functions=[TRACKED]), Reach()) == []


@pytest.mark.parametrize(
    ("returns", "shown", "rules"),
    [
        (None, ["c"], ["function-bypass"]),
        (NOTE, ["c"], []),
        (None, [], []),
        (None, ["another"], []),
        (None, "c", []),
    ],
)
def test_computed_fields(returns: QualifiedName | None, shown: Json, rules: list[str]) -> None:
    note = table(
        "note",
        computed_fields=[{"name": "c", "definition": {"function": TRACKED["function"]}}],
        select_permissions=[select(filter=MINE, computed_fields=shown)],
    )
    assert [rule for rule, _ in told(document(note), reads(NOTE), returns)] == rules


def test_where_the_database_is_not_known_nothing_is_said() -> None:
    view = table("view", select_permissions=[select()])
    subject = document(FILTERED, view, functions=[{**TRACKED, "permissions": [{"role": "user"}]}])
    assert [one for one in findings(Subject(subject)) if one.rule.name in RULES] == []


@pytest.mark.parametrize("broken", [7, [], {}, "x", None])
def test_any_document_can_be_looked_at(broken: Json) -> None:
    subject = document(
        table("note", computed_fields=broken, select_permissions=[select(computed_fields=broken)]),
        functions=[{"function": broken, "permissions": broken}, TRACKED],
        inherited_roles=[{"role_name": "user", "role_set": broken}],
    )
    told(subject, reads(NOTE, definer=True))
