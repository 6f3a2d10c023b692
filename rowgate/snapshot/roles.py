"""Inherited roles: what a union of roles sees and does.

Reading unites: rows by disjunction of the filters; a column's value shows only where the filter
of some role that grants the column holds; the largest limit; aggregations if any role has them.
Writing is inherited only where all parents that have the permission agree on it.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from rowgate.algebra.types import TRUE, Condition, conjunction, disjunction
from rowgate.snapshot.types import Permissions, SelectPermission


def in_order(inherited: Mapping[str, Sequence[str]]) -> list[str]:
    """The inherited roles, each after the roles it inherits; members of a cycle are left out."""
    done: list[str] = []
    waiting = dict(inherited)
    while waiting:
        ready = [role for role, parts in waiting.items() if not set(parts) & set(waiting)]
        if not ready:
            return done
        for role in ready:
            done.append(role)
            del waiting[role]
    return done


def unite(parents: Sequence[Permissions], own: Permissions | None) -> tuple[Permissions, list[str]]:
    """The permissions of a role over `parents`; what it has of its own overrides. The list names
    the operations on which the parents disagree."""
    own = own or Permissions()
    conflicts: list[str] = []
    selects = [parent.select for parent in parents if parent.select]
    united = Permissions(own.select or (unite_selects(selects) if selects else None))
    for operation in ("insert", "update", "delete"):
        given = [getattr(parent, operation) for parent in parents if getattr(parent, operation)]
        explicit = getattr(own, operation)
        agreed = given and all(one == given[0] for one in given)
        kept = explicit or (given[0] if agreed else None)
        united = dataclasses.replace(united, **{operation: kept})
        if given and not agreed and explicit is None:
            conflicts.append(operation)
    return united, conflicts


def unite_selects(parts: Sequence[SelectPermission]) -> SelectPermission:
    """The union of select permissions, cell by cell."""
    if len(parts) == 1:
        return parts[0]
    limits = [part.limit for part in parts]
    return SelectPermission(
        _cells([(part.columns, part.filter) for part in parts]),
        _cells([(part.computed_fields, part.filter) for part in parts]),
        disjunction([part.filter for part in parts]),
        None if None in limits else max(limit for limit in limits if limit is not None),
        any(part.aggregations for part in parts),
        _roots([part.query_roots for part in parts]),
        _roots([part.subscription_roots for part in parts]),
    )


def _cells(parts: Sequence[tuple[Mapping[str, Condition], Condition]]) -> Mapping[str, Condition]:
    names = dict.fromkeys(name for cells, _ in parts for name in cells)
    shown: dict[str, Condition] = {}
    for name in names:
        granting = [conjunction([rows, cells[name]]) for cells, rows in parts if name in cells]
        granted_by_all = len(granting) == len(parts)
        plain = granted_by_all and all(cells[name] == TRUE for cells, _ in parts)
        shown[name] = TRUE if plain else disjunction(granting)
    return shown


def _roots(parts: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    if any(part is None for part in parts):
        return None
    return frozenset().union(*(part for part in parts if part is not None))
