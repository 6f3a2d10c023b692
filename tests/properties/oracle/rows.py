"""What joins rows: relationships, and what computed fields make of a row.

Nothing here is hidden from anybody: permissions see all of it (contract A5), clients through
`view`.
"""

from collections.abc import Mapping

from tests.properties.model import Json, Row, State, Table
from tests.properties.oracle.logic import Truth
from tests.properties.oracle.operators import equal

_MINIMUM = 2
"""What `beyond` takes where it is given no argument: the default of its function."""


def related(
    table: Table, row: Row, name: str, state: State, minimum: int | None = None
) -> list[Row]:
    """The rows that a relationship or a computed field leads to; nulls join nothing."""
    others = state[table.target(name)]
    found = table.relationships.get(name)
    if found is not None:
        return [one for one in others if _joins(row[found.ours], one[found.theirs])]
    if name == "alike":
        return [one for one in others if _joins(row["c0"], one["c0"])]
    least = _MINIMUM if minimum is None else minimum
    return [one for one in others if one["id"] >= least]


def _joins(ours: Json, theirs: Json) -> bool:
    truth: Truth = equal(ours, theirs)
    return truth is True


def scalar(table: Table, row: Row, name: str, session: Mapping[str, str], role: str) -> Json:
    """A column's value or that of a scalar computed field, as `worlds` defines its function."""
    if name in table.columns:
        return row[name]
    number, text = row["c0"], row["c1"]
    match name:
        case "next":
            return None if number is None else number + 1
        case "tagged":
            return None if text is None else f"{text}!"
    said = session.get("x-hasura-role", role)
    return f"{'-' if text is None else text}:{said}"
