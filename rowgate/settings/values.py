"""How the text of an environment variable or flag becomes a value, and the refusal where it cannot.

Apart from the table of settings so that the table reads as a table.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


class SettingsError(Exception):
    """A setting that is missing, malformed or in conflict; the message names the variable."""


def text(value: str) -> str:
    """The text itself; empty is refused, since it is nearly always a failed substitution."""
    if not value.strip():
        raise ValueError("is empty")
    return value


def switch(value: str) -> bool:
    """A boolean in the spellings that Hasura takes.

    >>> switch("true"), switch("N"), switch("1")
    (True, False, True)
    """
    word = value.strip().lower()
    if word in {"true", "t", "yes", "y", "1", "on"}:
        return True
    if word in {"false", "f", "no", "n", "0", "off"}:
        return False
    raise ValueError(f"is {value!r}, neither true nor false")


def whole(minimum: int = 0, maximum: int = 2**31 - 1) -> Callable[[str], int]:
    """A parser of whole numbers from `minimum` to `maximum`, both included."""

    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            raise ValueError(f"is {value!r}, not a whole number") from None
        if not minimum <= number <= maximum:
            raise ValueError(f"is {number}, not between {minimum} and {maximum}")
        return number

    return parse


def seconds(value: str) -> float:
    """A duration in seconds, fractions allowed, not negative."""
    try:
        number = float(value)
    except ValueError:
        raise ValueError(f"is {value!r}, not a number of seconds") from None
    if not 0 <= number < float("inf"):
        raise ValueError(f"is {value!r}, not a duration")
    return number


def words(value: str) -> frozenset[str]:
    """A comma-separated list as a set.

    >>> sorted(words("graphql, metadata,"))
    ['graphql', 'metadata']
    """
    return frozenset(word.strip() for word in value.split(",") if word.strip())


def some_of(*allowed: str) -> Callable[[str], frozenset[str]]:
    """A parser of comma-separated lists of nothing but `allowed` words."""

    def parse(value: str) -> frozenset[str]:
        found = words(value)
        if unknown := sorted(found - set(allowed)):
            raise ValueError(f"names {unknown[0]!r}; known are {', '.join(allowed)}")
        return found

    return parse


def one_of(*allowed: str) -> Callable[[str], str]:
    """A parser that takes one of `allowed`, in any case, and gives it as written here."""

    def parse(value: str) -> str:
        for word in allowed:
            if word.lower() == value.strip().lower():
                return word
        raise ValueError(f"is {value!r}; one of {', '.join(allowed)} is expected")

    return parse


def document(value: str) -> Any:
    """A JSON object."""
    decoded = _json(value)
    if not isinstance(decoded, dict):
        raise ValueError("is not a JSON object")
    return decoded


def documents(value: str) -> tuple[Any, ...]:
    """A JSON array of objects."""
    decoded = _json(value)
    if not isinstance(decoded, list) or not all(isinstance(item, dict) for item in decoded):
        raise ValueError("is not a JSON array of objects")
    return tuple(decoded)


def texts(value: str) -> tuple[str, ...]:
    """A JSON array of texts, none of them empty."""
    decoded = _json(value)
    if not isinstance(decoded, list) or not decoded:
        raise ValueError("is not a JSON array of texts")
    if not all(isinstance(item, str) and item for item in decoded):
        raise ValueError("is not a JSON array of texts")
    return tuple(decoded)


def directory(value: str) -> Path:
    """The absolute path of an existing directory."""
    path = Path(value).expanduser().absolute()
    if not path.is_dir():
        raise ValueError(f"is {value!r}, which is not a directory")
    return path


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:  # never the text itself: it may hold a key
        raise ValueError("is not JSON") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
