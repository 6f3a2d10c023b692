"""One insert statement (contract A3 "Insert", "Upsert"; A5 "Insert"; Postgres manual, "INSERT")."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.properties.model import Json, Row, State, Table, WriteRule
from tests.properties.oracle.answers import Refused
from tests.properties.oracle.constraints import lacks, violates
from tests.properties.oracle.schema import Schema
from tests.properties.oracle.session import resolved
from tests.properties.oracle.view import Oracle
from tests.properties.oracle.where import matches


@dataclass
class Inserting:
    """The rows of a statement, one by one. Conditions see the rows that were there before it, and
    the row that they are about as it is now (Postgres manual, 13.2.1: a statement's snapshot)."""

    before: Oracle
    table: Table
    conflict: Json
    rows: list[Row] = field(init=False)
    returned: list[Row] = field(default_factory=list, init=False)
    faults: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.rows = list(self.before.state[self.table.name])

    def add(self, given: Row) -> None:
        """Insert a row, or do what `on_conflict` says where it meets one that is there."""
        schema = Schema(self.before.world, self.before.role)
        rule = schema.writes(self.table.name, "insert")
        new = self._complete(given, rule)
        if lacks(self.table, new):
            self.faults.append("constraint-violation")
        met = self._met(new)
        if met is None:
            self.rows.append(new)
            self._returns(new, rule.check)
        elif self.conflict.get("update_columns"):
            self._update(new, schema.writes(self.table.name, "update"), met, rule)

    def _complete(self, given: Row, rule: WriteRule) -> Row:
        """Presets win over what is given; what is not given is the column's default."""
        made = {name: column.default for name, column in self.table.columns.items()}
        return {**made, **given, **presets(self.table, rule, self.before.session)}

    def _met(self, new: Row) -> int | None:
        """Where the row stands that has the same value in the constraint's column, if any."""
        if not self.conflict:
            return None
        is_key = self.conflict["constraint"].endswith("_pkey")
        column = "id" if is_key else "u"
        if new[column] is None:
            return None
        places = (at for at, row in enumerate(self.rows) if row[column] == new[column])
        return next(places, None)

    def _update(self, new: Row, rule: WriteRule, at: int, inserting: WriteRule) -> None:
        """DO UPDATE of the rows that the update filter and `where` let through; an update's
        presets apply, and its check: the insert's where it has none (Hasura,
        `conflictObjectParser`, `insertOrUpdateCheckExpr`)."""
        old = self.rows[at]
        allowed = self.before.permissions.allow(rule.filter, self.table, old)
        if not allowed or not matches(self.before, self.conflict.get("where", {}), self.table, old):
            return
        changed = {name: new[name] for name in self.conflict["update_columns"]}
        row = {**old, **changed, **presets(self.table, rule, self.before.session)}
        self.rows[at] = row
        self._returns(row, inserting.check if rule.check is None else rule.check)

    def _returns(self, row: Row, check: Json) -> None:
        self.returned.append(row)
        if not self.before.permissions.allow(check, self.table, row):
            self.faults.append("permission-error")

    def done(self) -> State:
        """The state after the statement; refuses what breaks a constraint or a check."""
        state = {**self.before.state, self.table.name: self.rows}
        if violates(self.table, state):
            self.faults.append("constraint-violation")
        if self.faults:
            raise Refused(*dict.fromkeys(self.faults))
        return state


def presets(table: Table, rule: WriteRule, session: Mapping[str, str]) -> Row:
    """Contract A5, "Column presets": values, or what session variables hold."""
    return {
        name: resolved(value, table.columns[name].type, session)
        for name, value in rule.presets.items()
    }
