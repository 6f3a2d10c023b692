"""The piece of JSONPath that names one place in a token: `$.a.b`, `$['a b']`, `$[0]`."""

import json
import re

from rowgate.base.json import Json
from rowgate.base.names import PathStep

_STEP = re.compile(
    r"""\.?(?:(?P<name>[^.\[\]'"]+)|\[(?P<index>\d+)\]|\[(?P<quote>['"])(?P<key>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)\])""",
    re.DOTALL,
)
_FIRST = re.compile(r"\$")
_ESCAPE = re.compile(r"""\\'|\\.|["\0-\x1f]""", re.DOTALL)


def parse(text: str) -> tuple[PathStep, ...]:
    """The steps from the root, as Hasura reads them: a dot may stand before brackets, quotes are
    single or double, with JSON's escapes. Raises `ValueError` where `text` is no such path.

    >>> parse("$.hasura['x y'][0].z"), parse("$"), parse("$.['https://a/b'].c")
    (('hasura', 'x y', 0, 'z'), (), ('https://a/b', 'c'))
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
            steps.append(found["name"] if found["name"] is not None else _unescaped(found["key"]))
        position = found.end()
    return tuple(steps)


def _unescaped(key: str) -> str:
    """The text that stands between quotes; raises `ValueError` for an escape that JSON has not."""

    def as_json(found: re.Match[str]) -> str:
        if found[0] == "\\'":
            return "'"
        return found[0] if found[0].startswith("\\") else f"\\u{ord(found[0]):04x}"

    return str(json.loads(f'"{_ESCAPE.sub(as_json, key)}"'))


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
