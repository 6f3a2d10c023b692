"""Random boolean expressions: those of permissions and those that clients send."""

from dataclasses import dataclass

from tests.properties.choices import Choices
from tests.properties.model import HOSTILE_TEXTS, SESSION_VARIABLES, VALUES, Json, Table, World

ORDERED = ("_gt", "_lt", "_gte", "_lte")
LIKE = ("_like", "_nlike", "_ilike", "_nilike")
SIMILAR = ("_similar", "_nsimilar")
REGEX = ("_regex", "_nregex", "_iregex", "_niregex")
PATTERNS = ("a%", "%b", "%a%", "_", "a_", "%", "", "B%")
SIMILAR_PATTERNS = ("(a|b)%", "%b", "a_", "[ab]+")
EXPRESSIONS = ("^a", "b$", "a.", "[ab]+", "^$", "^B")
PATTERNED = {
    **dict.fromkeys(LIKE, PATTERNS),
    **dict.fromkeys(SIMILAR, SIMILAR_PATTERNS),
    **dict.fromkeys(REGEX, EXPRESSIONS),
}
BASIC = ("_eq", "_neq", "_in", "_nin", "_is_null")
OPERATORS = {
    "int4": BASIC + ORDERED,
    "text": BASIC + ORDERED + LIKE + SIMILAR + REGEX,
    "bool": BASIC + ORDERED,
    "float8": BASIC + ORDERED,
    "jsonb": (
        *BASIC,
        "_contains",
        "_contained_in",
        "_has_key",
        "_has_keys_any",
        "_has_keys_all",
        "_cast",
    ),
    "int4[]": (*BASIC, "_contains", "_contained_in", *ORDERED),
    "text[]": (*BASIC, "_contains", "_contained_in", *ORDERED),
}
SCALARS = ("int4", "text", "bool", "float8")
NULLABLE = ("_eq", "_neq", *ORDERED, *LIKE)
"""Operators that a permission may give null; the first two then mean something of their own."""
MEASURES = ("sum", "avg", "max", "min", "var_samp")
COLUMN_OPERATORS = ("_ceq", "_cne", "_cneq", "_cgt", "_clt", "_cgte", "_clte")


