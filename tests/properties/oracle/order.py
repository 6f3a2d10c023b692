"""The order of rows (contract A2, "Order by"; Postgres manual, 7.5 "Sorting Rows").

`asc` puts nulls last and `desc` puts them first, unless the direction says otherwise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import groupby
from typing import TypeVar

from tests.properties.model import Json, Row, Table
from tests.properties.oracle.measures import measure
from tests.properties.oracle.view import Oracle

T = TypeVar("T")


@dataclass(frozen=True)
class SortKey:
    """One expression of `order by`: the names that lead to it, and its direction."""

    path: tuple[str, ...]
    direction: str

    def compared(self, left: Json, right: Json) -> int:
        """Below, at or above zero as `left` comes before, with or after `right`."""
        if left is None or right is None:
            nulls = -1 if self._nulls_first() else 1
            return nulls * ((left is None) - (right is None))
        sign = -1 if self.direction.startswith("desc") else 1
        return sign if left > right else -sign if left < right else 0

    def _nulls_first(self) -> bool:
        if self.direction.endswith(("_first", "_last")):
            return self.direction.endswith("_first")
        return self.direction == "desc"


def sort_keys(order_by: Sequence[Json]) -> list[SortKey]:
    """The keys of an `order_by` argument."""
    return [_sort_key(one) for one in order_by]


def _sort_key(given: Json) -> SortKey:
    path: list[str] = []
    while isinstance(given, dict):
        ((name, given),) = given.items()
        path.append(name)
    return SortKey(tuple(path), str(given))


def sort_value(oracle: Oracle, table: Table, row: Row, path: Sequence[str]) -> Json:
    """What a key sorts a row by: a cell, a cell of the visible row that an object relationship
    leads to (else null), an aggregate of all visible rows that an array relationship leads to."""
    name, *rest = path
    if not rest:
        return oracle.cell(table, row, name)
    if name in table.relationships and not table.relationships[name].is_array:
        target = oracle.world.tables[table.target(name)]
        found = oracle.relatives(table, row, name)
        return sort_value(oracle, target, found[0], rest) if found else None
    own = name.removesuffix("_aggregate")
    target = oracle.world.tables[table.target(own)]
    found = oracle.relatives(table, row, own)
    if len(rest) == 1:
        return measure(rest[0], [True] * len(found))
    return measure(rest[0], [oracle.cell(target, one, rest[1]) for one in found])


def compared(keys: Sequence[SortKey], left: Sequence[Json], right: Sequence[Json]) -> int:
    """How two rows' sort values compare."""
    for key, mine, theirs in zip(keys, left, right, strict=True):
        found = key.compared(mine, theirs)
        if found:
            return found
    return 0


def ordered(
    keys: Sequence[SortKey], items: Sequence[T], values_of: Callable[[T], Sequence[Json]]
) -> list[list[T]]:
    """The items in order, in groups of those that the keys do not tell apart."""
    ranked = [(values_of(item), item) for item in items]

    def order(left: Sequence[Json], right: Sequence[Json]) -> int:
        return compared(keys, left, right)

    rank = cmp_to_key(order)
    ranked.sort(key=lambda pair: rank(pair[0]))
    groups = groupby(ranked, key=lambda pair: rank(pair[0]))
    return [[item for _, item in group] for _, group in groups]
