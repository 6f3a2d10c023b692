"""Which variables share a program: those of one shape, whatever their scalars are."""

from collections.abc import Hashable
from typing import Any

import pytest

from rowgate.base.json import decode
from rowgate.operation.document import parse, variable_values
from rowgate.operation.select import Reader
from rowgate.operation.shape import shape
from tests.unit.small_world import LIMITS, exposed, resolved

SCHEMA = exposed(resolved())
WHERE = "query ($w: author_bool_exp) { author(where: $w) { id } }"
FLAT = "query ($n: Int) { author(limit: $n, offset: $n) { __typename id } }"
LIMIT = "query ($n: Int) { author(limit: $n) { id articles { id } } }"
OFFSET = "query ($n: Int) { author(offset: $n) { ... on author { id } } }"
LIMIT_AND_ID = "query ($n: Int) { author(limit: $n, where: {id: {_eq: $n}}) { articles { id } } }"
ID_AND_LIMIT = (
    "query ($n: Int) { author(where: {id: {_gt: $n}}) { id articles(limit: $n) { id } } }"
)
IDS = "query ($ids: [Int!]) { author(where: {id: {_in: $ids}}) { id } }"
ORDER = "query ($o: [author_order_by!]) { author(order_by: $o) { id } }"
SKIP = "query ($s: Boolean!) { author { id name @skip(if: $s) } }"
INSERT = "mutation ($o: [author_insert_input!]!) { insert_author(objects: $o) { affected_rows } }"
JSON = "query ($j: jsonb) { author(where: {profile: {_contains: $j}}) { id } }"


def shapes(query: str, *given: Any) -> list[Hashable]:
    """The shape of each set of variables, once the operation has been read with all of them."""
    document = parse(query, None, LIMITS)
    values = [variable_values(document, one) for one in given]
    for one in values:
        Reader(document, SCHEMA, one, LIMITS).read()
    return [shape(document, one) for one in values]


@pytest.mark.parametrize(
    ("query", "one", "other"),
    [
        (FLAT, {"n": 0}, {"n": 7}),
        (LIMIT, {"n": 1001}, {"n": 7000}),
        (OFFSET, {"n": 1}, {"n": 7}),
        (LIMIT_AND_ID, {"n": 1001}, {"n": 7000}),
        (IDS, {"ids": [1]}, {"ids": [1, 2, 3]}),
        (IDS, {"ids": []}, {"ids": [1]}),
        (WHERE, {"w": {"id": {"_eq": 1}}}, {"w": {"id": {"_eq": 2}}}),
        (WHERE, {"w": {"name": {"_in": ["a"]}}}, {"w": {"name": {"_in": ["b", "c"]}}}),
        (JSON, {"j": {"a": 1}}, {"j": {"b": [1, 2]}}),
        (INSERT, {"o": [{"name": "a"}]}, {"o": [{"name": "b"}]}),
    ],
)
def test_equal_shapes_share_a_program(query: str, one: Any, other: Any) -> None:
    first, second = shapes(query, one, other)
    assert first == second
    hash(first)


@pytest.mark.parametrize(
    ("query", "one", "other"),
    [
        (LIMIT, {"n": 5}, {"n": 7}),
        (LIMIT, {"n": 1000}, {"n": 1001}),
        (LIMIT_AND_ID, {"n": 5}, {"n": 7}),
        (ID_AND_LIMIT, {"n": 5}, {"n": 7}),
        (OFFSET, {"n": 0}, {"n": 1}),
        (LIMIT, {"n": None}, {"n": 5}),
        (LIMIT, {}, {"n": 5}),
        (WHERE, {"w": {"id": {"_eq": 1}}}, {"w": {"id": {"_gt": 1}}}),
        (WHERE, {"w": {"id": {"_eq": 1}}}, {"w": {"name": {"_eq": "1"}}}),
        (WHERE, {"w": {"_or": [{}]}}, {"w": {"_or": [{}, {}]}}),
        (WHERE, {"w": None}, {"w": {}}),
        (ORDER, {"o": {"id": "asc"}}, {"o": {"id": "desc"}}),
        (ORDER, {"o": [{"id": "asc"}]}, {"o": [{"id": "asc"}, {"name": "asc"}]}),
        (SKIP, {"s": True}, {"s": False}),
        (INSERT, {"o": [{"name": "a"}]}, {"o": [{"name": None}]}),
        (INSERT, {"o": [{"name": "a"}]}, {"o": [{"name": "a"}, {"name": "b"}]}),
        (WHERE, {}, {"w": {}}),
    ],
)
def test_what_decides_the_sql_is_part_of_the_shape(query: str, one: Any, other: Any) -> None:
    first, second = shapes(query, one, other)
    assert first != second


def test_numbers_that_decide_and_differ_beyond_a_double_are_told_apart() -> None:
    query = "mutation ($n: jsonb) { insert_author(objects: {profile: {a: $n}}) { affected_rows } }"
    values = [{"n": decode(f"0.{digits}")} for digits in ("12345678901234567", "12345678901234566")]
    first, second = shapes(query, *values)
    assert first != second


def test_no_value_of_a_scalar_is_in_a_shape() -> None:
    secret = "a value that nobody may keep"
    given = {"w": {"name": {"_eq": secret}, "_or": [{"name": {"_in": [secret]}}]}}
    assert secret not in repr(shapes(WHERE, given))
    assert secret not in repr(shapes(INSERT, {"o": [{"name": secret, "profile": {secret: 1}}]}))


def test_without_variables_there_is_one_shape() -> None:
    assert shapes("{ author { id } }", None, {}) == [(), ()]


def test_true_is_not_one() -> None:
    first, second = shapes(SKIP, {"s": True}, {"s": False})
    assert len({first, second}) == 2
