"""Inserts, updates and deletes: one statement each, its check inside, its answer built from what
it returned."""

from collections.abc import Iterator

from rowgate.algebra.types import TRUE, Condition, WholeSession
from rowgate.base.names import RESERVED
from rowgate.plan.types import (
    AffectedRows,
    Assignment,
    Conflict,
    Delete,
    Insert,
    NestedWrite,
    Response,
    Returning,
    Rows,
    Text,
    Update,
    Write,
)
from rowgate.sql.conditions import Frame
from rowgate.sql.connections import ConnectionWriter
from rowgate.sql.names import literal, qualified, quote, type_name
from rowgate.sql.outputs import json_object
from rowgate.sql.rows import WRITTEN, narrowing
from rowgate.sql.types import GivenCount

_SESSION = quote("session")
_SET = f"(select s.c from {_SESSION} as s) is not null"
CHECK_TEXT = "rowgate: check constraint of an insert/update permission has failed"


class WriteWriter(ConnectionWriter):
    """Writes changes into one statement. `hasura.user` is set for the statement's own transaction
    before its first row is written, so that triggers and defaults can read it."""

    def write(self, write: Write) -> str:
        """A change with its answer."""
        frame = Frame(derived=True)
        if write.one is not None:
            shown = f"{self.fields(write.one, frame)} from {WRITTEN} as t0"
        else:
            shown = self.response(write.response, f"{WRITTEN} as t0", frame)
        change = self.change(write.change, whole=frame.wants_row)
        session = f"{self.session()}, " if isinstance(write.change, Insert) else ""
        return f"with {session}{WRITTEN} as ({change}) select {shown}"

    def session(self) -> str:
        """The common table expression that sets `hasura.user`, for inserts, whose every row waits
        for it; updates and deletes hold it in their one condition."""
        return f"{_SESSION} as materialized ({self.setting()})"

    def setting(self) -> str:
        """`select` that sets `hasura.user` for its transaction."""
        whole = self.parameters.number(WholeSession(), "text")
        return f"select set_config('hasura.user', {whole}, true) as c"

    def response(self, response: Response, source: str, frame: Frame, count: str = "") -> str:
        """A mutation's response object over the rows that were written. `count` is how many;
        empty: those of `source`."""
        count = count or f"(select count(*) from {source})"
        pairs = []
        for key, part in response:
            match part:
                case Text():
                    pairs.append((key, f"{literal(part.text)}::text"))
                case AffectedRows():
                    pairs.append((key, count))
                case Returning():
                    shown = self.fields(part.fields, frame)
                    listed = f"select coalesce(json_agg({shown}), '[]'::json) from {source}"
                    pairs.append((key, f"({listed})"))
        return json_object(pairs)

    def reread(self, write: Write | NestedWrite) -> str:
        """The answer of a mutation over rows handed over."""
        rows = write.written if isinstance(write, NestedWrite) else write.reread
        assert rows is not None
        if write.one is not None:
            return self.single(rows, write.one)
        frame = Frame()
        shown = {type(part) for _, part in write.response}
        source = self.source(rows, frame, None) if Returning in shown else ""
        counted = AffectedRows in shown
        count = f"({self.parameters.number(GivenCount(), 'text')})::int4" if counted else "0"
        return f"select {self.response(write.response, source, frame, count)}"

    def returning(self, change: Insert | Update | Delete, columns: tuple[str, ...] = ()) -> str:
        """A change that returns each row as a composite literal, then `columns` as texts."""
        texts = ["row(t0.*)::text", *(f"t0.{quote(name)}::text" for name in columns)]
        checked = "" if isinstance(change, Delete) else self._checked(change)
        returned = f" returning {', '.join(texts)}{checked}"
        session = f"with {self.session()} " if isinstance(change, Insert) else ""
        return f"{session}{self._bare(change)}{returned}"

    def change(self, change: Insert | Update | Delete, *, whole: bool = False) -> str:
        """The change itself, returning its rows."""
        extra = f", {Frame().kept()}" if whole else ""
        checked = "" if isinstance(change, Delete) else self._checked(change)
        return f"{self._bare(change)} returning t0.*{extra}{checked}"

    def _bare(self, change: Insert | Update | Delete) -> str:
        match change:
            case Insert():
                return self.insert(change)
            case Update():
                return self._update(change)
        return f"delete from {qualified(change.table)} as t0{self._where(change.rows)}"

    def insert(self, insert: Insert) -> str:
        """An insert up to its `returning`."""
        target = f"insert into {qualified(insert.table)} as t0"
        conflict = self._conflict(insert.conflict)
        columns = ", ".join(quote(name) for name in insert.columns)
        rows = ", ".join(self._listed(insert))
        return f"{target} ({columns}) values {rows}{conflict}"

    def _listed(self, insert: Insert) -> Iterator[str]:
        """The rows. The first value of them all waits for `hasura.user` to be set: they are made
        one after the other, so that it is set before the first is written. To wait in each row
        would cost a plan of its own a row, and Postgres the square of their number."""
        waits = True
        types = list(insert.columns.values())
        for row in insert.rows:
            parts = ["default" if one is None else self.parameters.plain(one) for one in row]
            first = next((at for at, one in enumerate(row) if one is not None), None)
            if waits and first is not None:
                missing = f"null::{type_name(types[first])}"
                parts[first] = f"case when {_SET} then {parts[first]} else {missing} end"
                waits = False
            yield f"({', '.join(parts)})"

    def _conflict(self, conflict: Conflict | None) -> str:
        if conflict is None:
            return ""
        text = f" on conflict on constraint {quote(conflict.constraint)} do "
        if not conflict.assignments:
            return text + "nothing"
        changes = ", ".join(
            f"{quote(name)} = "
            + (f"excluded.{quote(name)}" if value is None else self.parameters.plain(value))
            for name, value in conflict.assignments.items()
        )
        where = ""
        if conflict.where != TRUE:
            where = f" where {self.condition(conflict.where, Frame())}"
        return f"{text}update set {changes}{where}"

    def _checked(self, change: Insert | Update) -> str:
        """A returned column whose evaluation fails where the permission's check does not hold."""
        check = self._condition(change.check)
        if isinstance(change, Insert) and change.conflict and change.conflict.assignments:
            update = self._condition(change.conflict.check)
            if check is None and update is None:
                return ""
            check = f"case when t0.xmax = 0 then {check or 'true'} else {update or 'true'} end"
        if check is None:
            return ""
        failure = f"({literal(CHECK_TEXT)} || left(row(t0.*)::text, 0))::boolean"
        return f", case when coalesce({check}, false) then true else {failure} end as {_OK}"

    def _condition(self, condition: Condition) -> str | None:
        return None if condition == TRUE else self.condition(condition, Frame())

    def _update(self, update: Update) -> str:
        changes = ", ".join(self._assignment(one) for one in update.assignments)
        where = self._where(update.rows)
        return f"update {qualified(update.table)} as t0 set {changes}{where}"

    def _where(self, rows: Rows) -> str:
        condition = narrowing(rows).by(rows.where)
        test = "" if condition == TRUE else f" and {self.condition(condition, Frame())}"
        return f" where ({self.setting()}) is not null{test}"

    def _assignment(self, one: Assignment) -> str:
        name = quote(one.column)
        if one.value is None:
            return f"{name} = {'default' if one.operator == 'default' else 'null'}"
        value = self.parameters.plain(one.value)
        match one.operator:
            case "inc":
                return f"{name} = t0.{name} + {value}"
            case "mul":
                return f"{name} = t0.{name} * {value}"
            case "append":
                return f"{name} = t0.{name} || {value}"
            case "prepend":
                return f"{name} = {value} || t0.{name}"
            case "delete_key" | "delete_elem":
                return f"{name} = t0.{name} - {value}"
            case "delete_at_path":
                return f"{name} = t0.{name} #- {value}"
        return f"{name} = {value}"


_OK = quote(f"{RESERVED}ok")
