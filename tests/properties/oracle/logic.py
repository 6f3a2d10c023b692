"""Three-valued logic (Postgres manual, 9.1 "Logical Operators"): None is unknown.

A row passes a condition only where it is true; unknown counts as false there, but stays unknown
under `not`.
"""

from collections.abc import Iterable

Truth = bool | None


def conjunction(parts: Iterable[Truth]) -> Truth:
    """`and`: false if any part is false, else unknown if any is unknown. True of nothing."""
    result: Truth = True
    for part in parts:
        if part is False:
            return False
        if part is None:
            result = None
    return result


def disjunction(parts: Iterable[Truth]) -> Truth:
    """`or`: true if any part is true, else unknown if any is unknown. False of nothing."""
    result: Truth = False
    for part in parts:
        if part is True:
            return True
        if part is None:
            result = None
    return result


def negation(part: Truth) -> Truth:
    """`not`: unknown stays unknown."""
    return None if part is None else not part
