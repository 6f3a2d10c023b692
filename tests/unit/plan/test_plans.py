"""Plans of small requests: every row under its role's filter, every leaf free of values."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from rowgate.algebra.types import (
    And,
    Compare,
    Constant,
    Operator,
    RowColumn,
    SessionValue,
    Variable,
)
from rowgate.base.errors import ApiError
from rowgate.base.names import jsonpath
from rowgate.catalog.types import BOOL, INT4, TEXT
from rowgate.operation.types import Selected
from rowgate.plan.origins import FromTable
from rowgate.plan.outputs import json_path
from rowgate.plan.types import (
    Assignment,
    Delete,
    Fixed,
    Insert,
    Nested,
    NestedWrite,
    Plan,
    ReadRows,
    Rows,
    Shown,
    Update,
    Write,
    WriteMany,
)
from tests.unit.small_world import ARTICLE, AUTHOR, document, planned, resolved, select

OWN = Compare(RowColumn("author_id", INT4), Operator.EQ, SessionValue("x-hasura-user-id", INT4))
PUBLISHED = Compare(RowColumn("published", BOOL), Operator.EQ, Constant(True, BOOL))
RULES: dict[str, Any] = {
    "select_permissions": [
        select("user", ["id", "title", "author_id"], {"published": {"_eq": True}}, limit=3)
    ],
    "insert_permissions": [
        {
            "role": "user",
            "permission": {
                "columns": ["title"],
                "check": {"published": {"_eq": True}},
                "set": {"author_id": "x-hasura-user-id"},
            },
        }
    ],
    "update_permissions": [
        {
            "role": "user",
            "permission": {
                "columns": ["title"],
                "filter": {"author_id": "x-hasura-user-id"},
                "check": {"published": {"_eq": True}},
                "set": {"views": 0},
            },
        }
    ],
    "delete_permissions": [
        {"role": "user", "permission": {"filter": {"author_id": "x-hasura-user-id"}}}
    ],
}
AUTHORS = {"select_permissions": [select("user", ["id", "name"], {"id": "x-hasura-user-id"})]}
WORLD = resolved(document(author=AUTHORS, article=RULES))


def as_user(query: str, variables: Any = None) -> Any:
    return planned(query, variables, snapshot=WORLD, role="user").work


def within(node: Any) -> Iterator[Any]:
    """Every node of a plan."""
    yield node
    if is_dataclass(node):
        for field in fields(node):
            yield from within(getattr(node, field.name))
    elif isinstance(node, dict):
        for one in node.values():
            yield from within(one)
    elif isinstance(node, tuple | list):
        for one in node:
            yield from within(one)


def test_rows_stand_under_filter_and_cap() -> None:
    work = as_user('{ article(where: {title: {_eq: "x"}}) { id } }')
    assert isinstance(work, ReadRows)
    assert work.rows.filter == PUBLISHED
    assert work.rows.cap == 3
    assert work.rows.where == Compare(RowColumn("title", TEXT), Operator.EQ, Constant("x", TEXT))


def test_every_rows_of_a_request_stand_under_their_tables_filter() -> None:
    work = as_user("{ author { articles(order_by: {author: {name: asc}}) { author { name } } } }")
    expected = {
        ARTICLE: PUBLISHED,
        AUTHOR: Compare(RowColumn("id", INT4), Operator.EQ, SessionValue("x-hasura-user-id", INT4)),
    }
    rows = [one for one in within(work) if isinstance(one, Rows)]
    assert len(rows) == 4
    for one in rows:
        assert isinstance(one.origin, FromTable)
        assert one.filter == expected[one.origin.table]


def test_a_condition_through_a_relationship_stands_under_the_filter() -> None:
    work = as_user('{ author(where: {articles: {title: {_eq: "x"}}}) { id } }')
    title = Compare(RowColumn("title", TEXT), Operator.EQ, Constant("x", TEXT))
    assert isinstance(work.rows.where.condition, And)
    parts = [list(within(one)) for one in work.rows.where.condition.items]
    assert [PUBLISHED in one for one in parts] == [True, False]
    assert [title in one for one in parts] == [False, True]


def test_by_key_the_cap_does_not_count() -> None:
    work = as_user("{ article_by_pk(id: 1) { id } }")
    assert work.one
    assert work.rows.cap is None
    assert work.rows.filter == PUBLISHED


def test_values_of_variables_stay_variables() -> None:
    work = planned(
        "query ($id: Int!, $n: Int) { article(where: {id: {_eq: $id}}, limit: $n) { id } }",
        {"id": 987654, "n": 123456},
    ).work
    leaves = {one.path for one in within(work) if isinstance(one, Variable)}
    assert leaves == {("id",), ("n",)}
    assert "987654" not in repr(work)
    assert "123456" not in repr(work)


def test_a_relationship_is_nested_rows() -> None:
    work = planned("{ author { articles(limit: 2) { title } } }").work
    assert isinstance(work, ReadRows)
    ((key, nested),) = work.fields
    assert isinstance(nested, Nested)
    assert (key, nested.many, nested.join and nested.join.pairs) == (
        "articles",
        True,
        (("id", "author_id"),),
    )
    assert nested.fields == (("title", Shown(RowColumn("title", TEXT))),)


def test_an_insert_carries_check_and_presets() -> None:
    work = as_user('mutation { insert_article_one(object: {title: "x"}) { id } }')
    assert isinstance(work, Write)
    assert isinstance(work.change, Insert)
    assert work.change.check == PUBLISHED
    assert list(work.change.columns) == ["title", "author_id"]
    assert work.change.rows == ((Constant("x", TEXT), SessionValue("x-hasura-user-id", INT4)),)


def test_rows_of_unlike_columns_are_one_insert() -> None:
    work = planned(
        'mutation { insert_article(objects: [{title: "a"}, {id: 2}]) { affected_rows } }'
    ).work
    assert isinstance(work, Write)
    assert isinstance(work.change, Insert)
    assert list(work.change.columns) == ["title", "id"]
    assert work.change.rows == (
        (Constant("a", TEXT), None),
        (None, Constant(2, INT4)),
    )


def test_relatives_make_an_insert_nested() -> None:
    work = planned(
        'mutation { insert_author_one(object: {name: "a", articles: {data: [{title: "b"}]}}) '
        "{ id } }"
    ).work
    assert isinstance(work, NestedWrite)
    ((name, join, children),) = work.rows[0].after
    assert (name, join.target, len(children)) == ("articles", ARTICLE, 1)


def test_an_update_carries_filter_check_and_presets() -> None:
    work = as_user('mutation { update_article(where: {}, _set: {title: "x"}) { affected_rows } }')
    assert isinstance(work, Write)
    assert isinstance(work.change, Update)
    assert work.change.rows.filter == OWN
    assert work.change.check == PUBLISHED
    assert [one.column for one in work.change.assignments] == ["title", "views"]


def test_each_update_of_many_stands_under_the_filter() -> None:
    work = as_user(
        'mutation { update_article_many(updates: [{where: {id: {_eq: 1}}, _set: {title: "x"}}, '
        '{where: {}, _set: {title: "y"}}]) { affected_rows } }'
    )
    assert isinstance(work, WriteMany)
    for one in work.writes:
        assert isinstance(one, Write)
        assert isinstance(one.change, Update)
        assert one.change.rows.filter == OWN


def test_a_delete_stands_under_the_filter() -> None:
    work = as_user("mutation { delete_article(where: {}) { affected_rows } }")
    assert isinstance(work, Write)
    assert isinstance(work.change, Delete)
    assert work.change.rows.filter == OWN


def test_an_update_of_nothing_needs_no_database() -> None:
    work = planned("mutation { update_author(where: {}) { affected_rows returning { id } } }").work
    assert work == Fixed({"affected_rows": 0, "returning": []})


@pytest.mark.parametrize(
    ("changes", "operators"),
    [
        ("_inc: {views: 2}", ["inc"]),
        ("_set: {title: null}", ["set"]),
        ('_set: {title: "a"}, _inc: {rating: 1}', ["set", "inc"]),
    ],
)
def test_update_operators(changes: str, operators: list[str]) -> None:
    plan = planned(f"mutation {{ update_article(where: {{}}, {changes}) {{ affected_rows }} }}")
    assert isinstance(plan.work, Write)
    assert isinstance(plan.work.change, Update)
    made: tuple[Assignment, ...] = plan.work.change.assignments
    assert [one.operator for one in made] == operators


@pytest.mark.parametrize(
    ("query", "message", "path"),
    [
        (
            "mutation { update_article(where: {}, _set: {views: 1}, _inc: {views: 1}) "
            "{ affected_rows } }",
            "Column found in multiple operators: ['views'].",
            "$.selectionSet.update_article.args",
        ),
        (
            "{ article(distinct_on: [title], order_by: {id: asc}) { id } }",
            '"distinct_on" columns must match initial "order_by" columns',
            "$.selectionSet.article.args",
        ),
        (
            "{ article(where: {id: {_eq: null}}) { id } }",
            "unexpected null value for type 'Int'",
            "$.selectionSet.article.args.where.id._eq",
        ),
        (
            'mutation { insert_author_one(object: {name: "a", articles: {data: '
            "[{author_id: 1}]}}) { id } }",
            'cannot insert "author_id" columns as their values are already being determined by '
            "parent insert",
            "$.selectionSet.insert_author_one.args.object.articles.data[0]",
        ),
        (
            'mutation { insert_article_one(object: {author_id: 1, author: {data: {name: "a"}}}) '
            "{ id } }",
            'cannot insert object relationship "author" as "author_id" column values are already '
            "determined",
            "$.selectionSet.insert_article_one.args.object.author",
        ),
    ],
)
def test_what_cannot_be_planned_is_refused(query: str, message: str, path: str) -> None:
    with pytest.raises(ApiError) as error:
        planned(query)
    assert error.value.message == message
    assert jsonpath(error.value.path).startswith(path)
    assert error.value.code == "validation-failed"


FIELD = Selected("profile", None, "author", ("selectionSet", "author"))


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", ()),
        ("$", ()),
        ("$.a", ("a",)),
        ("a", ("a",)),
        ("$.a.b[0]", ("a", "b", "0")),
        ("a['b.c'].d", ("a", "b.c", "d")),
        ('$["x y"][12]', ("x y", "12")),
        ("[3]", ("3",)),
        ("$.ä.b-c", ("ä", "b-c")),
    ],
)
def test_json_paths(text: str, steps: tuple[str, ...]) -> None:
    assert json_path(text, FIELD) == steps


@pytest.mark.parametrize("text", ["$.", "a..b", "a[", "a[b]", "[-1]", "a]", "['a", "$.a[0"])
def test_wrong_json_paths(text: str) -> None:
    with pytest.raises(ApiError) as error:
        json_path(text, FIELD)
    assert error.value.code == "parse-failed"
    assert error.value.message.startswith("parse json path error")


def test_a_plan_knows_its_source_and_key() -> None:
    plan: Plan = planned("{ a: author { id } }")
    assert (plan.source, plan.key) == ("default", "a")
