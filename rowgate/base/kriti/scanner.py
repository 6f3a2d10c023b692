"""A template's text, read from left to right. Apart from the parser, which knows the grammar and no
characters."""

import re

from rowgate.base.errors import ParseFailed
from rowgate.base.json import ExactNumber, number
from rowgate.base.kriti.types import Failure, KritiError, Span

_SPACE = re.compile(r"(?:\s+|#[^\n]*)*")
_NAME = re.compile(r"\$?[A-Za-z_][A-Za-z0-9_$-]*|\$")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_KEYWORD = re.compile(r"[A-Za-z]+(?![A-Za-z0-9_$-])")
_OPERATOR = re.compile(r"\|\||&&|\?\?|==|!=|>=|<=|>|<|in(?![A-Za-z0-9_$-])")
_PLAIN = {'"': re.compile(r'[^"\\{]+|\{(?!\{)'), "'": re.compile(r"[^'\\{]+|\{(?!\{)")}
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt\'`]))')
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Scanner:
    """Where reading has come to in `source`."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def skip(self) -> None:
        """Go past spaces and comments."""
        found = _SPACE.match(self.source, self.at)
        assert found is not None
        self.at = found.end()

    def sees(self, text: str) -> bool:
        """Whether `text` stands right here."""
        return self.source.startswith(text, self.at)

    def take(self, text: str) -> bool:
        """Go past `text` if it stands here, spaces in front of it aside."""
        self.skip()
        if not self.sees(text):
            return False
        self.at += len(text)
        return True

    def expect(self, text: str) -> None:
        """Go past `text`; raises `KritiError` where something else stands here."""
        if not self.take(text):
            raise self.unexpected()

    def name(self) -> str | None:
        """A variable's, member's or function's name, if one stands here."""
        return self._match(_NAME)

    def keyword(self) -> str:
        """The word that stands here, without going past it; empty where there is none."""
        self.skip()
        found = _KEYWORD.match(self.source, self.at)
        return found.group() if found else ""

    def operator(self) -> str:
        """The operator that stands here, without going past it; empty where there is none."""
        self.skip()
        found = _OPERATOR.match(self.source, self.at)
        return found.group() if found else ""

    def number(self) -> int | float | None:
        """A number, if one stands here."""
        start = self.at
        text = self._match(_NUMBER)
        if text is None:
            return None
        try:
            value = number(text)
        except ParseFailed as error:
            raise KritiError(Failure.PARSE, error.message, (start, self.at)) from None
        near = float(value) if isinstance(value, ExactNumber) else value
        return near if near == value else value

    def plain(self, quote: str) -> str:
        """What a string between `quote`s holds up to its end or the next `{{`. An escape that JSON
        does not know stands for itself."""
        pieces = []
        while piece := self._match(_PLAIN[quote]) or self._escaped():
            pieces.append(piece)
        return _joined("".join(pieces))

    def _escaped(self) -> str:
        if not self.sees("\\"):
            return ""
        found = _ESCAPE.match(self.source, self.at)
        if found is None:
            self.at += 1
            return "\\"
        self.at = found.end()
        code, letter = found.groups()
        return chr(int(code, 16)) if code else _ESCAPED.get(letter, letter)

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.source, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group()

    def unexpected(self) -> KritiError:
        """The refusal of what stands here."""
        self.skip()
        if self.at >= len(self.source):
            return KritiError(Failure.PARSE, "Unexpected end of the template.", self.here(0))
        for token in ("{{", "}}"):
            if self.sees(token):
                text = f"Unexpected token '{token}'."
                return KritiError(Failure.PARSE, text, self.here(len(token)))
        word = _NAME.match(self.source, self.at)
        text = word.group() if word else self.source[self.at]
        return KritiError(Failure.PARSE, f"Unexpected token '{text}'.", self.here(len(text)))

    def here(self, length: int) -> Span:
        """The span of the next `length` characters."""
        return (self.at, self.at + length)


def _joined(text: str) -> str:
    """`text`, characters that were escaped in halves put together; lone halves are replaced."""
    if not any("\ud800" <= one <= "\udfff" for one in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
