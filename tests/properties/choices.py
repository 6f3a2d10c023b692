"""Where random decisions come from: a seed (for worlds) or Hypothesis (for requests)."""

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Choices(Protocol):
    """A source of random decisions."""

    def integer(self, low: int, high: int) -> int:
        """A whole number of `low` … `high`."""

    def chance(self, percent: int) -> bool:
        """True in about `percent` of a hundred cases."""

    def one(self, items: Sequence[T]) -> T:
        """One of `items`."""

    def some(self, items: Sequence[T], percent: int) -> list[T]:
        """Each of `items` with that chance, in their order."""


class _Derived:
    """The decisions that follow from `integer`."""

    def integer(self, low: int, high: int) -> int:
        raise NotImplementedError

    def chance(self, percent: int) -> bool:
        return self.integer(0, 99) >= 100 - percent

    def one(self, items: Sequence[T]) -> T:
        return items[self.integer(0, len(items) - 1)]

    def some(self, items: Sequence[T], percent: int) -> list[T]:
        return [item for item in items if self.chance(percent)]


class Seeded(_Derived):
    """Decisions of a pseudo-random generator."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def integer(self, low: int, high: int) -> int:
        return self._random.randint(low, high)


class Drawn(_Derived):
    """Decisions of Hypothesis; the smallest are the simplest."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def integer(self, low: int, high: int) -> int:
        if low == high:
            return low
        return self._data.draw(_between(low, high))


_MADE: dict[tuple[int, int], st.SearchStrategy[int]] = {}


def _between(low: int, high: int) -> st.SearchStrategy[int]:
    found = _MADE.get((low, high))
    if found is None:
        found = _MADE[low, high] = st.integers(low, high)
    return found
