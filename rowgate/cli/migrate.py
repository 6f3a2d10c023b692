"""`rowgate migrate`: Alembic, run as a process of its own over db/alembic.ini."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rowgate.cli.failures import OUTPUT, CommandError

CONFIGURATION = Path("db/alembic.ini")


def command(*arguments: str) -> tuple[str, ...]:
    """The command line of Alembic with `arguments`. Raises `CommandError` outside a project."""
    if not CONFIGURATION.is_file():
        raise CommandError(f"There is no {CONFIGURATION} here: go to the project's folder first.")
    return (sys.executable, "-m", "alembic", "-c", str(CONFIGURATION), *arguments)


def alembic(*arguments: str) -> None:
    """Run Alembic on DATABASE_URL, and show what it tells. Raises `CommandError` where it fails."""
    line = command(*arguments)
    if not os.environ.get("DATABASE_URL"):
        raise CommandError("DATABASE_URL is not set: it names the database to migrate.")
    answer = subprocess.run(
        line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if answer.returncode != 0:
        raise CommandError(f"the migration failed: {last_line(answer.stdout)}")
    OUTPUT.print(answer.stdout.strip() or "Done.", markup=False)


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
