"""The constraints of tables (Postgres manual, 5.5): not null, unique, foreign keys."""

from tests.properties.model import Row, State, Table


def lacks(table: Table, row: Row) -> bool:
    """Whether a column that must not be null is."""
    return any(row[one.name] is None and not one.nullable for one in table.columns.values())


def violates(table: Table, state: State) -> bool:
    """Whether a table's rows break a constraint of that table."""
    rows = state[table.name]
    if any(lacks(table, row) for row in rows):
        return True
    return _repeats(table, rows) or _dangles(table, state)


def _repeats(table: Table, rows: list[Row]) -> bool:
    """Unique columns: nulls are not equal to one another (5.5.3)."""
    for column in table.columns.values():
        values = [row[column.name] for row in rows if row[column.name] is not None]
        if column.unique and len(set(values)) < len(values):
            return True
    return False


def _dangles(table: Table, state: State) -> bool:
    """Foreign keys: a value that is not null is that of a row (5.5.5)."""
    for key in table.foreign_keys:
        known = {row["id"] for row in state[key.target]}
        given = {row[key.column] for row in state[table.name]} - {None}
        if not given <= known:
            return True
    return False


def without(state: State, table: str, rows: list[Row], tables: list[Table]) -> State:
    """The state after a delete; what refers to a deleted row by a cascading key goes too."""
    gone = {id(row) for row in rows}
    made = {**state, table: [row for row in state[table] if id(row) not in gone]}
    for other in tables:
        keys = [key for key in other.foreign_keys if key.target == table and key.cascades]
        known = {row["id"] for row in made[table]}
        referring = [
            row
            for row in made[other.name]
            if any(row[key.column] is not None and row[key.column] not in known for key in keys)
        ]
        if referring:
            made = without(made, other.name, referring, tables)
    return made
