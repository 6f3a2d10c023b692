"""What a template is made of, and the one failure of all that can go wrong with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rowgate.base.json import Json

Span = tuple[int, int]
"""Where something stands in the template: its first character, and the one behind its last."""


class Failure(StrEnum):
    """What kind of failure; the texts are what Kriti calls them."""

    PARSE = "Parse Error"
    PATH = "Invalid Path"
    TYPE = "Type Error"
    RANGE = "Range Error"
    FUNCTION = "Function Error"
    LIMIT = "Limit Exceeded"


class KritiError(Exception):
    """A template that cannot be read or filled: what failed, in words, and where in `source`."""

    def __init__(self, kind: Failure, message: str, span: Span, source: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.span = span
        self.source = source

    def within(self, source: str) -> "KritiError":
        """The same failure, its place known to be of `source` (in place, for re-raising)."""
        self.source = source
        return self

    def as_json(self) -> Json:
        """The failure as Hasura shows it: lines from 0, columns from 1."""
        start_line, start_column = self._place(self.span[0])
        end_line, end_column = self._place(self.span[1])
        return {
            "error_code": str(self.kind),
            "message": self.message,
            "source_position": {
                "start_line": start_line,
                "start_column": start_column,
                "end_line": end_line,
                "end_column": end_column,
            },
        }

    def _place(self, position: int) -> tuple[int, int]:
        before = self.source[:position]
        return before.count("\n"), position - (before.rfind("\n") + 1) + 1


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, `true`, `false`, `null`, or a text without anything to fill in."""

    span: Span
    value: Json


@dataclass(frozen=True, slots=True)
class Text:
    """A string with values filled in."""

    span: Span
    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array."""

    span: Span
    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """An object."""

    span: Span
    members: "tuple[tuple[str, Expression], ...]"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a member or an item by `key`; `optional`: null where it is not there."""

    span: Span
    key: "Expression"
    optional: bool


@dataclass(frozen=True, slots=True)
class Path:
    """A variable, or any value, and the way into it."""

    span: Span
    of: "Expression | str"
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one argument."""

    span: Span
    function: str
    argument: "Expression"


@dataclass(frozen=True, slots=True)
class Choice:
    """`if … else … end`."""

    span: Span
    test: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class Loop:
    """`range index, item := over`: an array of `body` for each item."""

    span: Span
    index: str | None
    item: str
    over: "Expression"
    body: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two values and what stands between them: `==`, `&&`, `??`, `in`, …"""

    span: Span
    operator: str
    left: "Expression"
    right: "Expression"


Expression = Constant | Text | ListOf | ObjectOf | Path | Call | Choice | Loop | Binary


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read, and its text."""

    source: str
    body: Expression


Function = Callable[[Json], Json]
"""A function of a template; raises `ValueError` with the reason where the argument does not fit."""

Functions = Mapping[str, Function]
Bindings = Mapping[str, Json]
"""The variables that a template may look up, `$body` and the like."""
