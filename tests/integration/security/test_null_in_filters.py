"""Rows without a value under `_eq` and `_ne` of a permission, which are written as Hasura does:
`c = v or (c is null and v is null)` and `c <> v or (c is not null and v is null)`."""

from collections.abc import Iterator
from typing import Any

import pytest

from rowgate.base.session import Session
from tests.serving import Served, serving, source

Json = Any

SCHEMA = """
create table owner (id int primary key);
create table memo (
    id int primary key, owner int references owner (id),
    flag boolean, word text, number numeric, data jsonb, tags text[], day date, late bigint
);
insert into owner values (1), (2), (3);
insert into memo values
    (1, 1, null, null, null, null, null, null, null),
    (2, 2, true, 'a', 1, '{"a": 1}', '{a}', '2020-01-01', 1),
    (3, 3, false, 'b', 2, '{"a": 2}', '{b}', '2020-01-02', 2);
"""
VALUES: dict[str, tuple[Json, str]] = {
    "flag": (True, "true"),
    "word": ("a", "a"),
    "number": (1, "1.0"),
    "data": ({"a": 1}, '{"a": 1}'),
    "tags": (["a"], "{a}"),
    "day": ("2020-01-01", "2020-01-01"),
    "late": (1, "1"),
}
"""By column: the value of row 2 as a literal, and as a session variable has it."""
SPELLINGS = ("_ne", "_neq", "$ne", "$neq")
ROLES: dict[str, Json] = {"null": {"flag": {"_eq": None}}, "bare": {"flag": None}}
for _column, (_value, _) in VALUES.items():
    for _spelling in SPELLINGS:
        ROLES[f"{_column} {_spelling}"] = {_column: {_spelling: _value}}
        ROLES[f"{_column} {_spelling} session"] = {_column: {_spelling: "X-Hasura-Value"}}
    ROLES[f"{_column} _eq null"] = {_column: {"_eq": None}}
    ROLES[f"{_column} $eq null"] = {_column: {"$eq": None}}
    ROLES[f"{_column} _ne null"] = {_column: {"_ne": None}}
    ROLES[f"{_column} not _ne"] = {"_not": {_column: {"_ne": _value}}}
    ROLES[f"{_column} not _eq null"] = {"_not": {_column: {"_eq": None}}}
    ROLES[f"{_column} _gt null"] = {_column: {"_gt": None}}
    ROLES[f"{_column} _nin"] = {_column: {"_nin": [_value]}}


def _permission(role: str, condition: Json, kind: str) -> Json:
    return {"role": role, "permission": {"columns": "*", kind: condition}}


def _table() -> Json:
    selects = [_permission(role, condition, "filter") for role, condition in ROLES.items()]
    return {
        "table": "memo",
        "object_relationships": [
            {"name": "owned", "using": {"foreign_key_constraint_on": "owner"}}
        ],
        "select_permissions": selects,
        "insert_permissions": [_permission("writer", {"flag": {"_ne": True}}, "check")],
        "update_permissions": [
            {
                "role": "writer",
                "permission": {"columns": ["word"], "filter": {"flag": {"_neq": True}}},
            },
            {
                "role": "checked",
                "permission": {
                    "columns": ["flag"],
                    "filter": {},
                    "check": {"flag": {"$ne": "X-Hasura-Value"}},
                },
            },
        ],
        "delete_permissions": [
            {"role": "writer", "permission": {"filter": {"flag": {"$ne": True}}}}
        ],
    }


OWNER: Json = {
    "table": "owner",
    "array_relationships": [
        {
            "name": "memos",
            "using": {"foreign_key_constraint_on": {"table": "memo", "column": "owner"}},
        }
    ],
    "select_permissions": [
        _permission("through", {"memos": {"flag": {"_ne": True}}}, "filter"),
        _permission(
            "exists",
            {
                "_exists": {
                    "_table": {"schema": "public", "name": "memo"},
                    "_where": {"owner": {"_ceq": ["$", "id"]}, "word": {"$neq": "X-Hasura-Value"}},
                }
            },
            "filter",
        ),
        _permission("key", {"id": {"_ne": None}}, "filter"),
        _permission("key eq", {"id": {"_eq": None}}, "filter"),
    ],
}


