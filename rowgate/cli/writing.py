"""What a command writes for programs, and names and values that a terminal may show safely."""

import re

from rowgate.base.json import Json, encode_text
from rowgate.cli.failures import OUTPUT

_PASSWORD_IN_URL = re.compile(r"(://[^/\s:@\"]*:)[^/\s@{\"]+@")


def write_json(value: Json) -> None:
    """One JSON value on stdout, and nothing around it."""
    OUTPUT.out(encode_text(value), highlight=False)


def counted(number: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def shown(value: Json) -> str:
    """A value on one line: as JSON, which escapes what would steer a terminal; passwords of URLs
    are left out."""
    return _PASSWORD_IN_URL.sub(r"\1***@", printable(encode_text(value)))


def printable(text: str) -> str:
    """A text whose control characters are escaped."""
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
