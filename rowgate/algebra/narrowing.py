"""A request's condition on rows that a role's filter limits: what could fail on a row is evaluated
on rows of the filter alone.

Postgres evaluates the parts of a `where` in an order of its own. What fails on a row that the role
does not see would tell that the row is there, and what it holds. A comparison of a stored column
cannot fail; a part that can stands behind the filter in a `case`, which Postgres keeps, and which
no index serves. The parts that cannot fail stand beside the filter, where indexes serve them.
"""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass

from rowgate.algebra.types import (
    FALSE,
    TRUE,
    AggregateCompare,
    And,
    Cast,
    Compare,
    Computed,
    Condition,
    Constant,
    IsNull,
    Not,
    Operand,
    Operator,
    Or,
    RelatedByFunction,
    RowColumn,
    RowFlag,
    Spatial,
    Value,
    Variable,
    Within,
    conjunction,
)
from rowgate.base.errors import ApiError
from rowgate.base.json import Json

PATTERNS = frozenset((Operator.LIKE, Operator.NLIKE, Operator.ILIKE, Operator.NILIKE))
"""Operators that take a pattern of `like`."""
_EXPRESSIONS = frozenset(
    (
        Operator.SIMILAR,
        Operator.NSIMILAR,
        Operator.REGEX,
        Operator.NREGEX,
        Operator.IREGEX,
        Operator.NIREGEX,
    )
)
"""Operators that refuse a pattern when they first meet a row with it."""
_OPEN_ESCAPE = re.compile(r"(?:[^\\]|\\.)*\\\Z", re.S)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A role's filter, to narrow rows by. `computed`: the rows are a function's or a query's, so
    that every column may be an expression."""

    filter: Condition
    computed: bool = False

    def by(self, where: Condition) -> Condition:
        """The rows of the filter for which `where` holds."""
        if self.filter in (TRUE, FALSE):
            return conjunction([self.filter, where])
        parts = where.items if isinstance(where, And) else (where,)
        safe = [one for one in parts if not self.can_fail(one)]
        rest = [one for one in parts if self.can_fail(one)]
        behind = [Within(self.filter, conjunction(rest))] if rest else []
        return conjunction([self.filter, *safe, *behind])

    def can_fail(self, condition: Condition) -> bool:
        """Whether evaluating a condition may fail on a row of the table that it is about."""
        match condition:
            case And() | Or():
                return any(self.can_fail(one) for one in condition.items)
            case Not():
                return self.can_fail(condition.item)
            case Compare():
                return self.operand_can_fail(condition.operand) or self._may_refuse(condition)
            case IsNull() | Spatial():
                return self.operand_can_fail(condition.operand)
            case RowFlag():
                return self.can_fail(condition.condition)
            case AggregateCompare():
                return any(self.operand_can_fail(one) for one in condition.arguments)
        return isinstance(condition, RelatedByFunction)

    @staticmethod
    def _may_refuse(condition: Compare) -> bool:
        """Whether a comparison may refuse its pattern at some row. A variable is checked before."""
        if condition.operator in PATTERNS and isinstance(condition.value, Constant):
            return PatternCheck.is_open(condition.value.value)
        return condition.operator in _EXPRESSIONS

    def operand_can_fail(self, operand: Operand) -> bool:
        """Whether evaluating an operand may fail on a row. What an inherited role sees in some
        rows only is evaluated in those."""
        match operand:
            case RowColumn():
                return operand.derived or self.computed
            case Cast():
                return operand.type.name != "text" or self.operand_can_fail(operand.operand)
        return isinstance(operand, Computed)


@dataclass(frozen=True, slots=True)
class PatternCheck:
    """The check of a variable that is a pattern of `_like` or its kin: one that ends in an open
    escape is refused, of which Postgres tells only at a row whose text matches up to there."""

    inner: Callable[[Json], Json] | None

    def __call__(self, value: Json) -> Json:
        """The value as its type takes it; raises `ApiError`."""
        if self.is_open(value):
            raise ApiError("LIKE pattern must not end with escape character")
        return value if self.inner is None else self.inner(value)

    @classmethod
    def on(cls, value: Value) -> Value:
        """A value to compare with, checked where it comes from a variable."""
        if isinstance(value, Variable):
            return dataclasses.replace(value, check=cls(value.check))
        return value

    @staticmethod
    def is_open(pattern: Json) -> bool:
        """Whether a pattern ends with a backslash that escapes nothing."""
        return isinstance(pattern, str) and _OPEN_ESCAPE.match(pattern) is not None
