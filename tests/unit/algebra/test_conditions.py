"""Truth and falsehood in the algebra; what stands at an operator's right."""

import pytest

from rowgate.algebra.types import (
    FALSE,
    TRUE,
    And,
    Compare,
    Constant,
    Operator,
    Or,
    RowColumn,
    array_of,
    conjunction,
    disjunction,
    value_type,
)
from rowgate.catalog.types import INT4, JSONB, TEXT, PgType, TypeKind

ONE = Compare(RowColumn("a", INT4), Operator.EQ, Constant(1, INT4))
TWO = Compare(RowColumn("a", INT4), Operator.EQ, Constant(2, INT4))
LTREE = PgType("public", "ltree")


def test_conjunctions_are_flat_and_short() -> None:
    assert conjunction([]) == TRUE
    assert conjunction([ONE, TRUE]) == ONE
    assert conjunction([ONE, And((TWO, ONE))]) == And((ONE, TWO, ONE))
    assert conjunction([ONE, FALSE, TWO]) == FALSE
    assert conjunction([Or((ONE, TWO)), ONE]) == And((Or((ONE, TWO)), ONE))


def test_disjunctions_are_flat_and_short() -> None:
    assert disjunction([]) == FALSE
    assert disjunction([FALSE, ONE]) == ONE
    assert disjunction([ONE, Or((TWO,))]) == Or((ONE, TWO))
    assert disjunction([ONE, TRUE]) == TRUE
    assert disjunction([And((ONE, TWO)), FALSE]) == And((ONE, TWO))


@pytest.mark.parametrize(
    ("operator", "operand", "type_", "many"),
    [
        (Operator.EQ, INT4, INT4, False),
        (Operator.IN, INT4, INT4, True),
        (Operator.NIN, TEXT, TEXT, True),
        (Operator.HAS_KEY, JSONB, TEXT, False),
        (Operator.HAS_KEYS_ALL, JSONB, TEXT, True),
        (Operator.CONTAINS, JSONB, JSONB, False),
        (Operator.ANCESTOR_ANY, LTREE, LTREE, True),
        (Operator.MATCHES, LTREE, PgType("public", "lquery"), False),
        (Operator.MATCHES_ANY, LTREE, PgType("public", "lquery"), True),
        (Operator.MATCHES_FULLTEXT, LTREE, PgType("public", "ltxtquery"), False),
    ],
)
def test_what_stands_at_an_operators_right(
    operator: Operator, operand: PgType, type_: PgType, many: bool
) -> None:
    assert value_type(operator, operand) == (type_, many)


def test_an_array_knows_its_element() -> None:
    assert array_of(INT4) == PgType("pg_catalog", "_int4", TypeKind.ARRAY, INT4)
