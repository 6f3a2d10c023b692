"""`rowgate migrate`: Alembic, run as a process of its own over db/alembic.ini."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from rowgate.base.json import Json
from rowgate.cli import running
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.metadata import suggested
from rowgate.cli.options import Output
from rowgate.cli.revision import growth_of
from rowgate.cli.writing import write_json
from rowgate.metadata.diff import diff
from rowgate.metadata.directory import load
from rowgate.metadata.suggest import suggest

CONFIGURATION = Path("db/alembic.ini")
VERSIONS = Path("db/migrations/versions")
_STEP = re.compile(
    r"(?P<down>\S.*?) -> (?P<revision>\S+?)(?P<marks>(?: \([a-z ]+\))*), (?P<what>.*)"
)


def command(*arguments: str) -> tuple[str, ...]:
    """The command line of Alembic with `arguments`. Raises `CommandError` outside a project."""
    if not CONFIGURATION.is_file():
        raise CommandError(f"There is no {CONFIGURATION} here: go to the project's folder first.")
    return (sys.executable, "-m", "alembic", "-c", str(CONFIGURATION), *arguments)


def alembic(*arguments: str) -> None:
    """Run Alembic on DATABASE_URL, and show what it tells. Raises `CommandError` where it fails."""
    OUTPUT.print(_told(*arguments).strip() or "Done.", markup=False)


def _told(*arguments: str) -> str:
    """What Alembic writes, its log among it. Raises `CommandError` where it fails."""
    line = command(*arguments)
    url = running.database_url()
    if not url:
        raise CommandError("DATABASE_URL is not set: it names the database to migrate.")
    answer = subprocess.run(
        line,
        env=os.environ | {"DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise CommandError(f"the migration failed: {last_line(answer.stdout)}")
    return answer.stdout


def status(output: Output) -> None:
    """Tell which migrations are applied. Raises `CommandError` as `alembic` does."""
    match output:
        case Output.TEXT:
            alembic("history", "--indicate-current")
        case Output.JSON:
            steps = list(_steps())
            pending = [step["revision"] for step in steps if not step["is_applied"]]
            current = [step["revision"] for step in steps if step["is_current"]]
            write_json({"current": current, "pending": pending[::-1]})


def history(output: Output) -> None:
    """Tell every migration, newest first. Raises `CommandError` as `alembic` does."""
    match output:
        case Output.TEXT:
            alembic("history", "--verbose", "--indicate-current")
        case Output.JSON:
            write_json(list(_steps()))


def _steps() -> Iterator[dict[str, Json]]:
    """The migrations, newest first: revision, what it is based on, what it does, its state."""
    is_applied = False
    for line in _told("history", "--indicate-current").splitlines():
        step = _STEP.fullmatch(line.strip())
        if step is None:
            continue
        is_current = "(current)" in step["marks"]
        is_applied = is_applied or is_current
        yield {
            "revision": step["revision"],
            "down_revision": None if step["down"] == "<base>" else step["down"],
            "message": step["what"],
            "is_current": is_current,
            "is_applied": is_applied,
        }


def create(message: str, directory: Path, source: str, *, write: bool) -> None:
    """Write a migration from the difference between models and database, and tell (or write, too)
    what metadata its new tables and foreign keys suggest for `source` in `directory`.

    Raises `CommandError` where Alembic fails, `ApiError` where the directory is malformed.
    """
    before = set(VERSIONS.glob("*.py"))
    _told("revision", "--autogenerate", "-m", message)
    made = sorted(set(VERSIONS.glob("*.py")) - before)
    if not made:
        raise CommandError(f"Alembic wrote no file into {VERSIONS}.")
    OUTPUT.print(f"Written: {made[0]}. Read it before it is applied.", markup=False)
    if directory.is_dir():
        document = load(directory)
        wanted = suggest(document, source, growth_of(made[0]))
        suggested(directory, diff(document, wanted), wanted, write=write)


def bring_up(environment: Mapping[str, str], log: Path) -> None:
    """Apply every migration, Alembic's output kept in `log`. Raises `CommandError`."""
    answer = subprocess.run(
        command("upgrade", "head"),
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    log.write_text(answer.stdout)
    if answer.returncode != 0:
        reason = last_line(answer.stdout)
        raise CommandError(f"A migration is broken: {reason} Mend db/migrations; see {log}.")


def last_line(output: str) -> str:
    """The last line that says something, which of a traceback is the error itself."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("(Background on", "[SQL", "LINE", "^"))]
    errors = [line for line in told if "Error" in line or "FAILED" in line or "error" in line]
    return (errors or told or ["it gave no reason"])[-1]
