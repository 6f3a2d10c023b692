"""What the oracle says that mutations do and answer.

A single statement's checks see the other rows as they were before it. Its answer sees them as they
are after it where it shows rows of other tables, and so does a nested insert's.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

from tests.properties.documents import Field
from tests.properties.json_changes import change
from tests.properties.model import Json, Row, State, Table, WriteRule
from tests.properties.operators import canonical
from tests.properties.oracle import Bag, Refused
from tests.properties.reads import ReadOracle

_CHANGES = (
    "_set",
    "_inc",
    "_append",
    "_prepend",
    "_delete_key",
    "_delete_elem",
    "_delete_at_path",
)


@dataclass
class WriteOracle(ReadOracle):
    """Answers mutation fields; `state` is the rows after what was answered so far."""

    def mutate(self, field: Field) -> Json:
        """The value of a root field; refuses where it must fail."""
        table = self.world.tables[field.table]
        operation = field.kind.split("_", maxsplit=1)[0]
        rule = self.world.write(self.role, table.name, operation)
        writable = operation == "delete" or (rule and set(rule.columns) - set(rule.presets))
        if rule is None or not writable:
            self.hidden()
        self._check_field(field, table)
        given = field.arguments
        for one in [given, given.get("on_conflict") or {}, *given.get("updates", [])]:
            self.check_where(one.get("where", {}), table)
        match operation:
            case "insert":
                return self._insert(field, table)
            case "update":
                return self._update(field, table, rule)
        where = field.arguments.get("where", {})
        key = field.arguments.get("id")
        rows = [row for row in self._chosen(table, rule, where) if key is None or row["id"] == key]
        return self._settled(
            field, table, rows, lambda: setattr(self, "state", self._without(table, rows))
        )

    def _settled(
        self, field: Field, table: Table, rows: list[Row], settle: Callable[[], None]
    ) -> Json:
        """The answer, with rows as they are before or after `settle`; a refusal changes nothing."""
        before = self.state
        try:
            if not _shows_relatives(field):
                answer = self._answer(field, table, rows, len(rows))
                settle()
                return answer
            settle()
            return self._answer(field, table, rows, len(rows))
        except Refused:
            self.state = before
            raise

    def _check_field(self, field: Field, table: Table) -> None:
        shown = field.selection
        if field.kind == "insert_one" and not self.world.selects(self.role, table.name):
            self.hidden()
        if field.kind.endswith("by_pk"):
            self.check_column(table, "id")
        for one in field.selection:
            if one.kind == "returning":
                shown = one.selection
        self.check_selection([one for one in shown if one.kind != "affected"], table)

    def _answer(self, field: Field, table: Table, rows: list[Row], affected: int) -> Json:
        if field.kind == "insert_one" or field.kind.endswith("by_pk"):
            return self.object(field.selection, table, rows[0]) if rows else None
        made: dict[str, Json] = {}
        for one in field.selection:
            shown = Bag(self.objects(one.selection, table, rows))
            made[one.key] = affected if one.kind == "affected" else shown
        return made

    def _chosen(self, table: Table, rule: WriteRule, where: Json) -> list[Row]:
        return [
            row
            for row in self.state[table.name]
            if self.allows(rule.filter, table, row) is True
            and self.matches(where, table, row) is True
        ]

    # --- what holds after a statement

    def _settle(self, state: State, checks: list[tuple[WriteRule, Table, Row]]) -> None:
        """Make `state` the current one; refuses where a check or a constraint fails."""
        codes = set()
        for rule, table, row in checks:
            if self.allows(rule.check, table, row) is not True:
                codes.add("permission-error")
        if any(violates(table, state) for table in self.world.tables.values()):
            codes.add("constraint-violation")
        if codes:
            raise Refused(*codes)
        self.state = state

    def _without(self, table: Table, rows: list[Row]) -> State:
        """The state without rows and what refers to them; refuses where a reference forbids it."""
        gone = {(table.name, row["id"]) for row in rows}
        while True:
            more = {
                (other.name, row["id"])
                for other in self.world.tables.values()
                for key in other.foreign_keys
                for row in self.state[other.name]
                if key.cascades and (key.target, row[key.column]) in gone
            } - gone
            if not more:
                break
            gone |= more
        state = {
            name: [row for row in kept if (name, row["id"]) not in gone]
            for name, kept in self.state.items()
        }
        if any(violates(one, state) for one in self.world.tables.values()):
            raise Refused("constraint-violation")
        return state

    # --- updates

    def _update(self, field: Field, table: Table, rule: WriteRule) -> Json:
        if field.kind == "update_many":
            return [self._one_update(field, table, rule, one) for one in field.arguments["updates"]]
        return self._one_update(field, table, rule, field.arguments)

    def _one_update(
        self, field: Field, table: Table, rule: WriteRule, given: dict[str, Json]
    ) -> Json:
        key = given.get("pk_columns", {}).get("id")
        old = [
            row
            for row in self._chosen(table, rule, given.get("where", {}))
            if key is None or row["id"] == key
        ]
        try:
            new = [self._changed(table, rule, given, row) for row in old]
        except Refused as refused:
            # Which row Postgres comes to first decides which of the errors it is.
            more = ("permission-error", "constraint-violation") if len(old) > 1 else ()
            raise Refused(*refused.codes, *more) from None
        by_id = {row["id"]: row for row in new}
        state = copy.copy(self.state)
        state[table.name] = [by_id.get(row["id"], row) for row in self.state[table.name]]
        checks = [(rule, table, row) for row in new]
        return self._settled(field, table, new, lambda: self._settle(state, checks))

    def _changed(self, table: Table, rule: WriteRule, given: dict[str, Json], row: Row) -> Row:
        made = dict(row)
        for operator in _CHANGES:
            for name, value in given.get(operator, {}).items():
                if name not in rule.columns or name in rule.presets:
                    self.hidden()
                made[name] = change(operator, row[name], value)
        for name, value in rule.presets.items():
            made[name] = self.value(value, table.columns[name].type)
        return made

    # --- inserts

    def _insert(self, field: Field, table: Table) -> Json:
        given = field.arguments
        objects = given["objects"] if "objects" in given else [given["object"]]
        for one in objects:
            self._check_object(table, one)
        if any(name in table.relationships for one in objects for name in one):
            row, affected = self._nested(table, objects[0], {})
            return self._answer(field, table, [row], affected)
        proposed = [self._proposed(table, one, {}) for one in objects]
        rows, checks, state = self._placed(table, proposed, given.get("on_conflict"))
        return self._settled(field, table, rows, lambda: self._settle(state, checks))

    def _insert_rule(self, table: Table) -> WriteRule:
        rule = self.world.write(self.role, table.name, "insert")
        if rule is None:
            self.hidden()
        return rule

    def _check_object(self, table: Table, given: dict[str, Json]) -> None:
        rule = self._insert_rule(table)
        for name, value in given.items():
            if name in table.relationships:
                data = value["data"]
                target = self.world.tables[table.relationships[name].target]
                for one in data if isinstance(data, list) else [data]:
                    self._check_object(target, one)
            elif name not in rule.columns or name in rule.presets:
                self.hidden()

    def _proposed(self, table: Table, given: dict[str, Json], determined: dict[str, Json]) -> Row:
        rule = self._insert_rule(table)
        row: Row = {column.name: column.default for column in table.columns.values()}
        row |= {name: value for name, value in given.items() if name in table.columns}
        for name, value in rule.presets.items():
            row[name] = self.value(value, table.columns[name].type)
        return {**row, **determined}

    def _placed(
        self, table: Table, proposed: list[Row], conflict: Json
    ) -> tuple[list[Row], list[tuple[WriteRule, Table, Row]], State]:
        rule = self._insert_rule(table)
        state = copy.copy(self.state)
        state[table.name] = list(self.state[table.name])
        rows, checks = [], []
        for row in proposed:
            if any(row[c.name] is None and not c.nullable for c in table.columns.values()):
                raise Refused("constraint-violation", "permission-error")
            found = self._conflicting(table, state, row, conflict)
            if found is None:
                state[table.name].append(row)
                rows.append(row)
                checks.append((rule, table, row))
                continue
            changed = self._merged(table, found, row, conflict)
            if changed is not None:
                state[table.name] = [changed if one is found else one for one in state[table.name]]
                rows.append(changed)
                update = self.world.write(self.role, table.name, "update")
                assert update is not None
                checks.append((update, table, changed))
        return rows, checks, state

    @staticmethod
    def _conflicting(table: Table, state: State, row: Row, conflict: Json) -> Row | None:
        if conflict is None:
            return None
        column = "id" if conflict["constraint"] == f"{table.name}_pkey" else "u"
        for one in state[table.name]:
            if row[column] is not None and canonical(one[column]) == canonical(row[column]):
                return one
        return None

    def _merged(self, table: Table, old: Row, row: Row, conflict: Json) -> Row | None:
        if not conflict["update_columns"]:
            return None
        rule = self.world.write(self.role, table.name, "update")
        if rule is None:
            self.hidden()
        allowed = self.allows(rule.filter, table, old) is True
        if not allowed or self.matches(conflict.get("where", {}), table, old) is not True:
            return None
        made = {**old, **{str(name): row[name] for name in conflict["update_columns"]}}
        for name, value in rule.presets.items():
            made[name] = self.value(value, table.columns[name].type)
        return made

    def _nested(
        self, table: Table, given: dict[str, Json], determined: dict[str, Json]
    ) -> tuple[Row, int]:
        own, affected = dict(determined), 1
        for name, one in table.relationships.items():
            if name in given and not one.is_array:
                target = self.world.tables[one.target]
                parent, count = self._nested(target, given[name]["data"], {})
                own[one.ours] = parent[one.theirs]
                affected += count
        row = self._proposed(table, given, own)
        rows, checks, state = self._placed(table, [row], None)
        self._settle(state, checks)
        for name, one in table.relationships.items():
            if name in given and one.is_array:
                target = self.world.tables[one.target]
                for child in given[name]["data"]:
                    _, count = self._nested(target, child, {one.theirs: row[one.ours]})
                    affected += count
        return rows[0], affected


def _shows_relatives(field: Field) -> bool:
    """Whether a mutation's answer shows rows of other tables."""
    shown = list(field.selection)
    for one in field.selection:
        if one.kind == "returning":
            shown += one.selection
    return any(one.kind not in ("column", "typename", "affected", "returning") for one in shown)


def violates(table: Table, state: State) -> bool:
    """Whether a column's or reference's constraint does not hold for a table's rows."""
    rows = state[table.name]
    for column in table.columns.values():
        values = [row[column.name] for row in rows]
        if not column.nullable and None in values:
            return True
        known = [value for value in values if value is not None]
        if column.unique and len(set(known)) < len(known):
            return True
    for key in table.foreign_keys:
        ids = {row["id"] for row in state[key.target]} | {None}
        if any(row[key.column] not in ids for row in rows):
            return True
    return False
