"""`rowgate seed`: the project's own `db.seeds`, run as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from rowgate.cli import running
from rowgate.cli.failures import OUTPUT, CommandError
from rowgate.cli.migrate import last_line

SEEDS = Path("db/seeds/__main__.py")


def seed() -> None:
    """Sow the rows of db/seeds into DATABASE_URL, or into the database of the run under way.

    Raises `CommandError` outside a project, without a database, and where a row does not fit.
    """
    if not SEEDS.is_file():
        raise CommandError(f"There is no {SEEDS} here: go to the project's folder first.")
    url = running.database_url()
    if not url:
        raise CommandError(
            "DATABASE_URL is not set, and nothing runs here: it names the database to sow into."
        )
    answer = subprocess.run(
        (sys.executable, "-m", "db.seeds"),
        env={**os.environ, **_secrets(), "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise CommandError(f"the seeds were not sown: {last_line(answer.stdout)}")
    OUTPUT.print(answer.stdout.strip() or "Done.", markup=False)


def _secrets() -> dict[str, str]:
    password = running.values().get("SEED_PASSWORD")
    return {"SEED_PASSWORD": password} if password else {}
