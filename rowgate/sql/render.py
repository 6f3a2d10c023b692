"""Plans rendered: the entry to this room."""

from rowgate.plan.types import (
    Aggregate,
    Connection,
    Delete,
    Insert,
    NestedWrite,
    ReadRows,
    Update,
    Write,
)
from rowgate.sql.parameters import Parameters
from rowgate.sql.types import Statement
from rowgate.sql.writes import WriteWriter


def render(work: ReadRows | Aggregate | Connection | Write | NestedWrite) -> Statement:
    """The one statement of a read, a write, or a nested insert's answer. It gives at most one row
    with one `json` column; no row means null."""
    parameters = Parameters()
    writer = WriteWriter(parameters)
    match work:
        case ReadRows():
            text = (
                writer.single(work.rows, work.fields)
                if work.one
                else writer.listed(work.rows, work.fields, None)
            )
        case Aggregate():
            text = writer.aggregate(work)
        case Connection():
            text = writer.connection(work)
        case Write():
            text = writer.write(work)
        case NestedWrite():
            text = writer.reread(work)
    is_read = isinstance(work, ReadRows | Aggregate | Connection)
    return parameters.statement(text, is_read=is_read)


def render_session() -> Statement:
    """Sets `hasura.user` for the transaction that it runs in."""
    parameters = Parameters()
    return parameters.statement(WriteWriter(parameters).setting())


def render_change(change: Insert | Update | Delete, columns: tuple[str, ...] = ()) -> Statement:
    """A change whose rows are handed on: each as a composite literal, and `columns` as texts."""
    parameters = Parameters()
    return parameters.statement(WriteWriter(parameters).returning(change, columns))


def render_answer(write: Write) -> Statement:
    """The answer of a change over the rows that it handed on."""
    parameters = Parameters()
    return parameters.statement(WriteWriter(parameters).reread(write))