@pytest.fixture(scope="module")
def memos(module_database_url: str) -> Iterator[Served]:
    document = source(module_database_url, [_table(), OWNER])
    with serving(module_database_url, SCHEMA, document) as served:
        yield served


def _seen(memos: Served, role: str, table: str = "memo", value: str = "") -> list[int]:
    who = Session(role, {"x-hasura-value": value})
    rows = memos.data(f"{{ {table}(order_by: {{id: asc}}) {{ id }} }}", who=who)[table]
    return [row["id"] for row in rows]


@pytest.mark.parametrize("column", VALUES)
def test_a_row_without_a_value_is_not_shown_as_a_different_one(column: str, memos: Served) -> None:
    value = VALUES[column][1]
    for spelling in SPELLINGS:
        assert _seen(memos, f"{column} {spelling}") == [3]
        assert _seen(memos, f"{column} {spelling} session", value=value) == [3]
    assert _seen(memos, f"{column} not _ne") == [2]
    assert _seen(memos, f"{column} _nin") == [3]


@pytest.mark.parametrize("column", VALUES)
def test_null_compared_with_is_a_test_for_null(column: str, memos: Served) -> None:
    assert _seen(memos, f"{column} _eq null") == [1]
    assert _seen(memos, f"{column} $eq null") == [1]
    assert _seen(memos, f"{column} _ne null") == [2, 3]
    assert _seen(memos, f"{column} not _eq null") == []
    assert _seen(memos, f"{column} _gt null") == []


def test_null_itself_may_stand_for_a_column(memos: Served) -> None:
    assert _seen(memos, "null") == _seen(memos, "bare") == [1]


def test_a_column_that_is_never_null_is_compared_with_it_plainly(memos: Served) -> None:
    assert _seen(memos, "key", "owner") == []
    assert _seen(memos, "key eq", "owner") == []


def test_filters_through_relationships_and_other_tables(memos: Served) -> None:
    assert _seen(memos, "through", "owner") == [3]
    assert _seen(memos, "exists", "owner", "a") == [3]


WRITER = Session("writer", {})


@pytest.fixture
def put_back(memos: Served) -> Iterator[None]:
    yield
    memos.sql("delete from memo; delete from owner;" + SCHEMA[SCHEMA.index("insert") :])


@pytest.mark.parametrize("flag", ["null", "true"])
def test_no_such_row_is_inserted(flag: str, memos: Served) -> None:
    text = f"mutation {{ insert_memo(objects: [{{id: 9, flag: {flag}}}]) {{ affected_rows }} }}"
    assert memos.refusal(text, who=WRITER)["code"] == "permission-error"


@pytest.mark.usefixtures("put_back")
def test_no_such_row_is_updated_or_deleted(memos: Served) -> None:
    text = 'mutation { update_memo(where: {}, _set: {word: "x"}) { affected_rows } }'
    assert memos.data(text, who=WRITER) == {"update_memo": {"affected_rows": 1}}
    text = "mutation { delete_memo(where: {}) { affected_rows } }"
    assert memos.data(text, who=WRITER) == {"delete_memo": {"affected_rows": 1}}
    assert memos.sql("select array_agg(id order by id) from memo") == [1, 2]


@pytest.mark.usefixtures("put_back")
@pytest.mark.parametrize("flag", ["null", "true"])
def test_no_row_is_updated_to_such_a_one(flag: str, memos: Served) -> None:
    who = Session("checked", {"x-hasura-value": "true"})
    text = f"mutation {{ update_memo(where: {{}}, _set: {{flag: {flag}}}) {{ affected_rows }} }}"
    assert memos.refusal(text, who=who)["code"] == "permission-error"
    text = text.replace(flag, "false")
    assert memos.data(text, who=who) == {"update_memo": {"affected_rows": 3}}
