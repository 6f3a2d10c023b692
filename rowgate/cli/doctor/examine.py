"""Makes every examination and tells what it found."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from rowgate.cli.doctor import databases, engines, machine, project
from rowgate.cli.doctor.types import Examined, State
from rowgate.cli.engine import Engine
from rowgate.cli.failures import OUTPUT
from rowgate.cli.options import Output
from rowgate.cli.writing import printable, write_json

FAILED = 1
_COLOURS = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "red", State.UNKNOWN: "cyan"}


def doctor(engine: Engine, output: Output) -> int:
    """Examine everything and tell it; the status is 1 where something does not work.

    Raises `CommandError` where `.env` is malformed.
    """
    found = [
        *machine.examine(),
        *project.examine(),
        *databases.examine(),
        *engines.examine(engine),
    ]
    match output:
        case Output.JSON:
            write_json([_as_json(one) for one in found])
        case Output.TEXT:
            _tell(found)
    return FAILED if any(one.state is State.FAILED for one in found) else 0


def _as_json(one: Examined) -> dict[str, str]:
    return {"what": one.what, "state": str(one.state), "told": one.told, "advice": one.advice}


def _tell(found: Sequence[Examined]) -> None:
    table = Table.grid(padding=(0, 2))
    for one in found:
        state = Text(str(one.state), style=_COLOURS[one.state])
        table.add_row(state, one.what, Text(printable(one.told)))
        if one.advice:
            table.add_row("", "", Text(f"→ {one.advice}", style="bold"))
    OUTPUT.print(table)
