"""Changes of what a role cannot see: after them every answer must be the same, byte for byte."""

import copy

from tests.properties.choices import Seeded
from tests.properties.model import VALUES, Json, Row, State, Table
from tests.properties.oracle.constraints import violates
from tests.properties.oracle.view import Oracle

_TRIES = 12


def view(oracle: Oracle) -> Json:
    """All that a role can see or infer: its rows, their cells, and what joins them."""
    shown = {}
    for table in oracle.world.tables.values():
        joins = ["id", *(key.column for key in table.foreign_keys)]
        if any("alike" in one.computed for one in oracle.world.tables.values()):
            joins.append("c0")
        columns = oracle.world.scalars(oracle.role, table.name)
        shown[table.name] = [
            [*(row[name] for name in joins), *(oracle.cell(table, row, name) for name in columns)]
            for row in oracle.visible(table.name)
        ]
    return shown


def disturbed(oracle: Oracle, seed: int) -> State | None:
    """The state after some changes that the role cannot see; None where none was found."""
    choices = Seeded(seed)
    before = view(oracle)
    state = oracle.state
    for _ in range(_TRIES):
        table = choices.one(list(oracle.world.tables.values()))
        changed = copy.copy(state)
        changed[table.name] = _change(choices, table, state[table.name])
        tables = oracle.world.tables.values()
        if changed[table.name] == state[table.name]:
            continue
        if any(violates(one, changed) for one in tables):
            continue
        other = Oracle(oracle.world, changed, oracle.role, oracle.session)
        if view(other) == before:
            state = changed
    return None if state is oracle.state else state


def _change(choices: Seeded, table: Table, rows: list[Row]) -> list[Row]:
    kind = choices.one(("cell", "cell", "delete", "insert"))
    if kind == "insert" or not rows:
        number = max((row["id"] for row in rows), default=0) + 1
        made = {name: _value(choices, table, name) for name in table.columns}
        return [*rows, {**made, "id": number}]
    at = choices.integer(0, len(rows) - 1)
    if kind == "delete":
        return rows[:at] + rows[at + 1 :]
    name = choices.one([name for name in table.columns if name != "id"])
    return [*rows[:at], {**rows[at], name: _value(choices, table, name)}, *rows[at + 1 :]]


def _value(choices: Seeded, table: Table, name: str) -> Json:
    column = table.columns[name]
    if column.nullable and choices.chance(25):
        return None
    if name == "u" or any(key.column == name for key in table.foreign_keys):
        return choices.integer(0, 9)
    return choices.one(VALUES[column.type])
