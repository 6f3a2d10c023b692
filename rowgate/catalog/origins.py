"""Which columns of views are columns of a table, and which are expressions.

Postgres notes it itself: every column of a view's query has `resorigtbl` and `resorigcol`, the
table (or view) and the column that it shows unchanged, or 0. It stands in the text of the view's
rule, one brace deep within the query of the view itself, deeper within those of its subqueries.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from rowgate.catalog.kinds import Row

Place = tuple[int, int]
"""A column: the oid of its relation, and its number there."""

_TOKEN = re.compile(r"\\.|[{}]|:resno (\d+)|:resorigtbl (\d+) :resorigcol (\d+)", re.S)
_COLUMN_DEPTH = 2


def shown_places(rules: Iterable[Row]) -> dict[int, Mapping[int, Place]]:
    """By view, the column of another relation that each of its columns shows unchanged; those that
    are expressions are left out."""
    return {rule["relation"]: dict(_columns(rule["action"])) for rule in rules}


def _columns(action: str) -> Iterator[tuple[int, Place]]:
    depth = number = 0
    for token in _TOKEN.finditer(action):
        match token[0][0]:
            case "{":
                depth += 1
            case "}":
                depth -= 1
            case ":" if depth == _COLUMN_DEPTH:
                if token[1]:
                    number = int(token[1])
                elif int(token[2]):
                    yield number, (int(token[2]), int(token[3]))


def is_expression(place: Place, shown: Mapping[int, Mapping[int, Place]]) -> bool:
    """Whether a column is an expression of a view, views of views followed."""
    relation, number = place
    if relation not in shown:
        return False
    origin = shown[relation].get(number)
    return origin is None or is_expression(origin, shown)
