"""What differs between two metadata documents in meaning: order and spelling do not count.

Apart from the directory, whose files keep their order and comments; here only content is compared.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.metadata.files import same
from rowgate.metadata.layout import identity, qualified

Steps = tuple[str, ...]

_NAMES = frozenset({"table", "function", "remote_table"})
_SETS = frozenset(
    {"columns", "computed_fields", "role_set", "roles", "methods", "disabled_for_roles"}
    | {"query_root_fields", "subscription_root_fields", "scope"}
)
_ABSENT = object()


class Verb(StrEnum):
    """What happened to a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `place` names keys and, within lists, the objects by what they are known by;
    `before` and `after` are the values, None where there was or is nothing."""

    verb: Verb
    place: Steps
    before: Json = None
    after: Json = None


def diff(before: Json, after: Json) -> tuple[Change, ...]:
    """The changes that lead from one document to the other; empty where they mean the same.

    The order of keys, of objects with a name, and of columns and roles does not count; an empty
    list or section is as good as none; `table: t` is `table: {schema: public, name: t}`.
    """
    return tuple(_compare((), before, after))


def alike(place: Steps, one: Json, other: Json) -> bool:
    """Whether two values at a place of a document mean the same."""
    return next(_compare(place, one, other), None) is None


def is_set(place: Steps) -> bool:
    """Whether the list at a place is a set of names, whose order does not count."""
    return bool(place) and place[-1] in _SETS


def _compare(place: Steps, before: Json, after: Json) -> Iterator[Change]:
    before, after = _meant(place, before), _meant(place, after)
    if before is _ABSENT and after is _ABSENT:
        return
    if _is_list(before, after):
        yield from _compare_lists(place, before, after)
    elif before is _ABSENT:
        yield Change(Verb.ADDED, place, None, after)
    elif after is _ABSENT:
        yield Change(Verb.REMOVED, place, before, None)
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            inner = (before.get(key, _ABSENT), after.get(key, _ABSENT))
            yield from _compare((*place, str(key)), *inner)
    elif not same(before, after):
        yield Change(Verb.CHANGED, place, before, after)


def _is_list(before: Json, after: Json) -> bool:
    """Whether both are lists, or one is and the other is absent."""
    kinds = {type(one) for one in (before, after) if one is not _ABSENT}
    return kinds == {list}


def _meant(place: Steps, value: Json) -> Json:
    """A value in its one spelling; `_ABSENT` for what says nothing."""
    if value is _ABSENT or value is None or (isinstance(value, list) and not value):
        return _ABSENT
    if value == {} and len(place) == 1:
        return _ABSENT
    is_name = isinstance(value, dict) and "name" in value
    if place and place[-1] in _NAMES and (isinstance(value, str) or is_name):
        return str(QualifiedName(*qualified(value)))
    return value


def _compare_lists(place: Steps, before: Json, after: Json) -> Iterator[Change]:
    before = [] if before is _ABSENT else before
    after = [] if after is _ABSENT else after
    if is_set(place) and all(isinstance(one, str) for one in (*before, *after)):
        yield from _compare_sets(place, before, after)
        return
    old, new = by_label(before), by_label(after)
    if old is None or new is None:
        if not same(before, after):
            verb = Verb.CHANGED if before and after else Verb.ADDED if after else Verb.REMOVED
            yield Change(verb, place, before or None, after or None)
        return
    for label in dict.fromkeys((*old, *new)):
        inner = (old.get(label, _ABSENT), new.get(label, _ABSENT))
        yield from _compare((*place, label), *inner)


def _compare_sets(place: Steps, before: Sequence[Json], after: Sequence[Json]) -> Iterator[Change]:
    old, new = Counter(map(str, before)), Counter(map(str, after))
    for name in sorted((old - new).keys()):
        yield Change(Verb.REMOVED, place, name, None)
    for name in sorted((new - old).keys()):
        yield Change(Verb.ADDED, place, None, name)


def by_label(items: Sequence[Json]) -> dict[str, Json] | None:
    """The objects of a list by what each is known by; None where that does not tell them apart."""
    found: dict[str, Json] = {}
    for item in items:
        known = identity(item) if isinstance(item, dict) else None
        if known is None:
            return None
        key = known[0]
        named = QualifiedName(*qualified(item[key])) if key in _NAMES else known[1]
        if str(named) in found:
            return None
        found[str(named)] = item
    return found