@dataclass
class Writer:
    """Writes expressions. `role` None: of a permission, which sees everything, may use session
    variables, other columns and `_exists`; else of a client that is in that role."""

    choices: Choices
    world: World
    role: str | None = None

    def expression(self, table: Table, depth: int, root: Table | None = None) -> Json:
        """An object of conditions on a row of `table`; `root` is what `$` means."""
        root = root or table
        made: dict[str, Json] = {}
        for _ in range(self.choices.one((1, 1, 1, 2, 0))):
            key, value = self._entry(table, depth, root)
            made[key] = value
        return made

    def _entry(self, table: Table, depth: int, root: Table) -> tuple[str, Json]:
        kinds = ["column"] * 4
        if self.role is not None and not self.world.selects(self.role, table.name):
            kinds = ["column", "logic"] if depth > 0 else ["column"]
        elif depth > 0:
            kinds += ["logic", "logic", "related", "related", "aggregate"]
            kinds += ["exists"] if self.role is None else []
        kind = self.choices.one(kinds)
        made = None
        match kind:
            case "logic":
                made = self._logic(table, depth, root)
            case "related":
                made = self._related(table, depth, root)
            case "aggregate" if self.role is not None:
                made = self._aggregate(table, depth)
            case "exists":
                other = self.choices.one(list(self.world.tables.values()))
                inner = self.expression(other, depth - 1, root)
                name = {"schema": self.world.schema, "name": other.name}
                made = self._spelled("_exists"), {"_table": name, "_where": inner}
        return made or self._column(table, root) or ("_and", [])

    def _logic(self, table: Table, depth: int, root: Table) -> tuple[str, Json]:
        name = self.choices.one(("_or", "_and", "_not"))
        spelled = self._spelled(name)
        if name == "_not":
            return spelled, self.expression(table, depth - 1, root)
        parts = [
            self.expression(table, depth - 1, root) for _ in range(self.choices.one((2, 1, 3, 0)))
        ]
        return spelled, parts

    def _spelled(self, name: str) -> str:
        """In a permission a name may be spelled in other ways."""
        if self.role is not None:
            return name
        if name == "_neq" and self.choices.chance(50):
            name = "_ne"
        return "$" + name[1:] if self.choices.chance(20) else name

    def _related(self, table: Table, depth: int, root: Table) -> tuple[str, Json] | None:
        ways = [*table.relationships, *(name for name in table.computed if name == "alike")]
        found = [
            (name, table.target(name))
            for name in ways
            if self.role is None or self.world.selects(self.role, table.target(name))
        ]
        if not found:
            return None
        name, target = self.choices.one(found)
        return name, self.expression(self.world.tables[target], depth - 1, root)

    def _aggregate(self, table: Table, depth: int) -> tuple[str, Json] | None:
        assert self.role is not None
        found = [
            one
            for one in table.relationships.values()
            if one.is_array and self.world.aggregates(self.role, one.target)
        ]
        if not found:
            return None
        chosen = self.choices.one(found)
        target = self.world.tables[chosen.target]
        names = self.world.columns(self.role, chosen.target)
        flags = [name for name in names if target.columns[name].type == "bool"]
        numbers = [name for name in names if target.columns[name].type == "float8"]
        functions = ["count"] + (["bool_and", "bool_or"] if flags else [])
        functions += MEASURES if numbers else []
        function = self.choices.one(functions)
        made: dict[str, Json] = {}
        if function == "count":
            made["predicate"] = {self.choices.one(("_gt", "_eq", "_neq", "_lte")): 1}
            if self.choices.chance(40):
                made["arguments"] = [Name(self.choices.one(names))]
                made["distinct"] = self.choices.chance(50)
        elif function in MEASURES:
            made["predicate"] = {self.choices.one(("_gt", "_lte", "_neq")): 0.625}
            made["arguments"] = Name(self.choices.one(numbers))
            made["distinct"] = self.choices.chance(50)
        else:
            made["predicate"] = {"_eq": self.choices.chance(50)}
            made["arguments"] = Name(self.choices.one(flags))
        if self.choices.chance(50):
            made["filter"] = self.expression(target, depth - 1)
        return f"{chosen.name}_aggregate", {function: made}

    def _column(self, table: Table, root: Table) -> tuple[str, Json] | None:
        names = table.scalars()
        if self.role is not None and not self.choices.chance(4):
            names = self.world.scalars(self.role, table.name)
        if not names:
            return None
        name = self.choices.one(names)
        type_ = table.type_of(name)
        assert type_ is not None
        if self.role is None and self.choices.chance(15):
            return name, self._bare(type_)
        made = {}
        for _ in range(self.choices.one((1, 1, 1, 1, 2))):
            operator, value = self._comparison(table, type_, root)
            made[operator] = value
        return name, made

    def _bare(self, type_: str) -> Json:
        """What a permission compares a column with without naming an operator."""
        if type_ not in SCALARS or self.choices.chance(30):
            return None
        return self._value(type_)

    def _comparison(self, table: Table, type_: str, root: Table) -> tuple[str, Json]:
        if self.role is None and self.choices.chance(20):
            operand = self._column_operand(table, type_, root)
            if operand is not None:
                names = COLUMN_OPERATORS[:3] if type_ == "jsonb" else COLUMN_OPERATORS
                return self._spelled(self.choices.one(names)), operand
        own = self.role is None and self.choices.chance(25)
        name = self.choices.one(NULLABLE[:2] if own else OPERATORS[type_])
        return (name if name == "_cast" else self._spelled(name)), self._operand(name, type_)

    def _operand(self, name: str, type_: str) -> Json:
        if self.role is None and name in NULLABLE and self.choices.chance(12):
            return None
        if name in PATTERNED:
            return self._pattern(PATTERNED[name])
        match name:
            case "_is_null":
                return self.choices.chance(50)
            case "_in" | "_nin" | "_has_keys_any" | "_has_keys_all":
                return self._list("text" if name.startswith("_has") else type_)
            case "_has_key":
                return self._value("text")
            case "_cast":
                return {"String": {"_like": self._pattern(("%a%", "{%", '"a"'))}}
        return self._value(type_)

    def _pattern(self, patterns: tuple[str, ...]) -> str:
        if self.role is None and self.choices.chance(20):
            return SESSION_VARIABLES["text"][0]
        return self.choices.one(patterns)

    def _list(self, type_: str) -> Json:
        if self.role is None and type_ in ("int4", "text") and self.choices.chance(40):
            return SESSION_VARIABLES[type_ + "[]"][0]
        made = [self._value(type_) for _ in range(self.choices.one((1, 2, 3, 0)))]
        return [*made, None] if self.role is None and self.choices.chance(8) else made

    def _value(self, type_: str) -> Json:
        if self.role is None:
            if self.choices.chance(35):
                return SESSION_VARIABLES[type_][0]
            return self.choices.one(VALUES[type_])
        if type_ == "text" and self.choices.chance(10):
            return self.choices.one(HOSTILE_TEXTS)
        return self.choices.one(VALUES[type_])

    def _column_operand(self, table: Table, type_: str, root: Table) -> Json:
        own = [c.name for c in table.columns.values() if c.type == type_]
        options: list[Json] = [*own, *([name] for name in own)]
        options += [["$", c.name] for c in root.columns.values() if c.type == type_]
        for one in table.relationships.values():
            if not one.is_array:
                target = self.world.tables[one.target]
                options += [[one.name, c.name] for c in target.columns.values() if c.type == type_]
        return self.choices.one(options) if options else None


class Name(str):
    """A name that stands unquoted in a document (an enum's value)."""

    __slots__ = ()
