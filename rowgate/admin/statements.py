"""Telling the statements of an SQL script apart, by Postgres' lexical rules and no more.

`run_sql` needs it because a driver with the extended protocol answers one statement at a time.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

_TOKEN = re.compile(
    r"""
      (?P<line>--[^\n]*)
    | (?P<block>/\*)
    | (?P<escape>[eE]'(?:[^'\\]|\\.|'')*')
    | (?P<text>'(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*")
    | (?P<dollar>\$(?P<tag>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
    | (?P<end>;)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<space>\s+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"/\*|\*/")
_OVER_CONNECTION = {(way, end) for way in ("from", "to") for end in ("stdin", "stdout")}
_QUIET = frozenset({"line", "block", "space"})


def split(script: str) -> list[str]:
    """The statements of `script` without their semicolons; empty ones are left out.

    >>> split("select ';'; -- a; b\\n create table t ($$;$$);")
    ["select ';'", '-- a; b\\n create table t ($$;$$)']
    """
    statements: list[str] = []
    start, depth, substance = 0, 0, False
    body = _RoutineBody()
    for kind, begin, end in _tokens(script):
        depth += (kind == "open") - (kind == "close")
        if kind == "word":
            body.see(script[begin:end].lower())
        if kind == "end" and depth <= 0 and not body.is_open:
            if substance:
                statements.append(script[start:begin].strip())
            start, depth, substance, body = end, 0, False, _RoutineBody()
        elif kind not in _QUIET:
            substance = True
    if substance:
        statements.append(script[start:].strip())
    return statements


def words(script: str) -> list[str]:
    """The bare words of `script` in lower case and in order: what stands outside texts, quoted
    names and comments."""
    return [script[begin:end].lower() for kind, begin, end in _tokens(script) if kind == "word"]


def copies_over_connection(statement: str) -> bool:
    """Whether the statement is a `copy` whose rows come from the client, or go to it.

    >>> copies_over_connection("copy t from stdin"), copies_over_connection("copy t to '/a'")
    (True, False)
    """
    depth, outside = 0, []
    for kind, begin, end in _tokens(statement):
        depth += (kind == "open") - (kind == "close")
        if kind == "word" and depth <= 0:
            outside.append(statement[begin:end].lower())
    return outside[:1] == ["copy"] and any(pair in _OVER_CONNECTION for pair in pairwise(outside))


class _RoutineBody:
    """Whether the words so far stand in the `begin atomic … end` of a routine."""

    def __init__(self) -> None:
        self.is_open = False
        self._depth = 0
        self._creates_routine = False
        self._previous = ""
        self._seen = 0

    def see(self, word: str) -> None:
        """Take note of the next word of the statement."""
        self._seen += 1
        if word in ("function", "procedure") and self._seen <= 4:
            self._creates_routine = True
        if self._creates_routine:
            self._follow(word)
        self._previous = word

    def _follow(self, word: str) -> None:
        if self.is_open and word == "case":
            self._depth += 1
        elif word == "atomic" and self._previous == "begin":
            self.is_open = True
            self._depth = 1
        elif self.is_open and word == "end":
            self._depth -= 1
            self.is_open = self._depth > 0


def _tokens(script: str) -> Iterator[tuple[str, int, int]]:
    position = 0
    while position < len(script):
        match = _TOKEN.match(script, position)
        if match is None:
            return
        kind, end = match.lastgroup or "other", match.end()
        if kind == "tag":
            kind = "dollar"
        if match["block"]:
            kind, end = "block", _end_of_comment(script, end)
        elif match["dollar"]:
            kind, end = "dollar", _end_of_dollar(script, end, match["dollar"])
        yield kind, position, end
        position = end


def _end_of_comment(script: str, position: int) -> int:
    depth = 1
    while depth:
        match = _COMMENT.search(script, position)
        if match is None:
            return len(script)
        depth += 1 if match[0] == "/*" else -1
        position = match.end()
    return position


def _end_of_dollar(script: str, position: int, tag: str) -> int:
    end = script.find(tag, position)
    return len(script) if end < 0 else end + len(tag)
