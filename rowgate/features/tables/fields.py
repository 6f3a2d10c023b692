"""Fields over tables and functions: planned and rendered once, run as statements of a source."""

import dataclasses
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from rowgate.base.json import Json, encode
from rowgate.base.names import QualifiedName
from rowgate.base.session import Session
from rowgate.catalog.types import RelationKind
from rowgate.database.bind import arguments
from rowgate.database.connections.pool import Database
from rowgate.database.run import (
    fetch,
    fetch_alone,
    fetch_rows,
    fetch_shared,
    share,
    transaction,
)
from rowgate.database.sharing.quick import Waiting
from rowgate.features.tables.nested import insert_nested
from rowgate.operation.types import Selected
from rowgate.plan.inserts import plan_insert
from rowgate.plan.reads import plan_read
from rowgate.plan.types import (
    Fixed,
    NestedWrite,
    Path,
    Plan,
    ReadRows,
    Validation,
    Work,
    Write,
    WriteMany,
)
from rowgate.plan.writes import plan_write
from rowgate.response.assemble import items
from rowgate.schema.meanings import (
    AggregateRoot,
    ConnectionRoot,
    DeleteByPkRoot,
    DeleteRoot,
    FunctionAggregateRoot,
    FunctionConnectionRoot,
    FunctionRoot,
    InsertRoot,
    NativeRoot,
    NodeRoot,
    RowRoot,
    RowsRoot,
    StreamRoot,
    UpdateByPkRoot,
    UpdateManyRoot,
    UpdateRoot,
)
from rowgate.snapshot.types import Options, Snapshot, Table
from rowgate.sql.render import render, render_answer, render_change, render_session
from rowgate.sql.types import Given, Statement

READS = (
    RowsRoot,
    RowRoot,
    AggregateRoot,
    ConnectionRoot,
    NodeRoot,
    StreamRoot,
    FunctionAggregateRoot,
    FunctionConnectionRoot,
    NativeRoot,
)
_STORED = (
    RelationKind.TABLE,
    RelationKind.PARTITIONED_TABLE,
    RelationKind.MATERIALIZED_VIEW,
)
WRITES = (UpdateRoot, UpdateByPkRoot, UpdateManyRoot, DeleteRoot, DeleteByPkRoot)


@dataclass(frozen=True, slots=True)
class Ran:
    """A statement to run. `path` is where violated constraints point."""

    statement: Statement
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Called:
    """A function called as a mutation: `hasura.user` is set first, in the same transaction."""

    before: Statement
    statement: Statement


@dataclass(frozen=True, slots=True)
class Nested:
    """A nested insert to run, and the statement that reads its answer."""

    write: NestedWrite
    answer: Statement


@dataclass(frozen=True, slots=True)
class Reread:
    """A change, and the statement that reads its answer from what is there afterwards."""

    change: Statement
    answer: Statement
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Several:
    """Steps whose answers are a list."""

    steps: tuple["Step", ...]


@dataclass(frozen=True, slots=True)
class Known:
    """An answer that needs no database."""

    value: bytes


Step = Ran | Called | Nested | Reread | Several | Known


@dataclass(frozen=True, slots=True)
class TableField:
    """A root field ready to run on a source. `key` is its response key as a JSON string. `shared`
    is its one statement, where that only reads and may be asked twice."""

    source: str
    key: bytes
    step: Step
    writes: bool
    statements: int
    validations: tuple[Validation, ...] = ()
    shared: Statement | None = None


def plan_field(
    field: Selected, kind: str, snapshot: Snapshot, role: str, options: Options
) -> Plan | None:
    """The plan of a root field over tables; None where it is not one."""
    if field.field is None:
        return None
    match field.field.meaning:
        case InsertRoot():
            return plan_insert(field, snapshot, role, options)
        case FunctionRoot():
            make = plan_write if kind == "mutation" else plan_read
            return make(field, snapshot, role, options)
        case meaning if isinstance(meaning, READS):
            return plan_read(field, snapshot, role, options)
        case meaning if isinstance(meaning, WRITES):
            return plan_write(field, snapshot, role, options)
    return None


