"""Random reads of a role."""

from dataclasses import dataclass

from tests.properties.choices import Choices
from tests.properties.documents import Field
from tests.properties.expressions import Name, Writer
from tests.properties.model import Json, Table, World

DIRECTIONS = (
    "asc",
    "desc",
    "asc_nulls_first",
    "asc_nulls_last",
    "desc_nulls_first",
    "desc_nulls_last",
)
SORTED_TYPES = ("int4", "text", "bool", "float8")
_NUMBERS = ("int4", "float8")
_ORDERED = (*_NUMBERS, "text")
_MEASURED = {"sum": _NUMBERS, "avg": _NUMBERS, "max": _ORDERED, "min": _ORDERED}


@dataclass
class Reader:
    """Writes read fields for a role."""

    choices: Choices
    world: World
    role: str

    def root(self) -> Field:
        """A root field; now and then of a table or an aggregate that the role does not have."""
        table = self.choices.one(list(self.world.tables.values()))
        readable = bool(self.world.selects(self.role, table.name))
        kinds = ["rows", "rows", "rows"]
        if self.choices.chance(25) or self.world.aggregates(self.role, table.name):
            kinds += ["aggregate", "aggregate"]
        if self.choices.chance(10) or "id" in self.world.columns(self.role, table.name):
            kinds += ["by_pk"]
        kinds = [one for one in kinds if self.world.begins(self.role, table.name, one)] or kinds
        kind = self.choices.one(kinds)
        if not readable:
            return Field(kind, table.name, _root_name(kind, table), {}, [_typename()])
        return self.field(kind, table, _root_name(kind, table), 2)

    def field(self, kind: str, table: Table, name: str, depth: int) -> Field:
        """A field over rows of a table."""
        if kind == "by_pk":
            arguments: dict[str, Json] = {"id": self.choices.integer(0, 9)}
        else:
            arguments = self.arguments(table) if kind != "object" else {}
        made = Field(kind, table.name, name, arguments)
        if kind == "aggregate":
            made.selection = self._aggregate(table, depth)
        else:
            made.selection = self.selection(table, depth)
        return made

    def arguments(self, table: Table) -> dict[str, Json]:
        """`where`, `order_by`, `distinct_on`, `limit`, `offset`; what limits has a total order."""
        made: dict[str, Json] = {}
        if self.choices.chance(60):
            made["where"] = Writer(self.choices, self.world, self.role).expression(table, 2)
        total = self.world.sees_key(self.role, table.name)
        limited = self.world.limit(self.role, table.name) is not None
        keys = [self._order(table, 1) for _ in range(self.choices.one((0, 1, 2)))]
        keys = [key for key in keys if key]
        if total and self.choices.chance(30):
            names = [name for name in self._sortable(table) if name in table.columns]
            if names:
                first = self.choices.one(names)
                made["distinct_on"] = [Name(first)]
                keys = [{first: Name(self.choices.one(DIRECTIONS))}]
        if total and (limited or "distinct_on" in made or self.choices.chance(70)):
            keys.append({"id": Name(self.choices.one(("asc", "desc")))})
            if self.choices.chance(30):
                made["limit"] = self.choices.integer(0, 4)
            if self.choices.chance(20):
                made["offset"] = self.choices.integer(0, 3)
        if keys:
            made["order_by"] = keys
        return made

    def _sortable(self, table: Table) -> list[str]:
        names = self.world.scalars(self.role, table.name)
        if self.choices.chance(2):
            names = table.scalars()
        return [name for name in names if table.type_of(name) in SORTED_TYPES]

    def _order(self, table: Table, depth: int) -> Json:
        names = self._sortable(table)
        others = [
            one
            for one in table.relationships.values()
            if self.world.selects(self.role, one.target)
            and (not one.is_array or self.world.aggregates(self.role, one.target))
        ]
        direction = Name(self.choices.one(DIRECTIONS))
        if others and depth and self.choices.chance(35):
            chosen = self.choices.one(others)
            if not chosen.is_array:
                inner = self._order(self.world.tables[chosen.target], depth - 1)
                return {chosen.name: inner} if inner else None
            return {f"{chosen.name}_aggregate": self._order_aggregate(chosen.target, direction)}
        return {self.choices.one(names): direction} if names else None

    def _order_aggregate(self, target: str, direction: Name) -> Json:
        table = self.world.tables[target]
        names = self.world.columns(self.role, target)
        names = [name for name in names if table.columns[name].type in _NUMBERS]
        if names and self.choices.chance(50):
            return {self.choices.one(("max", "min", "sum")): {self.choices.one(names): direction}}
        return {"count": direction}

    def selection(self, table: Table, depth: int) -> list[Field]:
        """Columns, and relatives to a depth."""
        names = self.world.scalars(self.role, table.name)
        made = [Field("column", table.name, name) for name in self.choices.some(names, 70)]
        if depth and self.choices.chance(5):
            hidden = self.choices.one(table.scalars())
            made.append(Field("column", table.name, hidden))
        relatives = [
            one for one in table.relationships.values() if self.world.selects(self.role, one.target)
        ]
        ways = [(one.name, one.target, one.is_array) for one in relatives]
        reached = self.world.reached(self.role, table.name)
        ways += [(one.name, str(one.target), True) for one in reached]
        count = self.choices.one((0, 1, 2)) if depth and ways else 0
        made += [self._relatives(*self.choices.one(ways), depth - 1) for _ in range(count)]
        for number, one_field in enumerate(made):
            if one_field.kind != "column" or self.choices.chance(5):
                one_field.key = f"k{number}"
        return made or [_typename()]

    def _relatives(self, name: str, target: str, is_array: bool, depth: int) -> Field:
        kind, shown = ("array" if is_array else "object"), name
        if is_array and self.world.aggregates(self.role, target) and self.choices.chance(40):
            kind, shown = "aggregate", f"{name}_aggregate"
        made = self.field(kind, self.world.tables[target], shown, depth)
        if name == "beyond" and self.choices.chance(70):
            made.arguments["args"] = {"minimum": self.choices.integer(0, 5)}
        return made

    def _aggregate(self, table: Table, depth: int) -> list[Field]:
        made = [Field("measures", table.name, "aggregate", {}, self._measures(table))]
        if self.choices.chance(60):
            made.append(Field("nodes", table.name, "nodes", {}, self.selection(table, depth)))
        names = self.world.columns(self.role, table.name)
        if names and self.choices.chance(35):
            made.append(self._groups(table, names))
        return made

    def _groups(self, table: Table, names: list[str]) -> Field:
        chosen = self.choices.some(names, 30) or [self.choices.one(names)]
        keys = {"keys": [{"column": Name(name)} for name in chosen]}
        made = Field("groups", table.name, "group_by", keys)
        shown = [Field("column", table.name, name) for name in chosen if self.choices.chance(80)]
        if shown:
            made.selection.append(Field("group_key", table.name, "group_key", {}, shown))
        made.selection.append(Field("measures", table.name, "aggregate", {}, self._measures(table)))
        return made

    def _measures(self, table: Table) -> list[Field]:
        names = self.world.columns(self.role, table.name)
        measures = [Field("count", table.name, "count")]
        if self.choices.chance(40) and names:
            arguments: dict[str, Json] = {"columns": [Name(self.choices.one(names))]}
            if self.choices.chance(60):
                arguments["distinct"] = self.choices.chance(70)
            measures.append(Field("count", table.name, "count", arguments, [], "counted"))
        for function in self.choices.some(list(_MEASURED), 40):
            found = (
                names if function in ("max", "min") else self.world.scalars(self.role, table.name)
            )
            over = [name for name in found if table.type_of(name) in _MEASURED[function]]
            if over:
                chosen = [Field("column", table.name, self.choices.one(over))]
                measures.append(Field("measure", table.name, function, {}, chosen))
        return measures


def _typename() -> Field:
    return Field("typename", "", "__typename")


def _root_name(kind: str, table: Table) -> str:
    suffix = {"rows": "", "aggregate": "_aggregate", "by_pk": "_by_pk"}[kind]
    return table.name + suffix
