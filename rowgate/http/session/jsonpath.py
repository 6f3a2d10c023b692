"""The piece of JSONPath that names one place in a token: `$.a.b`, `$['a b']`, `$[0]`."""

import re

from rowgate.base.json import Json
from rowgate.base.names import PathStep

_STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]'"]+)|\[(?P<index>\d+)\]|\[(?P<quote>['"])(?P<key>.*?)(?P=quote)\]"""
)
_FIRST = re.compile(r"\$")


def parse(text: str) -> tuple[PathStep, ...]:
    """The steps from the root; raises `ValueError` where `text` is no such path.

    >>> parse("$.hasura['x y'][0].z"), parse("$")
    (('hasura', 'x y', 0, 'z'), ())
    """
    position = 1 if _FIRST.match(text) else 0
    steps: list[PathStep] = []
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            raise ValueError(f"{text!r} is not a JSON path")
        if found["index"] is not None:
            steps.append(int(found["index"]))
        else:
            steps.append(found["name"] if found["name"] is not None else found["key"])
        position = found.end()
    return tuple(steps)


def look_up(value: Json, path: tuple[PathStep, ...]) -> Json:
    """What stands at `path` in `value`; `None` where nothing does.

    >>> look_up({"a": [{"b": 1}]}, ("a", 0, "b")), look_up({"a": 1}, ("a", "b"))
    (1, None)
    """
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
