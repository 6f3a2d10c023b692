"""Nested inserts: rows and their relatives written level by level in one transaction.

Parents (object relationships) come first, then the rows, then children. All rows of one level that
belong to the same relationship are one insert (one for every `_CHUNK` values), so that the number
of statements depends on the shape of the request and not on the number of its rows; only rows with
an `on_conflict` go one by one, since Postgres does not say which of several it skipped.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from rowgate.algebra.types import Constant, Join, Value
from rowgate.base.errors import ApiError
from rowgate.base.json import Json
from rowgate.base.session import Session
from rowgate.catalog.types import PgType
from rowgate.database.bind import arguments
from rowgate.database.run import fetch_rows
from rowgate.plan.types import Insert, InsertRow, NestedWrite
from rowgate.sql.render import render_change
from rowgate.sql.types import Given

_CHUNK = 20_000
"""How many values one insert statement carries at most."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A row after its insert: its composite literal, and the columns that its relatives need."""

    whole: str
    columns: Mapping[str, str | None]


class _Run:
    """One nested insert under way."""

    def __init__(
        self, connection: asyncpg.Connection, variables: Mapping[str, Json], session: Session
    ) -> None:
        self.connection = connection
        self.variables = variables
        self.session = session
        self.affected = 0

    async def write(
        self, rows: Sequence[InsertRow], set_by_parent: Sequence[Mapping[str, Value | None]]
    ) -> list[_Written | None]:
        """Insert rows of one table with all their relatives; None for a row that a conflict
        skipped. `set_by_parent` gives each row the columns that its parent determines."""
        given = [dict(one) for one in set_by_parent]
        await self._write_before(rows, given)
        wanted = dict.fromkeys(
            ours for row in rows for _, join, _ in row.after for ours, _ in join.pairs
        )
        written = await self._insert(rows, given, tuple(wanted))
        await self._write_after(rows, written)
        return written

    async def _write_before(
        self, rows: Sequence[InsertRow], given: list[dict[str, Value | None]]
    ) -> None:
        groups: dict[str, list[int]] = {}
        for index, row in enumerate(rows):
            for name, _, _ in row.before:
                groups.setdefault(name, []).append(index)
        for name, members in groups.items():
            relatives = [_before(rows[index], name) for index in members]
            written = await self._parents([one for _, one in relatives], relatives[0][0])
            for index, (join, _), parent in zip(members, relatives, written, strict=True):
                if parent is None:
                    raise ApiError(
                        f'cannot proceed to insert object relation "{name}" since insert to table '
                        f'"{join.target}" affects zero rows',
                        path=rows[index].path,
                    )
                for ours, theirs in join.pairs:
                    given[index][ours] = _text(parent.columns[theirs], rows[index].insert, ours)

    async def _parents(self, rows: Sequence[InsertRow], join: Join) -> list[_Written | None]:
        given: list[dict[str, Value | None]] = [{} for _ in rows]
        await self._write_before(rows, given)
        needed = {theirs for _, theirs in join.pairs}
        needed |= {ours for row in rows for _, after, _ in row.after for ours, _ in after.pairs}
        written = await self._insert(rows, given, tuple(sorted(needed)))
        await self._write_after(rows, written)
        return written

    async def _write_after(
        self, rows: Sequence[InsertRow], written: Sequence[_Written | None]
    ) -> None:
        groups: dict[str, list[tuple[InsertRow, dict[str, Value | None]]]] = {}
        for row, parent in zip(rows, written, strict=True):
            for name, join, children in row.after:
                if not children:
                    continue
                if parent is None:
                    raise ApiError(
                        "cannot proceed to insert array relations since insert to table "
                        f'"{row.insert.table}" affects zero rows',
                        path=row.path,
                    )
                groups.setdefault(name, []).extend(
                    (child, _determined(child, join, parent)) for child in children
                )
        for members in groups.values():
            await self.write([child for child, _ in members], [given for _, given in members])

    async def _insert(
        self,
        rows: Sequence[InsertRow],
        given: Sequence[Mapping[str, Value | None]],
        wanted: tuple[str, ...],
    ) -> list[_Written | None]:
        """One statement for each chunk of rows, in the order given."""
        written: list[_Written | None] = []
        batch: list[Insert] = []
        columns: dict[str, PgType] = {}
        for row, extra in zip(rows, given, strict=True):
            insert = _with(row.insert, extra)
            columns = {**columns, **insert.columns}
            if batch and not _joins(batch, insert, len(columns)):
                written += await self._statement(batch, wanted, rows[len(written)])
                batch, columns = [], dict(insert.columns)
            batch.append(insert)
        if batch:
            written += await self._statement(batch, wanted, rows[len(written)])
        return written

    async def _statement(
        self, batch: list[Insert], wanted: tuple[str, ...], first: InsertRow
    ) -> list[_Written | None]:
        statement = render_change(_together(batch), wanted)
        bound = arguments(statement.binders, self.variables, self.session)
        records = await fetch_rows(self.connection, statement.text, bound, first.path)
        self.affected += len(records)
        found: list[_Written | None] = [
            _Written(record[0], {name: record[at + 1] for at, name in enumerate(wanted)})
            for record in records
        ]
        if len(found) != len(batch) and len(batch) > 1:
            raise ApiError(
                f'a trigger of table "{first.insert.table}" skipped some of the rows of a nested '
                "insert",
                path=first.path,
            )
        return found + [None] * (len(batch) - len(found))


async def insert_nested(
    connection: asyncpg.Connection,
    write: NestedWrite,
    variables: Mapping[str, Json],
    session: Session,
) -> Given:
    """Run a nested insert on a connection within a transaction; gives the top rows, those that a
    conflict skipped left out. Raises `ApiError`, and then nothing of it may
    be committed."""
    run = _Run(connection, variables, session)
    written = await run.write(write.rows, [{} for _ in write.rows])
    return Given([one.whole for one in written if one is not None], run.affected)


def _before(row: InsertRow, name: str) -> tuple[Join, InsertRow]:
    return next((join, parent) for own, join, parent in row.before if own == name)


def _determined(child: InsertRow, join: Join, parent: _Written) -> dict[str, Value | None]:
    return {
        theirs: _text(parent.columns[ours], child.insert, theirs) for ours, theirs in join.pairs
    }


def _text(value: str | None, insert: Insert, column: str) -> Value:
    return Constant(value, insert.known[column])


def _with(insert: Insert, extra: Mapping[str, Value | None]) -> Insert:
    if not extra:
        return insert
    columns: dict[str, PgType] = {name: insert.known[name] for name in extra}
    values = dict(zip(insert.columns, insert.rows[0], strict=True)) | dict(extra)
    types = {**insert.columns, **columns}
    return dataclasses.replace(insert, columns=types, rows=(tuple(values[one] for one in types),))


def _joins(batch: list[Insert], insert: Insert, columns: int) -> bool:
    free = batch[0].conflict is None and insert.conflict is None
    return free and (len(batch) + 1) * columns <= _CHUNK


def _together(batch: list[Insert]) -> Insert:
    """Several rows as one insert; a column that a row lacks takes its default."""
    types: dict[str, PgType] = {}
    for one in batch:
        types.update(one.columns)
    given = [dict(zip(one.columns, one.rows[0], strict=True)) for one in batch]
    rows = tuple(tuple(row.get(name) for name in types) for row in given)
    return dataclasses.replace(batch[0], columns=types, rows=rows)
