"""What mutations answer, and what they leave behind (contract A3, A5)."""

from dataclasses import dataclass

from tests.properties.documents import Field
from tests.properties.model import Json, Row, State, Table, WriteRule
from tests.properties.oracle.answers import Bag, Refused
from tests.properties.oracle.constraints import violates, without
from tests.properties.oracle.inserts import Inserting, presets
from tests.properties.oracle.json_changes import change
from tests.properties.oracle.reads import ReadOracle
from tests.properties.oracle.schema import Schema
from tests.properties.oracle.where import matches


@dataclass
class Written:
    """The rows that a field answers with, and how many were affected in all."""

    rows: list[Row]
    affected: int


@dataclass
class WriteOracle(ReadOracle):
    """Answers mutation fields; `state` is the rows after what was answered so far."""

    def mutate(self, field: Field) -> Json:
        """The value of a root field; refuses where it must fail. What fails changes nothing."""
        Schema(self.world, self.role).mutation(field)
        if field.kind == "update_many":
            return [self._step(field, one) for one in field.arguments["updates"]]
        return self._step(field, field.arguments)

    def _step(self, field: Field, given: dict[str, Json]) -> Json:
        """One change, and what is answered about it."""
        before = ReadOracle(self.world, self.state, self.role, self.session)
        table = self.world.tables[field.table]
        operation = field.kind.split("_", maxsplit=1)[0]
        rule = Schema(self.world, self.role).writes(table.name, operation)
        match operation:
            case "insert":
                objects = given["objects"] if "objects" in given else [given["object"]]
                written = self._insert(table, objects, given.get("on_conflict", {}))
            case "update":
                written = self._update(table, rule, given)
            case _:
                written = self._delete(table, rule, given)
        return self._answer(table, written, field, before)

    def _become(self, state: State) -> None:
        self.state = state
        self._seen = {}

    def _answer(self, table: Table, written: Written, field: Field, before: ReadOracle) -> Json:
        """`returning` shows every row that was written, filtered by no select permission, its
        cells masked as ever (Hasura, `mkMutationOutputExp`). Where it has relatives, all of it is
        read after the write; else the write's own statement answers, whose masks look at other rows
        as they were before it (Hasura, `runMutation`; Postgres manual, 7.8.4)."""
        reader = self if _reads_again(field) else before
        if field.kind == "insert_one" or field.kind.endswith("by_pk"):
            rows = written.rows
            return reader.shown(table, rows[0], field.selection) if rows else None
        made: dict[str, Json] = {}
        for one in field.selection:
            if one.kind == "affected":
                made[one.key] = written.affected
            else:
                made[one.key] = Bag(reader.shown(table, row, one.selection) for row in written.rows)
        return made

    # --- inserts

    def _insert(self, table: Table, objects: list[Json], conflict: Json) -> Written:
        """Objects with relatives are a statement each, as are their relatives: object
        relationships, the object, array relationships (contract A3, "Nested insert")."""
        if any(set(one) - set(table.columns) for one in objects):
            parts = [self._insert_nested(table, one, conflict) for one in objects]
            rows = [row for part in parts for row in part.rows]
            return Written(rows, sum(part.affected for part in parts))
        return self._insert_rows(table, objects, conflict)

    def _insert_rows(self, table: Table, rows: list[Row], conflict: Json) -> Written:
        statement = Inserting(self, table, conflict)
        for row in rows:
            statement.add(row)
        self._become(statement.done())
        return Written(statement.returned, len(statement.returned))

    def _insert_nested(self, table: Table, given: dict[str, Json], conflict: Json) -> Written:
        row = {name: value for name, value in given.items() if name in table.columns}
        affected = 0
        ways = [table.relationships[name] for name in given if name not in table.columns]
        for way in ways:
            if not way.is_array:
                target = self.world.tables[way.target]
                parent = self._insert(target, [given[way.name]["data"]], {})
                affected += parent.affected
                row[way.ours] = parent.rows[0][way.theirs]
        written = self._insert_rows(table, [row], conflict)
        for way in ways:
            if way.is_array:
                target = self.world.tables[way.target]
                known = {way.theirs: written.rows[0][way.ours]}
                children = [{**one, **known} for one in given[way.name]["data"]]
                affected += self._insert(target, children, {}).affected
        return Written(written.rows, written.affected + affected)

    # --- updates

    def _update(self, table: Table, rule: WriteRule, given: dict[str, Json]) -> Written:
        """The rows that the filter and the request let through are changed, then checked as they
        are now (contract A5, "Update")."""
        chosen = self._chosen_rows(table, rule, given)
        changes = [
            (operator, name, value)
            for operator, values in given.items()
            if operator not in ("where", "pk_columns")
            for name, value in values.items()
        ]
        preset = presets(table, rule, self.session)
        faults: list[str] = []
        after: dict[int, Row] = {}
        for row in chosen:
            new = {**self._changed(row, changes, faults), **preset}
            after[id(row)] = new
            if not self.permissions.allow(rule.check or {}, table, new):
                faults.append("permission-error")
        rows = [after.get(id(row), row) for row in self.state[table.name]]
        state = {**self.state, table.name: rows}
        if violates(table, state):
            faults.append("constraint-violation")
        if faults:
            raise Refused(*dict.fromkeys(faults))
        self._become(state)
        return Written(list(after.values()), len(after))

    def _changed(self, row: Row, changes: list[tuple[str, str, Json]], faults: list[str]) -> Row:
        new = dict(row)
        for operator, name, value in changes:
            try:
                new[name] = change(operator, row[name], value)
            except Refused as refused:
                faults.extend(refused.codes)
        return new

    def _chosen_rows(self, table: Table, rule: WriteRule, given: dict[str, Json]) -> list[Row]:
        """Rows by the write's own filter; the request's conditions see cells as a read does."""
        rows = self.state[table.name]
        found = [row for row in rows if self.permissions.allow(rule.filter, table, row)]
        key = given.get("pk_columns", {}).get("id", given.get("id"))
        if key is not None:
            return [row for row in found if self.cell(table, row, "id") == key]
        return [row for row in found if matches(self, given["where"], table, row)]

    # --- deletes

    def _delete(self, table: Table, rule: WriteRule, given: dict[str, Json]) -> Written:
        """A row that another one still refers to cannot go, unless that one goes with it."""
        chosen = self._chosen_rows(table, rule, given)
        tables = list(self.world.tables.values())
        state = without(self.state, table.name, chosen, tables)
        if any(violates(one, state) for one in tables):
            raise Refused("constraint-violation")
        self._become(state)
        return Written(chosen, len(chosen))


def _reads_again(field: Field) -> bool:
    """Whether rows of other tables are shown."""
    kinds = {one.kind for part in (field, *field.selection) for one in part.selection}
    return bool(kinds & {"object", "array", "aggregate", "connection"})
