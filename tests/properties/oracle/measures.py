"""Aggregate functions (Postgres manual, 9.21): all of them leave nulls out."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from tests.properties.model import Json
from tests.properties.oracle.jsonb import identity


def measure(function: str, values: Sequence[Json], distinct: bool = False) -> Json:
    """What a function makes of a column's values: null of none, but for `count`."""
    known = [value for value in values if value is not None]
    if distinct:
        known = list({identity(value): value for value in known}.values())
    if function == "count":
        return len(known)
    return _FUNCTIONS[function](known) if known else None


def _average(values: Sequence[Json]) -> float:
    return float(sum(map(Fraction, values)) / len(values))


def _total(values: Sequence[Json]) -> Json:
    return sum(values)


def _variance(values: Sequence[Json]) -> float | None:
    """The sample variance: null of a single value."""
    if len(values) < 2:
        return None
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    return float(sum((one - mean) ** 2 for one in exact) / (len(exact) - 1))


_FUNCTIONS: dict[str, Callable[[Sequence[Json]], Json]] = {
    "sum": _total,
    "avg": _average,
    "max": max,
    "min": min,
    "var_samp": _variance,
    "bool_and": all,
    "bool_or": any,
}
