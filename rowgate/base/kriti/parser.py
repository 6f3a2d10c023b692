"""A template's text → what it is made of, by recursive descent: JSON, and between `{{` and `}}`
lookups, calls, operators, `if` and `range`."""

import string
from collections.abc import Callable, Mapping

from rowgate.base.kriti.scanner import Scanner
from rowgate.base.kriti.types import (
    Binary,
    Call,
    Choice,
    Constant,
    Expression,
    Failure,
    KritiError,
    ListOf,
    Loop,
    ObjectOf,
    Path,
    Span,
    Step,
    Template,
    Text,
)

LONGEST = 256 * 1024
"""How many characters a template may have."""
DEEPEST = 60
"""How deep a template may be nested."""

_LITERALS: Mapping[str, object] = {"true": True, "false": False, "null": None}
_BLOCK_ENDS = ("else", "elif", "end")
_BEGINNINGS = frozenset('"[{($_-0123456789' + string.ascii_letters)
"""What a value may begin with."""
_TIGHTNESS = {"||": 1, "&&": 2, "??": 3} | dict.fromkeys(
    ("==", "!=", ">", "<", ">=", "<=", "in"), 4
)


def parse(source: str) -> Template:
    """The template in `source`; raises `KritiError` where it is none, too long or too deep."""
    if len(source) > LONGEST:
        text = f"A template may have at most {LONGEST} characters."
        raise KritiError(Failure.LIMIT, text, (0, 0), source)
    parser = _Parser(source)
    try:
        body = parser.expression()
        parser.finish()
    except KritiError as error:
        raise error.within(source) from None
    return Template(source, body)


