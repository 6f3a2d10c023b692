"""Differences are applied to a document and taken back; what does not fit changes nothing."""

from copy import deepcopy
from typing import Any

import pytest

from rowgate.metadata.diff import diff
from rowgate.metadata.patch import patched, reverse

Json = Any


def document(*tables: Json) -> Json:
    return {"version": 3, "sources": [{"name": "default", "kind": "postgres", "tables": [*tables]}]}


def table(name: str, **more: Json) -> Json:
    return {"table": {"schema": "public", "name": name}, **more}


def select(*columns: str, **filter_: Json) -> Json:
    permission = {"columns": [*columns], "filter": filter_}
    return {"select_permissions": [{"role": "user", "permission": permission}]}


ROLES = {"inherited_roles": [{"role_name": "both", "role_set": ["a", "b"]}]}
PAIRS: list[tuple[Json, Json]] = [
    (document(), document(table("a"))),
    (document(table("a")), document()),
    (document(table("a")), document(table("a", **select("x")))),
    (document(table("a", **select("x", "y"))), document(table("a", **select("z", "y")))),
    (document(table("a", **select("x", a=1))), document(table("a", **select("x", b={"_eq": 2})))),
    (document(table("a"), table("b")), document(table("b"), table("c", is_enum=True))),
    (document(), document() | ROLES),
    (document(table("a", comment="x")), document(table("a", comment="y"))),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_there_and_back(before: Json, after: Json) -> None:
    changes = diff(before, after)
    assert changes
    kept = deepcopy(before)
    there, odd = patched(before, changes)
    assert (diff(there, after), odd) == ((), ())
    again, odd = patched(there, changes)
    assert (diff(again, after), odd) == ((), ())
    back, odd = patched(there, reverse(changes))
    assert (diff(back, before), odd) == ((), ())
    assert before == kept


def test_what_does_not_fit_is_told_and_left() -> None:
    changes = diff(document(table("a", comment="x")), document(table("a", comment="y")))
    other = document(table("a", comment="z"))
    result, odd = patched(other, changes)
    assert (result, odd) == (other, changes)
    nothing = document()
    result, odd = patched(nothing, changes)
    assert (result, odd) == (nothing, changes)
