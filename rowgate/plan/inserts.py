"""Root fields that insert → work: one statement where rows stand alone, a tree where they nest."""

from collections.abc import Iterator, Mapping

from rowgate.algebra.types import Constant, Join, Value
from rowgate.base.errors import ValidationFailed
from rowgate.operation.types import Entries, Enumerated, Input, Items, Null, Selected
from rowgate.plan.outputs import OutputReader
from rowgate.plan.scope import Scope
from rowgate.plan.types import (
    Conflict,
    Fixed,
    InsertRow,
    NestedWrite,
    Path,
    Plan,
    Response,
    Work,
    Write,
)
from rowgate.plan.validation import validations
from rowgate.plan.values import value_of
from rowgate.plan.writes import respond
from rowgate.schema.meanings import ColumnInput, InsertRoot, RelationshipInput
from rowgate.snapshot.types import Options, Relationship, Snapshot, Table

_ONE_STATEMENT = 20_000
"""How many values one insert may carry; more rows go in several statements of one transaction."""


def plan_insert(field: Selected, snapshot: Snapshot, role: str, options: Options) -> Plan:
    """The plan of an insert; raises `ApiError` where the role may not."""
    assert field.field is not None
    meaning = field.field.meaning
    assert isinstance(meaning, InsertRoot)
    reader = OutputReader(Scope(snapshot, meaning.table.source, role), options)
    work = _work(field, meaning, reader)
    judged = validations(field, role)
    return Plan(meaning.table.source, field.key, work, field.path, judged)


def _work(field: Selected, meaning: InsertRoot, reader: OutputReader) -> Work:
    table = meaning.table
    at = (*field.path, "args", "object" if meaning.one else "objects")
    given = field.arguments["object" if meaning.one else "objects"]
    objects = given.items if isinstance(given, Items) and not meaning.one else (given,)
    inserts = InsertReader(reader)
    conflict = inserts.conflict(
        field.arguments.get("on_conflict"), table, (*field.path, "args", "on_conflict")
    )
    rows = tuple(
        inserts.row(one, table, conflict, at if meaning.one else (*at, index))
        for index, one in enumerate(objects)
    )
    response: Response = () if meaning.one else respond(field, table, reader)
    one = reader.fields(field.selections, table) if meaning.one else None
    if not rows:
        return Fixed({key: 0 if not hasattr(part, "fields") else [] for key, part in response})
    if sum(len(row.insert.columns) for row in rows) > _ONE_STATEMENT or any(
        row.before or row.after for row in rows
    ):
        return NestedWrite(rows, reader.scope.written(table, given=True), response, one, at)
    together = reader.scope.together(tuple(row.insert for row in rows))
    return Write(together, response, one, at, reader.reread(table, one, response))


class InsertReader:
    """Reads insert inputs into rows with their relatives."""

    def __init__(self, reader: OutputReader) -> None:
        self.reader = reader
        self.scope = reader.scope

    def row(
        self,
        given: Input,
        table: Table,
        conflict: Conflict | None,
        at: Path,
        determined: Mapping[str, str] | None = None,
    ) -> InsertRow:
        """One row. `determined` are the columns that its parent sets: column → relationship."""
        if not isinstance(given, Entries):
            raise ValidationFailed("expected an object", path=at)
        values = dict(self._values(given, at))
        given_twice = [name for name in values if name in (determined or {})]
        if given_twice:
            names = ", ".join(f'"{name}"' for name in given_twice)
            raise ValidationFailed(
                f"cannot insert {names} columns as their values are already being determined by "
                "parent insert",
                path=at,
            )
        before = tuple(self._before(given, values, determined or {}, at))
        after = tuple(self._after(given, at))
        return InsertRow(self.scope.insert(table, values, conflict), before, after, at)

    def _values(self, given: Entries, at: Path) -> Iterator[tuple[str, Value | None]]:
        for item, value in given:
            if isinstance(item.meaning, ColumnInput):
                column = item.meaning.column.column
                read = value_of(value, column.type, (*at, item.name))
                yield column.name, Constant(None, column.type) if read is None else read

    def _before(
        self,
        given: Entries,
        values: Mapping[str, Value | None],
        determined: Mapping[str, str],
        at: Path,
    ) -> Iterator[tuple[str, Join, InsertRow]]:
        for relationship, target, value, here in _relatives(given, at):
            if relationship.is_array or relationship.parent_first:
                continue
            own = [ours for ours, _ in relationship.join.pairs]
            taken = [name for name in own if name in values or name in determined]
            if taken:
                names = ", ".join(f'"{name}"' for name in taken)
                raise ValidationFailed(
                    f'cannot insert object relationship "{relationship.name}" as {names} column '
                    "values are already determined",
                    path=here,
                )
            row = self._nested(value, target, here)[0]
            yield relationship.name, relationship.join, row

    def _after(self, given: Entries, at: Path) -> Iterator[tuple[str, Join, tuple[InsertRow, ...]]]:
        for relationship, target, value, here in _relatives(given, at):
            if relationship.is_array or relationship.parent_first:
                determined = {theirs: relationship.name for _, theirs in relationship.join.pairs}
                rows = self._nested(value, target, here, determined)
                yield relationship.name, relationship.join, rows

    def _nested(
        self,
        value: Entries,
        target: Table,
        at: Path,
        determined: Mapping[str, str] | None = None,
    ) -> tuple[InsertRow, ...]:
        conflict = self.conflict(value.get("on_conflict"), target, (*at, "on_conflict"))
        data = value.get("data")
        items = data.items if isinstance(data, Items) else (data,)
        many = isinstance(data, Items)
        return tuple(
            self.row(
                one, target, conflict, (*at, "data", index) if many else (*at, "data"), determined
            )
            for index, one in enumerate(items)
            if one is not None
        )

    def conflict(self, given: Input | None, table: Table, at: Path) -> Conflict | None:
        """The `on_conflict` clause; None where none is given."""
        if given is None or isinstance(given, Null):
            return None
        assert isinstance(given, Entries)
        constraint = given.get("constraint")
        assert isinstance(constraint, Enumerated)
        columns = tuple(_columns(given.get("update_columns"), at))
        where = self.reader.where.read(given.get("where"), table, (*at, "where"))
        return self.scope.conflict(table, constraint.value.name, columns, where)


def _relatives(given: Entries, at: Path) -> Iterator[tuple[Relationship, Table, Entries, Path]]:
    for item, value in given:
        meaning = item.meaning
        if isinstance(meaning, RelationshipInput) and isinstance(value, Entries):
            yield meaning.relationship, meaning.table, value, (*at, item.name)


def _columns(given: Input | None, at: Path) -> Iterator[str]:
    items = given.items if isinstance(given, Items) else () if given is None else (given,)
    for one in items:
        assert isinstance(one, Enumerated)
        if not isinstance(one.value.meaning, ColumnInput):
            raise ValidationFailed("erroneous column name", path=at)
        yield one.value.meaning.column.column.name
