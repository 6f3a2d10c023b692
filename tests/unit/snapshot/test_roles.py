"""Inherited roles: what a union sees, cell by cell, and what it may write."""

from rowgate.algebra.types import (
    FALSE,
    TRUE,
    Compare,
    Condition,
    Constant,
    Operator,
    Or,
    RowColumn,
    conjunction,
)
from rowgate.catalog.types import INT4
from rowgate.snapshot.roles import in_order, unite, unite_selects
from rowgate.snapshot.types import DeletePermission, Permissions, SelectPermission
from tests.unit.small_world import ARTICLE, document, resolved, select


def rows(value: int) -> Compare:
    return Compare(RowColumn("id", INT4), Operator.EQ, Constant(value, INT4))


def seeing(*columns: str, where: Condition, limit: int | None = None) -> SelectPermission:
    return SelectPermission(dict.fromkeys(columns, TRUE), {}, where, limit)


def test_rows_unite_and_cells_keep_to_the_rule_that_shows_them() -> None:
    united = unite_selects([seeing("id", "a", where=rows(1)), seeing("id", "b", where=rows(2))])
    assert united.filter == Or((rows(1), rows(2)))
    assert united.columns == {"id": TRUE, "a": rows(1), "b": rows(2)}


def test_equal_filters_hide_cells_of_rows_beyond_them() -> None:
    parts = [seeing("id", "a", where=rows(1)), seeing("id", "b", where=rows(1))]
    assert unite_selects(parts).columns == {"id": TRUE, "a": rows(1), "b": rows(1)}


def test_filters_that_let_all_rows_through_hide_no_cell() -> None:
    united = unite_selects([seeing("a", where=TRUE), seeing("b", where=TRUE)])
    assert united.columns == {"a": TRUE, "b": TRUE}


def test_a_union_of_unions_keeps_the_cells_hidden() -> None:
    inner = unite_selects([seeing("id", "a", where=rows(1)), seeing("id", where=rows(2))])
    outer = unite_selects([inner, seeing("id", "b", where=rows(3))])
    assert outer.columns["a"] == conjunction([inner.filter, rows(1)])
    assert outer.columns["b"] == rows(3)
    assert outer.columns["id"] == TRUE


def test_the_largest_limit_counts_and_none_is_the_largest() -> None:
    assert (
        unite_selects([seeing(where=rows(1), limit=2), seeing(where=rows(2), limit=5)]).limit == 5
    )
    assert unite_selects([seeing(where=rows(1), limit=2), seeing(where=rows(2))]).limit is None


def test_a_single_parent_is_taken_as_it_is() -> None:
    only = seeing("id", where=rows(1), limit=3)
    assert unite_selects([only]) is only


def test_writes_are_inherited_only_where_the_parents_agree() -> None:
    one, other = DeletePermission(rows(1)), DeletePermission(rows(2))
    agreed, conflicts = unite([Permissions(delete=one), Permissions(delete=one)], None)
    assert (agreed.delete, conflicts) == (one, [])
    alone, conflicts = unite([Permissions(delete=one), Permissions()], None)
    assert (alone.delete, conflicts) == (one, [])
    split, conflicts = unite([Permissions(delete=one), Permissions(delete=other)], None)
    assert (split.delete, conflicts) == (None, ["delete"])
    own, conflicts = unite([Permissions(delete=one)], Permissions(delete=other))
    assert (own.delete, conflicts) == (other, [])


def test_roles_come_after_what_they_inherit_and_cycles_are_left_out() -> None:
    assert in_order({"c": ("b",), "b": ("a", "x"), "a": ("x", "y")}) == ["a", "b", "c"]
    assert in_order({"a": ("b",), "b": ("a",), "c": ("x",)}) == ["c"]


def test_the_snapshot_unites_declared_roles() -> None:
    permissions = [
        select("guest", ["id", "title"], {"published": {"_eq": True}}, limit=2),
        select("editor", ["id", "views"], {"author_id": "X-Hasura-User-Id"}, limit=7),
    ]
    declared = document(
        article={"select_permissions": permissions},
        inherited_roles=[{"role_name": "staff", "role_set": ["guest", "editor"]}],
    )
    snapshot = resolved(declared)
    assert snapshot.inconsistencies == ()
    staff = snapshot.sources["default"].tables[ARTICLE].permission("staff").select
    guest = snapshot.sources["default"].tables[ARTICLE].permission("guest").select
    assert staff is not None
    assert guest is not None
    assert staff.limit == 7
    assert staff.columns["title"] == guest.filter
    assert staff.columns["id"] == TRUE
    assert staff.filter not in (TRUE, FALSE)
