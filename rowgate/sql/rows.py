"""Rows as `from … where … order by … limit …`."""

from rowgate.algebra.narrowing import Narrowing
from rowgate.algebra.types import (
    TRUE,
    Constant,
    Join,
    RowColumn,
    Value,
)
from rowgate.plan.origins import (
    FromField,
    FromFunction,
    FromGiven,
    FromNative,
    FromTable,
    FromWritten,
)
from rowgate.plan.types import (
    ByAggregate,
    Order,
    Rows,
    SortKey,
    ThroughRelationship,
)
from rowgate.sql.conditions import ROW, Conditions, Frame
from rowgate.sql.names import qualified, quote, type_name
from rowgate.sql.parameters import Parameters
from rowgate.sql.types import GivenRows

_LARGEST = 1 << 63
WRITTEN = quote("written")
"""The common table expression that holds what a statement wrote."""


def is_found(join: Join, inner: Frame) -> str:
    """Whether a row that is joined is there."""
    return f"{inner.column(join.pairs[0][1])} is not null"


def narrowing(rows: Rows) -> Narrowing:
    """How a request's conditions narrow rows that a role sees."""
    return Narrowing(rows.filter, isinstance(rows.origin, FromFunction | FromNative))


class RowsWriter(Conditions):
    """Writes rows into one statement."""

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters)

    def source(self, rows: Rows, frame: Frame, parent: Frame | None) -> str:
        """What stands behind `from`, under the frame's alias."""
        match rows.origin:
            case FromTable(table=table):
                return f"{self.named(table)} as {frame.alias}"
            case FromFunction(call=call):
                return f"{self.call(call, parent or frame)} as {frame.alias}"
            case FromNative(parts=parts):
                self.parameters.repeatable = False
                return f"(\n{''.join(self._piece(one) for one in parts)}\n) as {frame.alias}"
            case FromField():
                return f"{self._held(rows.origin, parent or frame)} as {frame.alias}"
            case FromWritten():
                frame.derived = True
                return f"{WRITTEN} as {frame.alias}"
            case FromGiven(table=table):
                frame.derived = True
                given = self.parameters.number(GivenRows(), "text[]")
                whole = (
                    f"select u.x::{qualified(table)} as {ROW} "
                    f"from unnest({given}) with ordinality as u(x, n) order by u.n"
                )
                return f"(select (r.{ROW}).*, r.{ROW} from ({whole}) as r) as {frame.alias}"
        raise AssertionError(rows.origin)

    def _piece(self, piece: str | Value) -> str:
        return piece if isinstance(piece, str) else self.parameters.plain(piece)

    def _held(self, origin: FromField, parent: Frame) -> str:
        """The objects that a field holds: one, or those of a list, whatever else is in it."""
        value = f"to_jsonb({self.operand(origin.operand, parent)})"
        objects = f"""jsonb_path_query_array({value}, '$[*] ? (@.type() == "object")')"""
        named = ", ".join(f"{quote(name)} {type_name(type_)}" for name, type_ in origin.columns)
        return f"(select * from jsonb_to_recordset({objects}) as held({named}))"

    def restriction(self, rows: Rows, frame: Frame, parent: Frame | None, join: Join | None) -> str:
        """The `where` clause with the join to the parent; empty where there is nothing to test."""
        tests = []
        if join is not None and parent is not None:
            tests.append(self.join(join, parent, frame))
        condition = narrowing(rows).by(rows.where)
        if condition != TRUE:
            tests.append(self.condition(condition, frame))
        return f" where {' and '.join(tests)}" if tests else ""

    def joined(self, rows: Rows, join: Join, frame: Frame) -> Frame:
        """The row that a relationship finds, joined once to the row at hand, which must have room.
        A subselect a row costs twice the time, and leaves the planner no choice."""
        for known, inner in frame.relatives:
            if known == (rows, join):
                return inner
        joins = frame.joins
        assert joins is not None
        inner = frame.beside(joins)
        source = self.source(rows, inner, frame)
        on = self.restriction(rows, inner, frame, join).removeprefix(" where ")
        joins.append(f" left join {source} on {on}")
        frame.relatives.append(((rows, join), inner))
        return inner

    def distinct(self, rows: Rows, frame: Frame) -> str:
        """`distinct on (…) `, or nothing."""
        if not rows.distinct_on:
            return ""
        return f"distinct on ({', '.join(self.operand(one, frame) for one in rows.distinct_on)}) "

    def order(self, rows: Rows, frame: Frame, *, backwards: bool = False) -> str:
        """The `order by` clause, or nothing."""
        if not rows.order_by:
            return ""
        items = ", ".join(self._order(one, frame, backwards=backwards) for one in rows.order_by)
        return f" order by {items}"

    def _order(self, order: Order, frame: Frame, *, backwards: bool) -> str:
        direction = "desc" if order.descending != backwards else "asc"
        nulls = "first" if order.nulls_first != backwards else "last"
        return f"{self.sort_key(order.key, frame)} {direction} nulls {nulls}"

    def sort_key(self, key: SortKey, frame: Frame) -> str:
        """A sort key as an expression."""
        match key:
            case ThroughRelationship(at_most_one=True) if frame.has_room():
                inner = self.joined(key.rows, key.join, frame)
                shown = self.sort_key(key.key, inner)
                if isinstance(key.key, RowColumn | ThroughRelationship):
                    return shown
                # Of no row a function may yet make something, and a count is 0.
                return f"(case when {is_found(key.join, inner)} then {shown} end)"
            case ThroughRelationship():
                inner = frame.fresh()
                source = self.source(key.rows, inner, frame)
                where = self.restriction(key.rows, inner, frame, key.join)
                shown = self.sort_key(key.key, inner)
                return f"(select {shown} from {source}{where} limit 1)"
            case ByAggregate():
                inner = frame.fresh()
                source = self.source(key.rows, inner, frame)
                where = self.restriction(key.rows, inner, frame, key.join)
                over = "*" if key.operand is None else self.operand(key.operand, inner)
                return f"(select {key.function}({over}) from {source}{where})"
        return self.operand(key, frame)

    def window(self, rows: Rows, *, capped: bool = True, known: bool = False) -> str:
        """`limit` and `offset`, the role's cap included unless told otherwise. `known`: Postgres is
        told how many rows it is to plan for. Where it does not know, it counts with a tenth of all:
        that is right for rows alone, of which a plan for few would be made anew for each request
        since it costs nothing in its eyes, and wrong for rows that come with others."""
        cap = rows.cap if capped else None
        limit = self._number(rows.limit, known=known)
        if isinstance(limit, str) and cap is not None:
            limit = f"least({limit}, {cap})"
        elif limit is None or (cap is not None and cap < int(limit)):
            limit = cap
        text = "" if limit is None else f" limit {limit}"
        offset = self._number(rows.offset, known=known)
        return f"{text} offset {offset}" if offset else text

    def _number(self, value: Value | None, *, known: bool) -> int | str | None:
        """A number of rows: itself, or an expression of it."""
        match value:
            case None:
                return None
            case Constant(value=int() as number) if known and 0 <= number < _LARGEST:
                return int(number)
        return self.parameters.plain(value)
