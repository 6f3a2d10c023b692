"""A finding of the doctor."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How well a thing is: `UNKNOWN` where it cannot be told."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Examined:
    """What was examined, how it is, and, unless it is well, what to do."""

    what: str
    state: State
    told: str
    advice: str = ""


def ok(what: str, told: str) -> Examined:
    """Something that is well."""
    return Examined(what, State.OK, told)


def warning(what: str, told: str, advice: str) -> Examined:
    """Something that works and should not stay as it is."""
    return Examined(what, State.WARNING, told, advice)


def failed(what: str, told: str, advice: str) -> Examined:
    """Something that does not work."""
    return Examined(what, State.FAILED, told, advice)


def unknown(what: str, told: str, advice: str = "") -> Examined:
    """Something that could not be examined."""
    return Examined(what, State.UNKNOWN, told, advice)
