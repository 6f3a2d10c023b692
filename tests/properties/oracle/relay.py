"""What Relay's schema answers (contract A12): pages of rows, and rows by their global id.

A cursor is the JSON of the values that a row is sorted by, its key appended; a page starts beyond
the cursor's place in the order, whether or not a row stands there.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from tests.properties.documents import Field
from tests.properties.model import Json, Row, Table
from tests.properties.oracle.answers import Encoded
from tests.properties.oracle.order import SortKey, compared, sort_keys, sort_value
from tests.properties.oracle.reads import ReadOracle
from tests.properties.oracle.schema import Schema, require
from tests.properties.oracle.where import matches

_KEY = SortKey(("id",), "asc")


@dataclass
class Page:
    """Rows of a connection, and what `pageInfo` says of the rows around them."""

    rows: list[Row]
    flags: dict[str, bool]


@dataclass
class RelayOracle(ReadOracle):
    """Answers read fields of Relay's schema."""

    def root(self, field: Field) -> Json:
        """The value of a root field; refuses what the role does not have."""
        table = self.world.tables[field.table]
        if field.kind == "connection":
            Schema(self.world, self.role).root(field)
            return self._page(table, self.visible(table.name), field)
        require(bool(self.world.selects(self.role, table.name)))
        Schema(self.world, self.role).selection(table, field.selection)
        wanted = json.loads(base64.b64decode(field.arguments["id"]))[3]
        rows = self.visible(table.name)
        found = [row for row in rows if self.cell(table, row, "id") == wanted]
        selection = field.selection[0].selection
        return self.shown(table, found[0], selection) if found else None

    def value(self, table: Table, row: Row, field: Field) -> Json:
        """A field of a row; `id` is the global id, its key as the role sees it."""
        if (field.kind, field.name) == ("column", "id"):
            return Encoded([1, self.world.schema, table.name, self.cell(table, row, "id")])
        if field.kind != "connection":
            return super().value(table, row, field)
        target = self.world.tables[field.table]
        found = self.relatives(table, row, field.name.removesuffix("_connection"))
        return self._page(target, found, field)

    def _page(self, table: Table, rows: list[Row], field: Field) -> Json:
        """Rows in order, beyond the cursor; of these the first or the last, no more than the
        permission's limit."""
        given = field.arguments
        keys = [*sort_keys(given.get("order_by", ())), _KEY]
        found = [row for row in rows if matches(self, given.get("where") or {}, table, row)]
        found = [row for group in self.in_order(table, found, keys) for row in group]
        found = self._beyond(table, found, keys, given)
        wanted = given.get("first", given.get("last"))
        limit = self.world.limit(self.role, table.name)
        most = min(one for one in (wanted, limit, len(found)) if one is not None)
        chosen = found[len(found) - most :] if "last" in given else found[:most]
        more = most == wanted != limit and len(found) > most
        page = Page(chosen, _flags(given, more))
        return {one.key: self._part(table, page, keys, one) for one in field.selection}

    def _beyond(
        self, table: Table, rows: list[Row], keys: Sequence[SortKey], given: dict[str, Json]
    ) -> list[Row]:
        """The rows after the cursor `after`, before the cursor `before`."""
        found = rows
        for name, sign in (("after", 1), ("before", -1)):
            if name in given:
                cursor = json.loads(base64.b64decode(given[name]))
                place = [_at(cursor, key.path) for key in keys]
                found = [
                    row
                    for row in found
                    if compared(keys, self._place(table, row, keys), place) * sign > 0
                ]
        return found

    def _place(self, table: Table, row: Row, keys: Sequence[SortKey]) -> list[Json]:
        return [sort_value(self, table, row, key.path) for key in keys]

    def _cursor(self, table: Table, row: Row, keys: Sequence[SortKey]) -> Encoded:
        made: dict[str, Json] = {}
        for key, value in zip(keys, self._place(table, row, keys), strict=True):
            inner = made
            for name in key.path[:-1]:
                inner = inner.setdefault(name, {})
            inner[key.path[-1]] = value
        return Encoded(made)

    def _part(self, table: Table, page: Page, keys: Sequence[SortKey], field: Field) -> Json:
        if field.kind == "page":
            return {one.key: self._flag(table, page, keys, one) for one in field.selection}
        return [self._edge(table, row, keys, field) for row in page.rows]

    def _edge(self, table: Table, row: Row, keys: Sequence[SortKey], field: Field) -> Json:
        made: dict[str, Json] = {}
        for one in field.selection:
            if one.kind == "cursor":
                made[one.key] = self._cursor(table, row, keys)
            else:
                made[one.key] = self.shown(table, row, one.selection)
        return made

    def _flag(self, table: Table, page: Page, keys: Sequence[SortKey], field: Field) -> Json:
        """A field of `pageInfo`."""
        if field.name in page.flags:
            return page.flags[field.name]
        if not page.rows:
            return ""
        return self._cursor(table, page.rows[0 if field.name == "startCursor" else -1], keys)


def _flags(given: dict[str, Json], more: bool) -> dict[str, bool]:
    """Relay's "Cursor Connections Specification", 5.3: towards where a page goes, whether there is
    more; towards where it came from, whether it came from anywhere."""
    if "last" in given:
        return {"hasPreviousPage": more, "hasNextPage": "before" in given}
    return {"hasPreviousPage": "after" in given, "hasNextPage": more}


def _at(cursor: Json, path: Sequence[str]) -> Json:
    for name in path:
        cursor = cursor[name]
    return cursor
