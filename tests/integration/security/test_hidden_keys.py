"""Keys, cells and rows that a role does not see: in mutations and in conditions of aggregates."""

from collections.abc import Iterator
from typing import Any

import pytest

from rowgate.base.session import Session
from tests.serving import Served, serving, source

Json = Any

SCHEMA = """
create table shelf (id int primary key, label text, open boolean);
create table note (id int primary key, mine boolean, title text, body text);
create table book (id int primary key, shelf int references shelf (id), price float8, lent boolean);
insert into shelf values (1, 'a', true), (2, 'b', false);
insert into book values (1, 1, 2.5, true);
"""
BOTH = Session("both", {})
READER = Session("opened", {})


def _granted(role: str, **permission: Json) -> Json:
    return {"role": role, "permission": permission}


SHELF: Json = {
    "table": "shelf",
    "array_relationships": [
        {
            "name": "books",
            "using": {"foreign_key_constraint_on": {"table": "book", "column": "shelf"}},
        }
    ],
    "select_permissions": [
        _granted("opened", columns=["id", "label"], filter={"open": {"_eq": True}}),
        _granted("labelled", columns=["label"], filter={}),
    ],
    "update_permissions": [_granted("opened", columns=["label"], filter={}, check=None)],
    "delete_permissions": [_granted("opened", filter={})],
}
BOOK: Json = {
    "table": "book",
    "select_permissions": [
        _granted("opened", columns=["id", "price", "lent"], filter={}, allow_aggregations=True)
    ],
}
NOTE: Json = {
    "table": "note",
    "select_permissions": [
        _granted("opened", columns=["id", "title"], filter={"mine": {"_eq": True}}),
        _granted("labelled", columns=["id", "body"], filter={"mine": {"_eq": True}}),
    ],
    "insert_permissions": [_granted("opened", columns="*", check={})],
}


@pytest.fixture(scope="module")
def shelves(module_database_url: str) -> Iterator[Served]:
    inherited = {"both": ["opened", "labelled"]}
    document = source(module_database_url, [SHELF, BOOK, NOTE], inherited=inherited)
    with serving(module_database_url, SCHEMA, document) as served:
        yield served


@pytest.mark.parametrize(
    "field",
    ['update_shelf_by_pk(pk_columns: {id: 2}, _set: {label: "x"})', "delete_shelf_by_pk(id: 2)"],
)
def test_a_row_whose_key_is_hidden_is_not_changed_by_its_key(field: str, shelves: Served) -> None:
    (row,) = shelves.data('{ shelf(where: {label: {_eq: "b"}}) { id } }', who=BOTH)["shelf"]
    assert row == {"id": None}
    answer = shelves.data(f"mutation {{ row: {field} {{ label }} }}", who=BOTH)
    assert answer == {"row": None}
    assert shelves.sql("select array_agg(label order by id) from shelf") == ["a", "b"]


def test_a_row_whose_key_shows_is_changed_by_its_key(shelves: Served) -> None:
    field = 'update_shelf_by_pk(pk_columns: {id: 1}, _set: {label: "a"}) { id label }'
    answer = shelves.data(f"mutation {{ row: {field} }}", who=BOTH)
    assert answer == {"row": {"id": 1, "label": "a"}}


@pytest.mark.parametrize(("mine", "shown"), [("true", "x"), ("false", None), ("null", None)])
def test_a_written_row_beyond_the_filters_shows_what_all_parents_see(
    mine: str, shown: str | None, shelves: Served
) -> None:
    given = f'object: {{id: 1, mine: {mine}, title: "x", body: "x"}}'
    text = f"mutation {{ row: insert_note_one({given}) {{ id title body }} }}"
    answer = shelves.data(text, who=BOTH)
    shelves.sql("delete from note")
    assert answer == {"row": {"id": 1, "title": shown, "body": shown}}


@pytest.mark.parametrize(
    "predicate",
    [
        "max: {predicate: {_gt: 1}, arguments: price}",
        "avg: {predicate: {_gt: 1}, arguments: price}",
        "bool_and: {predicate: {_eq: true}, arguments: lent}",
        "bool_or: {predicate: {_eq: true}, arguments: lent}",
        "count: {predicate: {_gt: 0}}",
    ],
)
@pytest.mark.parametrize("shape", ["{condition}", "{{_not: {condition}}}"])
def test_an_aggregate_of_no_rows_does_not_pass(predicate: str, shape: str, shelves: Served) -> None:
    shelves.sql("update shelf set open = true")
    condition = shape.format(condition=f"{{books_aggregate: {{{predicate}}}}}")
    rows = shelves.data(f"{{ shelf(where: {condition}) {{ id }} }}", who=READER)["shelf"]
    shelves.sql("update shelf set open = id = 1")
    assert rows == [{"id": 2 if "_not" in shape else 1}]
