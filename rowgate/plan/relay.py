"""Relay connections: cursors read into conditions, pages, and what is shown of them.

A cursor is base64 of a JSON object: the values of the sort keys, nested as `order_by` nests them,
with the primary key appended so that the order is total.
"""

import base64
import binascii
import dataclasses
from collections.abc import Callable, Iterator

from rowgate.algebra.types import Constant
from rowgate.base.errors import ApiError, ValidationFailed
from rowgate.base.json import Json, decode
from rowgate.catalog.types import INT8, NUMERIC, PgType
from rowgate.operation.types import Path, Selected
from rowgate.plan.ordering import distinct_on, orders
from rowgate.plan.scope import Scope
from rowgate.plan.types import (
    ByAggregate,
    Connection,
    ConnectionPart,
    EdgesPart,
    Fields,
    Order,
    PagePart,
    Rows,
    SortKey,
    Text,
    ThroughRelationship,
)
from rowgate.plan.values import constant
from rowgate.schema.meanings import Part
from rowgate.snapshot.types import Table

_PAGE = {
    Part.START_CURSOR: "start",
    Part.END_CURSOR: "end",
    Part.HAS_NEXT: "next",
    Part.HAS_PREVIOUS: "previous",
}


class ConnectionReader:
    """Plans connections; `fields` plans the selections of a row."""

    def __init__(
        self, scope: Scope, fields: Callable[[tuple[Selected, ...], Table], Fields]
    ) -> None:
        self.scope = scope
        self.fields = fields

    def read(self, rows: Rows, field: Selected, table: Table) -> Connection:
        """A page of `rows`; raises `ValidationFailed` for arguments that exclude each other."""
        at = (*field.path, "args")
        given = {
            key: constant(field.arguments.get(key)) for key in ("first", "last", "after", "before")
        }
        for one, other in (("first", "last"), ("after", "before")):
            if given[one] is not None and given[other] is not None:
                raise ValidationFailed(f'"{one}" and "{other}" are not allowed at once', path=at)
        order = self._order(field, table)
        after, before = (_bound(order, given[name], (*at, name)) for name in ("after", "before"))
        distinct = distinct_on(self.scope, field.arguments.get("distinct_on"), table, order, at)
        return Connection(
            dataclasses.replace(rows, order_by=order, distinct_on=distinct),
            tuple((one.spelled, one) for one in order),
            given["first"],
            given["last"],
            after,
            before,
            tuple((one.key, self._part(one, table)) for one in field.selections),
        )

    def _order(self, field: Selected, table: Table) -> tuple[Order, ...]:
        order = orders(self.scope, field.arguments.get("order_by"), table)
        names = self.scope.writable_key(table)
        key = [Order(self.scope.column(table, name), spelled=(name,)) for name in names]
        given = [one.key for one in order]
        return (*order, *(one for one in key if one.key not in given))

    def _part(self, field: Selected, table: Table) -> ConnectionPart:
        if field.field is None:
            return Text(field.parent)
        if field.field.meaning is Part.PAGE_INFO:
            return PagePart(tuple(_page_members(field)))
        return EdgesPart(tuple(self._edge_members(field, table)))

    def _edge_members(
        self, field: Selected, table: Table
    ) -> Iterator[tuple[str, Fields | str | Text]]:
        for one in field.selections:
            if one.field is None:
                yield one.key, Text(one.parent)
            elif one.field.meaning is Part.CURSOR:
                yield one.key, "cursor"
            else:
                yield one.key, self.fields(one.selections, table)


def _page_members(field: Selected) -> Iterator[tuple[str, str]]:
    for one in field.selections:
        if one.field is None:
            yield one.key, f"={one.parent}"
        else:
            assert isinstance(one.field.meaning, Part)
            yield one.key, _PAGE[one.field.meaning]


def _cursor(text: str, at: Path) -> Json:
    try:
        return decode(base64.b64decode(text, validate=True))
    except (binascii.Error, ApiError, ValueError):
        raise _invalid(at) from None


def _invalid(at: Path) -> ValidationFailed:
    return ValidationFailed('the "after" or "before" cursor is invalid', path=at)


def _bound(order: tuple[Order, ...], text: Json, at: Path) -> tuple[Constant, ...] | None:
    """The value of every sort key at a cursor; None where no cursor is given."""
    if text is None:
        return None
    cursor = _cursor(text, at)
    return tuple(Constant(_lookup(cursor, one.spelled, at), _type(one.key)) for one in order)


def _type(key: SortKey) -> PgType:
    match key:
        case ThroughRelationship():
            return _type(key.key)
        case ByAggregate():
            if key.operand is None:
                return INT8
            return key.operand.type if key.function in ("min", "max", "sum") else NUMERIC
    return key.type


def _lookup(cursor: Json, path: tuple[str, ...], at: Path) -> Json:
    for step in path:
        if not isinstance(cursor, dict) or step not in cursor:
            raise _invalid(at)
        cursor = cursor[step]
    return cursor
