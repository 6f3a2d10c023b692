"""The migrations of a project: which there are, which are applied, and applying them.

Alembic reads the files and runs as a process of its own, so that the models that it imports are
those on disk. Reading which there are needs no process: `ScriptDirectory` reads them here.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError as AlembicError

from rowgate.cli.failures import CommandError
from rowgate.cli.losses import losses_of
from rowgate.database.failures import FAILURES

CONFIGURATION = Path("db/alembic.ini")
_HEADS = "select version_num from public.alembic_version"


@dataclass(frozen=True, slots=True)
class Step:
    """A migration: its revision, what it is based on, what it does; `losses` are sentences on the
    data that it drops."""

    revision: str
    based_on: tuple[str, ...]
    message: str
    file: Path
    is_current: bool = False
    is_applied: bool = False

    @property
    def losses(self) -> tuple[str, ...]:
        """What data applying it loses. Raises `CommandError` where the file is no Python."""
        try:
            return losses_of(self.file)
        except SyntaxError as error:
            raise CommandError(f"{self.file}:{error.lineno} is no Python: {error.msg}.") from None


def require_project() -> None:
    """Raise `CommandError` outside a project."""
    if not CONFIGURATION.is_file():
        raise CommandError(f"There is no {CONFIGURATION} here: go to the project's folder first.")


def steps(url: str) -> Sequence[Step]:
    """All migrations, newest first, and which of them the database at `url` has.

    Raises `CommandError` where they, or the database, cannot be read.
    """
    directory = script_directory()
    current = set(current_revisions(url))
    try:
        known = {one.revision for one in directory.walk_revisions()}
        for unknown in sorted(current - known):
            raise CommandError(
                f"The database is at {unknown}, of which there is no file in db/migrations: it was "
                "migrated by another version of this project."
            )
        applied = {one.revision for one in directory.iterate_revisions(tuple(current), "base")}
        found = list(directory.walk_revisions())
    except (AlembicError, SyntaxError, ImportError) as error:
        raise CommandError(f"db/migrations cannot be read: {error}.") from None
    return [
        Step(
            revision=one.revision,
            based_on=_based_on(one.down_revision),
            message=(one.doc or "").strip(),
            file=Path(os.path.relpath(one.path)),
            is_current=one.revision in current,
            is_applied=one.revision in applied,
        )
        for one in found
    ]


def _based_on(down: str | Sequence[str] | None) -> tuple[str, ...]:
    return (down,) if isinstance(down, str) else tuple(down or ())


def script_directory() -> ScriptDirectory:
    """The migrations as Alembic reads them. Raises `CommandError` outside a project."""
    require_project()
    return ScriptDirectory.from_config(Config(str(CONFIGURATION)))


def pending(url: str) -> Sequence[Step]:
    """The migrations that the database lacks, oldest first. Raises as `steps` does."""
    return [step for step in reversed(steps(url)) if not step.is_applied]


def current_revisions(url: str) -> list[str]:
    """The migrations that the database at `url` stands at; none where there was none yet. Raises
    `CommandError` where it does not answer."""
    return asyncio.run(_current(url))


async def _current(url: str) -> list[str]:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (ValueError, *FAILURES) as error:
        reason = str(error) or type(error).__name__
        raise CommandError(f"The database does not answer: {reason}.") from None
    try:
        if not await connection.fetchval("select to_regclass('public.alembic_version')"):
            return []
        return [row["version_num"] for row in await connection.fetch(_HEADS)]
    finally:
        await connection.close()


def bring_up(environment: Mapping[str, str], log: Path | None = None, to: str = "head") -> None:
    """Apply migrations, Alembic's output kept in `log`. Raises `CommandError`."""
    _run(("upgrade", to), environment, log)


def take_down(environment: Mapping[str, str], to: str) -> None:
    """Take migrations back. Raises `CommandError`."""
    _run(("downgrade", to), environment, None)


def _run(words: Sequence[str], environment: Mapping[str, str], log: Path | None) -> None:
    require_project()
    answer = subprocess.run(
        (sys.executable, "-m", "alembic", "-c", str(CONFIGURATION), *words),
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if log:
        log.write_text(answer.stdout)
    if answer.returncode != 0:
        where = f" The whole output is in {log}." if log else ""
        raise CommandError(f"The migration failed: {_failure(answer.stdout)}{where}")


def _failure(output: str) -> str:
    """The file and line of the project that failed, and the error itself."""
    places = [
        line.strip()
        for line in output.splitlines()
        if line.strip().startswith('File "') and f'"{Path.cwd()}' in line
    ]
    reason = last_line(output)
    if not places:
        return reason
    file, line, *_ = places[-1].removeprefix('File "').split('"')[0], places[-1].split("line ")[1]
    return f"{os.path.relpath(file)}:{line.split(',')[0]}: {reason}"


def last_line(output: str) -> str:
    """The last line that says something, which of a traceback is the error itself."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("(Background on", "[SQL", "LINE", "^"))]
    errors = [line for line in told if "Error" in line or "FAILED" in line or "error" in line]
    last = (errors or told or ["it gave no reason"])[-1].removeprefix("FAILED: ")
    return last if last.endswith(".") else f"{last}."
