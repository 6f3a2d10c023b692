"""One statement for many rows by key: a read of one row, run for each of several keys at once."""

from rowgate.algebra.types import Variable
from rowgate.catalog.types import TEXT
from rowgate.plan.types import KEY_GIVEN, ReadRows
from rowgate.sql.parameters import Leaf, Parameters
from rowgate.sql.types import Statement
from rowgate.sql.writes import WriteWriter


class _KeyedParameters(Parameters):
    """Parameters among which the key's values are columns of the keys at hand."""

    def number(self, leaf: Leaf, type_: str) -> str:
        if isinstance(leaf, Variable) and leaf.path[0] == KEY_GIVEN and not leaf.as_array:
            return f"given.k{leaf.path[1]}::{type_}"
        return Parameters.number(self, leaf, type_)


def render_batch(work: ReadRows, columns: int) -> Statement:
    """`work`, a read of one row by a key of `columns` columns, for a list of keys: a row with one
    `json` column for each key, in their order, null where there is no such row. The keys are bound
    as arrays of texts, a column each, at `(KEY_GIVEN, position)`."""
    parameters = _KeyedParameters()
    row = WriteWriter(parameters).single(work.rows, work.fields)
    arrays = ", ".join(
        parameters.number(Variable((KEY_GIVEN, position), TEXT, as_array=True), "text[]")
        for position in range(columns)
    )
    names = ", ".join(f"k{position}" for position in range(columns))
    keys = f"unnest({arrays}) with ordinality as given({names}, n)"
    return parameters.statement(f"select ({row}) from {keys} order by given.n")
