"""Conditions and operands as SQL, relative to the row under an alias."""

from dataclasses import dataclass, field

from rowgate.algebra.types import (
    AggregateCompare,
    And,
    Cast,
    Compare,
    Computed,
    Condition,
    Exists,
    FunctionCall,
    Guarded,
    IsNull,
    Join,
    Not,
    Operand,
    Operator,
    Or,
    Related,
    RelatedByFunction,
    RelatedColumn,
    Rooted,
    RowColumn,
    RowFlag,
    Spatial,
    Value,
    WholeSession,
    Within,
)
from rowgate.base.names import RESERVED, QualifiedName
from rowgate.catalog.types import PgType, TypeKind
from rowgate.sql.names import function_in, is_spatial, qualified, quote, type_name
from rowgate.sql.parameters import Parameters

ROW = quote(f"{RESERVED}row")
"""The column under which a derived table keeps its rows whole."""
_MOST_JOINED = 7
"""Relatives joined to one row; with it they are as many as Postgres orders at once by default
(`join_collapse_limit`). Planning grows with the square of them and faster: 400 take half a
minute, as subselects 13 ms."""


@dataclass(slots=True)
class Frame:
    """The row at hand: its alias, how deep it stands, the alias that a condition is rooted in.
    `derived`: a subselect, whose whole row is its `ROW` column; asking for it sets `wants_row`.
    `joins`: what is joined to the row in the same `from`; None where nothing can be. `name`: the
    alias, where it is not told by the depth. `relatives`: what of a relationship is joined to the
    row, and as which. `uses`: the columns that are named, by alias; shared by all frames of a
    statement."""

    depth: int = 0
    root: str = "t0"
    derived: bool = False
    wants_row: bool = False
    joins: list[str] | None = None
    name: str | None = None
    relatives: list[tuple[object, "Frame"]] = field(default_factory=list)
    uses: dict[str, dict[str, None]] = field(default_factory=dict)

    @property
    def alias(self) -> str:
        """The alias of the row."""
        return self.name or f"t{self.depth}"

    def inner(self) -> "Frame":
        """A row one level down, within the same condition."""
        return Frame(self.depth + 1, self.root, uses=self.uses)

    def fresh(self) -> "Frame":
        """A row one level down that conditions are rooted in anew."""
        return Frame(self.depth + 1, f"t{self.depth + 1}", uses=self.uses)

    def beside(self, joins: list[str]) -> "Frame":
        """A row to be joined to this one, among `joins`; conditions are rooted in it anew."""
        name = f"t{self.depth}_{len(joins) + 1}"
        return Frame(self.depth, name, joins=joins, name=name, uses=self.uses)

    def column(self, name: str, *, root: bool = False) -> str:
        """A column of the row, or of that which the condition is rooted in."""
        alias = self.root if root else self.alias
        self.uses.setdefault(alias, {})[name] = None
        return f"{alias}.{quote(name)}"

    def has_room(self) -> bool:
        """Whether one more can be joined to the row."""
        return self.joins is not None and len(self.joins) < _MOST_JOINED

    def whole(self) -> str:
        """The row as one composite value."""
        if self.derived:
            self.wants_row = True
            return f"{self.alias}.{ROW}"
        return f"{self.alias}.*"

    def kept(self) -> str:
        """The row whole as a selected column, for a derived table. A bare alias would be taken for
        a column of its name, and `.*` for all columns."""
        return f"coalesce({self.alias}.*) as {ROW}"


_OPERATORS = {
    Operator.EQ: "=",
    Operator.NEQ: "<>",
    Operator.GT: ">",
    Operator.LT: "<",
    Operator.GTE: ">=",
    Operator.LTE: "<=",
    Operator.LIKE: "~~",
    Operator.NLIKE: "!~~",
    Operator.ILIKE: "~~*",
    Operator.NILIKE: "!~~*",
    Operator.REGEX: "~",
    Operator.NREGEX: "!~",
    Operator.IREGEX: "~*",
    Operator.NIREGEX: "!~*",
    Operator.CONTAINS: "@>",
    Operator.CONTAINED_IN: "<@",
    Operator.HAS_KEY: "?",
    Operator.HAS_KEYS_ANY: "?|",
    Operator.HAS_KEYS_ALL: "?&",
    Operator.ANCESTOR: "@>",
    Operator.ANCESTOR_ANY: "@>",
    Operator.DESCENDANT: "<@",
    Operator.DESCENDANT_ANY: "<@",
    Operator.MATCHES: "~",
    Operator.MATCHES_ANY: "?",
    Operator.MATCHES_FULLTEXT: "@",
}


