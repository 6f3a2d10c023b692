"""What Postgres' words in a refusal may show to a role: names that the role reaches, and values
that the request sent. Admins see them as they are."""

import json
import re
from collections.abc import Iterator

from rowgate.base.errors import ApiError, InPostgresWords
from rowgate.base.json import Json
from rowgate.base.session import Session
from rowgate.snapshot.types import Snapshot, Table

_NAMED = re.compile(r"\b(table|relation|column|constraint|index|function|schema) \"([^\"]*)\"")
_NAMELESS = {
    "table": "another table",
    "relation": "another table",
    "column": "a column",
    "constraint": "constraint",
    "index": "index",
    "function": "a function",
    "schema": "a schema",
}
"""How a thing is called whose name the role does not know."""
_QUOTED = re.compile(r'"(.*)"', re.S)
_NUMBER = re.compile(r"(?<![\w(])[-+]?\d[\w.:+-]*")
_LITERAL = re.compile(
    r'"""(.*?)"""|("(?:[^"\\\n]|\\.)*")|(?<![\w$])(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)', re.S
)
_HIDDEN = "…"


def disclosed(error: ApiError, snapshot: Snapshot, session: Session, sent: Json) -> ApiError:
    """`error` as `session` may see it: what it may not see is taken out of the message. `sent` is
    the JSON of what the request holds."""
    if isinstance(error, InPostgresWords) and not session.is_admin:
        known = _Known(snapshot, session, sent)
        error.message = known.values(known.names(error.message))
    return error


class _Known:
    def __init__(self, snapshot: Snapshot, session: Session, sent: Json) -> None:
        self._snapshot = snapshot
        self._role = session.role
        self._sent = frozenset((*session.variables.values(), *_values(sent)))

    def names(self, message: str) -> str:
        """A message without names of tables, columns and constraints beyond the role's reach."""
        visible = {name for table in self._tables() for name in _names(table, self._role)}

        def shown(match: re.Match[str]) -> str:
            kind, name = match.groups()
            return match[0].replace('"', "\0") if name in visible else _NAMELESS[kind]

        return _NAMED.sub(shown, message)

    def values(self, message: str) -> str:
        """A message, its visible names marked, without values that the request did not send."""
        outside = [message]
        quoted = _QUOTED.search(message)
        if quoted is not None:
            outside = [message[: quoted.start()], quoted[0], message[quoted.end() :]]
            if not self._all_sent(quoted[1]):
                outside[1] = f'"{_HIDDEN}"'
        outside[::2] = [_NUMBER.sub(self._number, one) for one in outside[::2]]
        return "".join(outside).replace("\0", '"')

    def _all_sent(self, quoted: str) -> bool:
        """Whether what stands between the first quote and the last is one value that was sent, or
        several."""
        return self._was_sent(quoted) or all(map(self._was_sent, quoted.split('"')[::2]))

    def _number(self, match: re.Match[str]) -> str:
        return match[0] if self._was_sent(match[0].rstrip(".:")) else _HIDDEN

    def _was_sent(self, value: str) -> bool:
        return value in self._sent

    def _tables(self) -> Iterator[Table]:
        role = self._role
        for source in self._snapshot.sources.values():
            yield from (table for table in source.tables.values() if role in table.permissions)


def _names(table: Table, role: str) -> Iterator[str]:
    """The names that a role with permissions on a table knows it by: its own, those of its columns
    that the role may use, those of constraints over such columns alone."""
    yield from (table.name.name, f"{table.name.schema}.{table.name.name}")
    yield from table.reached_columns(role)
    yield from (name for name in table.relation.rules if table.knows_rule(role, name))


def _values(sent: Json) -> Iterator[str]:
    """The values that a request holds, as texts: those of its variables, and the literals of a
    document."""
    match sent:
        case str():
            yield sent
        case dict():
            for value in sent.values():
                yield from _values(value)
        case list() | tuple():
            for value in sent:
                yield from _values(value)
        case bool():
            yield str(sent).lower()
        case int() | float():
            yield str(sent)


def literals(document: str) -> list[str]:
    """The texts and numbers that stand in a GraphQL document.

    >>> literals('{ a(b: "x\\\\ty", c: [-1.5, 2]) }')
    ['x\\ty', '-1.5', '2']
    """
    found = []
    for match in _LITERAL.finditer(document):
        block, text, number = match.groups()
        found.append(block or number or (_text(text) if text else ""))
    return found


def _text(literal: str) -> str:
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:
        return literal
