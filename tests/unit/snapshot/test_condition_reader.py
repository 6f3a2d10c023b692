"""Boolean expressions of permissions as conditions."""

from typing import Any

import pytest

from rowgate.algebra.types import (
    FALSE,
    TRUE,
    And,
    Compare,
    Condition,
    Constant,
    Exists,
    IsNull,
    ListOf,
    Not,
    Operator,
    Or,
    Related,
    RelatedColumn,
    RowColumn,
    SessionValue,
)
from rowgate.base.errors import ApiError
from rowgate.catalog.types import BOOL, INT4, TEXT
from rowgate.snapshot.conditions import ConditionReader, session_variable
from rowgate.snapshot.permissions import DefinerAccess
from tests.unit.small_world import ARTICLE, AUTHOR, resolved

TABLES = resolved().sources["default"].tables
ID = RowColumn("id", INT4)
TITLE = RowColumn("title", TEXT)


def reading(expression: Any, *, client_values: bool = False) -> Condition:
    reader = ConditionReader(DefinerAccess(TABLES), TABLES[ARTICLE], client_values=client_values)
    return reader.read(expression)


def equal(column: RowColumn, value: Any) -> Condition:
    return Compare(column, Operator.EQ, Constant(value, column.type))


def or_null(column: RowColumn, operator: Operator) -> Condition:
    """What `_eq` or `_neq` of null means for a column that may be null."""
    compared = Compare(column, operator, Constant(None, column.type))
    return Or((compared, IsNull(column, operator is Operator.EQ)))


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        ({}, TRUE),
        ({"_and": []}, TRUE),
        ({"_or": []}, FALSE),
        ({"_not": {}}, Not(TRUE)),
        ({"id": 1}, equal(ID, 1)),
        ({"id": {"_eq": 1}}, equal(ID, 1)),
        ({"id": {"$eq": 1}}, equal(ID, 1)),
        ({"id": {}}, TRUE),
        ({"title": None}, or_null(TITLE, Operator.EQ)),
        ({"title": {"_eq": None}}, or_null(TITLE, Operator.EQ)),
        ({"title": {"_ne": None}}, or_null(TITLE, Operator.NEQ)),
        ({"title": {"_ne": "x"}}, Compare(TITLE, Operator.NEQ, Constant("x", TEXT))),
        ({"title": {"_gt": None}}, Compare(TITLE, Operator.GT, Constant(None, TEXT))),
        ({"id": {"_ne": None}}, Compare(ID, Operator.NEQ, Constant(None, INT4))),
        ({"id": {"_is_null": False}}, IsNull(ID, False)),
        ({"id": {"_gte": 1}}, Compare(ID, Operator.GTE, Constant(1, INT4))),
        ({"id": 1, "title": "x"}, And((equal(ID, 1), equal(TITLE, "x")))),
        ({"$or": [{"id": 1}, {"title": "x"}]}, Or((equal(ID, 1), equal(TITLE, "x")))),
        ({"id": {"_in": [1, 2]}}, Compare(ID, Operator.IN, Constant([1, 2], INT4, True))),
        ({"id": "X-Hasura-Id"}, Compare(ID, Operator.EQ, SessionValue("x-hasura-id", INT4))),
        (
            {"id": {"_in": "X-Hasura-Ids"}},
            Compare(ID, Operator.IN, SessionValue("x-hasura-ids", INT4, True)),
        ),
        (
            {"id": {"_in": [1, "x-hasura-id"]}},
            Compare(
                ID,
                Operator.IN,
                ListOf((Constant(1, INT4), SessionValue("x-hasura-id", INT4)), INT4),
            ),
        ),
        ({"id": {"_ceq": "author_id"}}, Compare(ID, Operator.EQ, RowColumn("author_id", INT4))),
        (
            {"id": {"_cgt": ["$", "author_id"]}},
            Compare(ID, Operator.GT, RowColumn("author_id", INT4, True)),
        ),
    ],
)
def test_an_expression_means(expression: Any, condition: Condition) -> None:
    assert reading(expression) == condition


def test_relationships_and_unrelated_tables() -> None:
    join = TABLES[ARTICLE].relationships["author"].join
    name = RowColumn("name", TEXT)
    assert reading({"author": {"name": "x"}}) == Related(join, equal(name, "x"))
    exists = {"_exists": {"_table": "author", "_where": {"name": "x"}}}
    assert reading(exists) == Exists(AUTHOR, equal(name, "x"))
    compared = reading({"id": {"_clt": ["author", "id"]}})
    assert compared == Compare(ID, Operator.LT, RelatedColumn(join, "id", INT4))


def test_the_root_stays_the_root_within_a_relationship() -> None:
    read = reading({"author": {"id": {"_ceq": ["$", "author_id"]}}})
    assert isinstance(read, Related)
    assert read.condition == Compare(ID, Operator.EQ, RowColumn("author_id", INT4, True))


def test_a_clients_text_is_never_a_session_variable() -> None:
    text = Compare(TITLE, Operator.EQ, Constant("x-hasura-id", TEXT))
    assert reading({"title": "x-hasura-id"}, client_values=True) == text
    many = reading({"title": {"_in": ["x-hasura-id"]}}, client_values=True)
    assert many == Compare(TITLE, Operator.IN, Constant(["x-hasura-id"], TEXT, True))


def test_what_names_a_session_variable() -> None:
    assert session_variable("X-Hasura-User-Id") == "x-hasura-user-id"
    assert session_variable("x-hasura") is None
    assert session_variable(1) is None


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ([], "parse-failed"),
        ({"_and": {}}, "parse-failed"),
        ({"_exists": {"_table": "nothing", "_where": {}}}, "not-exists"),
        ({"_exists": {"_table": "author", "_wher": {}}}, "parse-failed"),
        ({"nothing": 1}, "not-exists"),
        ({"id": {"_nothing": 1}}, "parse-failed"),
        ({"id": {"_in": None}}, "parse-failed"),
        ({"id": {"_is_null": None}}, "parse-failed"),
        ({"id": {"_is_null": "yes"}}, "parse-failed"),
        ({"id": {"_in": 3}}, "parse-failed"),
        ({"id": {"_ceq": "nothing"}}, "not-exists"),
        ({"id": {"_ceq": ["nothing", "id"]}}, "not-exists"),
        ({"author": {"nothing": 1}}, "not-exists"),
    ],
)
def test_what_is_wrong_is_refused(expression: Any, code: str) -> None:
    with pytest.raises(ApiError) as refused:
        reading(expression)
    assert refused.value.code == code


def test_a_flag_stays_a_flag() -> None:
    published = RowColumn("published", BOOL)
    assert reading({"published": {"_eq": True}}) == equal(published, True)