def prepare(plan: Plan, kind: str, snapshot: Snapshot) -> TableField:
    """A plan rendered."""
    work = plan.work
    step: Step = _step(work)
    if kind == "mutation" and isinstance(work, ReadRows):
        step = Called(render_session(), render(work))
    return TableField(
        plan.source,
        encode(plan.key),
        step,
        kind == "mutation",
        _statements(step),
        plan.validations,
        _shared(step, snapshot.sources[plan.source].tables) if kind != "mutation" else None,
    )


def _shared(step: Step, tables: Mapping[QualifiedName, Table]) -> Statement | None:
    if not (isinstance(step, Ran) and step.statement.repeatable):
        return None
    statement = step.statement
    if all(name in tables and tables[name].relation.kind in _STORED for name in statement.reads):
        return statement
    # A view may call what gives everybody something else, and would be asked once for several.
    return dataclasses.replace(statement, many=None)


def _step(work: Work) -> Step:
    match work:
        case Fixed():
            return Known(encode(work.value))
        case WriteMany():
            return Several(tuple(_step(one) for one in work.writes))
        case NestedWrite():
            return Nested(work, render(work))
        case Write(reread=None):
            return Ran(render(work), work.path)
        case Write():
            return Reread(render_change(work.change), render_answer(work), work.path)
    return Ran(render(work))


def _statements(step: Step) -> int:
    match step:
        case Ran():
            return 1
        case Several():
            return sum(_statements(one) for one in step.steps)
        case Nested() | Reread() | Called():
            return 2
    return 0


@dataclass(slots=True)  # not frozen: made once a request, in half the time
class Asking:
    """One request's values: its variables and who asks."""

    variables: Mapping[str, Json]
    session: Session


def share_read(database: Database, statement: Statement, asking: Asking) -> Waiting | None:
    """The answer to come of a field's `shared` statement, where it is quick."""
    if not database.express.ready(statement.text):
        return None
    return share(
        database, statement, arguments(statement.binders, asking.variables, asking.session)
    )


def read_shared(database: Database, statement: Statement, asking: Asking) -> Awaitable[bytes]:
    """The answer of a field's `shared` statement."""
    bound = arguments(statement.binders, asking.variables, asking.session)
    return fetch_shared(database, statement, bound)


def run_alone(database: Database, step: Ran, asking: Asking) -> Awaitable[bytes]:
    """The result of a field that is one statement."""
    bound = arguments(step.statement.binders, asking.variables, asking.session)
    return fetch_alone(database, step.statement.text, bound, step.path)


async def run_fields(
    connection: asyncpg.Connection, fields: Sequence[TableField], asking: Asking
) -> list[tuple[bytes, bytes]]:
    """The results of consecutive fields of one source. Several statements that write run in one
    transaction, all or nothing."""
    first = fields[0]
    if len(fields) == 1 and first.statements < 2:
        return [(first.key, await _run(connection, first.step, asking))]
    if sum(one.statements for one in fields if one.writes) < 2:
        return [(one.key, await _run(connection, one.step, asking)) for one in fields]
    async with transaction(connection):
        return [(one.key, await _run(connection, one.step, asking)) for one in fields]


async def _run(connection: asyncpg.Connection, step: Step, asking: Asking) -> bytes:
    match step:
        case Ran(statement=statement):
            bound = arguments(statement.binders, asking.variables, asking.session)
            return await fetch(connection, statement.text, bound, step.path)
        case Known():
            return step.value
        case Reread():
            return await _reread(connection, step, asking)
        case Called():
            before = arguments(step.before.binders, asking.variables, asking.session)
            await fetch(connection, step.before.text, before)
            return await _run(connection, Ran(step.statement), asking)
        case Several():
            return items([await _run(connection, one, asking) for one in step.steps])
    given = await insert_nested(connection, step.write, asking.variables, asking.session)
    bound = arguments(step.answer.binders, asking.variables, asking.session, given)
    return await fetch(connection, step.answer.text, bound, step.write.path)


async def _reread(connection: asyncpg.Connection, step: Reread, asking: Asking) -> bytes:
    bound = arguments(step.change.binders, asking.variables, asking.session)
    records = await fetch_rows(connection, step.change.text, bound, step.path)
    given = Given([record[0] for record in records], len(records))
    bound = arguments(step.answer.binders, asking.variables, asking.session, given)
    return await fetch(connection, step.answer.text, bound, step.path)