class _Parser:
    def __init__(self, source: str) -> None:
        self._scanner = Scanner(source)
        self._depth = 0

    def finish(self) -> None:
        self._scanner.skip()
        if self._scanner.at < len(self._scanner.source):
            raise self._scanner.unexpected()

    def expression(self, loosest: int = 1) -> Expression:
        """Values with operators between them, those that bind at least as tightly as `loosest`."""
        start = self._start()
        self._descend()
        left = self._atom()
        while (tightness := _TIGHTNESS.get(self._scanner.operator(), 0)) >= loosest:
            operator = self._scanner.operator()
            self._scanner.expect(operator)
            right = self.expression(tightness + 1)
            left = Binary(self._span(start), operator, left, right)
        self._depth -= 1
        return left

    def _atom(self) -> Expression:
        start = self._start()
        made = self._bare(start)
        steps = self._steps()
        if not steps:
            return made
        if isinstance(made, Path):
            return Path(self._span(start), made.of, made.steps + steps)
        return Path(self._span(start), made, steps)

    def _bare(self, start: int) -> Expression:
        scanner = self._scanner
        for opening, read in self._forms.items():
            if scanner.sees(opening):
                return read(self, start)
        value = scanner.number()
        if value is not None:
            return Constant(self._span(start), value)
        return self._named(start)

    def _named(self, start: int) -> Expression:
        if self._scanner.keyword() in _BLOCK_ENDS:
            raise self._scanner.unexpected()
        name = self._scanner.name()
        if name is None:
            raise self._scanner.unexpected()
        span = self._span(start)
        if name in _LITERALS:
            return Constant(span, _LITERALS[name])
        if self._begins_argument():
            return Call(span, name, self._nested(self._atom))
        return Path(span, name)

    def _begins_argument(self) -> bool:
        """Whether a value follows a name, so that the name is that of a function."""
        scanner = self._scanner
        if any(map(scanner.sees, (".", "?", "["))) or scanner.operator() or scanner.sees("{{"):
            return False
        following = scanner.source[scanner.at : scanner.at + 1]
        return following in _BEGINNINGS and scanner.keyword() not in _BLOCK_ENDS

    def _nested(self, read: Callable[[], Expression]) -> Expression:
        self._descend()
        made = read()
        self._depth -= 1
        return made

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            text = f"A template may be nested {DEEPEST} deep at most."
            raise KritiError(Failure.LIMIT, text, self._scanner.here(0))

    def _steps(self) -> tuple[Step, ...]:
        steps = []
        while step := self._step():
            steps.append(step)
        return tuple(steps)

    def _step(self) -> Step | None:
        scanner = self._scanner
        start = scanner.at
        optional = scanner.sees("?.") or scanner.sees("?[")
        if optional:
            scanner.at += 1
        if scanner.sees("."):
            scanner.at += 1
            begin = scanner.at
            name = scanner.name()
            if name is None:
                raise scanner.unexpected()
            key: Expression = Constant((begin, scanner.at), name)
        elif scanner.sees("["):
            scanner.at += 1
            key = self._key()
            scanner.expect("]")
        else:
            return None
        return Step((start, scanner.at), key, optional)

    def _key(self) -> Expression:
        start = self._start()
        if self._scanner.sees("'"):
            return self._string(start, "'")
        return self.expression()

    def _string(self, start: int, quote: str = '"') -> Expression:
        scanner = self._scanner
        scanner.at += 1
        parts: list[Expression] = []
        while not scanner.sees(quote):
            begin = scanner.at
            if scanner.sees("{{"):
                scanner.at += 2
                parts.append(self._nested(self.expression))
                scanner.expect("}}")
            elif scanner.at < len(scanner.source):
                parts.append(Constant((begin, scanner.at), scanner.plain(quote)))
            else:
                raise scanner.unexpected()
        scanner.at += 1
        span = self._span(start)
        if all(isinstance(part, Constant) and isinstance(part.value, str) for part in parts):
            return Constant(span, "".join(str(part.value) for part in parts))  # type: ignore[union-attr]
        return Text(span, tuple(parts))

    def _list(self, start: int) -> Expression:
        self._scanner.at += 1
        items: list[Expression] = []
        if not self._scanner.take("]"):
            items.append(self.expression())
            while self._scanner.take(","):
                items.append(self.expression())
            self._scanner.expect("]")
        return ListOf(self._span(start), tuple(items))

    def _object(self, start: int) -> Expression:
        self._scanner.at += 1
        members: list[tuple[str, Expression]] = []
        if not self._scanner.take("}"):
            members.append(self._member())
            while self._scanner.take(","):
                members.append(self._member())
            self._scanner.expect("}")
        return ObjectOf(self._span(start), tuple(members))

    def _member(self) -> tuple[str, Expression]:
        start = self._start()
        if not self._scanner.sees('"'):
            raise self._scanner.unexpected()
        key = self._string(start)
        if not isinstance(key, Constant):
            text = "A member's name cannot have values filled in."
            raise KritiError(Failure.PARSE, text, key.span)
        self._scanner.expect(":")
        return key.value, self.expression()

    def _group(self, _start: int) -> Expression:
        self._scanner.at += 1
        made = self.expression()
        self._scanner.expect(")")
        return made

    def _block(self, start: int) -> Expression:
        """What stands between `{{` and `}}`; of `if` and `range`, as far as their `end`."""
        self._scanner.at += 2
        match self._scanner.keyword():
            case "if":
                self._scanner.expect("if")
                return self._choice(start)
            case "range":
                self._scanner.expect("range")
                return self._loop(start)
        made = self.expression()
        self._scanner.expect("}}")
        return made

    def _choice(self, start: int) -> Expression:
        test = self.expression()
        self._scanner.expect("}}")
        then = self.expression()
        self._scanner.expect("{{")
        word = self._scanner.keyword()
        if word == "elif":
            self._scanner.expect("elif")
            otherwise = self._nested(lambda: self._choice(start))
            return Choice(self._span(start), test, then, otherwise)
        self._words("else", "}}")
        otherwise = self.expression()
        self._words("{{", "end", "}}")
        return Choice(self._span(start), test, then, otherwise)

    def _loop(self, start: int) -> Expression:
        index = self._bound()
        self._scanner.expect(",")
        item = self._bound()
        self._scanner.expect(":=")
        over = self.expression()
        self._scanner.expect("}}")
        body = self.expression()
        self._words("{{", "end", "}}")
        return Loop(self._span(start), None if index == "_" else index, item, over, body)

    def _bound(self) -> str:
        self._scanner.skip()
        name = self._scanner.name()
        if name is None:
            raise self._scanner.unexpected()
        return name

    def _words(self, *words: str) -> None:
        for word in words:
            self._scanner.expect(word)

    def _start(self) -> int:
        self._scanner.skip()
        return self._scanner.at

    def _span(self, start: int) -> Span:
        return (start, self._scanner.at)

    _forms: Mapping[str, Callable[["_Parser", int], Expression]] = {
        '"': _string,
        "[": _list,
        "{{": _block,
        "{": _object,
        "(": _group,
    }
