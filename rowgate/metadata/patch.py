"""Applies the differences between two documents to a third, or takes them back."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace

from rowgate.base.json import Json
from rowgate.metadata.diff import Change, Steps, Verb, alike, by_label, is_set

_OPPOSITE = {Verb.ADDED: Verb.REMOVED, Verb.REMOVED: Verb.ADDED, Verb.CHANGED: Verb.CHANGED}


def patched(document: Json, changes: Iterable[Change]) -> tuple[Json, tuple[Change, ...]]:
    """The document with the changes, and those that do not fit, since the place holds neither what
    was there before the change nor what is there after it. Changes that are there already are
    left."""
    result = deepcopy(document)
    return result, tuple(change for change in changes if not _apply(result, change))


def reverse(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that lead back, in the order in which they can be applied."""
    return tuple(
        replace(one, verb=_OPPOSITE[one.verb], before=one.after, after=one.before)
        for one in reversed(tuple(changes))
    )


def _apply(document: Json, change: Change) -> bool:
    """Whether the change fits, and is made."""
    if is_set(change.place) and isinstance(change.before or change.after, str):
        return _apply_to_set(document, change)
    *path, last = change.place
    holder = _reached(document, tuple(path), create=change.verb is Verb.ADDED)
    now = _child(holder, last)
    if alike(change.place, now, change.after):
        return True
    if holder is None or not alike(change.place, now, change.before):
        return False
    _put(holder, last, change.after)
    return True


def _apply_to_set(document: Json, change: Change) -> bool:
    names = _reached(document, change.place, create=change.verb is Verb.ADDED)
    if not isinstance(names, list):
        return change.verb is Verb.REMOVED
    if change.before in names:
        names.remove(change.before)
    if change.after is not None and change.after not in names:
        names.append(change.after)
    return True


def _reached(document: Json, path: Steps, *, create: bool) -> Json:
    """What stands at the end of a path; where `create`, a list at its end is made if it is not
    there. None where there is nothing."""
    node = document
    for number, step in enumerate(path, start=1):
        below = _child(node, step)
        if below is None and create and number == len(path) and isinstance(node, dict):
            below = node[step] = []
        node = below
    return node


def _child(node: Json, step: str) -> Json:
    match node:
        case dict():
            return node.get(step)
        case list():
            return (by_label(node) or {}).get(step)
        case _:
            return None


def _put(holder: Json, key: str, value: Json) -> None:
    """Set, replace or, where `value` is None, remove what is known by `key`."""
    if isinstance(holder, dict):
        if value is None:
            holder.pop(key, None)
        else:
            holder[key] = deepcopy(value)
        return
    old = (by_label(holder) or {}).get(key)
    at = next((at for at, one in enumerate(holder) if one is old), len(holder))
    holder[at : at + 1] = [] if value is None else [deepcopy(value)]
