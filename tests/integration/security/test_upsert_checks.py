"""Which check an upsert keeps to, where it changes a row that is there."""

from collections.abc import Iterator
from typing import Any

import pytest

from rowgate.base.session import Session
from tests.serving import Served, serving, source

Json = Any

SCHEMA = "create table item (id int primary key, price int); insert into item values (1, 1);"
CHEAP = {"price": {"_lt": 10}}
CHECKS: dict[str, Json] = {"none": None, "empty": {}, "cheap": CHEAP}


def _permission(kind: str, check: Json) -> Json:
    return {"role": kind, "permission": {"columns": "*", "filter": {}, "check": check}}


ITEM: Json = {
    "table": "item",
    "select_permissions": [
        {"role": role, "permission": {"columns": "*", "filter": {}}} for role in CHECKS
    ],
    "insert_permissions": [
        {"role": role, "permission": {"columns": "*", "check": {} if role == "cheap" else CHEAP}}
        for role in CHECKS
    ],
    "update_permissions": [_permission(role, check) for role, check in CHECKS.items()],
}


@pytest.fixture(scope="module")
def items(module_database_url: str) -> Iterator[Served]:
    with serving(module_database_url, SCHEMA, source(module_database_url, [ITEM])) as served:
        yield served


def _upsert(price: int) -> str:
    conflict = "on_conflict: {constraint: item_pkey, update_columns: [price]}"
    field = f"insert_item(objects: [{{id: 1, price: {price}}}], {conflict})"
    return f"mutation {{ {field} {{ affected_rows }} }}"


@pytest.mark.parametrize("role", ["none", "cheap"])
def test_a_row_that_the_check_refuses_is_not_overwritten(role: str, items: Served) -> None:
    who = Session(role, {})
    assert items.refusal(_upsert(20), who=who)["code"] == "permission-error"
    assert items.data(_upsert(5), who=who) == {"insert_item": {"affected_rows": 1}}
    assert items.sql("select price from item") == 5


def test_an_updates_own_check_that_is_empty_lets_all_through(items: Served) -> None:
    answer = items.data(_upsert(20), who=Session("empty", {}))
    assert answer == {"insert_item": {"affected_rows": 1}}


def test_an_update_without_a_check_is_not_checked(items: Served) -> None:
    text = "mutation { update_item(where: {}, _set: {price: 20}) { affected_rows } }"
    answer = items.data(text, who=Session("none", {}))
    assert answer == {"update_item": {"affected_rows": 1}}
