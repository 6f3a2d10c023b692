"""Dates and times as people write them, read where they can mean one thing only."""

import datetime as dt

from dateutil import parser

from service.failures import Refusal

_FIRST = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - times are local to a venue
_SECOND = dt.datetime(2001, 12, 28, 1, 1, 1)  # noqa: DTZ001
"""Two days that differ in everything: what a text does not say comes from them, and so differs."""
_LONGEST = 40


def read_time(text: str) -> dt.time:
    """A time of the day, such as `8pm`, `8:30 pm`, `20:30`.

    Raises `Refusal` 400 where the text names none, or says more than that.
    """
    first, second = _read("time", text, dayfirst=False)
    is_time_alone = (first.date(), second.date()) == (_FIRST.date(), _SECOND.date())
    if not is_time_alone or (first.hour, first.tzinfo) != (second.hour, None):
        raise _refused("time", f"{text!r} is no time of the day, such as 8pm or 20:30")
    minute = first.minute if first.minute == second.minute else 0
    return dt.time(first.hour, minute, first.second if first.second == second.second else 0)


def read_date(text: str) -> dt.date:
    """A day, such as `2026-12-24` or `24 December 2026`.

    Raises `Refusal` 400 where the text names none, says more than that, or may mean two days.
    """
    first, second = _read("date", text, dayfirst=False)
    if first.date() != second.date() or first.time() != _FIRST.time():
        raise _refused("date", f"{text!r} is no day with its year, such as 2026-12-24")
    other, _ = _read("date", text, dayfirst=True)
    is_iso = text.strip()[:4].isdecimal()
    if other.date() != first.date() and not is_iso:
        raise _refused("date", f"{text!r} may be two days; write {first.date()}")
    return first.date()


def _read(field: str, text: str, *, dayfirst: bool) -> tuple[dt.datetime, dt.datetime]:
    """The text, completed by either day."""
    if len(text) > _LONGEST:
        raise _refused(field, f"is longer than {_LONGEST} characters")
    try:
        first, second = (
            parser.parse(text, default=default, dayfirst=dayfirst) for default in (_FIRST, _SECOND)
        )
    except (ValueError, OverflowError):
        raise _refused(field, f"{text!a} cannot be read") from None
    return first, second


def _refused(field: str, reason: str) -> Refusal:
    return Refusal(400, "parse-failed", f"{field}: {reason}")
