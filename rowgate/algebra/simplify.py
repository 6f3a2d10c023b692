"""Building conditions without noise: true, false and single items fold away."""

from collections.abc import Iterable

from rowgate.algebra.types import FALSE, TRUE, And, Condition, Or


def conjunction(items: Iterable[Condition]) -> Condition:
    """All of `items`; nested conjunctions are flattened, truth disappears, falsehood wins.

    >>> conjunction([TRUE, TRUE]) == TRUE
    True
    >>> conjunction([TRUE, FALSE]) == FALSE
    True
    """
    flat: list[Condition] = []
    for item in items:
        if isinstance(item, And):
            flat.extend(item.items)
        else:
            flat.append(item)
    if FALSE in flat:
        return FALSE
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(items: Iterable[Condition]) -> Condition:
    """One of `items`; nested disjunctions are flattened, falsehood disappears, truth wins.

    >>> disjunction([FALSE, TRUE]) == TRUE
    True
    """
    flat: list[Condition] = []
    for item in items:
        if isinstance(item, Or):
            flat.extend(item.items)
        else:
            flat.append(item)
    if TRUE in flat:
        return TRUE
    return flat[0] if len(flat) == 1 else Or(tuple(flat))
