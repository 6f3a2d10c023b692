"""The oracle: what a role must see, by the contract, computed row by row in Python."""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from tests.properties.model import Json, Row, SelectRule, State, Table, World
from tests.properties.operators import (
    Truth,
    all_of,
    any_of,
    canonical,
    compare,
    jsonb_text,
    negated,
)

_COLUMN_OPERATORS = {
    "ceq": "eq",
    "cne": "neq",
    "cneq": "neq",
    "cgt": "gt",
    "clt": "lt",
    "cgte": "gte",
    "clte": "lte",
}


class Refused(Exception):
    """The answer must be an error with one of these codes."""

    def __init__(self, *codes: str) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


class Bag(list[Json]):
    """A list whose order nothing decides."""


@dataclass
class Oracle:
    """A world's rows as one session may see them."""

    world: World
    state: State
    role: str
    session: Mapping[str, str]

    # --- values

    def variable(self, name: str, type_: str) -> Json:
        """A session variable as a value of `type_`; refuses where it is missing."""
        text = self.session.get(name.lower())
        if text is None:
            raise Refused("not-found")
        match type_:
            case "int4":
                return int(text)
            case "float8":
                return float(text)
            case "bool":
                return text == "true"
            case "jsonb":
                return json.loads(text)
            case "text":
                return text
        items = [one.strip('"') for one in text[1:-1].split(",")] if text != "{}" else []
        return [int(one) for one in items] if type_ == "int4[]" else items

    def value(self, value: Json, type_: str) -> Json:
        """A value of a permission: what looks like a session variable is one."""
        if isinstance(value, str) and value[:9].lower() == "x-hasura-":
            return self.variable(value, type_)
        return value

    # --- permissions' own expressions

    def allows(self, expression: Json, table: Table, row: Row, root: Row | None = None) -> Truth:
        """Whether a permission's expression holds for a row."""
        root = row if root is None else root
        return all_of(
            [self._entry(key, value, table, row, root) for key, value in expression.items()]
        )

    def _entry(self, key: str, value: Json, table: Table, row: Row, root: Row) -> Truth:
        match key.replace("$", "_"):
            case "_and":
                return all_of([self.allows(one, table, row, root) for one in value])
            case "_or":
                return any_of([self.allows(one, table, row, root) for one in value])
            case "_not":
                return negated(self.allows(value, table, row, root))
            case "_exists":
                other = self.world.tables[value["_table"]["name"]]
                rows = self.state[other.name]
                return any(self.allows(value["_where"], other, one, root) is True for one in rows)
        if table.type_of(key) is not None:
            return self._comparisons(key, value, table, row, root)
        target, rows = self.related(table, row, key)
        return any(self.allows(value, target, one, root) is True for one in rows)

    def related(self, table: Table, row: Row, name: str) -> tuple[Table, list[Row]]:
        """The rows that a relationship, or a computed field, leads to, whoever sees them."""
        if name in table.computed:
            target = self.world.tables[table.target(name)]
            every = self.state[target.name]
            if name == "beyond":
                return target, every
            same = row["c0"]
            return target, [] if same is None else [r for r in every if r["c0"] == same]
        one = table.relationships[name]
        own = row[one.ours]
        rows = [] if own is None else [r for r in self.state[one.target] if r[one.theirs] == own]
        return self.world.tables[one.target], rows

    def raw(self, table: Table, row: Row, name: str) -> Json:
        """A column or a scalar computed field of a row, whoever sees it."""
        number, text = row.get("c0"), row.get("c1")
        match name if name in table.computed else "":
            case "next":
                return None if number is None else number + 1
            case "tagged":
                return None if text is None else f"{text}!"
            case "asked":
                return f"{'-' if text is None else text}:{self.role}"
        return row[name]

    def _comparisons(self, name: str, value: Json, table: Table, row: Row, root: Row) -> Truth:
        type_ = table.type_of(name)
        assert type_ is not None
        own = self.raw(table, row, name)
        if value is None:
            return own is None
        if not isinstance(value, dict):
            return compare("eq", type_, own, self.value(value, type_))
        parts: list[Truth] = []
        for key, right in value.items():
            operator = {"ne": "neq"}.get(key[1:], key[1:])
            if operator in _COLUMN_OPERATORS:
                other = self._other_column(right, table, row, root)
                parts.append(compare(_COLUMN_OPERATORS[operator], type_, own, other))
            else:
                parts.append(self._compare(operator, type_, own, right))
        return all_of(parts)

    def _other_column(self, operand: Json, table: Table, row: Row, root: Row) -> Json:
        if isinstance(operand, str):
            return row[operand]
        first, second = operand
        if first == "$":
            return root[second]
        _, rows = self.related(table, row, first)
        return rows[0][second] if rows else None

    def _compare(self, operator: str, type_: str, left: Json, right: Json) -> Truth:
        match operator:
            case "is_null":
                return (left is None) is right
            case "in" | "nin" | "has_keys_any" | "has_keys_all":
                element = "text" if operator.startswith("has") else type_
                if isinstance(right, str):
                    values = self.variable(right, element + "[]")
                else:
                    values = [self.value(one, element) for one in right]
                return compare(operator, type_, left, values)
            case "has_key":
                return compare(operator, type_, left, self.value(right, "text"))
            case "cast":
                text = None if left is None else jsonb_text(left)
                return compare("like", "text", text, right["String"]["_like"])
        return compare(operator, type_, left, self.value(right, type_))

    # --- what the role sees

    def granting(self, table: Table, row: Row) -> list[SelectRule]:
        """The select rules whose filter lets the row through."""
        rules = self.world.selects(self.role, table.name)
        return [rule for rule in rules if self.allows(rule.filter, table, row) is True]

    def visible(self, name: str) -> list[Row]:
        """The rows of a table that the role sees."""
        table = self.world.tables[name]
        return [row for row in self.state[name] if self.granting(table, row)]

    def cell(self, table: Table, row: Row, column: str) -> Json:
        """A column as the role sees it: null where no rule that grants it lets the row through.
        Rows that the role has just written come here too: what all its rules grant shows."""
        rules = self.world.selects(self.role, table.name)
        if all(column in rule.columns for rule in rules) or all(
            rule.filter == rules[0].filter for rule in rules
        ):
            return self.raw(table, row, column)
        shown = any(column in rule.columns for rule in self.granting(table, row))
        return self.raw(table, row, column) if shown else None

    def seen(self, table: Table, row: Row, name: str) -> list[Row]:
        """The rows of a relationship that the role sees."""
        target, rows = self.related(table, row, name)
        return [one for one in rows if self.granting(target, one)]

    # --- a client's `where`

    def matches(self, where: Json, table: Table, row: Row) -> Truth:
        """Whether a request's condition holds for a row, as far as the role sees."""
        return all_of([self._asked(key, value, table, row) for key, value in where.items()])

    def _asked(self, key: str, value: Json, table: Table, row: Row) -> Truth:
        match key:
            case "_and":
                return all_of([self.matches(one, table, row) for one in value])
            case "_or":
                return any_of([self.matches(one, table, row) for one in value])
            case "_not":
                return negated(self.matches(value, table, row))
        type_ = table.type_of(key)
        if type_ is not None:
            left = self.cell(table, row, key)
            return all_of([_plain(name[1:], type_, left, right) for name, right in value.items()])
        name = key.removesuffix("_aggregate")
        target = self.world.tables[table.target(name)]
        rows = self.seen(table, row, name)
        if name == key:
            return any(self.matches(value, target, one) is True for one in rows)
        return self._predicate(value, target, rows)

    def _predicate(self, value: Json, table: Table, rows: list[Row]) -> Truth:
        ((function, given),) = value.items()
        chosen = [one for one in rows if self.matches(given.get("filter", {}), table, one) is True]
        ((operator, right),) = given["predicate"].items()
        names = given.get("arguments", [])
        names = [names] if isinstance(names, str) else names
        cells = [self.cell(table, one, names[0]) for one in chosen] if names else chosen
        known = [one for one in cells if one is not None]
        if function == "count":
            found = {canonical(one) for one in known} if given.get("distinct") else known
            return compare(operator[1:], "int4", len(found), right)
        if function in ("bool_and", "bool_or"):
            combined = all(known) if function == "bool_and" else any(known)
            return compare(operator[1:], "bool", combined if known else None, right)
        if given.get("distinct"):
            known = list(set(known))
        return compare(operator[1:], "float8", measure(function, known), right)

    def check_where(self, where: Json, table: Table) -> None:
        """Refuses a condition that names what is not in the role's schema."""
        for key, value in where.items():
            if key in ("_and", "_or", "_not"):
                for one in value if isinstance(value, list) else [value]:
                    self.check_where(one, table)
            elif table.type_of(key) is not None:
                self.check_column(table, key)
            else:
                self._check_related(key, value, table)

    def _check_related(self, key: str, value: Json, table: Table) -> None:
        name = key.removesuffix("_aggregate")
        target = self.world.tables[table.target(name)]
        if not self.world.selects(self.role, target.name):
            self.hidden()
        if name != key:
            if not self.world.aggregates(self.role, target.name):
                self.hidden()
            ((_, given),) = value.items()
            value = given.get("filter", {})
        self.check_where(value, target)

    def check_column(self, table: Table, name: str) -> None:
        """Refuses a column or computed field that is not in the role's schema."""
        if name not in self.world.scalars(self.role, table.name):
            self.hidden()

    @staticmethod
    def hidden() -> NoReturn:
        """What is not in the role's schema does not exist."""
        raise Refused("validation-failed")


