"""Relay connections: a page of rows, its cursors, whether there is more on either side."""

from rowgate.algebra.types import TRUE, Constant, Join, Operand
from rowgate.base.names import RESERVED
from rowgate.plan.types import (
    Connection,
    EdgesPart,
    Fields,
    Order,
    PagePart,
    Rows,
    Text,
)
from rowgate.sql.conditions import Frame
from rowgate.sql.names import literal, quote
from rowgate.sql.outputs import NUMBER, OutputWriter, base64_of, json_object
from rowgate.sql.rows import narrowing

_CURSOR = quote(f"{RESERVED}cursor")


class ConnectionWriter(OutputWriter):
    """Writes connections into one statement."""

    def connection(
        self, connection: Connection, frame: Frame | None = None, join: Join | None = None
    ) -> str:
        """`select` of a Relay connection's object."""
        outer = frame.fresh() if frame else Frame()
        outer.derived = True
        cursor = self._cursor(connection, outer)
        members = [(key, self._part(part, connection, outer)) for key, part in connection.parts]
        page = self._page(connection, outer, frame, join)
        numbered = f"select b.*, row_number() over () as {NUMBER} from ({page}) as b"
        with_cursor = (
            f"select {outer.alias}.*, {cursor} as {_CURSOR} from ({numbered}) as {outer.alias}"
        )
        return f"select {json_object(members)} from ({with_cursor}) as {outer.alias}"

    def _page(
        self, connection: Connection, outer: Frame, parent: Frame | None, join: Join | None
    ) -> str:
        rows = connection.rows
        frame = parent.fresh() if parent else Frame()
        source = self.source(rows, frame, parent)
        where = self.restriction(rows, frame, parent, join)
        for values, after in ((connection.after, True), (connection.before, False)):
            if values is not None:
                beyond = self._beyond(connection, values, frame, after=after)
                if self._can_fail(rows):
                    beyond = f"(case when {self.condition(rows.filter, frame)} then {beyond} end)"
                where += f" and {beyond}" if where else f" where {beyond}"
        distinct = self.distinct(rows, frame)
        order = self.order(rows, frame, backwards=_backwards(connection))
        whole = f", {frame.kept()}" if outer.wants_row else ""
        wanted = connection.last if _backwards(connection) else connection.first
        limit = "" if wanted is None else f" limit {int(wanted) + 1}"
        if rows.cap is not None and (wanted is None or rows.cap <= wanted):
            limit = f" limit {rows.cap}"
        return f"select {distinct}{frame.alias}.*{whole} from {source}{where}{order}{limit}"

    @staticmethod
    def _can_fail(rows: Rows) -> bool:
        """Whether comparing sort keys may fail on a row that the role does not see."""
        keys = [one.key for one in rows.order_by]
        limits = narrowing(rows)
        return rows.filter != TRUE and any(
            isinstance(key, Operand) and limits.operand_can_fail(key) for key in keys
        )

    def _beyond(
        self, connection: Connection, values: tuple[Constant, ...], frame: Frame, *, after: bool
    ) -> str:
        """Rows past a cursor: equal on some first sort keys, beyond it on the next."""
        branches = []
        equal: list[str] = []
        for order, value in zip(connection.rows.order_by, values, strict=True):
            key = self.sort_key(order.key, frame)
            branches.append(" and ".join([*equal, self._past(order, key, value, after=after)]))
            same = "is null" if value.value is None else f"= {self.parameters.plain(value)}"
            equal.append(f"({key} {same})")
        return "((" + ") or (".join(branches) + "))"

    def _past(self, order: Order, key: str, value: Constant, *, after: bool) -> str:
        nulls_beyond = order.nulls_first != after
        if value.value is None:
            return "false" if nulls_beyond else f"({key} is not null)"
        operator = ">" if order.descending != after else "<"
        beyond = f"{key} {operator} {self.parameters.plain(value)}"
        return f"({beyond} or {key} is null)" if nulls_beyond else f"({beyond})"

    def _cursor(self, connection: Connection, frame: Frame) -> str:
        return base64_of(self._nested_object(list(connection.cursor), frame))

    def _nested_object(self, items: list[tuple[tuple[str, ...], Order]], frame: Frame) -> str:
        groups: dict[str, list[tuple[tuple[str, ...], Order]]] = {}
        for path, order in items:
            groups.setdefault(path[0], []).append((path[1:], order))
        pairs = []
        for name, inner in groups.items():
            if inner[0][0]:
                pairs.append((name, self._nested_object(inner, frame)))
            else:
                pairs.append((name, self.sort_key(inner[0][1].key, frame)))
        return json_object(pairs)

    def _part(self, part: PagePart | EdgesPart | Text, connection: Connection, frame: Frame) -> str:
        match part:
            case Text():
                return f"{literal(part.text)}::text"
            case PagePart():
                return json_object(
                    [(key, self._page_member(one, connection)) for key, one in part.members]
                )
        edge = json_object([(key, self._edge_member(one, frame)) for key, one in part.members])
        shown = _within(connection)
        direction = " desc" if _backwards(connection) else ""
        return f"coalesce(json_agg({edge} order by {NUMBER}{direction}){shown}, '[]'::json)"

    def _edge_member(self, member: Fields | str | Text, frame: Frame) -> str:
        match member:
            case Text():
                return f"{literal(member.text)}::text"
            case str():
                return _CURSOR
        return self.fields(member, frame)

    def _page_member(self, member: str, connection: Connection) -> str:
        if member.startswith("="):
            return f"{literal(member[1:])}::text"
        wanted = connection.last if _backwards(connection) else connection.first
        more = "false" if wanted is None else f"(count(*) > {int(wanted)})"
        after, before = connection.after is not None, connection.before is not None
        match member:
            case "next":
                return more if not _backwards(connection) else str(before).lower()
            case "previous":
                return more if _backwards(connection) else str(after).lower()
        first = (member == "start") != _backwards(connection)
        direction = "" if first else " desc"
        shown = _within(connection)
        return f"coalesce((array_agg({_CURSOR} order by {NUMBER}{direction}){shown})[1], '')"


def _backwards(connection: Connection) -> bool:
    return connection.last is not None


def _within(connection: Connection) -> str:
    wanted = connection.last if _backwards(connection) else connection.first
    return "" if wanted is None else f" filter (where {NUMBER} <= {int(wanted)})"
