"""What a session sees of a world: rows, cells, and what joins them (contract A5, "Select")."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.properties.model import Json, Row, SelectRule, State, Table, World
from tests.properties.oracle.permissions import Permissions
from tests.properties.oracle.rows import related, scalar


@dataclass
class Oracle:
    """A world's rows as one session may see them."""

    world: World
    state: State
    role: str
    session: Mapping[str, str]
    _seen: dict[str, list[Row]] = field(default_factory=dict, init=False, repr=False)

    @property
    def permissions(self) -> Permissions:
        """The judge of permissions' conditions on these rows."""
        return Permissions(self.world, self.state, self.role, self.session)

    def visible(self, table: str) -> list[Row]:
        """The rows of a table that a filter of the role lets through; an inherited role sees what
        any of its parents sees."""
        found = self._seen.get(table)
        if found is None:
            rules = self.world.selects(self.role, table)
            found = [row for row in self.state[table] if self._passes(rules, table, row)]
            self._seen[table] = found
        return found

    def _passes(self, rules: list[SelectRule], table: str, row: Row) -> bool:
        about = self.world.tables[table]
        return any(self.permissions.allow(rule.filter, about, row) for rule in rules)

    def cell(self, table: Table, row: Row, name: str) -> Json:
        """A column or a scalar computed field of a row that is shown. An inherited role gets null
        unless a parent that grants the column sees the row; what every parent grants is never
        masked (Hasura, `mergeColumnsWithBoolExp`)."""
        rules = self.world.selects(self.role, table.name)
        granting = [rule for rule in rules if name in rule.columns]
        if len(granting) < len(rules) and not self._passes(granting, table.name, row):
            return None
        return scalar(table, row, name, self.session, self.role)

    def relatives(self, table: Table, row: Row, name: str, minimum: int | None = None) -> list[Row]:
        """The visible rows that a relationship or a computed field leads to."""
        seen = {id(one) for one in self.visible(table.target(name))}
        found = related(table, row, name, self.state, minimum)
        return [one for one in found if id(one) in seen]