def _plain(operator: str, type_: str, left: Json, right: Json) -> Truth:
    if operator == "is_null":
        return (left is None) is right
    if operator == "cast":
        text = None if left is None else jsonb_text(left)
        return compare("like", "text", text, right["String"]["_like"])
    return compare(operator, type_, left, right)


def measure(function: str, values: list[Json]) -> Json:
    """An aggregate function over values; nulls do not count, over nothing it gives null."""
    known = [one for one in values if one is not None]
    if not known:
        return None
    match function:
        case "sum":
            return sum(known)
        case "avg":
            return sum(known) / len(known)
        case "max":
            return max(known)
        case "var_samp":
            middle = sum(known) / len(known)
            spread = sum((one - middle) ** 2 for one in known)
            return spread / (len(known) - 1) if len(known) > 1 else None
    return min(known)


def ordered(rows: list[Row], keys: Sequence[tuple[list[Json], str]]) -> list[Row]:
    """`rows` by keys: each the rows' values and a direction such as `desc_nulls_last`."""
    places = list(range(len(rows)))

    def order(left: int, right: int) -> int:
        for values, direction in keys:
            found = compared(values[left], values[right], direction)
            if found:
                return found
        return 0

    return [rows[at] for at in sorted(places, key=functools.cmp_to_key(order))]


def compared(left: Json, right: Json, direction: str) -> int:
    """Whether `left` comes after (1), before (-1) or beside (0) `right` in an order."""
    descending = direction.startswith("desc")
    nulls_first = direction.endswith("first") or direction == "desc"
    if left is None or right is None:
        if left is None and right is None:
            return 0
        return -1 if (left is None) == nulls_first else 1
    found = int(left > right) - int(left < right)
    return -found if descending else found
