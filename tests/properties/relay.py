"""Random requests to Relay's schema, and what the oracle says that they answer.

A page is cut from the rows in the order of `order_by` and `id`, beyond a cursor that may be of no
row at all.
"""

import base64
import json
from dataclasses import dataclass

from tests.properties.comparison import Encoded
from tests.properties.documents import Field
from tests.properties.expressions import Name
from tests.properties.model import VALUES, Json, Row, Table
from tests.properties.oracle import Refused, compared, ordered
from tests.properties.reads import Reader, ReadOracle, direction_of

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


@dataclass
class RelayOracle(ReadOracle):
    """Answers read fields of Relay's schema."""

    def root(self, field: Field) -> Json:
        """The value of a root field; refuses what the role does not have."""
        table = self.world.tables[field.table]
        if not self.world.selects(self.role, table.name):
            self.hidden()
        if field.kind == "connection":
            return self.connection(field, table, self.visible(table.name))
        (shown,) = field.selection
        key = json.loads(base64.b64decode(field.arguments["id"]))[3]
        rows = [row for row in self.visible(table.name) if row["id"] == key]
        self.check_selection(shown.selection, table)
        return self.object(shown.selection, table, rows[0]) if rows else None

    def check_column(self, table: Table, name: str) -> None:
        """Every row has a global id, which this role's requests name only where it sees it."""
        if name != "id":
            super().check_column(table, name)

    def check_selection(self, selection: list[Field], table: Table) -> None:
        super().check_selection(selection, table)
        for one in selection:
            if one.kind == "connection":
                self._check(one, self.world.tables[one.table])

    def _check(self, field: Field, table: Table) -> None:
        if not field.selection:
            raise Refused("validation-failed")
        self.check_arguments(field.arguments, table)
        for edges in field.selection:
            for one in edges.selection:
                if one.kind == "node":
                    self.check_selection(one.selection, table)

    def _member(self, one: Field, table: Table, row: Row) -> Json:
        if one.kind == "column" and one.name == "id":
            return Encoded([1, self.world.schema, table.name, self.cell(table, row, "id")])
        if one.kind == "connection":
            rows = self.seen(table, row, one.name.removesuffix("_connection"))
            return self.connection(one, self.world.tables[one.table], rows)
        return super()._member(one, table, row)

    def connection(self, field: Field, table: Table, rows: list[Row]) -> Json:
        """A page of rows that the role sees."""
        self._check(field, table)
        given = field.arguments
        rows = [row for row in rows if self.matches(given.get("where", {}), table, row) is True]
        keys = [*given.get("order_by", [])]
        if not any("id" in key for key in keys):
            keys.append({"id": Name("asc")})
        rows = ordered(rows, [self._sort_key(key, table, rows) for key in keys])
        for name, sign in (("after", 1), ("before", -1)):
            if name in given:
                cursor = json.loads(base64.b64decode(given[name]))
                rows = [row for row in rows if self._beyond(table, row, keys, cursor) == sign]
        return self._page(field, table, rows, keys)

    def _beyond(self, table: Table, row: Row, keys: list[Json], cursor: Json) -> int:
        """1 where a row comes after a cursor, -1 where before, 0 where it is there."""
        for key in keys:
            value, _ = self._sort_value(key, table, row)
            found = compared(value, _within(cursor, key), direction_of(key))
            if found:
                return found
        return 0

    def _page(self, field: Field, table: Table, rows: list[Row], keys: list[Json]) -> Json:
        given, cap = field.arguments, self.world.limit(self.role, table.name)
        backwards = "last" in given
        wanted = given.get("last", given.get("first"))
        limits = [one for one in (wanted, cap) if one is not None]
        count = min([len(rows), *limits])
        more = wanted is not None and len(rows) > wanted and (cap is None or cap > wanted)
        page = rows[len(rows) - count :] if backwards else rows[:count]
        cursors = [self._shown_cursor(table, row, keys) for row in page]
        flags: dict[str, Json] = {
            "hasNextPage": "before" in given if backwards else more,
            "hasPreviousPage": more if backwards else "after" in given,
            "startCursor": cursors[0] if cursors else "",
            "endCursor": cursors[-1] if cursors else "",
        }
        made: dict[str, Json] = {}
        for one in field.selection:
            if one.kind == "page":
                made[one.key] = {flag.key: flags[flag.name] for flag in one.selection}
            else:
                made[one.key] = [
                    {
                        part.key: cursor
                        if part.kind == "cursor"
                        else self.object(part.selection, table, row)
                        for part in one.selection
                    }
                    for row, cursor in zip(page, cursors, strict=True)
                ]
        return made

    def _shown_cursor(self, table: Table, row: Row, keys: list[Json]) -> Encoded:
        made: dict[str, Json] = {}
        for key in keys:
            _merge(made, _placed(key, self._sort_value(key, table, row)[0]))
        return Encoded(made)


def _placed(key: Json, value: Json) -> Json:
    """A sort key with a value in place of its direction."""
    if isinstance(key, dict):
        return {name: _placed(inner, value) for name, inner in key.items()}
    return value


def _within(cursor: Json, key: Json) -> Json:
    while isinstance(key, dict):
        ((name, key),) = key.items()
        cursor = cursor[name]
    return cursor
