"""Random requests to Relay's schema; a cursor may be of no row at all."""

import base64
import json
from dataclasses import dataclass

from tests.properties.documents import Field
from tests.properties.model import VALUES, Json, Table
from tests.properties.reads import Reader

_PAGE = ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")


@dataclass
class RelayReader(Reader):
    """Writes read fields for a role, as Relay's schema has them."""

    def root(self) -> Field:
        """A page of a table's rows, or one row by its global id."""
        tables = list(self.world.tables.values())
        found = [one for one in tables if self._pages(one.name)]
        if not found:
            return Field("connection", tables[0].name, f"{tables[0].name}_connection")
        table = self.choices.one(found)
        if self.choices.chance(80):
            return self.connection(table, f"{table.name}_connection", 2)
        key = [1, self.world.schema, table.name, self.choices.integer(0, 11)]
        shown = Field("on", table.name, f"... on {table.name}", {}, self.selection(table, 2))
        return Field("node", table.name, "node", {"id": _encoded(key)}, [shown])

    def _pages(self, table: str) -> bool:
        return bool(self.world.selects(self.role, table)) and self.world.sees_key(self.role, table)

    def connection(self, table: Table, name: str, depth: int) -> Field:
        """A page of rows."""
        made = Field("connection", table.name, name, self._page_arguments(table))
        node = Field("node", table.name, "node", {}, self.selection(table, depth))
        edges = [Field("cursor", table.name, "cursor"), node]
        page = [Field("flag", table.name, name) for name in self.choices.some(_PAGE, 70)]
        made.selection.append(Field("edges", table.name, "edges", {}, edges))
        if page:
            made.selection.append(Field("page", table.name, "pageInfo", {}, page))
        return made

    def _page_arguments(self, table: Table) -> dict[str, Json]:
        found = self.arguments(table)
        made = {key: found[key] for key in ("where",) if key in found}
        keys = [self._order(table, 1) for _ in range(self.choices.one((0, 1, 2)))]
        keys = [key for key in keys if key]
        if keys:
            made["order_by"] = keys
        if self.choices.chance(70):
            made[self.choices.one(("first", "last"))] = self.choices.integer(0, 4)
        if self.choices.chance(50):
            made[self.choices.one(("after", "before"))] = _encoded(self._cursor(table, keys))
        return made

    def _cursor(self, table: Table, keys: list[Json]) -> Json:
        made: dict[str, Json] = {}
        for key in keys:
            _merge(made, self._spot(table, key))
        return {"id": self.choices.integer(0, 9), **made}

    def _spot(self, table: Table, key: Json) -> Json:
        """A sort key with a value in place of its direction."""
        ((name, inner),) = key.items()
        type_ = table.type_of(name)
        if type_ is not None:
            return {name: self._value(name, type_)}
        own = name.removesuffix("_aggregate")
        target = self.world.tables[table.target(own)]
        if own == name:
            return {name: self._spot(target, inner)}
        ((function, over),) = inner.items()
        if function == "count":
            return {name: {"count": self.choices.integer(0, 3)}}
        return {name: {function: self._spot(target, over)}}

    def _value(self, name: str, type_: str) -> Json:
        if self.choices.chance(15):
            return None
        value = self.choices.one(VALUES[type_])
        return {"tagged": f"{value}!", "asked": f"{value}:{self.role}"}.get(name, value)

    def selection(self, table: Table, depth: int) -> list[Field]:
        """Columns, relatives, and a global id where the role sees what it is made of."""
        found = super().selection(table, depth)
        if "id" in self.world.columns(self.role, table.name):
            return found
        shown = [one for one in found if (one.kind, one.name) != ("column", "id")]
        return shown or [Field("typename", "", "__typename")]

    def _relatives(self, name: str, target: str, is_array: bool, depth: int) -> Field:
        if name.startswith("many_") and self._pages(target) and self.choices.chance(50):
            return self.connection(self.world.tables[target], f"{name}_connection", depth)
        return super()._relatives(name, target, is_array, depth)


def _encoded(value: Json) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def _merge(into: dict[str, Json], more: dict[str, Json]) -> None:
    """What is there already stays."""
    for key, value in more.items():
        if isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into.setdefault(key, value)
