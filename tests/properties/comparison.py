"""Whether an answer is what the oracle expects."""

import base64
import json
from typing import Any

from tests.properties.model import Json, Row, State, World
from tests.properties.oracle.answers import Bag, Encoded, Refused, Ties

Expected = Any


def agrees(expected: Expected, body: bytes) -> bool:
    """Whether a whole answer is the expected data, or an error with one of the expected codes."""
    answer = json.loads(body)
    if isinstance(expected, Refused):
        errors = answer.get("errors") or [{"extensions": {"code": None}}]
        return set(answer) == {"errors"} and errors[0]["extensions"]["code"] in expected.codes
    return set(answer) == {"data"} and same(expected, answer["data"])


def same(expected: Expected, got: Json) -> bool:
    """Whether two JSON values are equal, order included except within a `Bag`."""
    match expected:
        case dict():
            alike = isinstance(got, dict) and list(expected) == list(got)
            return alike and all(same(value, got[key]) for key, value in expected.items())
        case Ties():
            return isinstance(got, list) and _same_parts(expected, list(got))
        case Bag():
            return isinstance(got, list) and _same_bag(expected, list(got))
        case list():
            alike = isinstance(got, list) and len(expected) == len(got)
            return alike and all(same(*pair) for pair in zip(expected, got, strict=True))
        case Encoded():
            return isinstance(got, str) and same(expected.value, _decoded(got))
        case bool() | None:
            return expected is got
        case float():
            return isinstance(got, int | float) and abs(expected - got) < 1e-9
    return not isinstance(got, bool) and bool(expected == got)


def _decoded(text: str) -> Json:
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except ValueError:
        return None


def _same_parts(expected: Ties, left: list[Json]) -> bool:
    for part in expected:
        if not _same_bag(part, left[: len(part)]):
            return False
        left = left[len(part) :]
    return not left


def _same_bag(expected: Bag, left: list[Json]) -> bool:
    if len(expected) != len(left):
        return False
    for one in expected:
        at = next((place for place, other in enumerate(left) if same(one, other)), None)
        if at is None:
            return False
        del left[at]
    return True


def stored(world: World, state: State) -> State:
    """A state as `Served.rows` gives it: rows by `id`, columns in the table's order."""

    def row_of(name: str, row: Row) -> Row:
        return {column: row[column] for column in world.tables[name].columns}

    return {
        name: sorted((row_of(name, row) for row in rows), key=lambda row: row["id"])
        for name, rows in state.items()
    }
