"""Differences of metadata, shown in colours or as JSON."""

from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from rowgate.base.json import Json
from rowgate.cli.failures import OUTPUT
from rowgate.cli.writing import counted, printable, shown
from rowgate.metadata.diff import Change, Verb

_MARKS = {Verb.ADDED: ("+", "green"), Verb.REMOVED: ("-", "red"), Verb.CHANGED: ("~", "yellow")}
_LONGEST = 400


def tell(changes: Sequence[Change]) -> None:
    """A line a change on stdout: what is new green, what goes red, what changes yellow."""
    for change in changes:
        mark, colour = _MARKS[change.verb]
        place = printable(" › ".join(change.place)) or "everything"
        line = Text(f"{mark} {place}", style=colour)
        line.append(f"  {_values(change)}", style="default")
        OUTPUT.print(line)


def tell_places(changes: Sequence[Change]) -> None:
    """A line a change on stdout, without values: where they are long, and stand in a file."""
    for change in changes:
        mark, colour = _MARKS[change.verb]
        place = printable(" › ".join(change.place)) or "everything"
        OUTPUT.print(Text(f"{mark} {place}", style=colour))


def told(change: Change) -> str:
    """A change in few words: its place, and how it changed."""
    return f"{printable(' › '.join(change.place)) or 'everything'} {change.verb}"


def _values(change: Change) -> str:
    match change.verb:
        case Verb.ADDED:
            return _cut(shown(change.after))
        case Verb.REMOVED:
            return _cut(shown(change.before))
        case Verb.CHANGED:
            return f"{_cut(shown(change.before))} → {_cut(shown(change.after))}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"


def summary(changes: Sequence[Change]) -> str:
    """How much differs, as a sentence."""
    if not changes:
        return "No difference."
    count = Counter(change.verb for change in changes)
    verbs = ", ".join(f"{count[verb]} {verb}" for verb in Verb if count[verb])
    return f"{counted(len(changes), 'difference')}: {verbs}."


def as_json(changes: Sequence[Change]) -> Json:
    """The changes as `[{verb, place, before, after}]`."""
    return [
        {
            "verb": str(change.verb),
            "place": list(change.place),
            "before": change.before,
            "after": change.after,
        }
        for change in changes
    ]
