"""The conditions that clients send (contract A2): on cells as the role sees them."""

from tests.properties.model import Json, Row, Table
from tests.properties.oracle.logic import Truth, conjunction, disjunction, negation
from tests.properties.oracle.measures import measure
from tests.properties.oracle.operators import compare
from tests.properties.oracle.view import Oracle

_SUFFIX = "_aggregate"


def matches(oracle: Oracle, condition: Json, table: Table, row: Row) -> bool:
    """Whether a row passes: only where the condition is true."""
    return _holds(oracle, condition, table, row) is True


def _holds(oracle: Oracle, condition: Json, table: Table, row: Row) -> Truth:
    return conjunction(_entry(oracle, name, value, table, row) for name, value in condition.items())


def _entry(oracle: Oracle, name: str, value: Json, table: Table, row: Row) -> Truth:
    match name:
        case "_and":
            return conjunction(_holds(oracle, one, table, row) for one in value)
        case "_or":
            return disjunction(_holds(oracle, one, table, row) for one in value)
        case "_not":
            return negation(_holds(oracle, value, table, row))
    type_ = table.type_of(name)
    if type_ is not None:
        left = oracle.cell(table, row, name)
        return conjunction(compare(key, type_, left, right) for key, right in value.items())
    if name.endswith(_SUFFIX):
        return _aggregate(oracle, name.removesuffix(_SUFFIX), value, table, row)
    target = oracle.world.tables[table.target(name)]
    found = oracle.relatives(table, row, name)
    return any(matches(oracle, value, target, one) for one in found)


def _aggregate(oracle: Oracle, name: str, functions: Json, table: Table, row: Row) -> Truth:
    """An aggregation predicate: EXISTS of the one row that the function gives, so false where that
    compares as unknown (Hasura, `translateAVAggregationPredicates`). A permission's limit does not
    bound what is counted."""
    target = oracle.world.tables[table.target(name)]
    ((function, given),) = functions.items()
    rows = oracle.relatives(table, row, name)
    if "filter" in given:
        rows = [one for one in rows if matches(oracle, given["filter"], target, one)]
    arguments = given.get("arguments")
    column = arguments[0] if isinstance(arguments, list) else arguments
    values: list[Json] = [True] * len(rows)
    if column is not None:
        values = [oracle.cell(target, one, column) for one in rows]
    result = measure(function, values, given.get("distinct", False))
    wanted = given["predicate"].items()
    return all(compare(key, "float8", result, one) is True for key, one in wanted)
