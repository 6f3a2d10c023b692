"""A native query alone, with nothing asked of it: what Postgres is given to judge its code."""

from rowgate.algebra.types import Constant
from rowgate.snapshot.types import NativeQuery
from rowgate.sql.parameters import Parameters
from rowgate.sql.types import Statement


def probe(query: NativeQuery) -> Statement:
    """A statement that selects all that a native query gives, a null for every argument."""
    parameters = Parameters()
    pieces = (
        one if isinstance(one, str) else parameters.plain(Constant(None, one.type))
        for one in query.parts
    )
    return parameters.statement(f"select * from (\n{''.join(pieces)}\n) as t0")
