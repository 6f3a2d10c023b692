"""What reads answer (contract A2, A5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.properties.documents import Field
from tests.properties.model import Json, Row, Table
from tests.properties.oracle.answers import Bag, Ties
from tests.properties.oracle.jsonb import identity
from tests.properties.oracle.measures import measure
from tests.properties.oracle.order import SortKey, ordered, sort_keys, sort_value
from tests.properties.oracle.schema import Schema
from tests.properties.oracle.view import Oracle
from tests.properties.oracle.where import matches

Groups = list[list[Row]]
"""Rows in order, in groups of those that no sort key tells apart."""


@dataclass
class ReadOracle(Oracle):
    """Answers read fields."""

    def root(self, field: Field) -> Json:
        """The value of a root field; refuses what the role does not have."""
        Schema(self.world, self.role).root(field)
        table = self.world.tables[field.table]
        rows = self.visible(table.name)
        if field.kind == "by_pk":
            wanted = [row for row in rows if self.cell(table, row, "id") == field.arguments["id"]]
            return self.shown(table, wanted[0], field.selection) if wanted else None
        return self._over(table, rows, field)

    def _over(self, table: Table, rows: list[Row], field: Field) -> Json:
        found = self._chosen(table, rows, field.arguments)
        if field.kind == "aggregate":
            return {one.key: self._summary(table, found, one) for one in field.selection}
        limit = self.world.limit(self.role, table.name)
        return self._list(table, _sliced(found, 0, limit), field.selection)

    def _list(self, table: Table, groups: Groups, selection: list[Field]) -> Ties:
        return Ties(
            Bag(self.shown(table, row, selection) for row in group) for group in groups if group
        )

    def _chosen(self, table: Table, rows: list[Row], arguments: dict[str, Json]) -> Groups:
        """The rows that the arguments leave, in the order of SQL: where, order by, distinct on,
        offset, limit (Postgres manual, "SELECT")."""
        condition = arguments.get("where") or {}
        found = [row for row in rows if matches(self, condition, table, row)]
        groups = self.in_order(table, found, sort_keys(arguments.get("order_by", ())))
        if "distinct_on" in arguments:
            groups = self._distinct(table, groups, arguments["distinct_on"])
        return _sliced(groups, arguments.get("offset", 0), arguments.get("limit"))

    def in_order(self, table: Table, rows: list[Row], keys: Sequence[SortKey]) -> Groups:
        """Rows as `order by` sorts them."""

        def values_of(row: Row) -> list[Json]:
            return [sort_value(self, table, row, key.path) for key in keys]

        return ordered(keys, rows, values_of)

    def _distinct(self, table: Table, groups: Groups, names: list[str]) -> Groups:
        """`distinct on` keeps the first row of each set of equal values, nulls being equal."""
        kept: dict[object, Row] = {}
        for row in (row for group in groups for row in group):
            kept.setdefault(tuple(identity(self.cell(table, row, name)) for name in names), row)
        return [[row] for row in kept.values()]

    # --- rows

    def shown(self, table: Table, row: Row, selection: list[Field]) -> Json:
        """A row as a JSON object."""
        return {one.key: self.value(table, row, one) for one in selection}

    def value(self, table: Table, row: Row, field: Field) -> Json:
        """A field of a row."""
        match field.kind:
            case "typename":
                return table.name
            case "column":
                return self.cell(table, row, field.name)
        name = field.name.removesuffix("_aggregate")
        target = self.world.tables[field.table]
        minimum = field.arguments.get("args", {}).get("minimum")
        found = self.relatives(table, row, name, minimum)
        if field.kind == "object":
            return self.shown(target, found[0], field.selection) if found else None
        return self._over(target, found, field)

    # --- aggregates

    def _summary(self, table: Table, groups: Groups, field: Field) -> Json:
        """A part of an aggregate. Functions are over all rows that the arguments leave; only
        `nodes` has no more of them than the permission's limit (Hasura,
        `mkPermissionLimitSubQuery`)."""
        rows = [row for group in groups for row in group]
        match field.kind:
            case "nodes":
                limit = self.world.limit(self.role, table.name)
                return self._list(table, _sliced(groups, 0, limit), field.selection)
            case "groups":
                return self._groups(table, rows, field)
        return {one.key: self._measured(table, rows, one) for one in field.selection}

    def _measured(self, table: Table, rows: list[Row], field: Field) -> Json:
        if field.kind == "typename":
            return f"{table.name}_aggregate_fields"
        if field.kind == "count":
            columns = field.arguments.get("columns", [])
            values: list[Json] = [True] * len(rows)
            for name in columns:
                values = [self.cell(table, row, name) for row in rows]
            return measure("count", values, field.arguments.get("distinct", False))
        made = {}
        for one in field.selection:
            cells = [self.cell(table, row, one.name) for row in rows]
            made[one.key] = measure(field.name, cells)
        return made

    def _groups(self, table: Table, rows: list[Row], field: Field) -> Bag:
        """Contract, "Group by": one object for each set of equal values, nulls being equal."""
        names = [key["column"] for key in field.arguments["keys"]]
        groups: dict[object, list[Row]] = {}
        for row in rows:
            key = tuple(identity(self.cell(table, row, name)) for name in names)
            groups.setdefault(key, []).append(row)
        return Bag(
            {one.key: self._group(table, group, one) for one in field.selection}
            for group in groups.values()
        )

    def _group(self, table: Table, rows: list[Row], field: Field) -> Json:
        if field.kind == "group_key":
            return {one.key: self.cell(table, rows[0], one.name) for one in field.selection}
        return {one.key: self._measured(table, rows, one) for one in field.selection}


def _sliced(groups: Groups, offset: int, limit: int | None) -> Groups:
    """Some of the rows in order; their groups stay."""
    kept: Groups = []
    for group in groups:
        skipped = min(offset, len(group))
        offset -= skipped
        rest = group[skipped:] if limit is None else group[skipped : skipped + limit]
        if limit is not None:
            limit -= len(rest)
        kept.append(rest)
    return kept