_NEGATED = {Operator.NEQ: Operator.EQ, Operator.NIN: Operator.IN}
"""Operators that PostGIS does not have, by what they negate."""


class Conditions:
    """Writes conditions into one statement."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def condition(self, condition: Condition, frame: Frame) -> str:
        """A condition as a boolean expression."""
        match condition:
            case And():
                return self._joined(condition.items, frame, (" and ", "true"))
            case Or():
                return self._joined(condition.items, frame, (" or ", "false"))
            case Not():
                return f"(not {self.condition(condition.item, frame)})"
            case Compare():
                left = self.operand(condition.operand, frame)
                return self._compare(left, condition.operand.type, condition, frame)
            case IsNull():
                test = "is null" if condition.wanted else "is not null"
                return f"({self.operand(condition.operand, frame)} {test})"
            case RowFlag():
                flag = self.value(condition.value, frame)
                return f"({self.condition(condition.condition, frame)} = {flag})"
            case Spatial():
                return self._spatial(condition, frame)
        return self._over_rows(condition, frame)

    def _anew(self, condition: Condition, frame: Frame) -> str:
        """A condition rooted in the row at hand, whatever encloses it."""
        root, frame.root = frame.root, frame.alias
        text = self.condition(condition, frame)
        frame.root = root
        return text

    def _joined(self, items: tuple[Condition, ...], frame: Frame, words: tuple[str, str]) -> str:
        word, empty = words
        if not items:
            return f"({empty})"
        return "(" + word.join(self.condition(one, frame) for one in items) + ")"

    def _over_rows(self, condition: Condition, frame: Frame) -> str:
        inner = frame.inner()
        match condition:
            case Rooted():
                return self._anew(condition.condition, frame)
            case Within():
                test = self.condition(condition.filter, frame)
                shown = self.condition(condition.condition, frame)
                return f"(case when {test} then {shown} else false end)"
            case Related():
                on = self.join(condition.join, frame, inner)
                source = self.named(condition.join.target)
                test = self.condition(condition.condition, inner)
                return f"exists (select 1 from {source} as {inner.alias} where {on} and {test})"
            case Exists():
                test = self.condition(condition.condition, inner)
                source = self.named(condition.table)
                return f"exists (select 1 from {source} as {inner.alias} where {test})"
            case RelatedByFunction():
                source = self.call(condition.call, frame)
                test = self.condition(condition.condition, inner)
                return f"exists (select 1 from {source} as {inner.alias} where {test})"
            case AggregateCompare():
                return self._aggregate(condition, frame, inner)
        raise AssertionError(condition)

    def _aggregate(self, condition: AggregateCompare, frame: Frame, inner: Frame) -> str:
        """Whether the aggregate passes, never unknown: an aggregate of no rows is often null."""
        operands = ", ".join(self.operand(one, inner) for one in condition.arguments)
        if condition.function == "count" and len(condition.arguments) > 1:
            operands = f"({operands})"
        distinct = "distinct " if condition.distinct and operands else ""
        applied = f"{condition.function}({distinct}{operands or '*'})"
        tests = [
            self._apply(operator, applied, condition.type, self.value(value, inner))
            for operator, value in condition.comparisons
        ]
        tests += [f"({applied} is {'' if null else 'not '}null)" for null in condition.null_tests]
        shown = " and ".join(tests) or "true"
        on = self.join(condition.join, frame, inner)
        test = self.condition(condition.condition, inner)
        source = self.named(condition.join.target)
        passed = f"coalesce({shown}, false)"
        return f"(select {passed} from {source} as {inner.alias} where {on} and {test})"

    def _compare(self, left: str, type_: PgType, condition: Compare, frame: Frame) -> str:
        if type_.kind is TypeKind.ARRAY and condition.operator in (Operator.IN, Operator.NIN):
            value = self.parameters.arrays(condition.value)
        else:
            value = self.value(condition.value, frame)
        return self._apply(condition.operator, left, type_, value)

    def _apply(self, operator: Operator, left: str, type_: PgType, right: str) -> str:
        if operator in _NEGATED and is_spatial(type_):
            return f"(not {self._apply(_NEGATED[operator], left, type_, right)})"
        match operator:
            case Operator.IN:
                return f"({left} {_spelled('=', type_)} any({right}))"
            case Operator.NIN:
                return f"({left} {_spelled('<>', type_)} all({right}))"
            case Operator.ANCESTOR_ANY | Operator.DESCENDANT_ANY:
                return f"({left} {_spelled(_OPERATORS[operator], type_)} any({right}))"
            case Operator.SIMILAR:
                return f"({left} similar to {right})"
            case Operator.NSIMILAR:
                return f"({left} not similar to {right})"
        if operator in _OPERATORS:
            return f"({left} {_spelled(_OPERATORS[operator], type_)} {right})"
        function = operator.value[1:].replace("st_3d_", "st_3d").removesuffix("_rast")
        return f"{function_in(type_, function)}({left}, {right})"

    def _spatial(self, condition: Spatial, frame: Frame) -> str:
        parts = [self.operand(condition.operand, frame)]
        parts += [self.value(one, frame) for one in condition.arguments]
        function = function_in(condition.operand.type, condition.function)
        return f"{function}({', '.join(parts)})"

    def join(self, join: Join, frame: Frame, inner: Frame) -> str:
        """The join condition between the row at hand and the one inside."""
        return " and ".join(
            f"({inner.column(theirs)} = {frame.column(ours)})" for ours, theirs in join.pairs
        )

    def operand(self, operand: Operand, frame: Frame) -> str:
        """An operand as an expression."""
        match operand:
            case RowColumn():
                return frame.column(operand.column, root=operand.root)
            case Guarded():
                test = self._anew(operand.condition, frame)
                return f"(case when {test} then {self.operand(operand.operand, frame)} end)"
            case Cast():
                return f"({self.operand(operand.operand, frame)})::{type_name(operand.type)}"
            case Computed():
                return self.call(operand.call, frame)
        raise AssertionError(operand)

    def value(self, value: Value, frame: Frame) -> str:
        """A value as an expression."""
        match value:
            case RowColumn():
                return self.operand(value, frame)
            case RelatedColumn():
                inner = frame.inner()
                on = self.join(value.join, frame, inner)
                column = inner.column(value.column)
                source = self.named(value.join.target)
                return f"(select {column} from {source} as {inner.alias} where {on} limit 1)"
        return self.parameters.plain(value)

    def named(self, table: QualifiedName) -> str:
        """A table or view that the statement reads."""
        self.parameters.reads.add(table)
        return qualified(table)

    def call(self, call: FunctionCall, frame: Frame) -> str:
        """A function applied to the row at hand and to values."""
        if call.function.volatility == "volatile":
            self.parameters.repeatable = False
        arguments = [f"({self.parameters.plain(one)})" for one in call.positional]
        declared = call.function.arguments
        if call.row_position is not None:
            name = declared[call.row_position].name
            arguments.append(f"{quote(name)} => {frame.whole()}" if name else frame.whole())
        types = {one.name: one.type for one in declared}
        for name, value in call.named.items():
            text = self.value(value, frame)
            if isinstance(value, WholeSession):
                text = f"({text})::{type_name(types[name])}"
            arguments.append(f"{quote(name)} => {text}")
        return f"{qualified(call.function.name)}({', '.join(arguments)})"


def _spelled(operator: str, type_: PgType) -> str:
    """An operator, schema-qualified where the type's extension brings its own outside `public`."""
    if type_.schema in ("pg_catalog", "public") or type_.kind is not TypeKind.BASE:
        return operator
    return f"operator({quote(type_.schema)}.{operator})"
